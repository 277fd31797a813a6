/* result.c - the file `result` of a job: what happened, as one line of JSON
 *
 * Written by the runner, read by everything else, kept for years: readers skip
 * fields that they do not know. Times on the clock are RFC 3339 in UTC with
 * microseconds, spans are seconds with microseconds, sizes are bytes. What is
 * not known is null or left out. result_parse(result_format(r)) is r again.
 */
#include "job/result.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/json_limits.h"
#include "base/json_values.h"
#include "base/json_write.h"
#include "base/limit.h"
#include "base/names.h"
#include "job/job_tests.h"
#include "job/labels.h"
#include "job/test_result.h"
#include "layers/store.h"
#include "wire/frame.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TIME_LARGEST INT64_C(253402300799999999) /* the end of the year 9999 */
#define NUMBER_LARGEST ((int64_t)1 << 50)	 /* exact in a double, also as seconds with six digits */

enum { EXIT_MASK = 0xFF, SIGNAL_MASK = 0x7F, ATTEMPT_LARGEST = 1000000, PROCESSOR_LARGEST = 1 << 20 };

static const char *const phase_name[PHASE_COUNT] = {
#define P(id, name) [PHASE_##id] = name,
	PHASES(P)
#undef P
};
static const char *const box_name[] = {
	[BOX_NONE] = NULL, [BOX_COLD] = "cold", [BOX_WARM] = "warm", [BOX_SHARED] = "shared"
};
const char *const left_name[LEFT_WHYS] = {
#define F(id, name) [LEFT_##id] = name,
	LEFT_REASONS_TABLE(F)
#undef F
		[LEFT_NO_ROOM] = LEFT_NO_ROOM_NAME,
};
static const char *const compiler_name[] = {
	[COMPILER_NONE] = NULL, [COMPILER_PLAIN] = "plain", [COMPILER_RESIDENT] = "resident"
};
static const char *const peak_name[] = { "rusage", "cgroup" };

void result_init(struct result *r)
{
	*r = (struct result){ .why = WHY_INTERNAL_ERROR, .exit_code = -1, .processor = -1 };
	for (int p = 0; p < PHASE_COUNT; p++) {
		r->phase[p].exit_code = -1;
		limits_init(&r->phase[p].limits);
	}
}

void result_release(struct result *r)
{
	free(r->message);
	free(r->language);
	free(r->image);
	free(r->runner);
	free(r->box);
	free(r->runtime);
	for (size_t i = 0; i < r->files.nleft; i++)
		free(r->files.left[i].name);
	layer_packages_release(r->packages, r->npackages);
	free(r->group);
	free(r->key);
	labels_release(r->labels, r->nlabels);
	result_init(r);
}

int result_exit_status(const struct result *r)
{
	int status = why_status[r->why];

	if (status >= 0)
		return status;
	if (r->exit_code >= 0 && status == STATUS_OWN)
		return r->exit_code & EXIT_MASK;
	if (r->signal > 0)
		return 128 + (r->signal & SIGNAL_MASK);
	/* a limit ended it and nothing is known of how: as if it had been killed */
	return 137;
}

bool result_is_ours(const struct result *r)
{
	return why_status[r->why] == STATUS_OURS;
}

/* ---- writing ------------------------------------------------------------------- */

/* Some numbers come from a box, and an id's time from whoever chose the id: whatever
 * they are, what is written here can be read again. */
static int64_t clamp(int64_t v, int64_t max)
{
	return v < 0 ? 0 : v > max ? max : v;
}

static int quote(struct buf *b, const char *s)
{
	return json_quote(b, s, strlen(s));
}

static int put_text(struct buf *b, const char *name, const char *s)
{
	if (!s)
		return 0;
	return buf_printf(b, ",\"%s\":", name) < 0 ? -1 : quote(b, s);
}

static int put_number(struct buf *b, const char *name, int64_t v)
{
	return buf_printf(b, ",\"%s\":%" PRId64, name, clamp(v, NUMBER_LARGEST));
}

/* A number that may be unknown. */
static int put_known(struct buf *b, const char *name, int64_t v, bool known)
{
	return known ? put_number(b, name, v) : buf_printf(b, ",\"%s\":null", name);
}

static int put_seconds(struct buf *b, const char *name, int64_t us)
{
	return buf_printf(b, ",\"%s\":", name) < 0
		       ? -1
		       : buf_printf(b, "%" PRId64 ".%06" PRId64, clamp(us, NUMBER_LARGEST) / 1000000,
				    clamp(us, NUMBER_LARGEST) % 1000000);
}

static int put_time(struct buf *b, const char *name, int64_t us)
{
	char text[TIME_TEXT_MAX];

	if (us <= 0)
		return 0;
	time_format(text, clamp(us, TIME_LARGEST));
	return put_text(b, name, text);
}

static int put_hits(struct buf *b, uint64_t hit)
{
	const char *sep = "";

	if (buf_printf(b, ",\"hit\":[") < 0)
		return -1;
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (hit & 1ull << i) {
			if (buf_printf(b, "%s\"%s\"", sep, limit_name[i]) < 0)
				return -1;
			sep = ",";
		}
	return buf_printf(b, "]");
}

static int put_phase_fields(struct buf *b, const struct result_phase *p)
{
	bool cgroup = p->peak_how == 1;

	/* the first field has no comma before it */
	if (buf_printf(b, "\"exit_code\":") < 0 ||
	    (p->exit_code < 0 ? buf_printf(b, "null") : buf_printf(b, "%d", p->exit_code & EXIT_MASK)) < 0)
		return -1;
	if (put_known(b, "signal", p->signal & SIGNAL_MASK, p->signal > 0) < 0 ||
	    put_seconds(b, "cpu", p->cpu_us) < 0 || put_seconds(b, "wall", p->wall_us) < 0 ||
	    put_number(b, "peak_memory", p->peak_bytes) < 0 || put_text(b, "peak_memory_from", peak_name[cgroup]) < 0 ||
	    put_number(b, "oom_kills", p->oom_kills) < 0 || put_hits(b, p->hit) < 0 ||
	    put_number(b, "stdout_bytes", p->out_bytes) < 0 || put_number(b, "stderr_bytes", p->err_bytes) < 0 ||
	    put_number(b, "dropped", p->dropped) < 0)
		return -1;
	struct json_writer w = { .out = b, .comma = true };
	json_put_limits(&w, "limits", &p->limits);
	return json_written(&w);
}

static int put_phase(struct buf *b, const struct result_phase *p)
{
	return buf_add(b, "{", 1) < 0 || put_phase_fields(b, p) < 0 ? -1 : buf_add(b, "}", 1);
}

static int put_phases(struct buf *b, const struct result *r)
{
	const char *sep = "";

	if (buf_printf(b, ",\"phases\":{") < 0)
		return -1;
	for (int i = 0; i < PHASE_COUNT; i++) {
		if (!r->phase[i].ran)
			continue;
		if (buf_printf(b, "%s\"%s\":", sep, phase_name[i]) < 0 || put_phase(b, &r->phase[i]) < 0)
			return -1;
		sep = ",";
	}
	return buf_add(b, "}", 1);
}

static int put_tests(struct buf *b, const struct result_tests *t)
{
	if (t->total <= 0)
		return 0;
	return buf_printf(b, ",\"tests\":{\"total\":%d,\"run\":%d,\"passed\":%d,\"failed\":%d,\"skipped\":%d}",
			  t->total, t->run, t->passed, t->failed, t->total - t->run);
}

static int put_labels(struct buf *b, const struct result *r)
{
	if (r->nlabels == 0)
		return 0;
	struct json_writer w = { .out = b, .comma = true };
	json_put_labels(&w, "labels", r->labels, r->nlabels);
	return json_written(&w);
}

/* left: [{"name", "why"}], and beside it how many more there were. */
static int put_files(struct buf *b, const struct result_files *f)
{
	int64_t more = f->left_count - (int64_t)f->nleft;

	if (!f->wanted)
		return 0;
	if (buf_printf(b, ",\"files\":{\"count\":%" PRId64 ",\"bytes\":%" PRId64 "}", clamp(f->count, FILES_MOST),
		       clamp(f->bytes, NUMBER_LARGEST)) < 0)
		return -1;
	for (size_t i = 0; i < f->nleft; i++) {
		if (buf_printf(b, "%s{\"name\":", i ? "," : ",\"left\":[") < 0 || quote(b, f->left[i].name) < 0 ||
		    put_text(b, "why", left_name[f->left[i].why]) < 0 || buf_add(b, "}", 1) < 0)
			return -1;
	}
	if (f->nleft && buf_add(b, "]", 1) < 0)
		return -1;
	return more > 0 ? put_number(b, "left_more", more) : 0;
}

static int put_packages(struct buf *b, const struct result *r)
{
	if (r->npackages == 0)
		return 0;
	struct json_writer w = { .out = b, .comma = true };
	layer_put_packages(&w, "packages", r->packages, r->npackages);
	return json_written(&w);
}

/* What never ran was run by nothing. */
static int put_runtime(struct buf *b, const struct result *r)
{
	return r->phase[PHASE_RUN].ran || r->tests.run > 0 ? put_text(b, "runtime", r->runtime) : 0;
}

static int put_result(struct buf *b, const struct result *r)
{
	if (buf_printf(b, "{\"id\":") < 0 || quote(b, r->id) < 0 ||
	    put_text(b, "state", state_name[why_state[r->why]]) < 0 || put_text(b, "why", why_name[r->why]) < 0 ||
	    put_known(b, "exit_code", r->exit_code & EXIT_MASK, r->exit_code >= 0) < 0 ||
	    put_known(b, "signal", r->signal & SIGNAL_MASK, r->signal > 0) < 0 ||
	    put_text(b, "message", r->message) < 0 ||
	    put_number(b, "attempt", clamp(r->attempt, ATTEMPT_LARGEST)) < 0 ||
	    buf_printf(b, ",\"cells\":%s", r->cells ? "true" : "false") < 0 ||
	    put_text(b, "language", r->language) < 0 || put_text(b, "image", r->image) < 0 ||
	    put_text(b, "runner", r->runner) < 0 || put_text(b, "group", r->group) < 0 ||
	    put_text(b, "key", r->key) < 0 || put_labels(b, r) < 0)
		return -1;
	if (put_time(b, "created", r->created_us) < 0 || put_time(b, "claimed", r->claimed_us) < 0 ||
	    put_time(b, "started", r->started_us) < 0 || put_time(b, "ended", r->ended_us) < 0 ||
	    put_time(b, "expires", r->expires_us) < 0 || put_seconds(b, "queued", r->queued_us) < 0 ||
	    put_number(b, "dropped_by_disk", r->dropped_by_disk) < 0 ||
	    put_number(b, "box_memory", r->box_memory) < 0 ||
	    (r->processor >= 0 && put_number(b, "processor", r->processor) < 0) ||
	    put_text(b, "box", box_name[r->box_from]) < 0 || put_text(b, "box_id", r->box) < 0 ||
	    put_text(b, "compiler", compiler_name[r->compiler]) < 0 || put_runtime(b, r) < 0 ||
	    put_packages(b, r) < 0 || put_tests(b, &r->tests) < 0 || put_files(b, &r->files) < 0 ||
	    put_phases(b, r) < 0)
		return -1;
	return buf_add(b, "}\n", 2);
}

char *result_format(const struct result *r)
{
	struct buf b = { 0 };

	if (put_result(&b, r) < 0) {
		buf_release(&b);
		errno = ENOMEM;
		return NULL;
	}
	return b.data;
}

/* ---- times on the clock ---------------------------------------------------------- */

/* ---- reading --------------------------------------------------------------------- */

#define FIELD(name) static int field_##name(void *into, const cJSON *v, const char *path, struct cee_err *e)
#define R ((struct result *)into)
#define P ((struct result_phase *)into)

static int get_number(const cJSON *v, const char *path, int64_t *out, struct cee_err *e)
{
	return json_integer(v, path, 0, NUMBER_LARGEST, out, e);
}

static int get_small(const cJSON *v, const char *path, int none, int max, int *out, struct cee_err *e)
{
	int64_t n = none;

	if (!cJSON_IsNull(v) && json_integer(v, path, 0, max, &n, e) < 0)
		return -1;
	*out = (int)n;
	return 0;
}

static int get_seconds(const cJSON *v, const char *path, int64_t *us, struct cee_err *e)
{
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0 && v->valuedouble <= (double)NUMBER_LARGEST / 1e6))
		return json_wrong(e, path, "must be seconds");
	*us = llround(v->valuedouble * 1e6);
	return 0;
}

static int get_time(const cJSON *v, const char *path, int64_t *us, struct cee_err *e)
{
	if (!cJSON_IsString(v) || time_parse(v->valuestring, us) < 0)
		return json_wrong(e, path, "must be a time as 2026-01-31T12:00:00.000000Z");
	return 0;
}

FIELD(phase_exit_code)
{
	return get_small(v, path, -1, 255, &P->exit_code, e);
}
FIELD(phase_signal)
{
	return get_small(v, path, 0, 127, &P->signal, e);
}
FIELD(cpu)
{
	return get_seconds(v, path, &P->cpu_us, e);
}
FIELD(wall)
{
	return get_seconds(v, path, &P->wall_us, e);
}
FIELD(peak_memory)
{
	return get_number(v, path, &P->peak_bytes, e);
}
FIELD(oom_kills)
{
	return get_number(v, path, &P->oom_kills, e);
}
FIELD(stdout_bytes)
{
	return get_number(v, path, &P->out_bytes, e);
}
FIELD(stderr_bytes)
{
	return get_number(v, path, &P->err_bytes, e);
}
FIELD(dropped)
{
	return get_number(v, path, &P->dropped, e);
}

/* Not by json_limits: this is what was in force, not what may be asked for. */
FIELD(phase_limits)
{
	const cJSON *item;

	if (!cJSON_IsObject(v))
		return json_wrong(e, path, "must be an object");
	cJSON_ArrayForEach(item, v)
	{
		int id = limit_find(item->string);
		if (id < 0) /* a later version's */
			continue;
		if ((limit_unit[id] == UNIT_TIME ? get_seconds(item, path, &P->limits.v[id], e)
						 : get_number(item, path, &P->limits.v[id], e)) < 0)
			return -1;
	}
	return 0;
}

FIELD(peak_memory_from)
{
	P->peak_how = cJSON_IsString(v) && strcmp(v->valuestring, peak_name[1]) == 0;
	return cJSON_IsString(v) ? 0 : json_wrong(e, path, "must be a string");
}

FIELD(hit)
{
	const cJSON *item;

	if (!cJSON_IsArray(v))
		return json_wrong(e, path, "must be an array");
	cJSON_ArrayForEach(item, v)
	{
		int id = cJSON_IsString(item) ? limit_find(item->valuestring) : -1;
		if (id >= 0) /* a later version's limit is skipped */
			P->hit |= 1ull << id;
	}
	return 0;
}

static const struct json_field phase_fields[] = { { "exit_code", field_phase_exit_code },
						  { "signal", field_phase_signal },
						  { "cpu", field_cpu },
						  { "wall", field_wall },
						  { "peak_memory", field_peak_memory },
						  { "peak_memory_from", field_peak_memory_from },
						  { "oom_kills", field_oom_kills },
						  { "hit", field_hit },
						  { "stdout_bytes", field_stdout_bytes },
						  { "stderr_bytes", field_stderr_bytes },
						  { "dropped", field_dropped },
						  { "limits", field_phase_limits },
						  { NULL, NULL } };

FIELD(compile)
{
	R->phase[PHASE_COMPILE].ran = true;
	return json_fields(v, path, phase_fields, JSON_LENIENT, &R->phase[PHASE_COMPILE], e);
}

FIELD(run)
{
	R->phase[PHASE_RUN].ran = true;
	return json_fields(v, path, phase_fields, JSON_LENIENT, &R->phase[PHASE_RUN], e);
}

static int get_count(const cJSON *v, const char *path, int *n, struct cee_err *e)
{
	return get_small(v, path, 0, JOB_TESTS_MAX, n, e);
}

#define T ((struct result_tests *)into)
FIELD(tests_total)
{
	return get_count(v, path, &T->total, e);
}
FIELD(tests_run)
{
	return get_count(v, path, &T->run, e);
}
FIELD(tests_passed)
{
	return get_count(v, path, &T->passed, e);
}
FIELD(tests_failed)
{
	return get_count(v, path, &T->failed, e);
}
#undef T

static const struct json_field tests_fields[] = { { "total", field_tests_total },
						  { "run", field_tests_run },
						  { "passed", field_tests_passed },
						  { "failed", field_tests_failed },
						  { NULL, NULL } };

FIELD(tests)
{
	struct result_tests *t = &R->tests;

	if (json_fields(v, path, tests_fields, JSON_LENIENT, t, e) < 0)
		return -1;
	return t->run <= t->total && t->passed + t->failed == t->run ? 0
								     : json_wrong(e, path, "its numbers do not add up");
}

static const struct json_field phases_fields[] = { { "compile", field_compile }, { "run", field_run }, { NULL, NULL } };

FIELD(phases)
{
	return json_fields(v, path, phases_fields, JSON_LENIENT, into, e);
}
FIELD(exit_code)
{
	return get_small(v, path, -1, 255, &R->exit_code, e);
}
FIELD(signal)
{
	return get_small(v, path, 0, 127, &R->signal, e);
}
FIELD(message)
{
	return json_string(v, path, &R->message, e);
}
FIELD(attempt)
{
	return get_small(v, path, 0, ATTEMPT_LARGEST, &R->attempt, e);
}
FIELD(cells)
{
	return json_bool(v, path, &R->cells, e);
}
FIELD(language)
{
	return json_string(v, path, &R->language, e);
}
FIELD(image)
{
	return json_string(v, path, &R->image, e);
}
FIELD(runtime)
{
	return json_string(v, path, &R->runtime, e);
}
FIELD(runner)
{
	return json_string(v, path, &R->runner, e);
}
FIELD(group)
{
	return json_string(v, path, &R->group, e);
}
FIELD(key)
{
	return json_string(v, path, &R->key, e);
}
FIELD(labels)
{
	return json_labels(v, path, &R->labels, &R->nlabels, e);
}
FIELD(expires)
{
	return get_time(v, path, &R->expires_us, e);
}
FIELD(created)
{
	return get_time(v, path, &R->created_us, e);
}
FIELD(claimed)
{
	return get_time(v, path, &R->claimed_us, e);
}
FIELD(started)
{
	return get_time(v, path, &R->started_us, e);
}
FIELD(ended)
{
	return get_time(v, path, &R->ended_us, e);
}
FIELD(queued)
{
	return get_seconds(v, path, &R->queued_us, e);
}
FIELD(dropped_by_disk)
{
	return get_number(v, path, &R->dropped_by_disk, e);
}
FIELD(files_count)
{
	return json_integer(v, path, 0, FILES_MOST, &R->files.count, e);
}
FIELD(files_bytes)
{
	return get_number(v, path, &R->files.bytes, e);
}
static const struct json_field files_fields[] = { { "count", field_files_count },
						  { "bytes", field_files_bytes },
						  { NULL, NULL } };

FIELD(files)
{
	R->files.wanted = true;
	return json_fields(v, path, files_fields, JSON_LENIENT, into, e);
}

static int get_left(struct result_files *f, const cJSON *v, const char *path, struct cee_err *e)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(v, "name"),
		    *why = cJSON_GetObjectItemCaseSensitive(v, "why");
	int w = 0;

	if (!cJSON_IsString(name) || !cJSON_IsString(why) || f->nleft == RESULT_LEFT_MAX)
		return json_wrong(e, path, "must be at most %d of {\"name\", \"why\"}", RESULT_LEFT_MAX);
	while (w < LEFT_WHYS - 1 && strcmp(left_name[w], why->valuestring) != 0)
		w++; /* a later version's word becomes the last */
	if (json_string(name, path, &f->left[f->nleft].name, e) < 0)
		return -1;
	f->left[f->nleft++].why = w;
	f->left_count++;
	return 0;
}

FIELD(left)
{
	const cJSON *item;

	if (!cJSON_IsArray(v))
		return json_wrong(e, path, "must be an array");
	cJSON_ArrayForEach(item, v) if (get_left(&R->files, item, path, e) < 0) return -1;
	return 0;
}

FIELD(left_more)
{
	int64_t more = 0;

	if (get_number(v, path, &more, e) < 0)
		return -1;
	R->files.left_count += more;
	return 0;
}

FIELD(processor)
{
	return get_small(v, path, -1, PROCESSOR_LARGEST, &R->processor, e);
}
FIELD(box_id)
{
	return json_string(v, path, &R->box, e);
}
FIELD(box)
{
	for (int i = BOX_COLD; cJSON_IsString(v) && i <= BOX_SHARED; i++)
		if (strcmp(v->valuestring, box_name[i]) == 0)
			R->box_from = (enum box_from)i;
	return cJSON_IsString(v) ? 0 : json_wrong(e, path, "must be a string");
}
FIELD(compiler)
{
	for (int i = COMPILER_PLAIN; cJSON_IsString(v) && i <= COMPILER_RESIDENT; i++)
		if (strcmp(v->valuestring, compiler_name[i]) == 0)
			R->compiler = (enum compiled_by)i;
	return cJSON_IsString(v) ? 0 : json_wrong(e, path, "must be a string");
}
FIELD(packages)
{
	return layer_packages_read(v, path, &R->packages, &R->npackages, e);
}
FIELD(box_memory)
{
	return get_number(v, path, &R->box_memory, e);
}

FIELD(id)
{
	if (!cJSON_IsString(v) || !id_valid(v->valuestring))
		return json_wrong(e, path, "must be the id of a job");
	memcpy(R->id, v->valuestring, ID_LEN + 1);
	return 0;
}

static int get_why(const cJSON *v, const char *path, enum why *why, struct cee_err *e)
{
	for (int w = 0; cJSON_IsString(v) && w < WHY_COUNT; w++)
		if (strcmp(why_name[w], v->valuestring) == 0) {
			*why = (enum why)w;
			return 0;
		}
	return json_wrong(e, path, "is none that this version knows");
}

FIELD(why)
{
	return get_why(v, path, &R->why, e);
}

static const struct json_field fields[] = { { "group", field_group },
					    { "key", field_key },
					    { "labels", field_labels },
					    { "expires", field_expires },
					    { "id", field_id },
					    { "why", field_why },
					    { "exit_code", field_exit_code },
					    { "signal", field_signal },
					    { "message", field_message },
					    { "attempt", field_attempt },
					    { "cells", field_cells },
					    { "language", field_language },
					    { "image", field_image },
					    { "runner", field_runner },
					    { "created", field_created },
					    { "claimed", field_claimed },
					    { "started", field_started },
					    { "ended", field_ended },
					    { "queued", field_queued },
					    { "dropped_by_disk", field_dropped_by_disk },
					    { "box_memory", field_box_memory },
					    { "processor", field_processor },
					    { "box", field_box },
					    { "box_id", field_box_id },
					    { "compiler", field_compiler },
					    { "runtime", field_runtime },
					    { "packages", field_packages },
					    { "tests", field_tests },
					    { "files", field_files },
					    { "left", field_left },
					    { "left_more", field_left_more },
					    { "phases", field_phases },
					    { NULL, NULL } };

/* state follows from why, but must not contradict it: somebody may read that alone. */
static int whole(const struct result *r, const cJSON *root, struct cee_err *e)
{
	const cJSON *state = cJSON_GetObjectItemCaseSensitive(root, "state");

	if (!*r->id)
		return json_wrong(e, "id", "is missing");
	if (!cJSON_GetObjectItemCaseSensitive(root, "why"))
		return json_wrong(e, "why", "is missing");
	if (!cJSON_IsString(state) || strcmp(state->valuestring, state_name[why_state[r->why]]) != 0)
		return json_wrong(e, "state", "is missing or does not fit why");
	return 0;
}

int result_parse(struct result *r, const char *text, size_t len, struct cee_err *e)
{
	AUTO_JSON cJSON *root = json_parse(text, len, e);
	int saved;

	result_init(r);
	if (!root)
		return -1;
	if (json_fields(root, "", fields, JSON_LENIENT, r, e) == 0 && whole(r, root, e) == 0)
		return 0;
	saved = errno;
	result_release(r);
	errno = saved;
	return -1;
}

/* ---- a test ---------------------------------------------------------------------- */

void test_init(struct test_result *t)
{
	*t = (struct test_result){ .why = WHY_INTERNAL_ERROR, .ok = -1, .phase = { .ran = true, .exit_code = -1 } };
	limits_init(&t->phase.limits);
}

void test_release(struct test_result *t)
{
	free(t->name);
	free(t->expected);
	free(t->got);
	test_init(t);
}

bool test_passed(const struct test_result *t)
{
	return t->why == WHY_EXITED && t->phase.exit_code == 0 && t->ok != 0;
}

static int put_range(struct buf *b, const char *name, int64_t from, int64_t to)
{
	return buf_printf(b, ",\"%s\":{\"from\":%" PRId64 ",\"to\":%" PRId64 "}", name, clamp(from, NUMBER_LARGEST),
			  clamp(to, NUMBER_LARGEST));
}

static int put_difference(struct buf *b, const struct test_result *t)
{
	if (t->line <= 0)
		return 0;
	if (buf_printf(b, ",\"difference\":{\"line\":%" PRId64, clamp(t->line, NUMBER_LARGEST)) < 0 ||
	    put_text(b, "expected", t->expected) < 0 || put_text(b, "got", t->got) < 0)
		return -1;
	return buf_add(b, "}", 1);
}

static int put_test(struct buf *b, const struct test_result *t)
{
	if (buf_printf(b, "{\"number\":%d,\"name\":", t->number) < 0 || quote(b, t->name ? t->name : "") < 0 ||
	    put_text(b, "why", why_name[t->why]) < 0 ||
	    (t->ok >= 0 && buf_printf(b, ",\"ok\":%s", t->ok ? "true" : "false") < 0) || put_difference(b, t) < 0 ||
	    put_range(b, "stdout", t->out_from, t->out_to) < 0 || put_range(b, "stderr", t->err_from, t->err_to) < 0 ||
	    buf_add(b, ",", 1) < 0 || put_phase_fields(b, &t->phase) < 0)
		return -1;
	return buf_add(b, "}\n", 2);
}

char *test_format(const struct test_result *t)
{
	struct buf b = { 0 };

	if (put_test(&b, t) < 0) {
		buf_release(&b);
		errno = ENOMEM;
		return NULL;
	}
	return b.data;
}

struct range {
	int64_t from, to;
};

FIELD(range_from)
{
	return get_number(v, path, &((struct range *)into)->from, e);
}
FIELD(range_to)
{
	return get_number(v, path, &((struct range *)into)->to, e);
}
static const struct json_field range_fields[] = { { "from", field_range_from },
						  { "to", field_range_to },
						  { NULL, NULL } };

static int get_range(const cJSON *v, const char *path, int64_t *from, int64_t *to, struct cee_err *e)
{
	struct range r = { 0, 0 };

	if (json_fields(v, path, range_fields, JSON_LENIENT, &r, e) < 0)
		return -1;
	*from = r.from;
	*to = r.to;
	return r.from <= r.to ? 0 : json_wrong(e, path, "ends before it begins");
}

#define T ((struct test_result *)into)
FIELD(test_number)
{
	return get_small(v, path, 0, JOB_TESTS_MAX, &T->number, e);
}
FIELD(test_name)
{
	return json_string(v, path, &T->name, e);
}
FIELD(test_why)
{
	return get_why(v, path, &T->why, e);
}
FIELD(test_stdout)
{
	return get_range(v, path, &T->out_from, &T->out_to, e);
}
FIELD(test_stderr)
{
	return get_range(v, path, &T->err_from, &T->err_to, e);
}
FIELD(difference_line)
{
	return get_number(v, path, &T->line, e);
}
FIELD(difference_expected)
{
	return json_string(v, path, &T->expected, e);
}
FIELD(difference_got)
{
	return json_string(v, path, &T->got, e);
}

FIELD(test_ok)
{
	bool ok;

	if (json_bool(v, path, &ok, e) < 0)
		return -1;
	T->ok = ok;
	return 0;
}

static const struct json_field difference_fields[] = { { "line", field_difference_line },
						       { "expected", field_difference_expected },
						       { "got", field_difference_got },
						       { NULL, NULL } };

FIELD(test_difference)
{
	return json_fields(v, path, difference_fields, JSON_LENIENT, into, e);
}

static const struct json_field test_fields[] = { { "number", field_test_number },
						 { "name", field_test_name },
						 { "why", field_test_why },
						 { "ok", field_test_ok },
						 { "difference", field_test_difference },
						 { "stdout", field_test_stdout },
						 { "stderr", field_test_stderr },
						 { NULL, NULL } };

int test_parse(struct test_result *t, const char *text, size_t len, struct cee_err *e)
{
	AUTO_JSON cJSON *root = json_parse(text, len, e);
	int saved;

	test_init(t);
	if (!root)
		return -1;
	if (json_fields(root, "", test_fields, JSON_LENIENT, t, e) == 0 &&
	    json_fields(root, "", phase_fields, JSON_LENIENT, &t->phase, e) == 0) {
		if (t->number > 0 && t->name && cJSON_GetObjectItemCaseSensitive(root, "why"))
			return 0;
		json_wrong(e, "", "number, name or why is missing");
	}
	saved = errno;
	test_release(t);
	errno = saved;
	return -1;
}
