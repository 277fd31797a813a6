/* test_result.h - a test: a line of the file `tests` of an attempt, JSON */
#ifndef CEE_JOB_TEST_RESULT_H
#define CEE_JOB_TEST_RESULT_H

#include "base/error.h"
#include "job/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test_result {
	int number; /* from 1, as they stand in the job */
	char *name;
	enum why why;
	struct result_phase phase;
	int ok;					    /* 1 as expected, 0 not, -1 nothing was expected */
	int64_t line;				    /* of the first difference; 0 there is none */
	char *expected, *got;			    /* what stands there, or NULL */
	int64_t out_from, out_to, err_from, err_to; /* its bytes in the attempt's stdout and stderr */
};
enum { TESTS_MAX_BYTES = 8 << 20 }; /* of that file */
void test_init(struct test_result *t);
void test_release(struct test_result *t);
bool test_passed(const struct test_result *t);	/* ended with 0, and as expected if anything was */
char *test_format(const struct test_result *t); /* malloc'ed JSON text on one line, with "\n" */
int test_parse(struct test_result *t, const char *text, size_t len, struct cee_err *e);

#endif
