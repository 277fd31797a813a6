/* cee-fsck.c - proves a spool against the table of cee-spool(5), live or at rest
 *
 * It walks everything and says what the table does not allow (a problem) and
 * what it allows but somebody still has to clean up (a note). In a live spool
 * files move while it looks: what looks wrong about a job's place is looked at
 * again, in the order in which jobs move, until it is right or stays wrong.
 * That a job is in two places is found from new and cur, each of whose jobs is
 * looked for everywhere; so the history costs only its own walk.
 * Nothing is changed but with --fix, and then only what nobody holds a lock on.
 * In a spool that users share root sees all of it, and a user his own part.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/prog.h"
#include "conf/account.h"
#include "conf/conf.h"
#include "conf/token.h"
#include "job/result.h"
#include "job/test_result.h"
#include "spool/collected.h"
#include "spool/index.h"
#include "spool/input.h"
#include "spool/key.h"
#include "spool/multiuser.h"
#include "spool/remove.h"
#include "spool/spool.h"
#include "spool/spool_internal.h"
#include "wire/frame.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>


enum { LOOKS = 10, LOOK_MS = 20 };

static struct fsck {
	struct spool s;
	const uid_t *http; /* cee-http's, or NULL */
	bool json, fix;
	int runners; /* alive */
	long waiting, claimed, ended, problems, notes;
} fsck;

/* ---- reports ----------------------------------------------------------------- */

static void report_json(const char *kind, const char *path, const char *text)
{
	cJSON *o = cJSON_CreateObject();
	char *s;

	cJSON_AddStringToObject(o, "kind", kind);
	cJSON_AddStringToObject(o, "path", path);
	cJSON_AddStringToObject(o, "text", text);
	s = cJSON_PrintUnformatted(o);
	puts(s ? s : "{}");
	free(s);
	cJSON_Delete(o);
}

static void report(bool is_note, const char *path, const char *fmt, va_list ap)
{
	char text[1024], where[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	snprintf(where, sizeof(where), "%s", path);
	text_clean(text);
	text_clean(where);
	if (fsck.json)
		report_json(is_note ? "note" : "problem", where, text);
	else
		printf("%s%s: %s\n", is_note ? "note: " : "", where, text);
	++*(is_note ? &fsck.notes : &fsck.problems);
}

__attribute__((format(printf, 2, 3))) static void problem(const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(false, path, fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 2, 3))) static void note(const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(true, path, fmt, ap);
	va_end(ap);
}

/* PARENT/NAME, as far as it fits: only for reports. */
static void join(char out[512], const char *parent, const char *name)
{
	snprintf(out, 512, "%.250s/%.255s", parent, name);
}

/* ---- what every entry is held to ------------------------------------------------ */

/* Is dir/name a regular file of one link? Gone again is fine. */
static void check_file(int dir, const char *name, const char *path)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (!S_ISREG(st.st_mode))
		problem(path, "is no regular file");
	else if (st.st_nlink > 1)
		problem(path, "has %lu links; a file of the spool has one", (unsigned long)st.st_nlink);
}

/* Opens a directory that must be there and that only its owner may write in. */
static DIR *open_dir(int at, const char *name, const char *path)
{
	DIR *d = spool_list(at, name);
	struct stat st;

	if (!d && errno != ENOENT)
		problem(path, "%s", strerror(errno));
	/* of a shared spool share.c knows what is right */
	if (d && !fsck.s.shared && fstat(dirfd(d), &st) == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)))
		problem(path, "others may write in it (mode %03o); 700 is right", st.st_mode & 0777);
	return d;
}

/* ---- where a job is ----------------------------------------------------------------- */

struct places {
	int new, cur;
	bool dir, job, result;
};

static void look_new(const char *owner, const char *id, struct places *p)
{
	char path[OWNER_MAX + 8], name[SPOOL_NAME_MAX];
	AUTO_CLOSE int new = -1;

	snprintf(path, sizeof(path), "%.*s/new", OWNER_MAX - 1, owner);
	if ((new = spool_dir(fsck.s.fd, path)) < 0)
		return;
	for (int i = 0; i <= 9; i++) {
		spool_new_name(name, id, i, 0);
		p->new += spool_has(new, name);
	}
	for (int i = 1; i <= SPOOL_ATTEMPTS; i++) {
		spool_new_name(name, id, 0, i);
		p->new += spool_has(new, name);
	}
}

static void look_cur(const char *owner, const char *id, struct places *p)
{
	DIR *d = spool_list(fsck.s.fd, "cur");
	struct dirent *e;

	while (d && (e = spool_next(d))) {
		char path[2 * OWNER_MAX], name[SPOOL_NAME_MAX];
		AUTO_CLOSE int dir = -1;

		snprintf(path, sizeof(path), "%.*s/%.*s", OWNER_MAX - 1, e->d_name, OWNER_MAX - 1, owner);
		if ((dir = spool_dir(dirfd(d), path)) < 0)
			continue;
		for (int i = 1; i <= SPOOL_ATTEMPTS; i++) {
			spool_cur_name(name, id, i);
			p->cur += spool_has(dir, name);
		}
	}
	if (d)
		closedir(d);
}

static void look(const char *owner, const char *id, struct places *p)
{
	AUTO_CLOSE int out = -1;

	*p = (struct places){ 0 };
	look_new(owner, id, p);
	look_cur(owner, id, p);
	if ((out = spool_open_out(&fsck.s, owner, id)) >= 0) {
		p->dir = true;
		p->job = spool_has(out, "job");
		p->result = spool_has(out, "result");
	}
}

/* What is wrong with it, NULL when nothing is. */
static const char *judge(const struct places *p)
{
	if (p->new > 1)
		return "waits under two names in new";
	if (p->cur > 1)
		return "is claimed twice in cur";
	if (p->new && p->cur)
		return "is in new and in cur";
	if (p->job && (p->new || p->cur))
		return "has ended and is in new or cur as well";
	if (p->new && p->result)
		return "waits in new though it has a result";
	if (p->job && !p->result)
		return "has its job file in out, but no result";
	if (p->dir && !p->new && !p->cur && !p->job)
		return p->result ? "has a result, but no job file"
				 : "is lost: begun, without a result, in neither new nor cur";
	return NULL;
}

static void check_places(const char *owner, const char *id)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	const char *wrong = NULL;
	char path[512];
	struct places p;

	for (int i = 0; i < LOOKS; i++) {
		look(owner, id, &p);
		if (!(wrong = judge(&p)))
			return;
		if (fsck.runners == 0 && i > 0)
			break;
		nanosleep(&pause, NULL);
	}
	join(path, owner, id);
	problem(path, "%s", wrong);
}

/* ---- an attempt --------------------------------------------------------------------- */

struct cover {
	uint64_t out, err;
};

/* Adds up what the index says; what is left over of it is in *rest. 0, or -1 not understood. */
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

static void check_stream(int dir, const char *name, const char *path, uint64_t covered, bool final)
{
	struct stat st;
	uint64_t size;
	char p[512];

	join(p, path, name);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (final || covered)
			problem(p, "%s", strerror(errno));
		return;
	}
	size = (uint64_t)st.st_size;
	if (covered > size)
		problem(p, "has %llu bytes, but the index covers %llu", (unsigned long long)size,
			(unsigned long long)covered);
	else if (final && covered < size)
		problem(p, "has %llu bytes behind what the index covers, though the job has ended",
			(unsigned long long)(size - covered));
}

/* Each line is a test's, in the order in which they ran, and its bytes are there. */
static void check_lines(const char *text, size_t len, const struct cover *c, const char *path)
{
	int64_t out = 0, err = 0;
	int number = 0;

	for (const char *end = text + len, *nl; (nl = memchr(text, '\n', (size_t)(end - text))); text = nl + 1) {
		struct test_result t;
		struct cee_err e;

		if (test_parse(&t, text, (size_t)(nl - text), &e) < 0) {
			problem(path, "has a line behind test %d that is none: %s", number, e.msg);
			return;
		}
		if (t.number <= number || t.out_from < out || t.err_from < err)
			problem(path, "test %d is not behind test %d", t.number, number);
		if ((uint64_t)t.out_to > c->out || (uint64_t)t.err_to > c->err)
			problem(path, "test %d has bytes behind what the index covers", t.number);
		number = t.number;
		out = t.out_to;
		err = t.err_to;
		test_release(&t);
	}
}

/* A line is written when the index has all that the test wrote, and read before it. */
static void check_tests(const struct buf *b, const char *path, const struct cover *c, bool final)
{
	char p[512];

	join(p, path, "tests");
	if (!b->data)
		return;
	check_lines(b->data, b->len, c, p);
	if (final && b->len && b->data[b->len - 1] != '\n')
		problem(p, "ends within a line, though the job has ended");
}

/* final: it made the result, so nothing of it may be left open. The index is read
 * before the streams are measured: a live attempt appends to the streams first. */
static void check_output(int dir, const char *path, bool final)
{
	AUTO_BUF struct buf tests = { 0 };
	bool no_tests = read_file_at(dir, "tests", TESTS_MAX_BYTES, &tests) < 0;
	int tests_err = errno;
	AUTO_CLOSE int fd = openat(dir, "index", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct cover c = { 0 };
	size_t rest = 0;
	char p[512];

	join(p, path, "tests");
	if (no_tests && tests_err != ENOENT)
		problem(p, "%s", tests_err == EFBIG ? "is too large" : strerror(tests_err));
	join(p, path, "index");
	if (fd < 0) {
		if (final || errno != ENOENT)
			problem(p, "%s", strerror(errno));
		return;
	}
	if (read_index(fd, &c, &rest) < 0)
		problem(p, "has a line that is no record");
	else if (final && rest)
		problem(p, "ends within a line, though the job has ended");
	check_stream(dir, "stdout", path, c.out, final);
	check_stream(dir, "stderr", path, c.err, final);
	check_tests(&tests, path, &c, final);
}

/* Contents come first, then their line: so the line is believed. */
static void check_collected(int dir, const char *path, bool final)
{
	AUTO_BUF struct buf text = { 0 };
	struct files_list l = { 0 };
	struct cee_err e;
	uint64_t covered;
	char p[512];

	join(p, path, "files.index");
	if (read_file_at(dir, "files.index", FILES_INDEX_MAX, &text) < 0) {
		if (errno != ENOENT)
			problem(p, "%s", strerror(errno));
		else if (final && spool_has(dir, "files"))
			problem(p, "is not there, but files is");
		return;
	}
	if (files_parse(&l, text.data ? text.data : "", text.len, &e) < 0) {
		problem(p, "%s", e.msg);
		return;
	}
	if (final && text.len && text.data[text.len - 1] != '\n')
		problem(p, "ends within a line, though the job has ended");
	covered = l.n ? (uint64_t)(l.v[l.n - 1].offset + l.v[l.n - 1].size) : 0;
	files_release(&l);
	check_stream(dir, "files", path, covered, final);
}

static bool attempt_name(const char *s)
{
	if (s[0] < '1' || s[0] > '9')
		return false;
	return !s[1] || (s[1] == '.' && strlen(s + 2) == 8 && strspn(s + 2, "0123456789abcdef") == 8);
}

static void check_attempt(int out, const char *n, const char *path, bool final)
{
	static const char *const known[] = { "stdout", "stderr", "index", "result.new",
					     "tests",  "taken",	 "files", "files.index" };
	enum { RESULT = 3, KNOWN = sizeof known / sizeof *known };
	DIR *d = open_dir(out, n, path);
	struct dirent *e;
	char p[512];

	if (!d)
		return;
	while ((e = spool_next(d))) {
		size_t i = 0;

		join(p, path, e->d_name);
		while (i < KNOWN && strcmp(e->d_name, known[i]) != 0)
			i++;
		if (i < KNOWN)
			check_file(dirfd(d), e->d_name, p);
		else
			problem(p, "is no name that an attempt has");
		if (i == RESULT && final)
			problem(p, "is left over, though the job has ended");
	}
	check_output(dirfd(d), path, final);
	check_collected(dirfd(d), path, final);
	closedir(d);
}

/* ---- out --------------------------------------------------------------------------------- */

/* The attempt that ended the job; 0 when the result cannot be understood. */
static int check_result(int out, const char *id, const char *path)
{
	AUTO_BUF struct buf b = { 0 };
	struct result r;
	struct cee_err e;
	char p[512], n[16];
	int attempt = 0;

	join(p, path, "result");
	if (read_file_at(out, "result", SPOOL_RESULT_MAX, &b) < 0) {
		problem(p, "%s",
			errno == EFBIG	  ? "is too large"
			: errno == EINVAL ? "is no regular file of one link"
					  : strerror(errno));
		return 0;
	}
	result_init(&r);
	if (result_parse(&r, b.data ? b.data : "", b.len, &e) < 0)
		problem(p, "is no result: %s", e.msg);
	else if (strcmp(r.id, id) != 0)
		problem(p, "is of another job: %s", r.id);
	else
		attempt = r.attempt;
	snprintf(n, sizeof(n), "%d", attempt % 10);
	if (attempt && !spool_has(out, n))
		problem(p, "names attempt %d, which is not here", attempt);
	result_release(&r);
	return attempt;
}

static void check_out(int bucket, const char *owner, const char *id, const char *path)
{
	DIR *d = open_dir(bucket, id, path);
	struct dirent *e;
	int final = 0;
	char p[512];

	if (!d)
		return;
	/* first: when it is there, all else is at rest */
	if (spool_has(dirfd(d), "result")) {
		final = check_result(dirfd(d), id, path);
		fsck.ended++;
	}
	if (!final || !spool_has(dirfd(d), "job"))
		check_places(owner, id);
	while ((e = spool_next(d))) {
		join(p, path, e->d_name);
		if (strcmp(e->d_name, "job") == 0 || strcmp(e->d_name, "result") == 0)
			check_file(dirfd(d), e->d_name, p);
		else if (attempt_name(e->d_name))
			check_attempt(dirfd(d), e->d_name, p, !e->d_name[1] && e->d_name[0] - '0' == final);
		else
			problem(p, "is no name that a job has in out");
	}
	closedir(d);
}

static void check_bucket(int out, const char *owner, const char *bucket, const char *path)
{
	DIR *d = open_dir(out, bucket, path);
	struct dirent *e;
	char p[512];

	while (d && (e = spool_next(d))) {
		char want[SPOOL_BUCKET + 1];

		join(p, path, e->d_name);
		snprintf(want, sizeof(want), "%.*s", SPOOL_BUCKET, e->d_name);
		if (!id_valid(e->d_name))
			problem(p, "is no job id");
		else if (strcmp(want, bucket) != 0)
			problem(p, "belongs in out/%s", want);
		else
			check_out(dirfd(d), owner, e->d_name, p);
	}
	if (d)
		closedir(d);
}

static void check_history(int owner_dir, const char *owner, const char *path)
{
	DIR *d = open_dir(owner_dir, "out", path);
	struct dirent *e;
	char p[512];

	while (d && (e = spool_next(d))) {
		join(p, path, e->d_name);
		if (strlen(e->d_name) == SPOOL_BUCKET && strspn(e->d_name, "0123456789abcdef") == SPOOL_BUCKET)
			check_bucket(dirfd(d), owner, e->d_name, p);
		else
			problem(p, "is no bucket; a bucket is the first %d digits of its jobs' ids", SPOOL_BUCKET);
	}
	if (d)
		closedir(d);
}

/* ---- an owner's other parts ------------------------------------------------------------------ */

static void check_new(int owner_dir, const char *owner, const char *path)
{
	DIR *d = open_dir(owner_dir, "new", path);
	struct dirent *e;
	char p[512];

	while (d && (e = spool_next(d))) {
		char id[ID_LEN + 1];
		int priority, attempts;

		join(p, path, e->d_name);
		if (!spool_parse_new(e->d_name, id, &priority, &attempts)) {
			problem(p, "is no name of a waiting job: PRIORITY.ID or 0.ID.ATTEMPTS");
			continue;
		}
		fsck.waiting++;
		check_file(dirfd(d), e->d_name, p);
		check_places(owner, id);
	}
	if (d)
		closedir(d);
}

static void check_tmp(int at, const char *path)
{
	DIR *d = open_dir(at, "tmp", path);
	struct dirent *e;
	char p[512];

	if (d && fsck.fix)
		spool_sweep_dir(dirfd(d));
	while (d && (e = spool_next(d))) {
		/* directories are runners' on their way into and out of cur */
		bool is_dir = spool_is_dir(d, e), gone = spool_is_gone(e->d_name);
		AUTO_CLOSE int dir = is_dir ? spool_dir(dirfd(d), e->d_name) : -1;
		AUTO_CLOSE int fd = openat(is_dir ? dir : dirfd(d), is_dir ? "lock" : e->d_name,
					   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

		join(p, path, e->d_name);
		if (gone && (!fsck.fix || spool_sweep_gone(dirfd(d), e->d_name, 0) < 0))
			note(p, "is what is left of a removed job; the next sweep removes it, and so does --fix");
		if (!is_dir)
			check_file(dirfd(d), e->d_name, p);
		if (fd >= 0 && spool_locked(fd) == 0 && spool_has(dirfd(d), e->d_name))
			note(p, "its writer is gone; the next sweep removes it, and so does --fix");
	}
	if (d)
		closedir(d);
}

/* Nobody is left who would take the wish away: who retires the job does. */
static bool wish_stale(const char *owner, const char *id)
{
	AUTO_CLOSE int out = spool_open_out(&fsck.s, owner, id);
	struct spool_where w;

	return (out >= 0 && spool_has(out, "job")) || spool_find(&fsck.s, owner, id, &w, NULL) < 0;
}

static void check_cancel(int owner_dir, const char *owner, const char *path)
{
	DIR *d = open_dir(owner_dir, "cancel", path);
	struct dirent *e;
	char p[512];

	while (d && (e = spool_next(d))) {
		char id[ID_LEN + 1];

		join(p, path, e->d_name);
		if (fsck.s.shared && spool_removal_parse(e->d_name, id)) {
			check_file(dirfd(d), e->d_name, p);
			if (fsck.runners == 0)
				note(p, "wishes that a job be removed; the next runner does it");
			continue;
		}
		if (!id_valid(e->d_name)) {
			problem(p, "is no job id");
			continue;
		}
		check_file(dirfd(d), e->d_name, p);
		if (!wish_stale(owner, e->d_name) || (fsck.fix && spool_cancel_clear(&fsck.s, owner, e->d_name) == 0))
			continue;
		if (spool_has(dirfd(d), e->d_name))
			note(p, "wishes the end of a job that is over; the next scan removes it, and so does --fix");
	}
	if (d)
		closedir(d);
}

/* Lines that are no ids do no harm, but nobody of ours wrote them. */
static void check_group_lines(int dir, const char *name, const char *path)
{
	AUTO_CLOSE int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char line[ID_LEN + 4];
	long number = 0;

	if (!f)
		return;
	fd = -1;
	while (fgets(line, sizeof(line), f)) {
		size_t len = strlen(line);

		number++;
		if (len == 1 && line[0] == '\n')
			continue; /* after a line that a power cut had torn */
		if (len == ID_LEN + 1 && line[ID_LEN] == '\n') {
			line[ID_LEN] = 0;
			if (id_valid(line))
				continue;
		}
		note(path, "line %ld is no id; it is passed over", number);
		break;
	}
	fclose(f);
}

static void check_groups(int owner_dir, const char *path)
{
	DIR *d = open_dir(owner_dir, "groups", path);
	struct dirent *e;
	char p[512];

	while (d && (e = spool_next(d))) {
		join(p, path, e->d_name);
		check_file(dirfd(d), e->d_name, p);
		if (!group_name_valid(e->d_name))
			problem(p, "is no name that a group can have");
		else
			check_group_lines(dirfd(d), e->d_name, p);
	}
	if (d)
		closedir(d);
}

static void check_key(int dir, const char *owner, const char *name, const char *path)
{
	AUTO_CLOSE int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	char id[ID_LEN + 1];
	struct spool_where w;
	int r = key_read(dir, name, id);

	if (fd < 0 || spool_locked(fd) != 0 || r < 0)
		return; /* somebody is at it, or check_file has said what it is */
	if (r == 0)
		note(path, "is empty or torn: it stands for no job; the next submit with its key writes it");
	else if (spool_find(&fsck.s, owner, id, &w, NULL) == 0 || errno != ENOENT)
		return;
	else if (!fsck.fix || !key_drop(&fsck.s, owner, name, false))
		note(path,
		     "stands for %s, which never came or is gone; the next submit with its key is that job,"
		     " --fix removes it",
		     id);
}

static void check_keys(int owner_dir, const char *owner, const char *path)
{
	DIR *d = open_dir(owner_dir, "keys", path);
	struct dirent *e;
	char p[512];

	while (d && (e = spool_next(d))) {
		join(p, path, e->d_name);
		check_file(dirfd(d), e->d_name, p);
		if (strlen(e->d_name) != KEY_NAME_MAX - 1 || strspn(e->d_name, "0123456789abcdef") != KEY_NAME_MAX - 1)
			problem(p, "is no name of a key: 64 hexadecimal digits");
		else
			check_key(dirfd(d), owner, e->d_name, p);
	}
	if (d)
		closedir(d);
}

static void check_in(int owner_dir, const char *owner, const char *path)
{
	DIR *d = open_dir(owner_dir, "in", path);
	struct dirent *e;
	char p[512];

	while (d && (e = spool_next(d))) {
		enum spool_input_kind kind;
		char id[ID_LEN + 1];
		int sig;

		join(p, path, e->d_name);
		if (!spool_input_parse(e->d_name, id, &kind, &sig)) {
			problem(p, "is no name of a job's input: ID, ID.end, ID.window or ID.SIGNAL");
			continue;
		}
		check_file(dirfd(d), e->d_name, p);
		if (!spool_input_stale(&fsck.s, owner, e->d_name))
			continue;
		if (fsck.fix)
			spool_input_clear(&fsck.s, owner, id);
		if (spool_has(dirfd(d), e->d_name))
			note(p, "is input of a job that is over; the next scan removes it, and so does --fix");
	}
	if (d)
		closedir(d);
}

static void wrong_share(void *arg, const char *path, const char *text)
{
	const char *owner = arg;

	problem(path, "%s; cee-fsck --make %s as root sets it right", text, owner);
}

/* Who it is for is in its name; whose the web's are cee.conf says, else the first part that is asked. */
static void check_share(const char *owner, int dir)
{
	struct stat st;
	uid_t uid = 0;
	char name[OWNER_MAX];

	if (!spool_owner_uid(owner, fsck.http, &uid)) {
		if (spool_owner_uid(owner, &uid, &uid) && fstatat(dir, "new", &st, AT_SYMLINK_NOFOLLOW) == 0)
			uid = st.st_uid;
		else {
			problem(owner, "is no owner that a shared spool has: uid-N, anon, http-*");
			return;
		}
	}
	snprintf(name, sizeof(name), "%s", owner);
	spool_share_check_owner(&fsck.s, owner, uid, wrong_share, name);
}

static int check_owner(void *arg, const char *owner)
{
	AUTO_CLOSE int dir = spool_dir(fsck.s.fd, owner);
	DIR *d = open_dir(fsck.s.fd, owner, owner);
	struct dirent *e;
	char p[512];

	(void)arg;
	if (d && fsck.s.shared)
		check_share(owner, dir);
	while (d && (e = spool_next(d))) {
		join(p, owner, e->d_name);
		if (strcmp(e->d_name, "new") == 0)
			check_new(dir, owner, p);
		else if (strcmp(e->d_name, "tmp") == 0)
			check_tmp(dir, p);
		else if (strcmp(e->d_name, "cancel") == 0)
			check_cancel(dir, owner, p);
		else if (strcmp(e->d_name, "in") == 0)
			check_in(dir, owner, p);
		else if (strcmp(e->d_name, "out") == 0)
			check_history(dir, owner, p);
		else if (strcmp(e->d_name, "groups") == 0)
			check_groups(dir, p);
		else if (strcmp(e->d_name, "keys") == 0)
			check_keys(dir, owner, p);
		else
			problem(p, "is none of an owner's directories: tmp, new, cancel, in, out, groups, keys");
	}
	if (d)
		closedir(d);
	return 0;
}

/* ---- cur ----------------------------------------------------------------------------------------- */

static long check_claims(int runner, const char *owner, const char *path)
{
	DIR *d = open_dir(runner, owner, path);
	struct dirent *e;
	char p[512];
	long n = 0;

	while (d && (e = spool_next(d))) {
		char id[ID_LEN + 1];
		int attempt;

		join(p, path, e->d_name);
		if (!spool_parse_cur(e->d_name, id, &attempt)) {
			problem(p, "is no name of a claimed job: ID.ATTEMPT");
			continue;
		}
		n++;
		check_file(dirfd(d), e->d_name, p);
		check_places(owner, id);
	}
	if (d)
		closedir(d);
	return n;
}

/* Is its lock held? -1 when the directory went meanwhile. */
static int runner_alive(int dir, const char *path)
{
	AUTO_CLOSE int fd = openat(dir, "lock", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		return spool_locked(fd) == 1;
	if (!spool_has(fsck.s.fd, path))
		return -1;
	problem(path, "has no lock file");
	return 0;
}

static void check_runner(int cur, const char *name, const char *path)
{
	DIR *d = open_dir(cur, name, path);
	struct dirent *e;
	char p[512];
	long n = 0;
	int alive;

	if (!d)
		return;
	alive = runner_alive(dirfd(d), path);
	while (alive >= 0 && (e = spool_next(d))) {
		join(p, path, e->d_name);
		if (strcmp(e->d_name, "lock") == 0 || (fsck.s.shared && strcmp(e->d_name, "alive") == 0))
			check_file(dirfd(d), e->d_name, p);
		else if (spool_owner_valid(e->d_name) && spool_is_dir(d, e))
			n += check_claims(dirfd(d), e->d_name, p);
		else
			problem(p, "is no owner");
	}
	fsck.claimed += n;
	if (alive == 0 && spool_has(fsck.s.fd, path))
		note(path, "this runner is dead; %s takes its %ld jobs over",
		     fsck.runners ? "one that is alive" : "the next that starts", n);
	closedir(d);
}

static void check_cur(void)
{
	DIR *d = open_dir(fsck.s.fd, "cur", "cur");
	struct dirent *e;
	char p[512];

	if (!d) {
		problem("cur", "is missing; cee-fsck --make makes it");
		return;
	}
	while ((e = spool_next(d))) {
		join(p, "cur", e->d_name);
		if (spool_runner_valid(e->d_name) && spool_is_dir(d, e))
			check_runner(dirfd(d), e->d_name, p);
		else
			problem(p, "is no runner");
	}
	closedir(d);
}

static void check_metrics(int root)
{
	DIR *d = open_dir(root, SPOOL_METRICS, SPOOL_METRICS);
	struct dirent *e;
	char p[512];

	while (d && (e = spool_next(d))) {
		join(p, SPOOL_METRICS, e->d_name);
		check_file(dirfd(d), e->d_name, p);
		if (!spool_runner_valid(e->d_name))
			problem(p, "is no runner's");
		else if (!spool_runner_lives(&fsck.s, e->d_name))
			note(p, "its runner is dead; it goes when the next one starts");
	}
	if (d)
		closedir(d);
}

/* ---- the whole -------------------------------------------------------------------------------------- */

static void check_root(void)
{
	DIR *d = open_dir(fsck.s.fd, ".", ".");
	struct dirent *e;

	while (d && (e = spool_next(d))) {
		bool is_dir = spool_is_dir(d, e);

		if (strcmp(e->d_name, "VERSION") == 0 || strcmp(e->d_name, "languages.json") == 0)
			check_file(dirfd(d), e->d_name, e->d_name);
		else if (is_dir && strcmp(e->d_name, SPOOL_METRICS) == 0)
			check_metrics(dirfd(d));
		else if (!is_dir ||
			 (strcmp(e->d_name, "cur") != 0 && strcmp(e->d_name, "tmp") != 0 &&
			  !(fsck.s.shared && strcmp(e->d_name, "join") == 0) && !spool_owner_valid(e->d_name)))
			problem(e->d_name, "is no name that a spool has");
	}
	if (d)
		closedir(d);
	if (!spool_has(fsck.s.fd, "tmp"))
		problem("tmp", "is missing; cee-fsck --make makes it");
	if (fsck.s.shared)
		spool_share_check(&fsck.s, wrong_share, (void *)"--shared");
}

static void summary(const char *path)
{
	if (fsck.json)
		printf("{\"kind\":\"summary\",\"sound\":%s,\"waiting\":%ld,\"claimed\":%ld,\"ended\":%ld,"
		       "\"runners\":%d,\"problems\":%ld,\"notes\":%ld}\n",
		       fsck.problems ? "false" : "true", fsck.waiting, fsck.claimed, fsck.ended, fsck.runners,
		       fsck.problems, fsck.notes);
	else
		printf("%s: %s; %ld waiting, %ld claimed, %ld ended; %d runners; %ld problems, %ld notes\n", path,
		       fsck.problems ? "not sound" : "sound", fsck.waiting, fsck.claimed, fsck.ended, fsck.runners,
		       fsck.problems, fsck.notes);
}

static int check(const char *path)
{
	char self[OWNER_MAX];

	spool_runner_alive(&fsck.s, &fsck.runners);
	if (fsck.s.shared && geteuid() != 0) {
		spool_owner_self(self);
		check_owner(NULL, self);
	} else {
		check_root();
		check_tmp(fsck.s.fd, "tmp");
		check_cur();
		if (spool_each_owner(&fsck.s, check_owner, NULL) < 0)
			problem(".", "%s", strerror(errno));
	}
	summary(path);
	if (fflush(stdout) == EOF)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
	return fsck.problems ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int exit_of(int err)
{
	switch (err) {
	case ENOENT:
	case ENOTDIR:
		return EX_NOINPUT;
	case EPROTO:
		return EX_DATAERR;
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	case ENOTSUP:
	case ENOTEMPTY:
	case EEXIST:
		return EX_CONFIG;
	case EINVAL:
		return EX_USAGE;
	default:
		return EX_OSERR;
	}
}

/* In a shared spool: for the uid that the name says, or for cee-http's. */
static void make_shared(const char *owner)
{
	struct cee_err e;
	uid_t uid;

	if (!spool_owner_uid(owner, fsck.http, &uid))
		prog_die(EX_USAGE,
			 "%s: whose is it? The owners of a shared spool are uid-N and, when http_user of cee.conf"
			 " says who cee-http is, anon and http-*",
			 owner);
	if (geteuid() != 0)
		prog_die(EX_NOPERM, "only root makes the owners of a shared spool");
	if (spool_share_owner(&fsck.s, owner, uid, &e) < 0)
		prog_die(exit_of(errno), "%s", e.msg);
}

static int make(const char *owner)
{
	struct cee_err e;

	if (owner && fsck.s.shared)
		make_shared(owner);
	else if (owner && spool_owner_make(&fsck.s, owner, &e) < 0)
		prog_die(exit_of(errno), "%s", e.msg);
	return EXIT_SUCCESS;
}

static const char help[] = "usage: cee-fsck [-s SPOOL] [-c CONF] [--json] [--fix]\n"
			   "       cee-fsck [-s SPOOL] [-c CONF] --make [--shared] [OWNER]\n"
			   "\n"
			   "Proves a spool against the table of cee-spool(5), live or at rest. Each\n"
			   "problem is a line on standard output; a line that begins with \"note:\" is\n"
			   "something that the spool's programs clean up by themselves.\n"
			   "\n"
			   "  -s, --spool DIR   the spool (CEE_SPOOL, or cee.conf's)\n"
			   "  -c, --conf FILE   the configuration (CEE_CONF)\n"
			   "      --json        one JSON object a line, a summary last\n"
			   "      --fix         remove files in tmp whose writers are gone, wishes for the\n"
			   "                    end and input of jobs that are over, and keys of jobs that\n"
			   "                    are gone; safe in a live spool\n"
			   "      --make        make a spool, and OWNER's part of it; in a shared one set them right\n"
			   "      --shared      ... one that many users share, as root\n"
			   "      --help, --version\n"
			   "\n"
			   "Exit status: 0 sound, 1 problems, 64 usage, 65 another version, 66 no spool,\n"
			   "77 no permission, 78 not a directory for a spool.\n";

int main(int argc, char **argv)
{
	static const struct option options[] = { { "spool", required_argument, NULL, 's' },
						 { "conf", required_argument, NULL, 'c' },
						 { "json", no_argument, NULL, 'j' },
						 { "fix", no_argument, NULL, 'f' },
						 { "make", no_argument, NULL, 'm' },
						 { "shared", no_argument, NULL, 'S' },
						 { "help", no_argument, NULL, 'h' },
						 { "version", no_argument, NULL, 'V' },
						 { NULL, 0, NULL, 0 } };
	const char *spool = NULL, *conf_path = NULL;
	struct conf conf;
	struct cee_err e;
	uid_t http;
	bool making = false, shared = false;
	int o, status;

	prog_init(argv[0]);
	while ((o = prog_getopt(argc, argv, "s:c:", options)) != -1)
		switch (o) {
		case 's':
			spool = optarg;
			break;
		case 'c':
			conf_path = optarg;
			break;
		case 'j':
			fsck.json = true;
			break;
		case 'f':
			fsck.fix = true;
			break;
		case 'm':
			making = true;
			break;
		case 'S':
			shared = true;
			break;
		case 'h':
			prog_help(help);
		case 'V':
			prog_version();
		default:
			prog_usage("not understood");
		}
	if (shared && !making)
		prog_usage("--shared: goes with --make");
	if (argc - optind > (making ? 1 : 0))
		prog_usage("%s: no operand expected here", argv[argc - 1]);
	if (conf_load(&conf, conf_path, spool, &e) < 0)
		prog_die(EX_CONFIG, "%s", e.msg);
	if (spool_open(&fsck.s, conf.spool, making ? SPOOL_CREATE | (shared ? SPOOL_SHARED : 0) : 0, true, &e) < 0)
		prog_die(exit_of(errno), "%s", e.msg);
	if (fsck.s.shared && conf_http_uid(&conf, &http, &e) == 0)
		fsck.http = &http;
	status = making ? make(argv[optind]) : check(conf.spool);
	spool_release(&fsck.s);
	conf_release(&conf);
	return status;
}
