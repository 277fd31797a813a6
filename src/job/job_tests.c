/* job_tests.c - the field `tests` of a job: an array of inputs and their expected outputs */
#include "job/job_tests.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json_limits.h"
#include "base/json_values.h"
#include "base/limit.h"
#include "base/strv.h"
#include "job/job_values.h"
#include "wire/frame.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEST_NAME_MAX = 255 };

#define FIELD(name) static int field_##name(void *into, const cJSON *v, const char *path, struct cee_err *e)
#define TEST ((struct job_test *)into)

FIELD(test_stdin)
{
	return json_bytes(v, path, "stdin", false, &TEST->stdin_data, &TEST->stdin_len, e);
}
FIELD(test_stdin_base64)
{
	return json_bytes(v, path, "stdin", true, &TEST->stdin_data, &TEST->stdin_len, e);
}
FIELD(test_expected)
{
	return json_bytes(v, path, "expected", false, &TEST->expected, &TEST->expected_len, e);
}
FIELD(test_expected_base64)
{
	return json_bytes(v, path, "expected", true, &TEST->expected, &TEST->expected_len, e);
}
FIELD(test_name)
{
	return json_printable(v, path, 1, TEST_NAME_MAX, &TEST->name, e);
}
FIELD(test_env)
{
	return json_env(v, path, &TEST->env, &TEST->nenv, e);
}

FIELD(test_arguments)
{
	return json_strings(v, path, ARGUMENTS_MAX, FRAME_MAX, &TEST->arguments, &TEST->narguments, e);
}

/* A test cannot set disk and inodes: they are the same in the cells of all tests. */
FIELD(test_limits)
{
	if (json_limits(v, path, &TEST->limits, e) < 0 || json_limits_of_job(&TEST->limits, path, e) < 0)
		return -1;
	if (TEST->limits.v[LIMIT_DISK] >= 0 || TEST->limits.v[LIMIT_INODES] >= 0)
		return json_wrong(e, path, "disk and inodes bound the whole job: set them in the job's limits");
	return 0;
}

static const struct json_field test_fields[] = { { "name", field_test_name },
						 { "stdin", field_test_stdin },
						 { "stdin_base64", field_test_stdin_base64 },
						 { "arguments", field_test_arguments },
						 { "env", field_test_env },
						 { "expected", field_test_expected },
						 { "expected_base64", field_test_expected_base64 },
						 { "limits", field_test_limits },
						 { NULL, NULL } };

static int test_one(struct job_test *t, size_t number, const cJSON *v, const char *path, struct cee_err *e)
{
	limits_init(&t->limits);
	if (json_fields(v, path, test_fields, 0, t, e) < 0)
		return -1;
	if (!t->name && asprintf(&t->name, "%zu", number) < 0) {
		t->name = NULL;
		return cee_no_memory(e);
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int names_differ(const struct job_test *tests, size_t n, const char *path, struct cee_err *e)
{
	AUTO_FREE const char **names = calloc(n + 1, sizeof *names);

	if (!names)
		return cee_no_memory(e);
	for (size_t i = 0; i < n; i++)
		names[i] = tests[i].name;
	qsort(names, n, sizeof *names, by_name);
	for (size_t i = 1; i < n; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return json_wrong(e, path, "duplicate name \"%.80s\" (a test without a name has its number)",
					  names[i]);
	return 0;
}

int job_tests_read(const cJSON *v, const char *path, struct job_test **tests, size_t *n, struct cee_err *e)
{
	int count = cJSON_IsArray(v) ? cJSON_GetArraySize(v) : 0;
	const cJSON *item;

	if (!cJSON_IsArray(v))
		return json_wrong(e, path, "must be an array of {\"name\", \"stdin\", \"expected\"}");
	if (count > JOB_TESTS_MAX)
		return json_wrong(e, path, "has %d tests (at most %d)", count, JOB_TESTS_MAX);
	*tests = calloc((size_t)count + 1, sizeof **tests);
	if (!*tests)
		return cee_no_memory(e);
	cJSON_ArrayForEach(item, v)
	{
		struct job_test *t = &(*tests)[*n];
		char full[JSON_PATH_MAX];

		json_path(full, path, NULL, (int)(*n)++);
		if (test_one(t, *n, item, full, e) < 0)
			return -1;
	}
	return names_differ(*tests, *n, path, e);
}

void job_tests_release(struct job_test *tests, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct job_test *t = &tests[i];

		free(t->name);
		free(t->stdin_data);
		free(t->expected);
		strv_release(t->arguments, t->narguments);
		strv_release(t->env, t->nenv);
	}
	free(tests);
}
