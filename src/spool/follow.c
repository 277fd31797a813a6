/* follow.c - following one job from wherever it is to its end (follow.h)
 *
 * The rules kept here:
 *   - The index is read first, and of the streams only what it covers: the rest
 *     was never output.
 *   - A watch is set before what it watches is read, so that nothing falls
 *     between; of a directory that is not there yet the deepest parent that is
 *     gets the watch.
 *   - The result is looked for before the index is read: it appears when all of
 *     the index is written, so what is read after that is all there is.
 *   - inotify is a hint: everything is looked at again every FOLLOW_SLOW_MS, and
 *     who gets no instance (128 a user by default) looks every FOLLOW_BLIND_MS.
 *   - A later attempt replaces the one that is read, when that one's index is
 *     read to its end.
 */
#include "spool/follow.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "spool/index.h"
#include "spool/spool.h"
#include "spool/spool_internal.h"
#include "wire/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>


enum { INDEX_BLOCK = 8192, TEST_BLOCK = 16384, RECORDS = 512, GONE_AFTER = 2 };

#define NEW_NAME (IN_CREATE | IN_MOVED_TO | IN_ONLYDIR)

/* ---- setting up ------------------------------------------------------------ */

static void stream_reset(struct follow_stream *t)
{
	t->at = t->block_at = 0;
	t->covered = t->block_len = 0;
}

static void stream_close(struct follow_stream *t)
{
	close_ptr(&t->fd);
	t->fd = -1;
	stream_reset(t);
}

static void forget(int *fd)
{
	close_ptr(fd);
	*fd = -1;
}

void follow_init(struct follow *f, struct spool *s, bool watch)
{
	memset(f, 0, sizeof *f);
	f->s = s;
	f->watch = watch;
	f->inotify = f->dir = f->attempt_dir = f->index = f->tests_fd = f->taken = f->out.fd = f->err.fd = -1;
	f->wd_parent = f->wd_dir = f->wd_attempt = f->wd_index = f->wd_tests = f->wd_taken = -1;
}

static void unwatch(struct follow *f, int *wd)
{
	if (*wd >= 0)
		inotify_rm_watch(f->inotify, *wd);
	*wd = -1;
}

static void attempt_close(struct follow *f)
{
	unwatch(f, &f->wd_attempt);
	unwatch(f, &f->wd_index);
	unwatch(f, &f->wd_tests);
	forget(&f->attempt_dir);
	forget(&f->index);
	forget(&f->tests_fd);
	unwatch(f, &f->wd_taken);
	forget(&f->taken);
	stream_close(&f->out);
	stream_close(&f->err);
	f->index_at = f->tests_at = 0;
}

static void job_close(struct follow *f)
{
	attempt_close(f);
	unwatch(f, &f->wd_parent);
	unwatch(f, &f->wd_dir);
	forget(&f->dir);
	buf_release(&f->result);
	f->result = (struct buf){ 0 };
}

void follow_job(struct follow *f, const char *owner, const char *id)
{
	job_close(f);
	snprintf(f->owner, sizeof f->owner, "%s", owner);
	snprintf(f->id, sizeof f->id, "%s", id);
	spool_out_path(f->path, owner, id);
	f->attempt = 0;
	f->misses = 0;
	f->blind = false;
	f->look_dir = true;
	f->slow_us = mono_us() + FOLLOW_SLOW_MS * 1000;
}

/* The last close of an inotify instance waits for a grace period of the kernel: 15 ms
 * in the median here, 50 at worst, longer than many a job. A child that nobody waits for
 * has it done, after us: it holds no other descriptor, and ends by itself. */
static void inotify_leave(int fd)
{
	int go[2];
	pid_t child;
	char byte;

	if (fd < 0 || pipe2(go, O_CLOEXEC) < 0)
		return;
	child = fork();
	if (child == 0) {
		/* fd and the reading end go last */
		int keep = dup2(fd, 0), wait = keep < 0 ? -1 : dup2(go[0], 1);

		close_range(2, ~0U, 0);
		while (wait >= 0 && read(wait, &byte, 1) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	close(fd);
	close(go[0]);
	close(go[1]);
}

void follow_release(struct follow *f)
{
	job_close(f);
	free(f->out.block);
	free(f->err.block);
	f->out.block = f->err.block = NULL;
	inotify_leave(f->inotify);
	f->inotify = -1;
}

void follow_rewind(struct follow *f)
{
	f->index_at = f->tests_at = 0;
	stream_reset(&f->out);
	stream_reset(&f->err);
	f->look_dir = f->look_index = true;
}

/* ---- watching -------------------------------------------------------------- */

/* A job that has ended has nothing to be waited for. */
static bool wants_watch(const struct follow *f)
{
	return f->watch && !f->blind && !f->result.data;
}

/* Watches what fd has open. Whatever fails makes this job be looked at by the clock. */
static void watch_fd(struct follow *f, int fd, uint32_t mask, int *wd)
{
	char path[32];

	if (!wants_watch(f) || *wd >= 0)
		return;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	*wd = inotify_add_watch(f->inotify, path, mask);
	if (*wd < 0)
		f->blind = true;
}

static void watch_begin(struct follow *f)
{
	if (!wants_watch(f) || f->inotify >= 0)
		return;
	f->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (f->inotify < 0)
		f->blind = true;
}

/* Watches the deepest directory on the way to out/…/ID that there is, for the
 * next one's name. It has been there for all of the look that comes after. */
static void watch_parent(struct follow *f)
{
	char path[sizeof f->path];

	unwatch(f, &f->wd_parent);
	for (size_t len = strlen(f->path); len > 0;) {
		AUTO_CLOSE int fd = -1;

		while (len > 0 && f->path[--len] != '/')
			;
		snprintf(path, sizeof path, "%.*s", (int)len, f->path);
		fd = len > 0 ? spool_dir(f->s->fd, path) : f->s->fd;
		if (fd >= 0) {
			f->next = f->path + len + (len > 0);
			watch_fd(f, fd, NEW_NAME, &f->wd_parent);
			if (len == 0)
				fd = -1; /* the spool's own */
			return;
		}
	}
}

/* Does the name that wd_parent waits for exist already? */
static bool next_exists(struct follow *f)
{
	char path[sizeof f->path];
	size_t len = (size_t)(f->next - f->path) + strcspn(f->next, "/");

	snprintf(path, sizeof path, "%.*s", (int)len, f->path);
	return spool_has(f->s->fd, path);
}

static int open_dir(struct follow *f)
{
	f->dir = spool_open_out(f->s, f->owner, f->id);
	return f->dir >= 0 || errno == ENOENT ? 0 : -1;
}

/* Gets hold of out/…/ID, or of a watch for its coming. */
static int find_dir(struct follow *f)
{
	if (open_dir(f) < 0)
		return -1;
	while (f->dir < 0 && wants_watch(f)) {
		watch_parent(f);
		if (open_dir(f) < 0)
			return -1;
		if (f->dir < 0 && wants_watch(f) && !next_exists(f))
			return 0;
	}
	if (f->dir >= 0) {
		watch_fd(f, f->dir, NEW_NAME | IN_DELETE_SELF, &f->wd_dir);
		unwatch(f, &f->wd_parent);
	}
	return 0;
}

static int open_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		forget(&fd);
		errno = EPROTO;
	}
	return fd;
}

/* It is made before the index is. */
static int open_tests(struct follow *f)
{
	if (!f->tests || f->tests_fd >= 0)
		return 0;
	f->tests_fd = open_file(f->attempt_dir, "tests");
	if (f->tests_fd < 0)
		return errno == ENOENT ? 0 : -1;
	watch_fd(f, f->tests_fd, IN_MODIFY, &f->wd_tests);
	return 0;
}

static int open_index(struct follow *f)
{
	if (f->index >= 0 || f->attempt_dir < 0)
		return 0;
	f->index = open_file(f->attempt_dir, "index");
	if (f->index < 0 && errno == ENOENT && wants_watch(f) && f->wd_attempt < 0) {
		watch_fd(f, f->attempt_dir, NEW_NAME, &f->wd_attempt);
		f->index = open_file(f->attempt_dir, "index");
	}
	if (f->index < 0)
		return errno == ENOENT ? 0 : -1;
	unwatch(f, &f->wd_attempt);
	watch_fd(f, f->index, IN_MODIFY, &f->wd_index);
	f->look_index = true;
	if (f->taken_too) { /* older than the index, or not there for some reason */
		f->taken = open_file(f->attempt_dir, "taken");
		if (f->taken >= 0)
			watch_fd(f, f->taken, IN_MODIFY, &f->wd_taken);
	}
	return open_tests(f);
}

int64_t follow_taken(const struct follow *f)
{
	struct stat st;

	return f->taken >= 0 && fstat(f->taken, &st) == 0 ? st.st_size : 0;
}

/* The greatest attempt that has a directory; the one being read when there is no later one. */
static int newest_attempt(struct follow *f)
{
	for (int n = SPOOL_ATTEMPTS; n > f->attempt; n--) {
		char name[2] = { (char)('0' + n), 0 };

		if (spool_has(f->dir, name))
			return n;
	}
	return f->attempt;
}

static int open_attempt(struct follow *f, int n)
{
	char name[2] = { (char)('0' + n), 0 };

	attempt_close(f);
	f->attempt = n;
	f->attempt_dir = spool_dir(f->dir, name);
	return f->attempt_dir < 0 ? -1 : open_index(f);
}

/* ---- reading --------------------------------------------------------------- */

static struct follow_stream *stream_of(struct follow *f, enum frame_stream s)
{
	return s == STREAM_OUT ? &f->out : &f->err;
}

static int stream_open(struct follow *f, struct follow_stream *t)
{
	if (!t->block && !(t->block = malloc(FOLLOW_BLOCK)))
		return -1;
	if (t->fd < 0)
		t->fd = open_file(f->attempt_dir, t == &f->out ? "stdout" : "stderr");
	return t->fd < 0 ? -1 : 0;
}

/* Makes the block begin at the stream's next byte. Read ahead goes as far as the
 * index is known to cover, no further. */
static int stream_fill(struct follow_stream *t)
{
	size_t want = t->covered < FOLLOW_BLOCK ? (size_t)t->covered : FOLLOW_BLOCK;
	ssize_t n;

	if (t->at >= t->block_at && t->at < t->block_at + (int64_t)t->block_len)
		return 0;
	do
		n = pread(t->fd, t->block, want, (off_t)t->at);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = EPROTO;
	if (n <= 0)
		return -1;
	t->block_at = t->at;
	t->block_len = (size_t)n;
	return 0;
}

static int give_data(struct follow *f, struct follow_item *it, follow_fn fn, void *arg)
{
	struct follow_stream *t = stream_of(f, it->rec.stream);
	uint64_t left = it->rec.len;

	if (left > 0 && stream_open(f, t) < 0)
		return -1;
	while (left > 0) {
		size_t skip, n;

		if (stream_fill(t) < 0)
			return -1;
		skip = (size_t)(t->at - t->block_at);
		n = t->block_len - skip;
		if (n > left)
			n = (size_t)left;
		it->data = t->block + skip;
		it->len = n;
		t->at += (int64_t)n;
		t->covered -= n;
		left -= n;
		if (fn(arg, it) != 0)
			return -1;
	}
	return 0;
}

static int give(struct follow *f, const struct index_record *rec, follow_fn fn, void *arg)
{
	struct follow_item it = { .what = rec->gap ? FOLLOW_GAP : FOLLOW_DATA, .rec = *rec, .attempt = f->attempt };

	if (rec->mark) {
		it.what = FOLLOW_MARK;
		return f->marks && fn(arg, &it) ? -1 : 0;
	}
	if (rec->gap)
		return fn(arg, &it) ? -1 : 0;
	return give_data(f, &it, fn, arg);
}

/* Parses the whole lines of the index from index_at on, at most RECORDS: how many, or -1. */
static int read_index(struct follow *f, struct index_record rec[RECORDS])
{
	char text[INDEX_BLOCK];
	ssize_t have = pread(f->index, text, sizeof text, (off_t)f->index_at);
	size_t pos = 0, used = 0;
	int n = 0, r;

	if (have < 0)
		return errno == EINTR ? read_index(f, rec) : -1;
	while (n < RECORDS && (r = index_parse(text + pos, (size_t)have - pos, &used, &rec[n])) != 0) {
		struct follow_stream *t;

		if (r < 0)
			return -1;
		t = stream_of(f, rec[n].stream);
		if (!rec[n].gap && (rec[n].len > INT64_MAX / 2 || t->covered > INT64_MAX / 2)) {
			errno = EPROTO;
			return -1;
		}
		if (!rec[n].gap)
			t->covered += rec[n].len;
		pos += used;
		n++;
	}
	f->index_at += (int64_t)pos;
	return n;
}

/* A line that is not whole yet is read again when there is more of it. */
static int drain_tests(struct follow *f, follow_fn fn, void *arg)
{
	struct follow_item it = { .what = FOLLOW_TEST, .attempt = f->attempt };
	char text[TEST_BLOCK], *nl;
	ssize_t have;

	while (f->tests_fd >= 0 && (have = pread(f->tests_fd, text, sizeof text, (off_t)f->tests_at)) > 0) {
		size_t at = 0;

		for (; (nl = memchr(text + at, '\n', (size_t)have - at)); at = (size_t)(nl - text) + 1) {
			it.data = text + at;
			it.len = (size_t)(nl - text) - at;
			if (fn(arg, &it) != 0)
				return -1;
		}
		f->tests_at += (int64_t)at;
		if (at == 0) {
			errno = EPROTO;
			return have == sizeof text ? -1 : 0;
		}
	}
	return 0;
}

static int drain(struct follow *f, follow_fn fn, void *arg)
{
	struct index_record rec[RECORDS];
	int n = 0;

	f->look_index = false;
	while (f->index >= 0 && (n = read_index(f, rec)) > 0)
		for (int i = 0; i < n; i++)
			if (give(f, &rec[i], fn, arg) < 0)
				return -1;
	return n < 0 ? -1 : drain_tests(f, fn, arg);
}

/* ---- a step ---------------------------------------------------------------- */

static int look_result(struct follow *f)
{
	if (f->result.data)
		return 0;
	if (spool_read_result(f->s, f->owner, f->id, &f->result) == 0)
		return 0;
	return errno == ENOENT ? 0 : -1;
}

static int rerun(struct follow *f, int n, follow_fn fn, void *arg)
{
	struct follow_item it = { .what = FOLLOW_RERUN, .attempt = n };
	bool first = f->attempt == 0;

	if (drain(f, fn, arg) < 0 || open_attempt(f, n) < 0)
		return -1;
	return first || fn(arg, &it) == 0 ? 0 : -1;
}

static int look_around(struct follow *f, follow_fn fn, void *arg)
{
	int n;

	f->look_dir = false;
	if (look_result(f) < 0)
		return -1;
	watch_begin(f);
	if (f->dir < 0 && find_dir(f) < 0)
		return -1;
	if (f->dir < 0)
		return 0;
	/* the watch on the directory may have come after the first look for the result */
	if (look_result(f) < 0)
		return -1;
	if (f->result_only)
		return 0;
	n = newest_attempt(f);
	if (n > f->attempt)
		return rerun(f, n, fn, arg);
	return open_index(f);
}

static int step_error(struct follow *f, struct cee_err *e)
{
	int err = errno;

	if (err == EPROTO)
		return cee_fail(e, err,
				"%s: attempt %d: the log is damaged (index and streams do not fit); cee-fsck says more",
				f->id, f->attempt);
	return cee_fail(e, err, "%s: %s", f->id, strerror(err));
}

int follow_step(struct follow *f, follow_fn fn, void *arg, struct cee_err *e)
{
	if (f->look_dir && look_around(f, fn, arg) < 0)
		return step_error(f, e);
	if ((f->look_index || f->result.data) && drain(f, fn, arg) < 0)
		return step_error(f, e);
	if (f->result.data)
		return 1;
	if (f->misses >= GONE_AFTER)
		return cee_fail(e, ENOENT, "%s: is gone from the spool", f->id);
	return 0;
}

/* ---- waiting --------------------------------------------------------------- */

static void note_event(struct follow *f, const struct inotify_event *ev)
{
	const char *name = ev->len ? ev->name : "";

	if (ev->mask & IN_Q_OVERFLOW) {
		f->look_dir = f->look_index = true;
	} else if (ev->wd == f->wd_index || ev->wd == f->wd_tests || ev->wd == f->wd_taken) {
		f->look_index = true;
	} else if (ev->wd == f->wd_parent) {
		size_t n = strcspn(f->next, "/");

		if (strlen(name) == n && memcmp(name, f->next, n) == 0)
			f->look_dir = true;
	} else if (ev->wd == f->wd_dir || ev->wd == f->wd_attempt) {
		f->look_dir = true;
	}
}

static void read_events(struct follow *f)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while ((n = read(f->inotify, buf, sizeof buf)) > 0)
		for (char *p = buf; p < buf + n;) {
			const struct inotify_event *ev = (const struct inotify_event *)(const void *)p;

			note_event(f, ev);
			p += sizeof *ev + ev->len;
		}
}

/* The slow timer: look at everything, and whether the job is still anywhere at all. */
static void slow_look(struct follow *f)
{
	struct spool_where w;

	f->look_dir = f->look_index = true;
	f->slow_us = mono_us() + FOLLOW_SLOW_MS * 1000;
	if (spool_find(f->s, f->owner, f->id, &w, NULL) == 0)
		f->misses = 0;
	else if (errno == ENOENT)
		f->misses++;
}

int follow_wait(struct follow *f, int timeout_ms, struct pollfd *more, int nmore)
{
	struct pollfd p[1 + FOLLOW_MORE];
	int64_t slow = (f->slow_us - mono_us() + 999) / 1000;
	int wait = slow < 0 ? 0 : (int)slow, r;

	if (f->blind && wait > FOLLOW_BLIND_MS)
		wait = FOLLOW_BLIND_MS;
	if (timeout_ms >= 0 && timeout_ms < wait)
		wait = timeout_ms;
	p[0] = (struct pollfd){ .fd = f->inotify, .events = POLLIN }; /* -1 is passed over */
	for (int i = 0; i < nmore; i++)
		p[1 + i] = more[i];
	r = poll(p, (nfds_t)(1 + nmore), wait);
	if (r < 0)
		return -1;
	for (int i = 0; i < nmore; i++)
		more[i].revents = p[1 + i].revents;
	if (p[0].revents)
		read_events(f);
	if (f->blind)
		f->look_dir = f->look_index = true;
	if (mono_us() >= f->slow_us)
		slow_look(f);
	for (int i = 0; i < nmore; i++)
		if (more[i].revents)
			return 2;
	return f->look_dir || f->look_index ? 1 : 0;
}
