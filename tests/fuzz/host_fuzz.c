/* host_fuzz - files and programs of the host with any text, as cee-lang and cee-doctor read them: the suite is one
 * that apt could have, a line of sources has no more than it had, and the range of uids that nobody has is one */
#include "fuzz.h"

#include "doctor/host_checks.h"

#include "images/source.c" /* its parsers are its own */

static void release(char *text)
{
	char out[64];

	os_release(text, "VERSION_CODENAME", out, sizeof out);
	MUST(strlen(out) < sizeof out && !strpbrk(out, "\n\"'"));
}

static void apt(const char *text)
{
	static const char *const suites[] = { "bookworm", "noble" };
	struct source_apt a = { 0 };
	char *copy;

	snprintf(a.suite, sizeof a.suite, "%s", suites[strlen(text) & 1]);
	copy = strdup(text);
	MUST(each_line(copy, target_take, &a) == 0);
	free(copy);
	copy = strdup(text);
	MUST(each_line(copy, option_take, &a) == 0);
	free(copy);
	for (size_t i = 0; i < a.nlines; i++)
		MUST(strncmp(a.lines[i], "deb http", 8) == 0 && strstr(a.lines[i], a.suite) &&
		     !strchr(a.lines[i], '\n'));
	for (size_t i = 0; i < a.noptions; i++)
		MUST(strncasecmp(a.options[i], "Acquire::", 9) == 0 && !strchr(a.options[i], '\n'));
	source_apt_release(&a);
}

static void uids(const char *text)
{
	for (int ranges = 0; ranges < 2; ranges++) {
		char who[20] = "";
		uint64_t end = 900000, none;
		bool met = uids_met(text, ranges, 900000, 1000, who, sizeof who, &end);

		MUST(end >= 900000 && strlen(who) < sizeof who && !strpbrk(who, ":\n"));
		none = end;
		if (met && none < UINT32_MAX)
			MUST(!uids_met(text, ranges, none, 1, who, sizeof who, NULL) || none >= UINT32_MAX - 3);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	release(text);
	apt(text);
	uids(text);
	free(text);
	return 0;
}
