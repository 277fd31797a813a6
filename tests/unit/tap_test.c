/* tap_test - results of tests as TAP, whatever their names are */
#include "base/buf.h"
#include "base/limit.h"
#include "job/result.h"
#include "job/tap.h"
#include "job/test_result.h"
#include "check.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


static struct test_result t;

static bool says(const char *want)
{
	AUTO_BUF struct buf b = { 0 };
	bool same = tap_test(&b, &t) == 0 && strcmp(b.data, want) == 0;

	if (!same)
		printf("# %s", b.data);
	return same;
}

static void set(const char *name, enum reason why, int code, int sig, int ok)
{
	test_release(&t);
	t.number = 3;
	t.name = strdup(name);
	t.why = why;
	t.phase.exit_code = code;
	t.phase.signal = sig;
	t.phase.wall_us = 12499;
	t.ok = ok;
}

static void lines(void)
{
	set("a b", REASON_EXITED, 0, 0, 1);
	CHECK(says("ok 3 - a b (12 ms)\n"));
	set("a # TODO \\", REASON_EXITED, 0, 0, -1);
	CHECK(says("ok 3 - a \\# TODO \\\\ (12 ms)\n"));
	set("x", REASON_EXITED, 0, 0, 0);
	t.line = 7;
	t.expected = strdup("a\tb\n");
	t.got = strdup("\xFF");
	CHECK(says("not ok 3 - x: wrong answer at line 7 (12 ms)\n# line 7 expected: \"a\\tb\\n\"\n# line 7 got:      "
		   "\"\xEF\xBF\xBD\"\n"));
	set("x", REASON_EXITED, 2, 0, -1);
	CHECK(says("not ok 3 - x: exit code 2 (12 ms)\n"));
	set("x", REASON_SIGNALLED, -1, 11, 0);
	CHECK(says("not ok 3 - x: signal 11 (Segmentation fault) (12 ms)\n"));
	set("x", REASON_TIME_LIMIT, -1, 9, 0);
	t.phase.exceeded = 1u << LIMIT_WALL;
	t.line = 1; /* it did not come to write it all: what differs is no news */
	CHECK(says("not ok 3 - x: time limit (wall) (12 ms)\n"));
	set("x", REASON_MEMORY_LIMIT, -1, 9, -1);
	CHECK(says("not ok 3 - x: memory limit (12 ms)\n"));
	test_release(&t);
}

static void the_rest(void)
{
	AUTO_BUF struct buf b = { 0 };

	CHECK(tap_plan(&b, 2) == 0 && tap_skip(&b, 2, "n#", "why") == 0 && tap_bail(&b, "cancelled") == 0 &&
	      tap_comment(&b, "c") == 0);
	CHECK(strcmp(b.data, "1..2\nok 2 - n\\# # SKIP why\nBail out! cancelled\n# c\n") == 0);
}

int main(void)
{
	test_init(&t);
	RUN(lines);
	RUN(the_rest);
	return check_status();
}
