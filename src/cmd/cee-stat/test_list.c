/* test_list.c - results of the tests that have ended, also while the job runs (test_list.h) */
#include "cmd/cee-stat/test_list.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "cmd/cee-stat/stat_print.h"
#include "cmd/cee-stat/stat_prog.h"
#include "job/result.h"
#include "job/tap.h"
#include "job/test_result.h"
#include "spool/find.h"

#include <stdbool.h>
#include <string.h>

static void put_test(void *arg, struct test_result *t, const char *line, size_t len)
{
	char why[128];

	(void)arg, (void)line, (void)len;
	test_explain(t, why, sizeof why);
	out("%-9s %5d  %8.3f s  %s: %s\n", t->number == 1 ? "tests" : "", t->number, seconds(t->phase.wall_us),
	    clean(t->name), why);
}

static void json_test(void *arg, struct test_result *t, const char *line, size_t len)
{
	(void)t;
	json_put_raw(arg, NULL, line, len);
}

typedef void (*test_fn)(void *arg, struct test_result *t, const char *line, size_t len);

/* Reads the tests that have ended, also while the job runs. */
static void each_test(struct stat_prog *p, const char *id, int attempt, test_fn fn, void *arg)
{
	AUTO_BUF struct buf b = { 0 };
	struct test_result t;

	if (attempt < 1 || spool_read_tests(&p->c.spool, p->c.owner, id, attempt, &b) < 0)
		return;
	for (char *s = b.data, *end = s + b.len, *nl; s && (nl = memchr(s, '\n', (size_t)(end - s))); s = nl + 1)
		if (test_parse(&t, s, (size_t)(nl - s), NULL) == 0) {
			fn(arg, &t, s, (size_t)(nl - s));
			test_release(&t);
		}
}

void put_tests(struct stat_prog *p, const char *id, int attempt)
{
	each_test(p, id, attempt, put_test, NULL);
}

void json_tests(struct stat_prog *p, struct json_writer *w, const char *id, int attempt)
{
	json_open(w, "test_results", '[');
	each_test(p, id, attempt, json_test, w);
	json_close(w, ']');
}

void json_result(struct stat_prog *p, const struct result *r, const struct buf *text)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);
	const char *fields, *end;

	if (!r->tests.total) {
		out("%s", text->data);
		return;
	}
	fields = (const char *)memchr(text->data, '{', text->len) + 1; /* it was parsed as an object */
	end = memrchr(text->data, '}', text->len);
	json_open(&w, NULL, '{');
	json_put_raw(&w, NULL, fields, (size_t)(end - fields));
	json_tests(p, &w, r->id, r->attempt);
	out_json(&w);
}
