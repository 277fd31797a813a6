/* layout.c - every name in a spool (layout.h) */
#include "spool/layout.h"
#include "base/id.h"
#include "spool/input.h"
#include "spool/owner_name.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX_DIGITS "0123456789abcdef"
#define REMOVAL ".remove"
#define GONE ".gone."
enum { RANDOM_DIGITS = 8 };

/* ---- parts of names -------------------------------------------------------------- */

/* Parses the id at the beginning of name. Returns the rest of name, or NULL if name has no id. */
static const char *id_prefix(const char *name, char id[ID_LEN + 1])
{
	if (strnlen(name, ID_LEN) < ID_LEN)
		return NULL;
	memcpy(id, name, ID_LEN);
	id[ID_LEN] = 0;
	return id_valid(id) ? name + ID_LEN : NULL;
}

static bool is_hex(const char *s, size_t digits)
{
	return strlen(s) == digits && strspn(s, HEX_DIGITS) == digits;
}

/* Writes the end of a new id: its last digits are random. */
static void random_digits(char digits[RANDOM_DIGITS + 1])
{
	char id[ID_LEN + 1];

	id_make(id);
	memcpy(digits, id + ID_LEN - RANDOM_DIGITS, RANDOM_DIGITS + 1);
}

/* Parses "ID" or "ID.N"; *n is 0 if there is no N. */
static bool parse_id(const char *name, char id[ID_LEN + 1], int *n)
{
	const char *rest = id_prefix(name, id);

	*n = 0;
	if (!rest || !*rest)
		return rest != NULL;
	if (rest[0] != '.' || rest[1] < '1' || rest[1] > '9' || rest[2])
		return false;
	*n = rest[1] - '0';
	return true;
}

/* ---- the head of the spool ---------------------------------------------------------- */

bool layout_root_name(const char *name)
{
	static const char *const reserved[] = { LAYOUT_VERSION, LAYOUT_LANGUAGES, LAYOUT_CUR,
						LAYOUT_TMP,	LAYOUT_JOIN,	  LAYOUT_METRICS };

	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (strcmp(name, reserved[i]) == 0)
			return true;
	return false;
}

void layout_join_path(char path[LAYOUT_JOIN_MAX], const char *owner, const char *id)
{
	snprintf(path, LAYOUT_JOIN_MAX, LAYOUT_JOIN "/%.*s.%.*s", OWNER_MAX - 1, owner, ID_LEN, id);
}

bool layout_join_parse(const char *name, char owner[OWNER_MAX])
{
	size_t n = strlen(name), at = n - ID_LEN - 1;

	if (n < ID_LEN + 2 || at >= OWNER_MAX || name[at] != '.' || !id_valid(name + at + 1))
		return false;
	memcpy(owner, name, at);
	owner[at] = 0;
	return true;
}

void layout_metrics_new(char name[OWNER_MAX + 8], const char *runner)
{
	snprintf(name, OWNER_MAX + 8, ".%.*s.new", OWNER_MAX - 1, runner);
}

/* ---- cur/RUNNER ------------------------------------------------------------------------ */

void layout_claims_path(char path[2 * OWNER_MAX], const char *runner, const char *owner)
{
	snprintf(path, 2 * OWNER_MAX, "%.*s/%.*s", OWNER_MAX - 1, runner, OWNER_MAX - 1, owner);
}

void layout_claim_name(char name[LAYOUT_NAME_MAX], const char *id, int attempt)
{
	snprintf(name, LAYOUT_NAME_MAX, "%.*s.%d", ID_LEN, id, attempt % 10);
}

bool layout_claim_parse(const char *name, char id[ID_LEN + 1], int *attempt)
{
	return parse_id(name, id, attempt) && *attempt > 0;
}

/* ---- an owner's parts -------------------------------------------------------------------- */

const char *const owner_part_name[PART_COUNT] = {
	[PART_TMP] = "tmp", [PART_NEW] = "new",	      [PART_CANCEL] = "cancel", [PART_IN] = "in",
	[PART_OUT] = "out", [PART_GROUPS] = "groups", [PART_KEYS] = "keys",
};

void layout_part_path(char path[LAYOUT_PATH_MAX], const char *owner, enum owner_part part)
{
	snprintf(path, LAYOUT_PATH_MAX, "%.*s/%s", OWNER_MAX - 1, owner, owner_part_name[part]);
}

void layout_new_name(char name[LAYOUT_NAME_MAX], const char *id, int priority, int attempts)
{
	if (attempts > 0)
		snprintf(name, LAYOUT_NAME_MAX, "%d.%.*s.%d", priority % 10, ID_LEN, id, attempts % 10);
	else
		snprintf(name, LAYOUT_NAME_MAX, "%d.%.*s", priority % 10, ID_LEN, id);
}

bool layout_new_parse(const char *name, char id[ID_LEN + 1], int *priority, int *attempts)
{
	if (name[0] < '0' || name[0] > '9' || name[1] != '.')
		return false;
	*priority = name[0] - '0';
	return parse_id(name + 2, id, attempts) && (*attempts == 0 || *priority == 0);
}

void layout_removal_name(char name[LAYOUT_REMOVAL_MAX], const char *id)
{
	snprintf(name, LAYOUT_REMOVAL_MAX, "%.*s" REMOVAL, ID_LEN, id);
}

bool layout_removal_parse(const char *name, char id[ID_LEN + 1])
{
	const char *rest = id_prefix(name, id);

	return rest && strcmp(rest, REMOVAL) == 0;
}

void layout_gone_name(char name[LAYOUT_GONE_MAX], const char *id)
{
	char random[RANDOM_DIGITS + 1];

	random_digits(random);
	snprintf(name, LAYOUT_GONE_MAX, "%.*s" GONE "%s", ID_LEN, id, random);
}

bool layout_is_gone(const char *name)
{
	char id[ID_LEN + 1];
	const char *rest = id_prefix(name, id);

	return rest && strncmp(rest, GONE, strlen(GONE)) == 0 && rest[strlen(GONE)];
}

/* ---- input ---- */

static const struct {
	const char *suffix;
	int sig;
} signals[] = {
	{ ".HUP", SIGHUP },   { ".INT", SIGINT },   { ".QUIT", SIGQUIT },
	{ ".TERM", SIGTERM }, { ".USR1", SIGUSR1 }, { ".USR2", SIGUSR2 },
};
static const char *const input_suffix[] = {
	[INPUT_BYTES] = "", [INPUT_END] = ".end", [INPUT_OPEN] = ".open", [INPUT_WINDOW] = ".window"
};
enum { SIGNALS = sizeof signals / sizeof *signals };
#define SUFFIXES (sizeof input_suffix / sizeof *input_suffix)

int layout_signal(size_t i)
{
	return i < SIGNALS ? signals[i].sig : 0;
}

bool layout_input_name(char name[LAYOUT_INPUT_MAX], const char *id, enum spool_input_kind kind, int sig)
{
	const char *suffix = (size_t)kind < SUFFIXES ? input_suffix[kind] : NULL;

	for (size_t i = 0; kind == INPUT_SIGNAL && i < SIGNALS; i++)
		if (signals[i].sig == sig)
			suffix = signals[i].suffix;
	if (suffix)
		snprintf(name, LAYOUT_INPUT_MAX, "%.*s%s", ID_LEN, id, suffix);
	return suffix != NULL;
}

bool layout_input_parse(const char *name, char id[ID_LEN + 1], enum spool_input_kind *kind, int *sig)
{
	const char *rest = id_prefix(name, id);

	*sig = 0;
	for (size_t i = 0; rest && i < SUFFIXES; i++)
		if (strcmp(rest, input_suffix[i]) == 0) {
			*kind = (enum spool_input_kind)i;
			return true;
		}
	for (size_t i = 0; rest && i < SIGNALS; i++)
		if (strcmp(rest, signals[i].suffix) == 0) {
			*kind = INPUT_SIGNAL;
			*sig = signals[i].sig;
			return true;
		}
	return false;
}

/* ---- out/BUCKET/ID ----------------------------------------------------------------------- */

void layout_out_path(char path[LAYOUT_PATH_MAX], const char *owner, const char *id)
{
	snprintf(path, LAYOUT_PATH_MAX, "%.*s/%s/%.*s/%.*s", OWNER_MAX - 1, owner, owner_part_name[PART_OUT],
		 LAYOUT_BUCKET, id, ID_LEN, id);
}

void layout_bucket_of(char bucket[LAYOUT_BUCKET + 1], const char *id)
{
	snprintf(bucket, LAYOUT_BUCKET + 1, "%.*s", LAYOUT_BUCKET, id);
}

bool layout_is_bucket(const char *name)
{
	return is_hex(name, LAYOUT_BUCKET);
}

/* An id begins with 48 bits of milliseconds. A bucket's name is the upper digits of these. */
enum { BUCKET_SHIFT = 48 - 4 * LAYOUT_BUCKET };

int64_t layout_bucket_us(const char *bucket)
{
	return ((int64_t)strtoll(bucket, NULL, 16) << BUCKET_SHIFT) * 1000;
}

void layout_bucket_at(char bucket[LAYOUT_BUCKET + 1], int64_t time_us)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%0*llx", LAYOUT_BUCKET,
		 (unsigned long long)(time_us > 0 ? time_us / 1000 : 0) >> BUCKET_SHIFT);
	snprintf(bucket, LAYOUT_BUCKET + 1, "%.*s", LAYOUT_BUCKET, digits);
}

/* ---- out/BUCKET/ID/N -------------------------------------------------------------------------- */

const char *const attempt_file_name[ATTEMPT_FILE_COUNT] = {
	[ATTEMPT_STDOUT] = "stdout", [ATTEMPT_STDERR] = "stderr",
	[ATTEMPT_INDEX] = "index",   [ATTEMPT_RESULT] = "result.new",
	[ATTEMPT_TESTS] = "tests",   [ATTEMPT_TAKEN] = "taken",
	[ATTEMPT_FILES] = "files",   [ATTEMPT_FILES_INDEX] = "files.index",
};

void layout_attempt_name(char name[2], int attempt)
{
	name[0] = (char)('0' + attempt % 10);
	name[1] = 0;
}

void layout_aside_name(char name[LAYOUT_ASIDE_MAX], int attempt)
{
	char random[RANDOM_DIGITS + 1];

	random_digits(random);
	snprintf(name, LAYOUT_ASIDE_MAX, "%d.%s", attempt % 10, random);
}

int layout_attempt_parse(const char *name, bool *aside)
{
	if (name[0] < '1' || name[0] > '9')
		return 0;
	*aside = name[1] == '.';
	return !name[1] || (*aside && is_hex(name + 2, RANDOM_DIGITS)) ? name[0] - '0' : 0;
}
