/* test_result.c - a test of a job: a line of JSON in the file `tests` of an attempt
 *
 * The tables list the fields in the order of the line (see also result_json.c).
 */
#include "job/test_result.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_record.h"
#include "base/json_values.h"
#include "base/json_write.h"
#include "base/limit.h"
#include "job/job_tests.h"
#include "job/reasons.h"
#include "job/result.h"
#include "job/result_members.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

void test_init(struct test_result *t)
{
	*t = (struct test_result){ .why = REASON_INTERNAL_ERROR, .ok = -1, .phase = { .ran = true, .exit_code = -1 } };
	limits_init(&t->phase.limits);
}

void test_release(struct test_result *t)
{
	free(t->name);
	free(t->expected);
	free(t->got);
	test_init(t);
}

bool test_passed(const struct test_result *t)
{
	return t->why == REASON_EXITED && t->phase.exit_code == 0 && t->ok != 0;
}

/* ---- fields --------------------------------------------------------------------- */

static bool has_ok(const void *whole)
{
	return ((const struct test_result *)whole)->ok >= 0;
}

static void put_ok(struct json_writer *w, const char *name, const void *whole)
{
	json_put_bool(w, name, ((const struct test_result *)whole)->ok > 0);
}

static int get_ok(void *whole, const cJSON *v, const char *path, struct cee_err *e)
{
	bool ok;

	if (json_bool(v, path, &ok, e) < 0)
		return -1;
	((struct test_result *)whole)->ok = ok;
	return 0;
}

static bool has_difference(const void *whole)
{
	return ((const struct test_result *)whole)->line > 0;
}

#define NUMBER(member) JSON_NUMBER, member, .most = JSON_NUMBER_MOST
#define AT(m) .at = offsetof(struct test_result, m)

static const struct json_member difference_members[] = {
	{ "line", NUMBER(AT(line)) },
	{ "expected", JSON_TEXT, AT(expected) },
	{ "got", JSON_TEXT, AT(got) },
	{ 0 },
};

/* from and to are adjacent in the struct */
_Static_assert(offsetof(struct test_result, out_to) == offsetof(struct test_result, out_from) + sizeof(int64_t) &&
		       offsetof(struct test_result, err_to) == offsetof(struct test_result, err_from) + sizeof(int64_t),
	       "ranges");
static const struct json_member range_members[] = {
	{ "from", NUMBER(.at = 0) },
	{ "to", NUMBER(.at = sizeof(int64_t)) },
	{ 0 },
};

static const char *range_fits(const void *at)
{
	const int64_t *range = at;

	return range[0] <= range[1] ? NULL : "ends before it begins";
}

const struct json_member test_members[] = {
	{ "number", JSON_INT, AT(number), .most = JOB_TESTS_MAX },
	{ "name", JSON_TEXT, AT(name), .flags = JSON_ALWAYS },
	{ "why", JSON_WORD, AT(why), .words = reason_name, .nwords = REASON_COUNT, .flags = JSON_STRICT },
	{ "ok", JSON_OWN, .has = has_ok, .put = put_ok, .get = get_ok },
	{ "difference", JSON_OBJECT, 0, .fields = difference_members, .has = has_difference },
	{ "stdout", JSON_OBJECT, AT(out_from), .fields = range_members, .fits = range_fits },
	{ "stderr", JSON_OBJECT, AT(err_from), .fields = range_members, .fits = range_fits },
	{ .kind = JSON_INLINE, AT(phase), .fields = result_phase_members },
	{ 0 },
};

/* ---- the line ------------------------------------------------------------------- */

char *test_format(const struct test_result *t)
{
	return json_line(test_members, t);
}

int test_parse(struct test_result *t, const char *text, size_t len, struct cee_err *e)
{
	AUTO_JSON cJSON *root = json_parse(text, len, e);
	int saved;

	test_init(t);
	if (!root)
		return -1;
	if (json_get_members(root, "", test_members, t, e) == 0) {
		if (t->number > 0 && t->name && cJSON_GetObjectItemCaseSensitive(root, "why"))
			return 0;
		json_wrong(e, "", "number, name or why is missing");
	}
	saved = errno;
	test_release(t);
	errno = saved;
	return -1;
}
