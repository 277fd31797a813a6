/* job.c - the one parser of jobs: cee-job(5)
 *
 * Every program that takes a job and the runner that starts it go through here.
 * What can be judged without knowing the host is judged by job_parse; job_check
 * adds the administrator's ceilings and the languages that there are. Each error
 * names its field and says what would be right. Nothing here does I/O.
 *
 * The table near the end is the list of fields. A field is set by one small
 * function; rules that need two fields stand in whole().
 */
#include "job/job.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/glob.h"
#include "base/json.h"
#include "base/json_limits.h"
#include "base/limit.h"
#include "base/names.h"
#include "base/text.h"
#include "conf/conf.h"
#include "job/compare.h"
#include "job/labels.h"
#include "job/manifest.h"
#include "job/packages.h"
#include "wire/frame.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FILES_MAX = 1000,
	ARGUMENTS_MAX = 4096,
	LABELS_MAX = 64,
	WORD_MAX = 64,
	TEST_NAME_MAX = 255,
	LABEL_VALUE_MAX = 256
};

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* What is being filled: the job, and what only the rules between fields need. */
struct parse {
	struct job *j;
	bool nuget, framework; /* the first engine's fields were there, be they null */
	const char *of_tests;  /* a field that only a job with tests has was there */
};

static int no_memory(struct cee_err *e)
{
	return cee_fail(e, ENOMEM, "out of memory");
}

/* ---- words --------------------------------------------------------------- */

static bool only(const char *s, const char *set)
{
	return s[strspn(s, set)] == '\0';
}

static int word(const cJSON *v, const char *path, char **out, struct cee_err *e)
{
	if (json_string(v, path, out, e) < 0)
		return -1;
	if (!**out || strlen(*out) > WORD_MAX || !only(*out, LETTERS DIGITS "+#._-"))
		return json_wrong(e, path, "must be 1 to %d of letters, digits, '+', '#', '.', '_' and '-'", WORD_MAX);
	return 0;
}

/* Text that is shown and compared, but no part of a path or a command. */
static int printable(const cJSON *v, const char *path, size_t min, size_t max, char **out, struct cee_err *e)
{
	size_t len;

	if (json_string(v, path, out, e) < 0)
		return -1;
	len = strlen(*out);
	if (len < min || len > max)
		return json_wrong(e, path, "must be of %zu to %zu bytes", min, max);
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_printable(*out + i, len - i);
		if (n == 0)
			return json_wrong(e, path, "must have no control characters");
	}
	return 0;
}

/* ---- files ---------------------------------------------------------------- */


static int file_name(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	struct job_file *f = into;

	if (json_string(v, path, &f->name, e) < 0)
		return -1;
	if (!job_name_valid(f->name))
		return json_wrong(e, path,
				  "must be a relative path without \"..\", empty parts and control characters, "
				  "of at most %d parts and %d bytes",
				  PARTS_MAX, NAME_MAX_LEN);
	return 0;
}

static int file_once(struct job_file *f, const char *path, struct cee_err *e)
{
	return f->data ? json_wrong(e, path, "give content or base64, not both") : 0;
}

static int file_content(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	struct job_file *f = into;
	char *text = NULL;

	if (file_once(f, path, e) < 0 || json_string(v, path, &text, e) < 0)
		return -1;
	f->data = (unsigned char *)text;
	f->len = strlen(text);
	return 0;
}

static int bytes_of_base64(const cJSON *v, const char *path, unsigned char **data, size_t *len, struct cee_err *e)
{
	if (!cJSON_IsString(v))
		return json_wrong(e, path, "must be a string of base64");
	if (base64_decode(v->valuestring, strlen(v->valuestring), data, len) < 0)
		return errno == ENOMEM
			       ? no_memory(e)
			       : json_wrong(e, path,
					    "is not base64: standard alphabet, padded with '=', without line breaks");
	return 0;
}

static int file_base64(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	struct job_file *f = into;

	if (file_once(f, path, e) < 0)
		return -1;
	return bytes_of_base64(v, path, &f->data, &f->len, e);
}

static int file_mode(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	struct job_file *f = into;
	const char *s = cJSON_IsString(v) ? v->valuestring : "";
	size_t n = strlen(s);

	if (!(n == 3 || (n == 4 && *s == '0')) || !only(s, "01234567"))
		return json_wrong(e, path, "must be an octal string such as \"0644\" or \"0755\", up to \"0777\"");
	f->mode = (unsigned)strtoul(s, NULL, 8);
	return 0;
}

static const struct json_field file_fields[] = { { "name", file_name },
						 { "content", file_content },
						 { "base64", file_base64 },
						 { "mode", file_mode },
						 { NULL, NULL } };

static int file_one(struct job_file *f, const cJSON *v, const char *path, struct cee_err *e)
{
	f->mode = 0644;
	if (json_fields(v, path, file_fields, 0, f, e) < 0)
		return -1;
	if (!f->name)
		return json_wrong(e, path, "name is missing");
	if (!f->data)
		return json_wrong(e, path, "content is missing (or base64, for what is no text)");
	return 0;
}

/* '/' below everything, so that a folder's files follow directly on a file of its name. */
static int by_path(const void *a, const void *b)
{
	const unsigned char *p = *(const unsigned char *const *)a, *q = *(const unsigned char *const *)b;

	while (*p && *p == *q)
		p++, q++;
	return (*p == '/' ? 1 : *p) - (*q == '/' ? 1 : *q);
}

/* No name twice, and none that another needs as its folder. Sorts names. */
static int names_fit(const char **names, size_t n, const char *path, struct cee_err *e)
{
	qsort(names, n, sizeof *names, by_path);
	for (size_t i = 1; i < n; i++) {
		size_t len = strlen(names[i - 1]);
		if (strncmp(names[i - 1], names[i], len) != 0)
			continue;
		if (names[i][len] == '\0')
			return json_wrong(e, path, "\"%.80s\" stands twice", names[i]);
		if (names[i][len] == '/')
			return json_wrong(e, path, "\"%.80s\" cannot be a file and a folder", names[i - 1]);
	}
	return 0;
}

static int files_fit(const struct job_file *files, size_t n, const char *path, struct cee_err *e)
{
	AUTO_FREE const char **names = calloc(n + 1, sizeof *names);

	if (!names)
		return no_memory(e);
	for (size_t i = 0; i < n; i++)
		names[i] = files[i].name;
	return names_fit(names, n, path, e);
}

void job_files_release(struct job_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(files[i].name);
		free(files[i].data);
	}
	free(files);
}

int json_files(const cJSON *v, const char *path, struct job_file **files, size_t *n, struct cee_err *e)
{
	int count = cJSON_IsArray(v) ? cJSON_GetArraySize(v) : 0;
	const cJSON *item;

	if (!cJSON_IsArray(v))
		return json_wrong(e, path, "must be an array of {\"name\", \"content\"}");
	if (count > FILES_MAX)
		return json_wrong(e, path, "has %d files, %d is the most", count, FILES_MAX);
	*files = calloc((size_t)count + 1, sizeof **files);
	if (!*files)
		return no_memory(e);
	cJSON_ArrayForEach(item, v)
	{
		char full[JSON_PATH_MAX];
		json_path(full, path, NULL, (int)*n);
		if (file_one(&(*files)[(*n)++], item, full, e) < 0)
			return -1;
	}
	return files_fit(*files, *n, path, e);
}

/* ---- packages --------------------------------------------------------------- */

static int packages(struct job *j, const cJSON *v, const char *path, struct cee_err *e)
{
	if (j->packages)
		return json_wrong(e, path, "give packages or nuget_packages, not both");
	return json_packages(v, path, &j->packages, &j->npackages, e);
}

/* ---- fields ------------------------------------------------------------------ */

#define FIELD(name) static int field_##name(void *into, const cJSON *v, const char *path, struct cee_err *e)
#define JOB (((struct parse *)into)->j)

FIELD(language)
{
	return word(v, path, &JOB->language, e);
}
FIELD(version)
{
	return word(v, path, &JOB->version, e);
}
FIELD(framework)
{
	((struct parse *)into)->framework = true;
	return word(v, path, &JOB->framework, e);
}
FIELD(files)
{
	return json_files(v, path, &JOB->files, &JOB->nfiles, e);
}
FIELD(env)
{
	return json_env(v, path, &JOB->env, &JOB->nenv, e);
}
FIELD(check)
{
	return json_bool(v, path, &JOB->check, e);
}
FIELD(merge)
{
	return json_bool(v, path, &JOB->merge, e);
}
FIELD(start_within)
{
	return json_duration(v, path, &JOB->start_within_us, e);
}
FIELD(keep)
{
	return json_duration(v, path, &JOB->keep_us, e);
}
FIELD(key)
{
	return printable(v, path, 1, KEY_MAX_LEN, &JOB->key, e);
}

FIELD(group)
{
	if (json_string(v, path, &JOB->group, e) < 0)
		return -1;
	if (!group_name_valid(JOB->group))
		return json_wrong(e, path,
				  "must have 1 to %d bytes, no '/' and no control characters, and not begin"
				  " with a dot",
				  GROUP_NAME_MAX);
	return 0;
}

FIELD(packages)
{
	return packages(JOB, v, path, e);
}
FIELD(limits)
{
	return json_phase_limits(v, path, JOB->limits, &JOB->stop_on_output, e);
}

FIELD(arguments)
{
	if (cJSON_IsNull(v)) /* the first engine's clients may send what they leave out */
		return 0;
	return json_strings(v, path, ARGUMENTS_MAX, FRAME_MAX, &JOB->arguments, &JOB->narguments, e);
}

FIELD(nuget_packages)
{
	((struct parse *)into)->nuget = true;
	if (cJSON_IsNull(v))
		return 0;
	JOB->nuget = true;
	if (packages(JOB, v, path, e) < 0)
		return -1;
	return JOB->npackages > 0 ? 0 : json_wrong(e, path, "is empty: leave it out, or name a package");
}

FIELD(code)
{
	if (json_string(v, path, &JOB->code, e) < 0)
		return -1;
	JOB->code_len = strlen(JOB->code);
	if (only(JOB->code, " \t\r\n"))
		return json_wrong(e, path, "is blank: it must hold the program");
	return 0;
}

/* Bytes that may stand in a job as text (NAME) or as base64 (NAME_base64), not as both. */
static int bytes_of(const cJSON *v, const char *path, const char *name, bool base64, unsigned char **data, size_t *len,
		    struct cee_err *e)
{
	char *text = NULL;

	if (*data)
		return json_wrong(e, path, "give %s or %s_base64, not both", name, name);
	if (base64)
		return bytes_of_base64(v, path, data, len, e);
	if (json_string(v, path, &text, e) < 0)
		return -1;
	*data = (unsigned char *)text;
	*len = strlen(text);
	return 0;
}

FIELD(stdin)
{
	return bytes_of(v, path, "stdin", false, &JOB->stdin_data, &JOB->stdin_len, e);
}
FIELD(stdin_base64)
{
	return bytes_of(v, path, "stdin", true, &JOB->stdin_data, &JOB->stdin_len, e);
}

FIELD(stdin_stream)
{
	return json_bool(v, path, &JOB->stdin_stream, e);
}

static int tty_size(const cJSON *v, const char *path, unsigned *n, struct cee_err *e)
{
	int64_t size;

	if (json_integer(v, path, 1, UINT16_MAX, &size, e) < 0)
		return -1;
	*n = (unsigned)size;
	return 0;
}

FIELD(rows)
{
	return tty_size(v, path, &JOB->tty_rows, e);
}
FIELD(columns)
{
	return tty_size(v, path, &JOB->tty_columns, e);
}

static const struct json_field tty_fields[] = { { "rows", field_rows }, { "columns", field_columns }, { NULL, NULL } };

FIELD(tty)
{
	if (cJSON_IsNull(v))
		return 0;
	if (cJSON_IsBool(v))
		return json_bool(v, path, &JOB->tty, e);
	if (!cJSON_IsObject(v))
		return json_wrong(e, path, "must be true, false or {\"rows\", \"columns\"}");
	JOB->tty = true;
	return json_fields(v, path, tty_fields, 0, into, e);
}

FIELD(buffer)
{
	const char *s = cJSON_IsString(v) ? v->valuestring : "";

	if (strcmp(s, "live") != 0 && strcmp(s, "full") != 0)
		return json_wrong(e, path, "must be \"live\" or \"full\"");
	JOB->buffer = *s == 'f' ? BUFFER_FULL : BUFFER_LIVE;
	return 0;
}

FIELD(priority)
{
	int64_t n;

	if (json_integer(v, path, 0, 9, &n, e) < 0)
		return -1;
	JOB->priority = (int)n;
	return 0;
}

FIELD(retries)
{
	int64_t n;

	if (json_integer(v, path, 0, 3, &n, e) < 0)
		return -1;
	JOB->retries = (int)n;
	return 0;
}

static int label(struct job_label *l, const cJSON *v, const char *path, struct cee_err *e)
{
	if (!*v->string || strlen(v->string) > WORD_MAX || !only(v->string, LETTERS DIGITS "._/-"))
		return json_wrong(e, path, "a label's name must be 1 to %d of letters, digits, '.', '_', '/' and '-'",
				  WORD_MAX);
	if (printable(v, path, 0, LABEL_VALUE_MAX, &l->value, e) < 0)
		return -1;
	l->name = strdup(v->string);
	return l->name ? 0 : no_memory(e);
}

int json_labels(const cJSON *v, const char *path, struct job_label **labels, size_t *n, struct cee_err *e)
{
	int count = cJSON_IsObject(v) ? cJSON_GetArraySize(v) : 0;
	const cJSON *item;

	if (!cJSON_IsObject(v))
		return json_wrong(e, path, "must be an object of names and strings");
	if (count > LABELS_MAX)
		return json_wrong(e, path, "has %d labels, %d is the most", count, LABELS_MAX);
	*labels = calloc((size_t)count + 1, sizeof **labels);
	if (!*labels)
		return no_memory(e);
	cJSON_ArrayForEach(item, v)
	{
		char full[JSON_PATH_MAX];
		json_path(full, path, item->string, 0);
		if (label(&(*labels)[(*n)++], item, full, e) < 0)
			return -1;
	}
	return 0;
}

FIELD(labels)
{
	return json_labels(v, path, &JOB->labels, &JOB->nlabels, e);
}

int json_labels_write(struct buf *b, const struct job_label *l, size_t n)
{
	if (buf_add(b, "{", 1) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if ((i && buf_add(b, ",", 1) < 0) || json_quote(b, l[i].name) < 0 || buf_add(b, ":", 1) < 0 ||
		    json_quote(b, l[i].value) < 0)
			return -1;
	return buf_add(b, "}", 1);
}

/* Fields that have their meaning already and no work behind it yet: what asks for
 * nothing may pass, so that jobs written for later versions can be tried. */
static bool asks_nothing(const cJSON *v)
{
	if (cJSON_IsArray(v) || cJSON_IsObject(v))
		return !v->child;
	if (cJSON_IsString(v))
		return !*v->valuestring || strcmp(v->valuestring, "none") == 0;
	return cJSON_IsFalse(v) || cJSON_IsNull(v);
}

/* ---- tests ------------------------------------------------------------------- */

#define TEST ((struct job_test *)into)

FIELD(test_stdin)
{
	return bytes_of(v, path, "stdin", false, &TEST->stdin_data, &TEST->stdin_len, e);
}
FIELD(test_stdin_base64)
{
	return bytes_of(v, path, "stdin", true, &TEST->stdin_data, &TEST->stdin_len, e);
}
FIELD(test_expected)
{
	return bytes_of(v, path, "expected", false, &TEST->expected, &TEST->expected_len, e);
}
FIELD(test_expected_base64)
{
	return bytes_of(v, path, "expected", true, &TEST->expected, &TEST->expected_len, e);
}
FIELD(test_name)
{
	return printable(v, path, 1, TEST_NAME_MAX, &TEST->name, e);
}
FIELD(test_env)
{
	return json_env(v, path, &TEST->env, &TEST->nenv, e);
}

FIELD(test_arguments)
{
	return json_strings(v, path, ARGUMENTS_MAX, FRAME_MAX, &TEST->arguments, &TEST->narguments, e);
}

/* A cell's disk is as large for each of them. */
FIELD(test_limits)
{
	if (json_limits(v, path, &TEST->limits, e) < 0)
		return -1;
	if (TEST->limits.v[LIMIT_DISK] >= 0 || TEST->limits.v[LIMIT_INODES] >= 0)
		return json_wrong(e, path, "disk and inodes are the whole job's: set them in the job's limits");
	return 0;
}

static const struct json_field test_fields[] = { { "name", field_test_name },
						 { "stdin", field_test_stdin },
						 { "stdin_base64", field_test_stdin_base64 },
						 { "arguments", field_test_arguments },
						 { "env", field_test_env },
						 { "expected", field_test_expected },
						 { "expected_base64", field_test_expected_base64 },
						 { "limits", field_test_limits },
						 { NULL, NULL } };

static int test_one(struct job_test *t, size_t number, const cJSON *v, const char *path, struct cee_err *e)
{
	limits_init(&t->limits);
	if (json_fields(v, path, test_fields, 0, t, e) < 0)
		return -1;
	if (!t->name && asprintf(&t->name, "%zu", number) < 0) {
		t->name = NULL;
		return no_memory(e);
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int tests_differ(const struct job *j, const char *path, struct cee_err *e)
{
	AUTO_FREE const char **names = calloc(j->ntests + 1, sizeof *names);

	if (!names)
		return no_memory(e);
	for (size_t i = 0; i < j->ntests; i++)
		names[i] = j->tests[i].name;
	qsort(names, j->ntests, sizeof *names, by_name);
	for (size_t i = 1; i < j->ntests; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return json_wrong(e, path, "\"%.80s\" stands twice; a test without a name has its number",
					  names[i]);
	return 0;
}

FIELD(tests)
{
	int count = cJSON_IsArray(v) ? cJSON_GetArraySize(v) : 0;
	const cJSON *item;

	if (asks_nothing(v))
		return 0;
	if (!cJSON_IsArray(v))
		return json_wrong(e, path, "must be an array of {\"name\", \"stdin\", \"expected\"}");
	if (count > JOB_TESTS_MAX)
		return json_wrong(e, path, "has %d tests, %d is the most", count, JOB_TESTS_MAX);
	JOB->tests = calloc((size_t)count + 1, sizeof *JOB->tests);
	if (!JOB->tests)
		return no_memory(e);
	cJSON_ArrayForEach(item, v)
	{
		char full[JSON_PATH_MAX];

		json_path(full, path, NULL, (int)JOB->ntests);
		JOB->ntests++;
		if (test_one(&JOB->tests[JOB->ntests - 1], JOB->ntests, item, full, e) < 0)
			return -1;
	}
	return tests_differ(JOB, path, e);
}

FIELD(compare)
{
	struct cee_err why;

	((struct parse *)into)->of_tests = "compare";
	if (!cJSON_IsString(v) || compare_parse(v->valuestring, &JOB->compare, &why) < 0)
		return json_wrong(e, path, "%s", cJSON_IsString(v) ? why.msg : "must be a string, as \"trailing\"");
	return 0;
}

FIELD(stop)
{
	const char *s = cJSON_IsString(v) ? v->valuestring : "";

	((struct parse *)into)->of_tests = "stop";
	if (strcmp(s, "first-failure") != 0 && strcmp(s, "never") != 0)
		return json_wrong(e, path,
				  "must be \"first-failure\" or \"never\" (that of the output is limits.stop)");
	JOB->first_failure = *s == 'f';
	return 0;
}

/* ---- collect: ["*.png"], or {"patterns": ["*.png"], "files": 10, "bytes": "1M"} ---- */

static int patterns(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	struct pattern p;
	struct job *j = into;

	if (json_strings(v, path, PATTERNS_MAX, PATTERN_MAX, &j->collect, &j->ncollect, e) < 0)
		return -1;
	for (size_t i = 0; i < j->ncollect; i++) {
		const char *wrong = pattern_compile(&p, j->collect[i], strlen(j->collect[i]));
		char full[JSON_PATH_MAX];

		json_path(full, path, NULL, (int)i);
		if (wrong)
			return json_wrong(e, full, "\"%.80s\" must %s", j->collect[i], wrong);
	}
	return 0;
}

static int collect_files(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	return json_integer(v, path, 0, FILES_MOST, &((struct job *)into)->collect_files, e);
}

static int collect_bytes(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	struct job *j = into;

	if (cJSON_IsString(v)) {
		struct cee_err why;
		return size_parse(v->valuestring, &j->collect_bytes, &why) < 0 ? json_wrong(e, path, "%s", why.msg) : 0;
	}
	return json_integer(v, path, 0, (int64_t)1 << 50, &j->collect_bytes, e);
}

static const struct json_field collect_fields[] = {
	{ "patterns", patterns }, { "files", collect_files }, { "bytes", collect_bytes }, { NULL, NULL }
};

FIELD(collect)
{
	if (asks_nothing(v))
		return 0;
	return cJSON_IsObject(v) ? json_fields(v, path, collect_fields, 0, JOB, e) : patterns(JOB, v, path, e);
}

FIELD(later)
{
	(void)into;
	return asks_nothing(v) ? 0 : json_wrong(e, path, "is not supported by this version yet: leave it out");
}

FIELD(reserved)
{
	(void)into;
	return asks_nothing(v) ? 0 : json_wrong(e, path, "is reserved: leave it out");
}

static const struct json_field fields[] = { { "language", field_language },
					    { "version", field_version },
					    { "target_framework_monikier", field_framework },
					    { "code", field_code },
					    { "files", field_files },
					    { "arguments", field_arguments },
					    { "stdin", field_stdin },
					    { "stdin_base64", field_stdin_base64 },
					    { "stdin_stream", field_stdin_stream },
					    { "env", field_env },
					    { "packages", field_packages },
					    { "nuget_packages", field_nuget_packages },
					    { "limits", field_limits },
					    { "check", field_check },
					    { "merge", field_merge },
					    { "buffer", field_buffer },
					    { "priority", field_priority },
					    { "retries", field_retries },
					    { "start_within", field_start_within },
					    { "key", field_key },
					    { "group", field_group },
					    { "labels", field_labels },
					    { "keep", field_keep },
					    { "tty", field_tty },
					    { "collect", field_collect },
					    { "tests", field_tests },
					    { "compare", field_compare },
					    { "stop", field_stop },
					    { "network", field_later },
					    { "from", field_reserved },
					    { "session", field_reserved },
					    { NULL, NULL } };

/* ---- the whole ----------------------------------------------------------------- */

static void job_init(struct job *j)
{
	*j = (struct job){ .priority = 5,
			   .retries = 1,
			   .start_within_us = -1,
			   .keep_us = -1,
			   .collect_files = -1,
			   .collect_bytes = -1 };
	for (int p = 0; p < PHASE_COUNT; p++)
		limits_init(&j->limits[p]);
}

static size_t vector_size(char *const *v, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += strlen(v[i]) + 1 + sizeof(char *);
	return total;
}

/* The kernel takes arguments and environment together up to a quarter of the stack, and
 * never less than 128 KiB (execve(2)); cee-init takes 1 MiB. What the language adds must
 * fit too, and the names of files, which may all be arguments of a compiler. */
static int vectors_fit(const struct job *j, const struct job_test *t, const char *path, struct cee_err *e)
{
	enum { LEAST = 96 << 10, MOST = 896 << 10 };
	int64_t stack = j->limits[PHASE_RUN].v[LIMIT_STACK], most = MOST;
	size_t total = 0;

	if (t && t->limits.v[LIMIT_STACK] >= 0)
		stack = t->limits.v[LIMIT_STACK];

	for (size_t i = 0; i < j->nfiles; i++)
		total += strlen(j->files[i].name) + 1 + sizeof(char *);
	if (total > MOST / 2)
		return json_wrong(e, "files", "their names take %zu bytes together, %d is the most", total, MOST / 2);
	total +=
		t && t->arguments ? vector_size(t->arguments, t->narguments) : vector_size(j->arguments, j->narguments);
	total += vector_size(j->env, j->nenv) + (t ? vector_size(t->env, t->nenv) : 0);
	if (stack >= 0 && stack / 4 < most)
		most = stack / 4 > LEAST ? stack / 4 : LEAST;
	if (total <= (size_t)most)
		return 0;
	return json_wrong(e, path,
			  "with env and the names of files they take %zu bytes, %" PRId64
			  " is the most: use a file or stdin",
			  total, most);
}

/* Rules of a job with tests. */
static int tests_fit(const struct parse *p, struct cee_err *e)
{
	const struct job *j = p->j;

	if (!j->ntests && p->of_tests)
		return json_wrong(e, p->of_tests, "is for a job with tests: add tests, or leave it out");
	for (size_t i = 0; i < j->ntests; i++) {
		char test[JSON_PATH_MAX], path[JSON_PATH_MAX];

		json_path(test, "tests", NULL, (int)i);
		json_path(path, test, "arguments", 0);
		if (vectors_fit(j, &j->tests[i], path, e) < 0)
			return -1;
	}
	return 0;
}

/* Rules between fields. */
static int whole(struct parse *p, struct cee_err *e)
{
	struct job *j = p->j;

	if (!j->language && (p->nuget || p->framework)) {
		j->language = strdup("csharp");
		if (!j->language)
			return no_memory(e);
	}
	if (!j->language)
		return json_wrong(e, "language", "is missing: name one, as \"python\"");
	if (!j->code && j->nfiles == 0)
		return json_wrong(e, "code", "is missing: give code, or files");
	if (j->ncollect > 0 && j->ntests > 0)
		return json_wrong(e, "collect",
				  "is not for a job with tests, whose cells come and go: leave one of the two out");
	if (j->check && j->ntests > 0)
		return json_wrong(e, "check", "runs no program, and so no tests: leave one of the two out");
	if (j->tty && j->ntests > 0)
		return json_wrong(e, "tty", "is not for a job with tests");
	if (j->stdin_stream && j->stdin_data)
		return json_wrong(e, "stdin_stream", "the input comes later, so there can be no stdin besides");
	if (j->stdin_stream && j->ntests > 0)
		return json_wrong(e, "stdin_stream", "is not for a job with tests: each has its own stdin");
	if (vectors_fit(j, NULL, "arguments", e) < 0 || tests_fit(p, e) < 0)
		return -1;
	return packages_valid(j->packages, j->npackages, j->nuget ? GRAMMAR_NUGET : GRAMMAR_ANY,
			      j->nuget ? "nuget_packages" : "packages", e);
}

int job_parse(struct job *j, const char *text, size_t len, struct cee_err *e)
{
	AUTO_JSON cJSON *root = json_parse(text, len, e);
	struct parse p = { .j = j };

	job_init(j);
	if (!root)
		return -1;
	if (!cJSON_IsObject(root))
		return cee_fail(e, EINVAL, "a job must be a JSON object");
	if (json_fields(root, "", fields, 0, &p, e) == 0 && whole(&p, e) == 0)
		return 0;
	int saved = errno;
	job_release(j);
	errno = saved;
	return -1;
}

static void strings_release(char **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i]);
	free(v);
}

static void tests_release(struct job *j)
{
	for (size_t i = 0; i < j->ntests; i++) {
		struct job_test *t = &j->tests[i];

		free(t->name);
		free(t->stdin_data);
		free(t->expected);
		strings_release(t->arguments, t->narguments);
		strings_release(t->env, t->nenv);
	}
	free(j->tests);
}

void labels_release(struct job_label *l, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(l[i].name);
		free(l[i].value);
	}
	free(l);
}

void job_release(struct job *j)
{
	tests_release(j);
	free(j->language);
	free(j->version);
	free(j->framework);
	free(j->code);
	job_files_release(j->files, j->nfiles);
	strings_release(j->arguments, j->narguments);
	free(j->stdin_data);
	strings_release(j->env, j->nenv);
	packages_release(j->packages, j->npackages);
	free(j->layer);
	strings_release(j->collect, j->ncollect);
	free(j->key);
	free(j->group);
	labels_release(j->labels, j->nlabels);
	job_init(j);
}

/* ---- against the host ------------------------------------------------------------ */

static int beneath(const struct limits *l, const struct limits *max, const char *where, struct cee_err *e)
{
	for (int i = 0; i < LIMIT_COUNT; i++) {
		char asked[LIMIT_TEXT_MAX], most[LIMIT_TEXT_MAX], path[JSON_PATH_MAX];
		if (max->v[i] < 0 || l->v[i] <= max->v[i])
			continue;
		limit_format(asked, (enum limit_id)i, l->v[i]);
		limit_format(most, (enum limit_id)i, max->v[i]);
		json_path(path, where, limit_name[i], 0);
		return json_wrong(e, path, "%s is more than this engine gives: %s is the most", asked, most);
	}
	return 0;
}

static int ceilings(const struct job *j, const struct conf *c, struct cee_err *e)
{
	if (beneath(&j->limits[PHASE_COMPILE], &c->max[PHASE_COMPILE], "limits.compile", e) < 0 ||
	    beneath(&j->limits[PHASE_RUN], &c->max[PHASE_RUN], "limits", e) < 0)
		return -1;
	for (size_t i = 0; i < j->ntests; i++) {
		char test[JSON_PATH_MAX], path[JSON_PATH_MAX];

		json_path(test, "tests", NULL, (int)i);
		json_path(path, test, "limits", 0);
		if (beneath(&j->tests[i].limits, &c->max[PHASE_RUN], path, e) < 0)
			return -1;
	}
	return 0;
}

static int collect_beneath(const struct job *j, const struct conf *c, struct cee_err *e)
{
	if (j->collect_files > c->collect_files)
		return json_wrong(e, "collect.files",
				  "%" PRId64 " is more than this engine carries out: %" PRId64 " is the most",
				  j->collect_files, c->collect_files);
	if (j->collect_bytes > c->collect_bytes)
		return json_wrong(e, "collect.bytes",
				  "%" PRId64 " is more than this engine carries out: %" PRId64 " is the most",
				  j->collect_bytes, c->collect_bytes);
	return 0;
}

static bool lists(const cJSON *array, const char *s)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, array) if (cJSON_IsString(v) && strcmp(v->valuestring, s) == 0) return true;
	return false;
}

static const char *text_of(const cJSON *object, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(v) ? v->valuestring : "";
}

static const cJSON *find_language(const cJSON *all, const char *name)
{
	const cJSON *l;

	cJSON_ArrayForEach(l, all) if (strcmp(text_of(l, "name"), name) == 0) return l;
	cJSON_ArrayForEach(l, all) if (lists(cJSON_GetObjectItemCaseSensitive(l, "aliases"), name)) return l;
	return NULL;
}

/* "what there is" of an error: strings, or objects' names, with commas between. */
static int not_listed(const char *path, const char *what, const cJSON *array, struct cee_err *e)
{
	AUTO_BUF struct buf b = { 0 };
	const cJSON *v;

	cJSON_ArrayForEach(v, array)
	{
		const char *s = cJSON_IsString(v) ? v->valuestring : text_of(v, "name");
		if (buf_printf(&b, "%s%s", b.len ? ", " : "", s) < 0)
			return no_memory(e);
	}
	if (b.len == 0)
		return json_wrong(e, path, "\"%.60s\" is not known here: there is none", what);
	return json_wrong(e, path, "\"%.60s\" is not known here: there is %.250s", what, b.data);
}

/* Where there is none, only a job that is silent too will do. */
static int in_list(const cJSON *l, const char *list, const char *path, const char *value, struct cee_err *e)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(l, list);

	return !value || lists(array, value) ? 0 : not_listed(path, value, array, e);
}

/* No list: the image is not asked yet, and a job that waited for this runner must not fail for that. */
static int version_fits(const cJSON *l, const struct job *j, struct cee_err *e)
{
	if (cJSON_GetObjectItemCaseSensitive(l, "versions") && in_list(l, "versions", "version", j->version, e) < 0)
		return -1;
	if (!j->version || !j->framework || strcmp(j->version, j->framework) == 0 ||
	    !lists(cJSON_GetObjectItemCaseSensitive(l, "frameworks"), j->version))
		return 0;
	return json_wrong(e, "version",
			  "\"%.60s\" is another framework than target_framework_monikier, \"%.60s\": leave one out",
			  j->version, j->framework);
}

/* The job's files beside those that the language places: what code is called, and its own. */
static int beside_languages_files(const cJSON *l, const struct job *j, struct cee_err *e)
{
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(l, "files"), *v;
	const cJSON *links = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(l, "layer"), "links");
	size_t n = 0, most = j->nfiles + 2 + (size_t)cJSON_GetArraySize(own) + (size_t)cJSON_GetArraySize(links);
	AUTO_FREE const char **names = calloc(most, sizeof *names);

	if (!names)
		return no_memory(e);
	for (size_t i = 0; i < j->nfiles; i++)
		names[n++] = j->files[i].name;
	if (j->code && *text_of(l, "file"))
		names[n++] = text_of(l, "file");
	cJSON_ArrayForEach(v, own) if (cJSON_IsString(v)) names[n++] = v->valuestring;
	if (j->npackages)
		cJSON_ArrayForEach(v, links) if (cJSON_IsString(v)) names[n++] = v->valuestring;
	return names_fit(names, n, "files, with what the language adds", e);
}

/* By the grammar of the language's registry, which the fields alone do not tell. */
static int packages_fit(const cJSON *l, struct job *j, struct cee_err *e)
{
	const cJSON *layer = cJSON_GetObjectItemCaseSensitive(l, "layer");
	int g = grammar_find(text_of(layer, "grammar"));

	if (j->npackages && !layer)
		return json_wrong(e, j->nuget ? "nuget_packages" : "packages",
				  "%.60s has no packages of its own here: leave them out", text_of(l, "name"));
	if (j->nuget && g >= 0 && g != GRAMMAR_NUGET)
		return json_wrong(e, "nuget_packages",
				  "is for a language with NuGet packages: %.60s takes packages, of %s",
				  text_of(l, "name"), grammar_name[g]);
	if (packages_valid(j->packages, j->npackages, g >= 0 ? (enum grammar)g : GRAMMAR_ANY,
			   j->nuget ? "nuget_packages" : "packages", e) < 0)
		return -1;
	return g >= 0 ? job_declare(j, (enum grammar)g, e) : 0;
}

int job_check(struct job *j, const struct conf *c, const char *languages, size_t len, struct cee_err *e)
{
	AUTO_JSON cJSON *root = NULL;
	const cJSON *all, *l;

	if (ceilings(j, c, e) < 0 || collect_beneath(j, c, e) < 0)
		return -1;
	if (c->keep_max_us >= 0 && j->keep_us > c->keep_max_us)
		return json_wrong(e, "keep", "%.0f s is more than this engine gives: %.0f s is the most",
				  (double)j->keep_us / 1e6, (double)c->keep_max_us / 1e6);
	if (!languages)
		return 0;
	root = json_parse(languages, len, NULL);
	all = cJSON_GetObjectItemCaseSensitive(root, "languages");
	if (!cJSON_IsArray(all))
		return cee_fail(e, EINVAL,
				"languages.json of the spool is damaged: the runner writes it anew when it starts");
	l = find_language(all, j->language);
	if (!l)
		return not_listed("language", j->language, all, e);
	if (j->check && !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(l, "check")))
		return json_wrong(e, "check", "%.60s has no check command: leave it out, and the program is run",
				  text_of(l, "name"));
	if (version_fits(l, j, e) < 0 || in_list(l, "frameworks", "target_framework_monikier", j->framework, e) < 0)
		return -1;
	return packages_fit(l, j, e) < 0 ? -1 : beside_languages_files(l, j, e);
}
