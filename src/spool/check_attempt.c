/* check_attempt.c - an attempt's files (check_attempt.h) */
#include "spool/check_attempt.h"
#include "base/buf.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "job/test_result.h"
#include "spool/check.h"
#include "spool/check_entry.h"
#include "spool/collected.h"
#include "spool/index.h"
#include "spool/layout.h"
#include "spool/places.h"
#include "wire/frame_types.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct cover {
	uint64_t out, err;
};

/* Adds up the lengths in the index; *rest is the number of bytes after its last complete line. -1: a line is
 * invalid. */
static int read_index(int fd, struct cover *c, size_t *rest)
{
	char b[65536];
	size_t have = 0;
	ssize_t n;

	for (;;) {
		struct index_record r;
		size_t at = 0, used;
		int got;

		n = read(fd, b + have, sizeof(b) - have);
		if (n < 0)
			return -1;
		have += (size_t)n;
		while ((got = index_parse(b + at, have - at, &used, &r)) == 1) {
			uint64_t *sum = r.stream == STREAM_OUT ? &c->out : &c->err;

			at += used;
			if (!r.gap && __builtin_add_overflow(*sum, r.len, sum))
				return -1;
		}
		if (got < 0)
			return -1;
		memmove(b, b + at, have - at);
		have -= at;
		if (n == 0)
			break;
	}
	*rest = have;
	return 0;
}

/* Reports missing bytes: for an old attempt they are only a note. */
#define check_lost(ck, role, ...) ((role) == ATTEMPT_OLD ? check_note(ck, __VA_ARGS__) : check_problem(ck, __VA_ARGS__))

static void check_stream(struct spool_check *ck, int dir, enum attempt_file file, const char *path, uint64_t covered,
			 enum attempt_role role)
{
	const char *name = attempt_file_name[file];
	struct stat st;
	uint64_t size;
	char p[CHECK_PATH_MAX];

	check_join(p, path, name);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (role == ATTEMPT_FINAL || covered)
			check_lost(ck, role, p, "%s", strerror(errno));
		return;
	}
	size = (uint64_t)st.st_size;
	if (covered > size)
		check_lost(ck, role, p, "has %llu bytes, but the index covers %llu", (unsigned long long)size,
			   (unsigned long long)covered);
	else if (role == ATTEMPT_FINAL && covered < size)
		check_problem(ck, p, "has %llu bytes beyond what the index covers, though the job has ended",
			      (unsigned long long)(size - covered));
}

/* Checks that each line is a valid test, that the tests are in the order in which they ran, and that the index covers
 * their output. */
static void check_lines(struct spool_check *ck, const struct buf *b, const struct cover *c, const char *path,
			enum attempt_role role)
{
	const char *text = b->data;
	int64_t out = 0, err = 0;
	int number = 0;

	for (const char *end = text + b->len, *nl; (nl = memchr(text, '\n', (size_t)(end - text))); text = nl + 1) {
		struct test_result t;
		struct cee_err e;

		if (test_parse(&t, text, (size_t)(nl - text), &e) < 0) {
			check_problem(ck, path, "has an invalid line after test %d: %s", number, e.msg);
			return;
		}
		if (t.number <= number || t.out_from < out || t.err_from < err)
			check_problem(ck, path, "test %d does not come after test %d", t.number, number);
		if ((uint64_t)t.out_to > c->out || (uint64_t)t.err_to > c->err)
			check_lost(ck, role, path, "test %d has bytes beyond what the index covers", t.number);
		number = t.number;
		out = t.out_to;
		err = t.err_to;
		test_release(&t);
	}
}

/* A test's line is written after the index covers all output of the test; so the caller reads the lines before the
 * index. */
static void check_tests(struct spool_check *ck, const struct buf *b, const char *path, const struct cover *c,
			enum attempt_role role)
{
	char p[CHECK_PATH_MAX];

	check_join(p, path, attempt_file_name[ATTEMPT_TESTS]);
	if (!b->data)
		return;
	check_lines(ck, b, c, p, role);
	if (role == ATTEMPT_FINAL && b->len && b->data[b->len - 1] != '\n')
		check_problem(ck, p, "ends within a line, though the job has ended");
}

/* The index is read before the streams are measured, because a live attempt appends to the streams first. */
static void check_output(struct spool_check *ck, int dir, const char *path, enum attempt_role role)
{
	AUTO_BUF struct buf tests = { 0 };
	bool no_tests = read_file_at(dir, attempt_file_name[ATTEMPT_TESTS], TESTS_MAX_BYTES, &tests) < 0;
	int tests_err = errno;
	AUTO_CLOSE int fd = place_attempt_file(dir, ATTEMPT_INDEX);
	struct cover c = { 0 };
	size_t rest = 0;
	char p[CHECK_PATH_MAX];

	check_join(p, path, attempt_file_name[ATTEMPT_TESTS]);
	if (no_tests && tests_err != ENOENT)
		check_problem(ck, p, "%s", tests_err == EFBIG ? "is too large" : strerror(tests_err));
	check_join(p, path, attempt_file_name[ATTEMPT_INDEX]);
	if (fd < 0) {
		if (role == ATTEMPT_FINAL || errno != ENOENT)
			check_problem(ck, p, "%s", strerror(errno));
		return;
	}
	if (read_index(fd, &c, &rest) < 0)
		check_problem(ck, p, "has an invalid line");
	else if (role == ATTEMPT_FINAL && rest)
		check_problem(ck, p, "ends within a line, though the job has ended");
	check_stream(ck, dir, ATTEMPT_STDOUT, path, c.out, role);
	check_stream(ck, dir, ATTEMPT_STDERR, path, c.err, role);
	check_tests(ck, &tests, path, &c, role);
}

/* A file's contents are written before its line, so a line without its contents is a fault. */
static void check_collected(struct spool_check *ck, int dir, const char *path, enum attempt_role role)
{
	AUTO_BUF struct buf text = { 0 };
	struct files_list l = { 0 };
	struct cee_err e;
	uint64_t covered;
	char p[CHECK_PATH_MAX];

	check_join(p, path, attempt_file_name[ATTEMPT_FILES_INDEX]);
	if (read_file_at(dir, attempt_file_name[ATTEMPT_FILES_INDEX], FILES_INDEX_MAX, &text) < 0) {
		if (errno != ENOENT)
			check_problem(ck, p, "%s", strerror(errno));
		else if (role == ATTEMPT_FINAL && dir_has(dir, attempt_file_name[ATTEMPT_FILES]))
			check_problem(ck, p, "is missing, though files is there");
		return;
	}
	if (files_parse(&l, text.data ? text.data : "", text.len, &e) < 0) {
		check_problem(ck, p, "%s", e.msg);
		return;
	}
	/* analyzer: a length comes with data */
	if (role == ATTEMPT_FINAL && text.len && text.data[text.len - 1] != '\n')
		check_problem(ck, p, "ends within a line, though the job has ended");
	covered = l.n ? (uint64_t)(l.v[l.n - 1].offset + l.v[l.n - 1].size) : 0;
	files_release(&l);
	check_stream(ck, dir, ATTEMPT_FILES, path, covered, role);
}

void check_attempt(struct spool_check *ck, int out, const char *n, const char *path, enum attempt_role role)
{
	DIR *d = check_open_dir(ck, out, n, path);
	struct dirent *e;
	char p[CHECK_PATH_MAX];

	if (!d)
		return;
	while ((e = dir_next(d))) {
		size_t i = 0;

		check_join(p, path, e->d_name);
		while (i < ATTEMPT_FILE_COUNT && strcmp(e->d_name, attempt_file_name[i]) != 0)
			i++;
		if (i < ATTEMPT_FILE_COUNT)
			check_file(ck, dirfd(d), e->d_name, p);
		else
			check_problem(ck, p, "is not a name that an attempt has");
		if (i == ATTEMPT_RESULT && role == ATTEMPT_FINAL)
			check_problem(ck, p, "is left over, though the job has ended");
	}
	check_output(ck, dirfd(d), path, role);
	check_collected(ck, dirfd(d), path, role);
	closedir(d);
}
