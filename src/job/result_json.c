/* result_json.c - the file `result` of a job: one line of JSON
 *
 * Written by the runner, read by all other programs, kept for years: readers skip unknown fields.
 * Times of day are RFC 3339 in UTC with microseconds, durations are seconds with microseconds,
 * sizes are bytes. Unknown values are null or left out. Some numbers come from a box, and the
 * submitter may choose the time in an id: whatever the values are, the written line can be read
 * again. The tables below list the fields in the order of the file.
 */
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/json_limits.h"
#include "base/json_record.h"
#include "base/json_values.h"
#include "base/json_write.h"
#include "base/limit.h"
#include "base/names.h"
#include "job/job_tests.h"
#include "job/labels.h"
#include "job/reasons.h"
#include "job/result.h"
#include "job/result_members.h"
#include "layers/store.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { EXIT_MOST = 0xFF, SIGNAL_MOST = 0x7F, ATTEMPT_MOST = 1000000, PROCESSOR_MOST = 1 << 20 };

#define WORDS(v) .words = (v), .nwords = sizeof(v) / sizeof *(v)
/* An exit code is null if it is unknown; a signal is null if there is none. */
#define CODE(member)                                                                                                   \
	JSON_INT, member, .most = EXIT_MOST, .least = 0, .unknown = -1, .flags = JSON_NULL_BELOW | JSON_MASK
#define SIGNAL(member)                                                                                                 \
	JSON_INT, member, .most = SIGNAL_MOST, .least = 1, .unknown = 0, .flags = JSON_NULL_BELOW | JSON_MASK
#define NUMBER(member) JSON_NUMBER, member, .most = JSON_NUMBER_MOST

static const char *const box_name[] = {
	[BOX_NONE] = NULL, [BOX_COLD] = "cold", [BOX_WARM] = "warm", [BOX_SHARED] = "shared"
};
static const char *const compiler_name[] = {
	[COMPILER_NONE] = NULL, [COMPILER_PLAIN] = "plain", [COMPILER_RESIDENT] = "resident"
};
static const char *const peak_name[] = { "rusage", "cgroup" };

/* ---- a phase -------------------------------------------------------------------- */

static void put_exceeded(struct json_writer *w, const char *name, const void *whole)
{
	const struct result_phase *p = whole;

	json_open(w, name, '[');
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (p->exceeded & 1ull << i)
			json_put_text(w, NULL, limit_name[i]);
	json_close(w, ']');
}

/* A limit that only a later version knows is skipped. */
static int get_exceeded(void *whole, const cJSON *v, const char *path, struct cee_err *e)
{
	struct result_phase *p = whole;
	const cJSON *item;

	if (!cJSON_IsArray(v))
		return json_wrong_type(e, path, v, "an array");
	cJSON_ArrayForEach(item, v)
	{
		int id = cJSON_IsString(item) ? limit_find(item->valuestring) : -1;

		if (id >= 0)
			p->exceeded |= 1ull << id;
	}
	return 0;
}

static void put_limits(struct json_writer *w, const char *name, const void *whole)
{
	json_put_limits(w, name, &((const struct result_phase *)whole)->limits);
}

/* Not by json_limits: that checks the bounds of requested limits, and these are the limits in force. */
static int get_limits(void *whole, const cJSON *v, const char *path, struct cee_err *e)
{
	struct result_phase *p = whole;
	const cJSON *item;

	if (!cJSON_IsObject(v))
		return json_wrong_type(e, path, v, "an object");
	cJSON_ArrayForEach(item, v)
	{
		int id = limit_find(item->string), r;

		if (id < 0) /* only a later version knows this limit */
			continue;
		if (cJSON_IsString(item) && strcmp(item->valuestring, "none") == 0) {
			p->limits.v[id] = LIMIT_NONE;
			continue;
		}
		r = limit_unit[id] == UNIT_TIME ? json_get_seconds(item, path, &p->limits.v[id], e)
						: json_integer(item, path, 0, JSON_NUMBER_MOST, &p->limits.v[id], e);
		if (r < 0)
			return -1;
	}
	return 0;
}

#define AT(m) .at = offsetof(struct result_phase, m)
const struct json_member result_phase_members[] = {
	{ "exit_code", CODE(AT(exit_code)) },
	{ "signal", SIGNAL(AT(signal)) },
	{ "cpu", JSON_SECONDS, AT(cpu_us) },
	{ "wall", JSON_SECONDS, AT(wall_us) },
	{ "peak_memory", NUMBER(AT(peak_bytes)) },
	{ "peak_memory_from", JSON_WORD, AT(peak_how), WORDS(peak_name) },
	{ "oom_kills", NUMBER(AT(oom_kills)) },
	{ "hit", JSON_OWN, .put = put_exceeded, .get = get_exceeded },
	{ "stdout_bytes", NUMBER(AT(out_bytes)) },
	{ "stderr_bytes", NUMBER(AT(err_bytes)) },
	{ "dropped", NUMBER(AT(dropped)) },
	{ "limits", JSON_OWN, .put = put_limits, .get = get_limits },
	{ 0 },
};
#undef AT

static bool compiled(const void *whole)
{
	return ((const struct result *)whole)->phase[PHASE_COMPILE].ran;
}
static bool ran(const void *whole)
{
	return ((const struct result *)whole)->phase[PHASE_RUN].ran;
}
static void begin_compile(void *whole)
{
	((struct result *)whole)->phase[PHASE_COMPILE].ran = true;
}
static void begin_run(void *whole)
{
	((struct result *)whole)->phase[PHASE_RUN].ran = true;
}

#define AT(m) .at = offsetof(struct result, m)
#define PHASE .fields = result_phase_members
static const struct json_member phases_members[] = {
	{ "compile", JSON_OBJECT, AT(phase[PHASE_COMPILE]), PHASE, .has = compiled, .begin = begin_compile },
	{ "run", JSON_OBJECT, AT(phase[PHASE_RUN]), PHASE, .has = ran, .begin = begin_run },
	{ 0 },
};
#undef AT

/* ---- tests ---------------------------------------------------------------------- */

static bool has_tests(const void *whole)
{
	return ((const struct result *)whole)->tests.total > 0;
}

static void put_skipped(struct json_writer *w, const char *name, const void *whole)
{
	const struct result_tests *t = whole;

	json_put_integer(w, name, t->total - t->run);
}

static const char *tests_fit(const void *at)
{
	const struct result_tests *t = at;

	return t->run <= t->total && t->passed + t->failed == t->run ? NULL : "the numbers do not add up";
}

#define COUNT(m) JSON_INT, .at = offsetof(struct result_tests, m), .most = JOB_TESTS_MAX
static const struct json_member tests_members[] = {
	{ "total", COUNT(total) },
	{ "run", COUNT(run) },
	{ "passed", COUNT(passed) },
	{ "failed", COUNT(failed) },
	{ "skipped", JSON_OWN, .put = put_skipped },
	{ 0 },
};
#undef COUNT

/* ---- collected files -------------------------------------------------------------- */

static bool has_files(const void *whole)
{
	return ((const struct result *)whole)->files.wanted;
}

static void begin_files(void *whole)
{
	((struct result *)whole)->files.wanted = true;
}

static bool has_left(const void *whole)
{
	return has_files(whole) && ((const struct result *)whole)->files.nleft > 0;
}

static void put_left(struct json_writer *w, const char *name, const void *whole)
{
	const struct result_files *f = &((const struct result *)whole)->files;

	json_open(w, name, '[');
	for (size_t i = 0; i < f->nleft; i++) {
		json_open(w, NULL, '{');
		json_put_text(w, "name", f->left[i].name);
		json_put_text(w, "why", left_name[f->left[i].why]);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static int get_left_one(struct result_files *f, const cJSON *v, const char *path, struct cee_err *e)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(v, "name"),
		    *why = cJSON_GetObjectItemCaseSensitive(v, "why");
	int w = 0;

	if (!cJSON_IsString(name) || !cJSON_IsString(why) || f->nleft == RESULT_LEFT_MAX)
		return json_wrong(e, path, "must be at most %d of {\"name\", \"why\"}", RESULT_LEFT_MAX);
	while (w < LEFT_NAMES - 1 && strcmp(left_name[w], why->valuestring) != 0)
		w++; /* a word that only a later version knows becomes the last word */
	if (json_string(name, path, &f->left[f->nleft].name, e) < 0)
		return -1;
	f->left[f->nleft++].why = w;
	f->left_count++;
	return 0;
}

static int get_left(void *whole, const cJSON *v, const char *path, struct cee_err *e)
{
	const cJSON *item;

	if (!cJSON_IsArray(v))
		return json_wrong_type(e, path, v, "an array");
	cJSON_ArrayForEach(item, v)
	{
		if (get_left_one(&((struct result *)whole)->files, item, path, e) < 0)
			return -1;
	}
	return 0;
}

/* The number of files that are not named in left. */
static int64_t left_more(const struct result_files *f)
{
	return f->left_count - (int64_t)f->nleft;
}

static bool has_left_more(const void *whole)
{
	return has_files(whole) && left_more(&((const struct result *)whole)->files) > 0;
}

static void put_left_more(struct json_writer *w, const char *name, const void *whole)
{
	json_put_integer(w, name, left_more(&((const struct result *)whole)->files));
}

static int get_left_more(void *whole, const cJSON *v, const char *path, struct cee_err *e)
{
	int64_t more = 0;

	if (json_integer(v, path, 0, JSON_NUMBER_MOST, &more, e) < 0)
		return -1;
	((struct result *)whole)->files.left_count += more;
	return 0;
}

#define AT(m) .at = offsetof(struct result_files, m)
static const struct json_member files_members[] = {
	{ "count", JSON_NUMBER, AT(count), .most = FILES_MOST },
	{ "bytes", NUMBER(AT(bytes)) },
	{ 0 },
};
#undef AT

/* ---- the network --------------------------------------------------------------------- */

static bool has_network(const void *whole)
{
	return ((const struct result *)whole)->network.name;
}

#define AT(m) .at = offsetof(struct result_network, m)
static const struct json_member network_members[] = {
	{ "name", JSON_TEXT, AT(name) },  { "connections", NUMBER(AT(connections)) }, { "bytes_in", NUMBER(AT(in)) },
	{ "bytes_out", NUMBER(AT(out)) }, { "refused", NUMBER(AT(refused)) },	      { 0 },
};
#undef AT

/* ---- the rest ----------------------------------------------------------------------- */

static void put_id(struct json_writer *w, const char *name, const void *whole)
{
	json_put_text(w, name, ((const struct result *)whole)->id);
}

static int get_id(void *whole, const cJSON *v, const char *path, struct cee_err *e)
{
	if (!cJSON_IsString(v) || !id_valid(v->valuestring))
		return json_wrong(e, path, "must be the id of a job");
	memcpy(((struct result *)whole)->id, v->valuestring, ID_LEN + 1);
	return 0;
}

/* The state follows from why and is written for simple readers; the parser checks that the two agree. */
static void put_state(struct json_writer *w, const char *name, const void *whole)
{
	json_put_text(w, name, state_name[reason_state[((const struct result *)whole)->why]]);
}

static bool has_labels(const void *whole)
{
	return ((const struct result *)whole)->nlabels > 0;
}

static void put_labels(struct json_writer *w, const char *name, const void *whole)
{
	const struct result *r = whole;

	json_put_labels(w, name, r->labels, r->nlabels);
}

static int get_labels(void *whole, const cJSON *v, const char *path, struct cee_err *e)
{
	struct result *r = whole;

	return json_labels(v, path, &r->labels, &r->nlabels, e);
}

/* A program that never ran has no runtime, whatever the image reports. */
static bool has_runtime(const void *whole)
{
	const struct result *r = whole;

	return r->phase[PHASE_RUN].ran || r->tests.run > 0;
}

static bool has_packages(const void *whole)
{
	return ((const struct result *)whole)->npackages > 0;
}

static void put_packages(struct json_writer *w, const char *name, const void *whole)
{
	const struct result *r = whole;

	layer_put_packages(w, name, r->packages, r->npackages);
}

static int get_packages(void *whole, const cJSON *v, const char *path, struct cee_err *e)
{
	struct result *r = whole;

	return layer_packages_read(v, path, &r->packages, &r->npackages, e);
}

#define AT(m) .at = offsetof(struct result, m)
const struct json_member result_members[] = {
	{ "id", JSON_OWN, .put = put_id, .get = get_id },
	{ "state", JSON_OWN, .put = put_state },
	{ "why", JSON_WORD, AT(why), .words = reason_name, .nwords = REASON_COUNT, .flags = JSON_STRICT },
	{ "exit_code", CODE(AT(exit_code)) },
	{ "signal", SIGNAL(AT(signal)) },
	{ "message", JSON_TEXT, AT(message) },
	{ "attempt", JSON_INT, AT(attempt), .most = ATTEMPT_MOST },
	{ "cells", JSON_FLAG, AT(cells) },
	{ "language", JSON_TEXT, AT(language) },
	{ "image", JSON_TEXT, AT(image) },
	{ "runner", JSON_TEXT, AT(runner) },
	{ "group", JSON_TEXT, AT(group) },
	{ "key", JSON_TEXT, AT(key) },
	{ "labels", JSON_OWN, .has = has_labels, .put = put_labels, .get = get_labels },
	{ "created", JSON_TIME, AT(created_us) },
	{ "claimed", JSON_TIME, AT(claimed_us) },
	{ "started", JSON_TIME, AT(started_us) },
	{ "ended", JSON_TIME, AT(ended_us) },
	{ "expires", JSON_TIME, AT(expires_us) },
	{ "queued", JSON_SECONDS, AT(queued_us) },
	{ "dropped_by_disk", NUMBER(AT(dropped_by_disk)) },
	{ "box_memory", NUMBER(AT(box_memory)) },
	{ "processor", JSON_INT, AT(processor), .most = PROCESSOR_MOST, .unknown = -1, .flags = JSON_OMIT_BELOW },
	{ "box", JSON_WORD, AT(box_from), WORDS(box_name) },
	{ "box_id", JSON_TEXT, AT(box) },
	{ "compiler", JSON_WORD, AT(compiler), WORDS(compiler_name) },
	{ "runtime", JSON_TEXT, AT(runtime), .has = has_runtime },
	{ "packages", JSON_OWN, .has = has_packages, .put = put_packages, .get = get_packages },
	{ "tests", JSON_OBJECT, AT(tests), .fields = tests_members, .has = has_tests, .fits = tests_fit },
	{ "files", JSON_OBJECT, AT(files), .fields = files_members, .has = has_files, .begin = begin_files },
	{ "left", JSON_OWN, .has = has_left, .put = put_left, .get = get_left },
	{ "left_more", JSON_OWN, .has = has_left_more, .put = put_left_more, .get = get_left_more },
	{ "network", JSON_OBJECT, AT(network), .fields = network_members, .has = has_network },
	{ "phases", JSON_OBJECT, 0, .fields = phases_members },
	{ 0 },
};

/* ---- the file ------------------------------------------------------------------------ */

char *result_format(const struct result *r)
{
	return json_line(result_members, r);
}

/* The state must agree with why, since a reader may use only one of the two. */
static int whole(const struct result *r, const cJSON *root, struct cee_err *e)
{
	const cJSON *state = cJSON_GetObjectItemCaseSensitive(root, "state");

	if (!*r->id)
		return json_wrong(e, "id", "is missing");
	if (!cJSON_GetObjectItemCaseSensitive(root, "why"))
		return json_wrong(e, "why", "is missing");
	if (!cJSON_IsString(state) || strcmp(state->valuestring, state_name[reason_state[r->why]]) != 0)
		return json_wrong(e, "state", "is missing or contradicts why");
	return 0;
}

int result_parse(struct result *r, const char *text, size_t len, struct cee_err *e)
{
	AUTO_JSON cJSON *root = json_parse(text, len, e);
	int saved;

	result_init(r);
	if (!root)
		return -1;
	if (json_get_members(root, "", result_members, r, e) == 0 && whole(r, root, e) == 0)
		return 0;
	saved = errno;
	result_release(r);
	errno = saved;
	return -1;
}
