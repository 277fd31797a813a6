/* tap.h - results of tests as TAP (the Test Anything Protocol), which graders and prove(1) read
 *
 * Part of libcee: no I/O. All return -1 ENOMEM.
 */
#ifndef CEE_TAP_H
#define CEE_TAP_H

#include "base/buf.h"
#include "job/test_result.h"

#include <stddef.h>

int tap_plan(struct buf *b, size_t tests); /* 1..N */
/* "ok 1 - NAME (12 ms)", or "not ok 2 - NAME: why (3 ms)" and the difference in comments below. */
int tap_test(struct buf *b, const struct test_result *t);
int tap_skip(struct buf *b, int number, const char *name, const char *why);
int tap_bail(struct buf *b, const char *why); /* the tests ended before all of the plan were run */
int tap_comment(struct buf *b, const char *text);
/* Why the test did not pass, in a few words: "wrong answer at line 3", "exit code 1", "time limit". */
void test_explain(const struct test_result *t, char *text, size_t size);

#endif
