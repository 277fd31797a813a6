/* facts.c - writes what other languages know of cee's tables: frames, limits, states, reasons
 *
 * The tables are C's (base/limit.h, wire/frame_types.h, job/reasons.h), each fact once. What C#, the page,
 * openapi.json, the completions, the tables in manual pages and the tests' driver need of them is written
 * from there into the tree and checked in, so that nobody needs this program to build or run cee:
 *
 *     make generate        writes what differs
 *     tests/lint/facts     says what differs, and exits 1
 *
 * It is C because the preprocessor then reads the tables: no second parser can misread them. A file is
 * generated as a whole, or from the line that begins with one text up to the one that begins with another.
 */
#include "facts.h"
#include "job/reasons.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct output {
	const char *path;
	void (*write)(FILE *f);
	const char *from, *to; /* NULL: the whole file; to is the beginning of the first line that stays */
} outputs[] = {
	{ "src/csharp/Facts.cs", facts_csharp, NULL, NULL },
	{ "share/web/facts.js", facts_javascript, NULL, NULL },
	{ "tests/tools/facts.py", facts_python, NULL, NULL },
	{ "etc/completion/cee.bash", facts_completion, "cee_limits='", "" },
	{ "etc/completion/_cee", facts_completion, "cee_limits='", "" },
	{ "man/cee-job.5", facts_man_meanings, ".It Sy name Ta Sy unit Ta Sy bounds", ".El" },
	{ "man/cee.conf.5", facts_man_defaults, ".It Sy name Ta Sy limit.compile Ta", ".El" },
	{ "man/cee.7", facts_man_status, ".It Sy why Ta Sy state Ta Sy status", ".El" },
	{ "src/http/openapi.json", facts_openapi, "\t\t\t\"Status\": {\"type\"", "\t\t\t\"Job\": {" },
};

static void die(const char *path, const char *what)
{
	fprintf(stderr, "facts: %s: %s\n", path, what);
	exit(2);
}

/* "" for a file that is not there. */
static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r"), *to;
	char *text = NULL, piece[4096];
	size_t len, n;

	to = open_memstream(&text, &len);
	while (f && to && (n = fread(piece, 1, sizeof piece, f)) > 0)
		fwrite(piece, 1, n, to);
	if (!to || fclose(to) || (f && fclose(f)))
		die(path, "cannot be read");
	return text;
}

/* The line that begins with start, at or behind text; NULL: none. "" is the next line. */
static const char *find_line(const char *text, const char *start)
{
	while (text && strncmp(text, start, strlen(start)) != 0) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return text;
}

static char *generate(const struct output *o, const char *old)
{
	const char *from = o->from ? find_line(old, o->from) : old, *next = from ? strchr(from, '\n') : NULL;
	const char *to = o->from && next ? find_line(next + 1, o->to) : "";
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f || (o->from && (!next || !to)))
		die(o->path, "has no line where the generated part begins or ends");
	if (o->from)
		fwrite(old, 1, (size_t)(from - old), f);
	o->write(f);
	fputs(to, f);
	if (fclose(f))
		die(o->path, "out of memory");
	return text;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		die(path, "cannot be written");
}

/* Explained in prose: each reason is an item of cee-job(5). */
static int check_reasons(void)
{
	char *text = read_file("man/cee-job.5"), item[64];
	int missing = 0;

	for (int i = 0; i < REASON_COUNT; i++) {
		snprintf(item, sizeof item, ".It %s\n", reason_name[i]);
		if (!find_line(text, item)) {
			printf("man/cee-job.5: does not explain the reason \"%s\"\n", reason_name[i]);
			missing = 1;
		}
	}
	free(text);
	return missing;
}

int main(int argc, char **argv)
{
	bool check = argc == 2 && strcmp(argv[1], "--check") == 0;
	int differ = 0;

	for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
		char *old = read_file(outputs[i].path), *text = generate(&outputs[i], old);

		if (strcmp(old, text) != 0) {
			differ = 1;
			printf("%s: %s\n", outputs[i].path,
			       check ? "not as the tables say (run make generate)" : "written");
			if (!check)
				write_file(outputs[i].path, text);
		}
		free(old);
		free(text);
	}
	return check && (check_reasons() || differ);
}
