/* job_tests.h - the field `tests` of a job: cee-job(5) */
#ifndef CEE_JOB_TESTS_H
#define CEE_JOB_TESTS_H

#include "base/error.h"
#include "base/limit.h"

#include <cjson/cJSON.h>
#include <stddef.h>

enum { JOB_TESTS_MAX = 1000 };

struct job_test {
	char *name; /* its number if the job gives no name; unique */
	unsigned char *stdin_data;
	size_t stdin_len; /* data NULL: the job's input */
	char **arguments;
	size_t narguments; /* NULL: the job's arguments */
	char **env;
	size_t nenv; /* NAME=value, in addition to the job's, and overriding them */
	unsigned char *expected;
	size_t expected_len;  /* NULL: no output is expected */
	struct limits limits; /* -1: as for the run */
};

/* An array of tests, each with its name. On error *tests and *n may be filled in part; the caller releases them. */
int job_tests_read(const cJSON *v, const char *path, struct job_test **tests, size_t *n, struct cee_err *e);
void job_tests_release(struct job_test *tests, size_t n);

#endif
