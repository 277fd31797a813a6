/* job.c - the only parser of jobs: cee-job(5)
 *
 * Every program that takes a job, and the runner that starts it, use this parser.
 * job_parse and job_read check everything that does not depend on the host; job_check adds the
 * administrator's ceilings and the installed languages. Each error names its field
 * and says what would be right. Nothing here does I/O.
 *
 * The table near the end is the list of fields. Each field is set by one small
 * function; rules about two fields are in whole().
 */
#include "job/job.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_limits.h"
#include "base/json_values.h"
#include "base/limit.h"
#include "base/names.h"
#include "base/strv.h"
#include "base/text.h"
#include "conf/conf_networks.h"
#include "job/compare.h"
#include "job/job_collect.h"
#include "job/job_files.h"
#include "job/job_session.h"
#include "job/job_tests.h"
#include "job/job_values.h"
#include "job/job_vectors.h"
#include "job/labels.h"
#include "job/packages.h"
#include "layers/grammar.h"
#include "wire/frame.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The parser's state: the job, and values that only the rules between fields need. */
struct parse {
	struct job *j;
	bool retries;	       /* was given */
	bool nuget, framework; /* fields of the first API were present, even if null */
	const char *of_tests;  /* the name of a present field that only a job with tests may have */
};

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
	return json_word(v, path, &JOB->language, e);
}
FIELD(version)
{
	return json_word(v, path, &JOB->version, e);
}
FIELD(framework)
{
	((struct parse *)into)->framework = true;
	return json_word(v, path, &JOB->framework, e);
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
	return json_printable(v, path, 1, KEY_MAX_LEN, &JOB->key, e);
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
	if (json_phase_limits(v, path, JOB->limits, &JOB->stop_on_output, e) < 0)
		return -1;
	return json_limits_of_job(&JOB->limits[PHASE_RUN], path, e) < 0
		       ? -1
		       : json_limits_of_job(&JOB->limits[PHASE_COMPILE], "limits.compile", e);
}

FIELD(arguments)
{
	if (cJSON_IsNull(v)) /* clients of the first API may send null for a missing value */
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
	if (text_only(JOB->code, " \t\r\n"))
		return json_wrong(e, path, "is blank: it must hold the program");
	return 0;
}

FIELD(stdin)
{
	return json_bytes(v, path, "stdin", false, &JOB->stdin_data, &JOB->stdin_len, e);
}
FIELD(stdin_base64)
{
	return json_bytes(v, path, "stdin", true, &JOB->stdin_data, &JOB->stdin_len, e);
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
	((struct parse *)into)->retries = true;
	return 0;
}

FIELD(labels)
{
	return json_labels(v, path, &JOB->labels, &JOB->nlabels, e);
}

FIELD(tests)
{
	return json_asks_nothing(v) ? 0 : job_tests_read(v, path, &JOB->tests, &JOB->ntests, e);
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

FIELD(collect)
{
	return json_asks_nothing(v) ? 0 : job_collect_read(JOB, v, path, e);
}

FIELD(network)
{
	if (json_asks_nothing(v))
		return 0;
	if (json_string(v, path, &JOB->network, e) < 0)
		return -1;
	return conf_network_name_valid(JOB->network) ? 0
						     : json_wrong(e, path, "must be the name of a network, or none");
}

FIELD(session)
{
	return cJSON_IsNull(v) ? 0 : job_session_read(v, path, &JOB->session, e);
}

FIELD(reserved)
{
	(void)into;
	return json_asks_nothing(v) ? 0 : json_wrong(e, path, "is reserved: leave it out");
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
					    { "network", field_network },
					    { "from", field_reserved },
					    { "session", field_session },
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
		if (job_vectors_fit(j, &j->tests[i], path, e) < 0)
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
			return cee_no_memory(e);
	}
	if (!j->language)
		return json_wrong(e, "language", "is missing: name one, as \"python\"");
	if (j->session.life_us && job_session_fits(j, e) < 0)
		return -1;
	if (!j->code && j->nfiles == 0 && !j->session.life_us)
		return json_wrong(e, "code", "is missing: give code, or files");
	if (j->ncollect > 0 && j->ntests > 0)
		return json_wrong(e, "collect", "cannot be combined with tests: leave one of the two out");
	if (j->check && j->network)
		return json_wrong(e, "check", "runs no program, which could use a network: leave one of the two out");
	if (j->network && !p->retries)
		j->retries = 0; /* what it has sent cannot be taken back */
	if (j->check && j->ntests > 0)
		return json_wrong(e, "check", "runs no program, and so no tests: leave one of the two out");
	if (j->tty && j->ntests > 0)
		return json_wrong(e, "tty", "cannot be combined with tests: leave one of the two out");
	if (j->stdin_stream && j->stdin_data)
		return json_wrong(e, "stdin_stream", "cannot be combined with stdin: leave one of the two out");
	if (j->stdin_stream && j->ntests > 0)
		return json_wrong(e, "stdin_stream", "cannot be combined with tests: each has its own stdin");
	if (job_vectors_fit(j, NULL, "arguments", e) < 0 || tests_fit(p, e) < 0)
		return -1;
	return packages_valid(j->packages, j->npackages, j->nuget ? GRAMMAR_NUGET : GRAMMAR_ANY,
			      j->nuget ? "nuget_packages" : "packages", e);
}

int job_parse(struct job *j, const char *text, size_t len, struct cee_err *e)
{
	AUTO_JSON cJSON *root = json_parse(text, len, e);

	if (root)
		return job_read(j, root, e);
	job_init(j);
	return -1;
}

int job_read(struct job *j, const cJSON *root, struct cee_err *e)
{
	struct parse p = { .j = j };

	job_init(j);
	if (!cJSON_IsObject(root))
		return cee_fail(e, EINVAL, "a job must be a JSON object");
	if (json_fields(root, "", fields, 0, &p, e) == 0 && whole(&p, e) == 0)
		return 0;
	int saved = errno;
	job_release(j);
	errno = saved;
	return -1;
}

void job_release(struct job *j)
{
	job_tests_release(j->tests, j->ntests);
	free(j->language);
	free(j->version);
	free(j->framework);
	free(j->code);
	job_files_release(j->files, j->nfiles);
	strv_release(j->arguments, j->narguments);
	free(j->stdin_data);
	strv_release(j->env, j->nenv);
	packages_release(j->packages, j->npackages);
	free(j->layer);
	strv_release(j->collect, j->ncollect);
	free(j->key);
	free(j->group);
	free(j->network);
	labels_release(j->labels, j->nlabels);
	job_init(j);
}
