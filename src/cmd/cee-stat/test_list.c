/* test_list.c - results of the tests that have ended, also while the job runs (test_list.h) */
#include "cmd/cee-stat/test_list.h"
#include "base/buf.h"
#include "cmd/cee-stat/stat_print.h"
#include "cmd/cee-stat/stat_prog.h"
#include "job/result.h"
#include "job/tap.h"
#include "job/test_result.h"
#include "spool/find.h"

#include <stdbool.h>
#include <stdio.h>
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
	bool *first = arg;

	(void)t;
	out("%s%.*s", *first ? "" : ",", (int)len, line);
	*first = false;
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

void json_tests(struct stat_prog *p, const char *id, int attempt)
{
	bool first = true;

	out(",\"test_results\":[");
	each_test(p, id, attempt, json_test, &first);
	out("]}\n");
}

void json_result(struct stat_prog *p, const struct result *r, const struct buf *text)
{
	size_t n = text->len;

	if (!r->tests.total) {
		out("%s", text->data);
		return;
	}
	while (n > 0 && text->data[n - 1] != '}')
		n--;
	out("%.*s", (int)n - 1, text->data);
	json_tests(p, r->id, r->attempt);
}
