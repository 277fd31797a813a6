/* compose_tests.c - tests of a job from a folder: NAME.in is a test's input, NAME.out its expected output
 *
 * One of the two files is enough: without NAME.out no output is expected, without NAME.in the
 * input is empty. Other files in the folder are ignored. Tests are sorted with numbers in
 * their names by value: 2 before 10.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/json_write.h"
#include "base/text.h"
#include "job/compose.h"
#include "job/compose_bytes.h"
#include "job/job_tests.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct pair {
	char *name;
	bool in, out;
};
struct pairs {
	struct pair *p;
	size_t n;
};

static int no_memory(struct cee_err *e)
{
	return cee_fail(e, ENOMEM, "out of memory");
}

static void pairs_release(struct pairs *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->p[i].name);
	free(a->p);
}

/* The length of the name before ".in" or ".out"; 0 if it has neither or nothing before it. */
static size_t stem(const char *file, bool *out)
{
	size_t n = strlen(file);

	*out = n > 4 && strcmp(file + n - 4, ".out") == 0;
	if (*out)
		return n - 4;
	return n > 3 && strcmp(file + n - 3, ".in") == 0 ? n - 3 : 0;
}

/* Adds an entry for one file; entries with equal names are merged after sorting. */
static int add(struct pairs *a, const char *file, struct cee_err *e)
{
	struct pair *more;
	bool out;
	size_t n = stem(file, &out);

	if (n == 0)
		return 0;
	if (a->n >= 2 * (size_t)JOB_TESTS_MAX)
		return cee_fail(e, EINVAL, "has too many tests (at most %d for a job)", JOB_TESTS_MAX);
	more = realloc(a->p, (a->n + 1) * sizeof *more);
	if (!more)
		return no_memory(e);
	a->p = more;
	a->p[a->n] = (struct pair){ .name = strndup(file, n), .in = !out, .out = out };
	return a->p[a->n++].name ? 0 : no_memory(e);
}

static int by_name(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;
	int r = strverscmp(a->name, b->name);

	return r ? r : strcmp(a->name, b->name);
}

static void join(struct pairs *a)
{
	size_t n = 0;

	if (a->n)
		qsort(a->p, a->n, sizeof *a->p, by_name);
	for (size_t i = 0; i < a->n; i++) {
		if (n > 0 && strcmp(a->p[n - 1].name, a->p[i].name) == 0) {
			a->p[n - 1].in |= a->p[i].in;
			a->p[n - 1].out |= a->p[i].out;
			free(a->p[i].name);
		} else {
			a->p[n++] = a->p[i];
		}
	}
	a->n = n;
}

static int list(const char *dir, struct pairs *a, struct cee_err *e)
{
	DIR *d = opendir(dir);
	struct cee_err why;
	struct dirent *f;
	int r = 0;

	if (!d)
		return cee_fail(e, errno, "%s: %s; --tests wants a folder of NAME.in and NAME.out", dir,
				strerror(errno));
	while (r == 0 && (f = readdir(d)))
		if (f->d_name[0] != '.')
			r = add(a, f->d_name, &why);
	closedir(d);
	if (r < 0)
		return cee_fail(e, errno, "%s: %s", dir, why.msg);
	join(a);
	if (a->n == 0)
		return cee_fail(e, EINVAL, "%s: has no NAME.in and no NAME.out", dir);
	if (a->n > JOB_TESTS_MAX)
		return cee_fail(e, EINVAL, "%s: has %zu tests (at most %d for a job)", dir, a->n, JOB_TESTS_MAX);
	return 0;
}

struct test_field {
	const char *ending, *name, *base64;
};

static int put_file(const char *dir, const char *test, const struct test_field *f, size_t max, struct json_writer *w,
		    struct cee_err *e)
{
	AUTO_BUF struct buf path = { 0 }, in = { 0 };
	bool executable;

	if (buf_printf(&path, "%s/%s%s", dir, test, f->ending) < 0)
		return no_memory(e);
	if (compose_read(path.data, max, &in, &executable, e) < 0)
		return -1;
	return compose_put_bytes(w, f->name, f->base64, &in) < 0 ? no_memory(e) : 0;
}

static int put_pair(const char *dir, const struct pair *p, size_t max, struct json_writer *w, struct cee_err *e)
{
	static const struct test_field in = { ".in", "stdin", "stdin_base64" },
				       out = { ".out", "expected", "expected_base64" };

	if (!utf8_valid(p->name, strlen(p->name)))
		return cee_fail(e, EINVAL, "%s/%s: the test's name is not valid UTF-8 (job text must be)", dir,
				p->name);
	json_open(w, NULL, '{');
	json_put_text(w, "name", p->name);
	if (!p->in) /* an empty input for this test, instead of the job's */
		json_put_text(w, "stdin", "");
	else if (put_file(dir, p->name, &in, max, w, e) < 0)
		return -1;
	if (p->out && put_file(dir, p->name, &out, max, w, e) < 0)
		return -1;
	json_close(w, '}');
	return 0;
}

int compose_put_tests(const char *dir, size_t max, struct json_writer *w, struct cee_err *e)
{
	struct pairs a = { 0 };
	int r = list(dir, &a, e);

	json_open(w, "tests", '[');
	for (size_t i = 0; r == 0 && i < a.n; i++) {
		r = put_pair(dir, &a.p[i], max, w, e);
		if (r == 0 && w->out->len > max)
			r = cee_fail(e, EFBIG,
				     "%s: with these tests the job is larger than %zu bytes"
				     " (max_job of cee.conf); submit them in parts",
				     dir, max);
	}
	json_close(w, ']');
	pairs_release(&a);
	return r;
}
