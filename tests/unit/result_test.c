/* result_test - a result reads back as it was, whatever a box reported */
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json_record.h"
#include "base/limit.h"
#include "base/time_text.h"
#include "job/labels.h"
#include "job/result.h"
#include "job/result_members.h"
#include "job/test_result.h"
#include "layers/store.h"
#include "wire/frame.h"
#include "check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


static struct cee_err e;
static const char ID[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

static void fill(struct result *r)
{
	result_init(r);
	memcpy(r->id, ID, sizeof ID);
	r->why = REASON_MEMORY_LIMIT;
	r->message = strdup("one \"line\"\n\t\\ \x01 \x7f gr\xc3\xbc\xc3\x9f\xc2\x9b");
	r->exit_code = 0;
	r->signal = 9;
	r->attempt = 2;
	r->cells = true;
	r->language = strdup("python");
	r->image = strdup("sha256:abc");
	r->runner = strdup("host-1");
	r->created_us = 1795000000000001;
	r->claimed_us = 1795000000999999;
	r->started_us = 1;
	r->ended_us = 253402300799999999;
	r->queued_us = 1234567;
	r->dropped_by_disk = 42;
	r->box_memory = 1 << 30;
	r->processor = 7;
	r->group = strdup("home \"work\" 3");
	r->key = strdup("\\key");
	r->labels = calloc(2, sizeof *r->labels);
	r->nlabels = 2;
	r->labels[0] = (struct job_label){ strdup("a.b/c-d_1"), strdup("") };
	r->labels[1] = (struct job_label){ strdup("note"), strdup("\"gr\xc3\xbc\xc3\x9f\" \\") };
	r->expires_us = 1795000002000003;
	for (int p = 0; p < PHASE_COUNT; p++) {
		struct result_phase *f = &r->phase[p];
		f->ran = true;
		f->exit_code = p == PHASE_RUN ? -1 : 255;
		f->signal = p == PHASE_RUN ? 9 : 0;
		f->cpu_us = 999999 + p;
		f->wall_us = 1000000000000 + p;
		f->peak_bytes = 123456789;
		f->peak_how = p;
		f->oom_kills = 3;
		f->exceeded = 1ull << LIMIT_MEMORY | 1ull << LIMIT_STACK;
		f->out_bytes = 1;
		f->err_bytes = 2;
		f->dropped = 3;
		for (int i = 0; i < LIMIT_COUNT; i++)
			f->limits.v[i] = i == LIMIT_DISK ? -1 : i == LIMIT_OUTPUT ? 0 : 1000003 * (i + 1);
	}
}

static void collected(void)
{
	struct result r, back;
	char *text;

	fill(&r);
	r.files = (struct result_files){ .wanted = true, .count = 2, .bytes = 10, .left_count = 7, .nleft = 2 };
	r.files.left[0].name = strdup("a\"b");
	r.files.left[1].name = strdup("c");
	r.files.left[1].why = LEFT_NO_ROOM;
	text = result_format(&r);
	CHECK(text &&
	      strstr(text, "\"files\":{\"count\":2,\"bytes\":10},\"left\":[{\"name\":\"a\\\"b\",\"why\":\"too many\"},"
			   "{\"name\":\"c\",\"why\":\"disk full\"}],\"left_more\":5"));
	CHECK(result_parse(&back, text, strlen(text), &e) == 0 && back.files.wanted && back.files.count == 2);
	CHECK(back.files.left_count == 7 && back.files.nleft == 2 && strcmp(back.files.left[0].name, "a\"b") == 0);
	CHECK(back.files.left[0].why == LEFT_COUNT && back.files.left[1].why == LEFT_NO_ROOM);
	free(text);
	result_release(&back);
	r.files.wanted = false;
	text = result_format(&r);
	CHECK(text && !strstr(text, "\"files\"") && !strstr(text, "left"));
	free(text);
	result_release(&r);
}

static bool same_text(const char *a, const char *b)
{
	return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static bool same_words(const struct result *a, const struct result *b)
{
	if (!same_text(a->group, b->group) || !same_text(a->key, b->key) || a->expires_us != b->expires_us ||
	    a->nlabels != b->nlabels)
		return false;
	for (size_t i = 0; i < a->nlabels; i++)
		if (!same_text(a->labels[i].name, b->labels[i].name) ||
		    !same_text(a->labels[i].value, b->labels[i].value))
			return false;
	return true;
}

static bool same(const struct result *a, const struct result *b)
{
	if (!same_words(a, b))
		return false;
	for (int p = 0; p < PHASE_COUNT; p++) {
		const struct result_phase *f = &a->phase[p], *g = &b->phase[p];
		if (f->ran != g->ran || f->exit_code != g->exit_code || f->signal != g->signal ||
		    f->cpu_us != g->cpu_us || f->wall_us != g->wall_us || f->peak_bytes != g->peak_bytes ||
		    f->peak_how != g->peak_how || f->oom_kills != g->oom_kills || f->exceeded != g->exceeded ||
		    f->out_bytes != g->out_bytes || f->err_bytes != g->err_bytes || f->dropped != g->dropped ||
		    memcmp(&f->limits, &g->limits, sizeof f->limits) != 0)
			return false;
	}
	return strcmp(a->id, b->id) == 0 && a->why == b->why && same_text(a->message, b->message) &&
	       a->exit_code == b->exit_code && a->signal == b->signal && a->attempt == b->attempt &&
	       a->cells == b->cells && same_text(a->language, b->language) && same_text(a->image, b->image) &&
	       same_text(a->runner, b->runner) && a->created_us == b->created_us && a->claimed_us == b->claimed_us &&
	       a->started_us == b->started_us && a->ended_us == b->ended_us && a->queued_us == b->queued_us &&
	       a->dropped_by_disk == b->dropped_by_disk && a->box_memory == b->box_memory &&
	       a->processor == b->processor;
}

static bool goes_round(const struct result *r)
{
	AUTO_FREE char *text = result_format(r);
	struct result back;
	bool ok;

	if (!text || strchr(text, '\n') != text + strlen(text) - 1)
		return false;
	if (result_parse(&back, text, strlen(text), &e) < 0)
		return false;
	ok = same(r, &back);
	result_release(&back);
	return ok;
}

static void round_trip(void)
{
	struct result r;

	fill(&r);
	CHECK(goes_round(&r));
	for (int w = 0; w < REASON_COUNT; w++) {
		r.why = (enum reason)w;
		CHECK(goes_round(&r));
	}
	for (int64_t us = 1; us < 1000000000000000; us = us * 3 + 1) {
		r.phase[PHASE_RUN].cpu_us = us;
		r.queued_us = us + 1;
		r.phase[PHASE_RUN].limits.v[LIMIT_WALL] = us;
		CHECK(goes_round(&r));
	}
	result_release(&r);
	memcpy(r.id, ID, sizeof ID);
	CHECK(goes_round(&r));
}

/* Nothing that a box says may leave a result nobody can read. */
static void wild_numbers(void)
{
	struct result r, back;
	static const int64_t wild[] = { INT64_MIN, -1, INT64_MAX, (int64_t)1 << 53 };

	fill(&r);
	for (int i = 0; i < 4; i++) {
		struct result_phase *p = &r.phase[PHASE_RUN];
		p->cpu_us = p->wall_us = p->peak_bytes = p->oom_kills = p->out_bytes = p->err_bytes = p->dropped =
			wild[i];
		r.created_us = r.queued_us = r.box_memory = r.dropped_by_disk = wild[i];
		p->exceeded = (uint64_t)wild[i];
		p->exit_code = p->signal = r.exit_code = r.signal = r.attempt = (int)wild[i];
		p->peak_how = (int)wild[i];
		AUTO_FREE char *text = result_format(&r);
		CHECK(text && result_parse(&back, text, strlen(text), &e) == 0);
		CHECK(goes_round(&back));
		result_release(&back);
	}
	free(r.message);
	r.message = strdup("\xff\xfe bad \xc3");
	AUTO_FREE char *text = result_format(&r);
	CHECK(text && result_parse(&back, text, strlen(text), &e) == 0);
	CHECK(strcmp(back.message, "\xef\xbf\xbd\xef\xbf\xbd bad \xef\xbf\xbd") == 0);
	result_release(&back);
	result_release(&r);
}

static int parse(const char *text)
{
	struct result r;
	int n = result_parse(&r, text, strlen(text), &e);

	result_release(&r);
	return n;
}

#define HEAD "{\"id\":\"017f22e2-79b0-7cc3-98c4-dc0c0c07398f\",\"state\":\"Finished\",\"why\":\"exited\""

static void reading(void)
{
	CHECK(parse(HEAD "}") == 0);
	CHECK(parse(HEAD ",\"later\":{\"x\":[1]},\"phases\":{\"tests\":{},\"run\":{\"new\":1,\"hit\":[\"gpu\"],"
			 "\"limits\":{\"gpu\":5}}}}") == 0);
	CHECK(parse(HEAD ",\"exit_code\":null,\"signal\":null}") == 0);
	CHECK(parse(HEAD ",\"exit_code\":256}") == -1 && strstr(e.msg, "exit_code"));
	CHECK(parse(HEAD ",\"queued\":-1}") == -1 && parse(HEAD ",\"queued\":1e40}") == -1);
	CHECK(parse(HEAD ",\"created\":\"2026-02-30T00:00:00.000000Z\"}") == -1 && strstr(e.msg, "created"));
	CHECK(parse(HEAD ",\"created\":\"2026-02-28T00:00:00.000000Z\"}") == 0);
	CHECK(parse("{}") == -1 && parse("[]") == -1 && parse("") == -1);
	CHECK(parse("{\"id\":\"017f22e2-79b0-7cc3-98c4-dc0c0c07398f\",\"state\":\"Failed\",\"why\":\"exited\"}") ==
		      -1 &&
	      strstr(e.msg, "state"));
	CHECK(parse("{\"id\":\"../x\",\"state\":\"Finished\",\"why\":\"exited\"}") == -1 && strstr(e.msg, "id"));
}

static void times(void)
{
	char text[TIME_TEXT_MAX];
	int64_t us;

	time_format(text, 1795000000000001);
	CHECK(strcmp(text, "2026-11-18T11:06:40.000001Z") == 0 && time_parse(text, &us) == 0 && us == 1795000000000001);
	CHECK(time_parse("2026-11-18T11:06:40Z", &us) == -1 && time_parse("2026-11-18T24:00:00.000000Z", &us) == -1);
	CHECK(time_parse("2024-02-29T23:59:59.999999Z", &us) == 0 &&
	      time_parse("2023-02-29T23:59:59.999999Z", &us) == -1);
	CHECK(time_parse("2026-13-01T00:00:00.000000Z", &us) == -1 &&
	      time_parse("2026-00-01T00:00:00.000000Z", &us) == -1);
	CHECK(time_parse("1969-01-01T00:00:00.000000Z", &us) == -1 && time_parse("", &us) == -1);
	CHECK(time_parse("2026-11-18T11:06:40.000001Zx", &us) == -1 &&
	      time_parse("2026-11-18T11:06:60.000001Z", &us) == -1);
}

static int status(enum reason why, int code, int signal)
{
	struct result r;

	result_init(&r);
	r.why = why;
	r.exit_code = code;
	r.signal = signal;
	return result_exit_status(&r);
}

static void statuses(void)
{
	CHECK(status(REASON_EXITED, 0, 0) == 0 && status(REASON_EXITED, 3, 0) == 3 &&
	      status(REASON_EXITED, 255, 0) == 255);
	CHECK(status(REASON_SIGNALLED, -1, 11) == 139 && status(REASON_TIME_LIMIT, -1, 9) == 124 &&
	      status(REASON_MEMORY_LIMIT, 0, 0) == 137);
	CHECK(status(REASON_PROCESS_LIMIT, 1, 0) == 1 && status(REASON_PROCESS_LIMIT, -1, 6) == 134 &&
	      status(REASON_DISK_LIMIT, -1, 0) == 137);
	CHECK(status(REASON_COMPILE_ERROR, 1, 0) == 126 && status(REASON_CANCELLED, -1, 15) == 130 &&
	      status(REASON_BOX_DIED, -1, 0) == 125);
}

static void a_test(void)
{
	struct test_result t, back;
	char *text;

	test_init(&t);
	t.number = 7;
	t.name = strdup("a \"b\" \xFF");
	t.why = REASON_EXITED;
	t.phase.exit_code = 0;
	t.phase.cpu_us = 1500;
	t.phase.limits.v[LIMIT_CPU] = 2000000;
	t.ok = 0;
	t.line = 3;
	t.expected = strdup("x\n");
	t.got = strdup("");
	t.out_from = 10;
	t.out_to = t.err_from = t.err_to = 12;
	text = test_format(&t);
	CHECK(text && text[strlen(text) - 1] == '\n' && strchr(text, '\n') == text + strlen(text) - 1);
	CHECK(test_parse(&back, text, strlen(text), &e) == 0);
	CHECK(back.number == 7 && strcmp(back.name, "a \"b\" \xEF\xBF\xBD") == 0 && back.why == REASON_EXITED &&
	      back.ok == 0 && back.line == 3);
	CHECK(strcmp(back.expected, "x\n") == 0 && strcmp(back.got, "") == 0 && back.out_from == 10 &&
	      back.out_to == 12 && back.err_to == 12);
	CHECK(back.phase.cpu_us == 1500 && back.phase.limits.v[LIMIT_CPU] == 2000000 && back.phase.exit_code == 0 &&
	      !test_passed(&back));
	test_release(&back);
	free(text);
	t.ok = -1;
	t.line = 0;
	text = test_format(&t);
	CHECK(text && !strstr(text, "\"ok\"") && !strstr(text, "difference") && test_passed(&t));
	CHECK(test_parse(&back, text, strlen(text), &e) == 0 && back.ok == -1 && back.line == 0 && !back.got);
	test_release(&back);
	free(text);
	t.phase.exit_code = 1;
	CHECK(!test_passed(&t));
	t.phase.exit_code = 0;
	t.why = REASON_TIME_LIMIT;
	CHECK(!test_passed(&t));
	test_release(&t);
	CHECK(test_parse(&t, "{\"number\":1}", 12, &e) == -1 && strstr(e.msg, "missing"));
	CHECK(test_parse(&t, "{\"number\":1,\"name\":\"a\",\"why\":\"exited\",\"stdout\":{\"from\":2,\"to\":1}}", 66,
			 &e) == -1);
}

static void tests_of_a_job(void)
{
	struct result r, back;
	char *text;

	fill(&r);
	r.tests = (struct result_tests){ .total = 5, .run = 3, .passed = 2, .failed = 1 };
	text = result_format(&r);
	CHECK(text && strstr(text, "\"tests\":{\"total\":5,\"run\":3,\"passed\":2,\"failed\":1,\"skipped\":2}"));
	CHECK(text && result_parse(&back, text, strlen(text), &e) == 0 && back.tests.total == 5 &&
	      back.tests.failed == 1);
	result_release(&back);
	free(text);
	r.tests.failed = 2;
	text = result_format(&r);
	CHECK(text && result_parse(&back, text, strlen(text), &e) == -1 &&
	      strstr(e.msg, "tests: the numbers do not add up"));
	result_release(&r);
	free(text);
}

/* ---- each field of the tables ---------------------------------------------------- */

static int64_t sample; /* so that no two fields have the same value */

static void *member(const struct json_member *m, const void *base)
{
	return (char *)base + m->at;
}

static void fill_member(const struct json_member *m, void *into)
{
	switch (m->kind) {
	case JSON_TEXT:
		free(*(char **)member(m, into));
		CHECK(asprintf(member(m, into), "text %d", (int)++sample) > 0);
		break;
	case JSON_FLAG:
		*(bool *)member(m, into) = true;
		break;
	case JSON_INT:
		*(int *)member(m, into) = (int)(++sample % m->most);
		break;
	case JSON_NUMBER:
	case JSON_SECONDS:
	case JSON_TIME:
		*(int64_t *)member(m, into) = ++sample;
		break;
	case JSON_WORD:
		*(unsigned *)member(m, into) = (unsigned)m->nwords - 1;
		break;
	case JSON_OBJECT:
	case JSON_INLINE:
	case JSON_OWN:
		break;
	}
}

static void fill_members(const struct json_member *table, void *into)
{
	for (const struct json_member *m = table; m->name || m->kind == JSON_INLINE; m++) {
		fill_member(m, into);
		if (m->fields)
			fill_members(m->fields, member(m, into));
	}
}

static bool same_member(const struct json_member *m, const void *a, const void *b)
{
	switch (m->kind) {
	case JSON_TEXT:
		return strcmp(*(char **)member(m, a), *(char **)member(m, b)) == 0;
	case JSON_FLAG:
		return *(bool *)member(m, a) == *(bool *)member(m, b);
	case JSON_INT:
	case JSON_WORD:
		return *(int *)member(m, a) == *(int *)member(m, b);
	case JSON_NUMBER:
	case JSON_SECONDS:
	case JSON_TIME:
		return *(int64_t *)member(m, a) == *(int64_t *)member(m, b);
	case JSON_OBJECT:
	case JSON_INLINE:
	case JSON_OWN:
		break;
	}
	return true;
}

/* Each field stands in the text, and was read back as it was. */
static void check_members(const struct json_member *table, const char *text, const void *a, const void *b)
{
	for (const struct json_member *m = table; m->name || m->kind == JSON_INLINE; m++) {
		AUTO_FREE char *key = NULL;

		if (m->name) {
			CHECK(asprintf(&key, "\"%s\":", m->name) > 0);
			CHECK(strstr(text, key));
		}
		if (!same_member(m, a, b))
			printf("# %s is not read back\n", m->name);
		CHECK(same_member(m, a, b));
		if (m->fields)
			check_members(m->fields, text, member(m, a), member(m, b));
	}
}

static void every_field_of_a_result(void)
{
	struct result r, back;
	AUTO_FREE char *text = NULL, *again = NULL;

	fill(&r);
	fill_members(result_members, &r);
	r.tests = (struct result_tests){ .total = 9, .run = 7, .passed = 4, .failed = 3 };
	r.files.wanted = true;
	r.files.left[0].name = strdup("left");
	r.files.nleft = 1;
	r.files.left_count = 3;
	r.packages = calloc(1, sizeof *r.packages);
	r.packages[0] = (struct layer_package){ strdup("p"), strdup("1"), strdup("h") };
	r.npackages = 1;
	text = result_format(&r);
	CHECK(text && result_parse(&back, text, strlen(text), &e) == 0);
	check_members(result_members, text, &r, &back);
	again = result_format(&back);
	CHECK(again && strcmp(text, again) == 0);
	result_release(&back);
	result_release(&r);
}

static void every_field_of_a_test(void)
{
	struct test_result t, back;
	AUTO_FREE char *text = NULL, *again = NULL;

	test_init(&t);
	fill_members(test_members, &t);
	t.ok = 1;
	t.out_to = t.err_to = 1 << 20;
	text = test_format(&t);
	CHECK(text && test_parse(&back, text, strlen(text), &e) == 0);
	check_members(test_members, text, &t, &back);
	again = test_format(&back);
	CHECK(again && strcmp(text, again) == 0);
	test_release(&back);
	test_release(&t);
}

int main(void)
{
	RUN(every_field_of_a_result);
	RUN(every_field_of_a_test);
	RUN(a_test);
	RUN(tests_of_a_job);
	RUN(collected);
	RUN(round_trip);
	RUN(wild_numbers);
	RUN(reading);
	RUN(times);
	RUN(statuses);
	return check_status();
}
