/* tap.c - results of tests as TAP, see https://testanything.org
 *
 * A name may contain any printable character; characters that begin a TAP directive are escaped.
 */
#include "job/tap.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "base/limit.h"
#include "job/result.h"
#include "job/test_result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

int tap_plan(struct buf *b, size_t tests)
{
	return buf_printf(b, "1..%zu\n", tests);
}

static int put_name(struct buf *b, const char *name)
{
	for (const char *s = name; *s; s++)
		if (((*s == '#' || *s == '\\') && buf_add(b, "\\", 1) < 0) || buf_add(b, s, 1) < 0)
			return -1;
	return 0;
}

static int put_head(struct buf *b, bool good, int number, const char *name)
{
	return buf_printf(b, "%sok %d - ", good ? "" : "not ", number) < 0 ? -1 : put_name(b, name);
}

void test_explain(const struct test_result *t, char *text, size_t size)
{
	const struct result_phase *p = &t->phase;
	const char *which = p->exceeded & 1u << LIMIT_CPU ? " (cpu)" : p->exceeded & 1u << LIMIT_WALL ? " (wall)" : "";

	if (test_passed(t))
		snprintf(text, size, "passed");
	else if (t->why == REASON_SIGNALLED)
		snprintf(text, size, "signal %d (%s)", p->signal, strsignal(p->signal));
	else if (t->why != REASON_EXITED)
		snprintf(text, size, "%s%s", reason_name[t->why], t->why == REASON_TIME_LIMIT ? which : "");
	else if (p->exit_code != 0)
		snprintf(text, size, "exit code %d", p->exit_code);
	else
		snprintf(text, size, "wrong answer at line %lld", (long long)t->line);
}

static int put_quoted(struct buf *b, const char *s)
{
	return json_quote(b, s ? s : "", s ? strlen(s) : 0);
}

static int put_difference(struct buf *b, const struct test_result *t)
{
	if (t->line <= 0 || t->why != REASON_EXITED)
		return 0;
	if (buf_printf(b, "# line %lld expected: ", (long long)t->line) < 0 || put_quoted(b, t->expected) < 0 ||
	    buf_printf(b, "\n# line %lld got:      ", (long long)t->line) < 0 || put_quoted(b, t->got) < 0)
		return -1;
	return buf_add(b, "\n", 1);
}

int tap_test(struct buf *b, const struct test_result *t)
{
	bool passed = test_passed(t);
	char why[128];

	test_explain(t, why, sizeof why);
	if (put_head(b, passed, t->number, t->name ? t->name : "") < 0 || (!passed && buf_printf(b, ": %s", why) < 0) ||
	    buf_printf(b, " (%lld ms)\n", (long long)(t->phase.wall_us + 500) / 1000) < 0)
		return -1;
	return passed ? 0 : put_difference(b, t);
}

int tap_skip(struct buf *b, int number, const char *name, const char *why)
{
	return put_head(b, true, number, name) < 0 ? -1 : buf_printf(b, " # SKIP %s\n", why);
}

int tap_bail(struct buf *b, const char *why)
{
	return buf_printf(b, "Bail out! %s\n", why);
}

int tap_comment(struct buf *b, const char *text)
{
	return buf_printf(b, "# %s\n", text);
}
