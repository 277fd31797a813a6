/* test_result.h - the result of a test: a line of the file `tests` of an attempt, JSON */
#ifndef CEE_JOB_TEST_RESULT_H
#define CEE_JOB_TEST_RESULT_H

#include "base/error.h"
#include "job/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test_result {
	int number; /* from 1, in the order of the job */
	char *name;
	enum reason why;
	struct result_phase phase;
	int ok;					    /* 1 as expected, 0 not, -1 no output was expected */
	int64_t line;				    /* of the first difference; 0 if there is none */
	char *expected, *got;			    /* the texts there, or NULL */
	int64_t out_from, out_to, err_from, err_to; /* its bytes in the attempt's stdout and stderr */
};
enum { TESTS_MAX_BYTES = 8 << 20 }; /* maximum size of that file */
void test_init(struct test_result *t);
void test_release(struct test_result *t);
bool test_passed(const struct test_result *t);	/* exit code 0, and the output as expected if one was given */
char *test_format(const struct test_result *t); /* malloc'ed JSON text on one line, with "\n" */
/* Parses a line without its newline. -1 EINVAL or ENOMEM, e names the field: *t needs no release. */
int test_parse(struct test_result *t, const char *text, size_t len, struct cee_err *e);

#endif
