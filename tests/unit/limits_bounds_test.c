/* limits_bounds_test - every limit at 0, 1, the ceiling and one above, negative, broken, as text, and "none"
 *
 * For both phases, and as a job, a test, a language and cee.conf state it; to the wire and back from a result.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_limits.h"
#include "base/limit.h"
#include "conf/conf.h"
#include "init/plan.h"
#include "job/job.h"
#include "job/job_check.h"
#include "job/published.h"
#include "wire/payload.h"
#include "check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { UNSET = -1, REFUSED = -2, OVER = -3 }; /* OVER: well formed, and more than the ceiling */

static const char *const phase_name[PHASE_COUNT] = { "compile", "run" };
static struct cee_err e;

static bool may_be_zero(int id)
{
	return id == LIMIT_OUTPUT || id == LIMIT_FILE_SIZE;
}

/* "disk" and "inodes" are the whole job's. */
static bool of_run_only(int id)
{
	return id == LIMIT_DISK || id == LIMIT_INODES;
}

/* What the job gets that asks for value, a JSON text. */
static int64_t job_limit(const struct conf *c, int phase, int id, const char *value)
{
	struct published *none = published_new(NULL, 0);
	int64_t v = REFUSED;
	char text[300];
	struct job j;

	snprintf(text, sizeof text, "{\"language\":\"x\",\"code\":\"1\",\"limits\":{\"%s\":{\"%s\":%s}}}",
		 phase_name[phase], limit_name[id], value);
	e.msg[0] = '\0';
	if (job_parse(&j, text, strlen(text), &e) == 0) {
		v = job_check(&j, c, none, &e) == 0 ? j.limits[phase].v[id] : OVER;
		job_release(&j);
	}
	if (v < 0)
		CHECK(errno == EINVAL && (strstr(e.msg, limit_name[id]) || of_run_only(id)));
	published_free(none);
	return v;
}

static int64_t number(const struct conf *c, int phase, int id, const char *before, int64_t n, const char *after)
{
	char text[60];

	snprintf(text, sizeof text, "%s%" PRId64 "%s", before, n, after);
	return job_limit(c, phase, id, text);
}

/* A limit's smallest step: in JSON a number of seconds, bytes or things. */
static int64_t one(int id)
{
	return limit_unit[id] == UNIT_TIME ? 1000000 : 1;
}

static void bounds_of(const struct conf *c, int phase, int id)
{
	int64_t most = c->max[phase].v[id], n = most / one(id), smallest = may_be_zero(id) ? 0 : REFUSED;
	static const char *const wrong[] = { "-1",
					     "-0.5",
					     "\"-1\"",
					     "1e300",
					     "9223372036854775808",
					     "1e19",
					     "\"9223372036854775808\"",
					     "\"99999999999999999999\"",
					     "\"\"",
					     "\"1e3\"",
					     "\" 1\"",
					     "\"NONE\"",
					     "\"none\"",
					     "null",
					     "true",
					     "[1]" };

	CHECK(number(c, phase, id, "", 0, "") == smallest && number(c, phase, id, "-", 0, "") == smallest);
	CHECK(number(c, phase, id, "\"", 0, "\"") == smallest);
	CHECK(number(c, phase, id, "", 1, "") == one(id) && number(c, phase, id, "", 1, ".0") == one(id));
	CHECK(number(c, phase, id, "\"", 1, "\"") == one(id));
	CHECK(number(c, phase, id, "", n, "") == most && number(c, phase, id, "\"", n, "\"") == most);
	CHECK(number(c, phase, id, "", n + 1, "") == OVER && strstr(e.msg, "is above the ceiling"));
	CHECK(number(c, phase, id, "\"", n + 1, "\"") == OVER);
	CHECK(number(c, phase, id, "", 1, ".5") == (limit_unit[id] == UNIT_TIME ? 1500000 : REFUSED));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		CHECK(job_limit(c, phase, id, wrong[i]) == REFUSED);
}

static void a_jobs(void)
{
	struct conf c;

	conf_init(&c);
	for (int p = 0; p < PHASE_COUNT; p++)
		for (int i = 0; i < LIMIT_COUNT; i++)
			if (p == PHASE_RUN || !of_run_only(i))
				bounds_of(&c, p, i);
			else
				CHECK(number(&c, p, i, "", 1, "") == REFUSED);
	conf_release(&c);
}

static void a_tests(void)
{
	struct job j;
	static const char text[] = "{\"language\":\"x\",\"code\":\"1\",\"tests\":[{\"limits\":{\"output\":%s}}]}";
	char full[200];

	snprintf(full, sizeof full, text, "0");
	CHECK(job_parse(&j, full, strlen(full), &e) == 0 && j.tests[0].limits.v[LIMIT_OUTPUT] == 0);
	job_release(&j);
	snprintf(full, sizeof full, text, "\"none\"");
	CHECK(job_parse(&j, full, strlen(full), &e) == -1 && strstr(e.msg, "only the administrator"));
}

static int conf_says(struct conf *c, const char *kind, int phase, int id, const char *value)
{
	char text[200];

	conf_release(c);
	conf_init(c);
	snprintf(text, sizeof text, "%s.%s.%s = %s\n", kind, phase_name[phase], limit_name[id], value);
	return conf_parse(c, "t.conf", text, strlen(text), &e);
}

/* The administrator's: 0 is 0, none is none; a limit of none under a ceiling is the ceiling. */
static void in_cee_conf(void)
{
	struct conf c;

	conf_init(&c);
	for (int p = 0; p < PHASE_COUNT; p++)
		for (int i = 0; i < LIMIT_COUNT; i++) {
			int64_t most = limits_ceiling.v[i];
			int zero = may_be_zero(i) ? 0 : -1;

			CHECK(conf_says(&c, "limit", p, i, "0") == zero && (zero || c.dflt[p].v[i] == 0));
			CHECK(conf_says(&c, "ceiling", p, i, "0") == zero && (zero || c.max[p].v[i] == 0));
			CHECK(zero || c.dflt[p].v[i] == 0);
			CHECK(conf_says(&c, "limit", p, i, "-1") == -1 && conf_says(&c, "ceiling", p, i, "-1") == -1);
			CHECK(conf_says(&c, "limit", p, i, "none") == zero && (zero || c.dflt[p].v[i] == most));
			CHECK(conf_says(&c, "ceiling", p, i, "none") == zero && (zero || c.max[p].v[i] == LIMIT_NONE));
			if (!zero) {
				CHECK(number(&c, p, i, "", most + 1, "") == most + 1);
				CHECK(job_limit(&c, p, i, "\"none\"") == REFUSED);
			}
		}
	conf_release(&c);
}

/* A ceiling of 0 bounds what is silent, and a job that asks for a byte is refused. */
static void ceiling_of_zero(void)
{
	struct limits l = { .v = { [0 ... LIMIT_COUNT - 1] = LIMIT_NONE } };
	struct conf c;

	conf_init(&c);
	CHECK(conf_says(&c, "ceiling", PHASE_RUN, LIMIT_OUTPUT, "0") == 0);
	CHECK(number(&c, PHASE_RUN, LIMIT_OUTPUT, "", 0, "") == 0);
	CHECK(number(&c, PHASE_RUN, LIMIT_OUTPUT, "", 1, "") == OVER);
	limits_cap(&l, &c.max[PHASE_RUN]);
	CHECK(l.v[LIMIT_OUTPUT] == 0 && l.v[LIMIT_FILE_SIZE] == limits_ceiling.v[LIMIT_FILE_SIZE]);
	conf_release(&c);
}

/* Unset and none are no limit in the box; 0 is 0. */
static void on_the_wire(void)
{
	static const int64_t values[] = { UNSET, 0, 1, LIMIT_NONE - 1, LIMIT_NONE };
	struct frame_plan plan;
	struct payload p;
	struct limits l;

	for (int id = 0; id < LIMIT_COUNT; id++)
		for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
			bool none = values[i] == UNSET || values[i] == LIMIT_NONE;

			limits_init(&l);
			l.v[id] = values[i];
			frame_pack_plan(&p, PHASE_RUN, &l);
			CHECK(frame_unpack_plan(p.data, p.len, &plan));
			CHECK(plan.limit[id] == (none ? UINT64_MAX : (uint64_t)values[i]));
			CHECK(limit_in_force(plan.limit[id]) == !none);
		}
}

/* As written for people and in JSON, and read again. */
static void there_and_back(void)
{
	for (int id = 0; id < LIMIT_COUNT; id++) {
		const int64_t values[] = {
			may_be_zero(id) ? 0 : 1,	 1, 1023, 1024, 1000000, limits_ceiling.v[id],
			may_be_zero(id) ? LIMIT_NONE : 1
		};

		for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
			AUTO_BUF struct buf b = { 0 };
			struct json_writer w = json_writer(&b);
			char text[LIMIT_TEXT_MAX];
			struct limits l, back;
			int64_t v = UNSET;

			limit_format(text, (enum limit_id)id, values[i]);
			CHECK(limit_parse((enum limit_id)id, text, &v, &e) == 0 && v == values[i]);
			limits_init(&l);
			limits_init(&back);
			l.v[id] = values[i];
			json_put_limits(&w, NULL, &l);
			CHECK(json_written(&w) == 0);
			AUTO_JSON cJSON *json = json_parse(b.data, b.len, &e);
			CHECK(json && json_limits(json, "limits", &back, &e) == 0);
			CHECK(memcmp(&back, &l, sizeof l) == 0);
		}
	}
}

int main(void)
{
	RUN(a_jobs);
	RUN(a_tests);
	RUN(in_cee_conf);
	RUN(ceiling_of_zero);
	RUN(on_the_wire);
	RUN(there_and_back);
	return check_status();
}
