/* follow.c - following one job from wherever it is to its end (follow.h)
 *
 * The rules kept here:
 *   - The index is read first, and of the streams only the bytes that the index
 *     covers: bytes after those are not output.
 *   - A watch is set before the watched file is read, so that no change is missed;
 *     if a directory does not exist yet, its deepest existing parent is watched.
 *   - The result is looked for before the index is read: it is published after the
 *     whole index is written, so once the result exists, the index is complete.
 *   - inotify is only a hint: all files are checked again every FOLLOW_SLOW_MS, and
 *     without an instance (128 per user by default) every FOLLOW_BLIND_MS.
 *   - When the index of the current attempt has been read to its end, a later
 *     attempt replaces the current one.
 */
#include "spool/follow.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "spool/find.h"
#include "spool/follow_read.h"
#include "spool/follow_watch.h"
#include "spool/layout.h"
#include "spool/places.h"
#include "spool/spool.h"

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


enum { GONE_AFTER = 2 };

/* ---- setting up ------------------------------------------------------------ */


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


static void attempt_close(struct follow *f)
{
	follow_unwatch(f, &f->wd_attempt);
	follow_unwatch(f, &f->wd_index);
	follow_unwatch(f, &f->wd_tests);
	forget(&f->attempt_dir);
	forget(&f->index);
	forget(&f->tests_fd);
	follow_unwatch(f, &f->wd_taken);
	forget(&f->taken);
	follow_stream_close(&f->out);
	follow_stream_close(&f->err);
	f->index_at = f->tests_at = 0;
}

static void job_close(struct follow *f)
{
	attempt_close(f);
	follow_unwatch(f, &f->wd_parent);
	follow_unwatch(f, &f->wd_dir);
	forget(&f->dir);
	buf_release(&f->result);
	f->result = (struct buf){ 0 };
}

void follow_job(struct follow *f, const char *owner, const char *id)
{
	job_close(f);
	snprintf(f->owner, sizeof f->owner, "%s", owner);
	snprintf(f->id, sizeof f->id, "%s", id);
	layout_out_path(f->path, owner, id);
	f->attempt = 0;
	f->misses = 0;
	f->blind = false;
	f->look_dir = true;
	f->slow_us = mono_us() + FOLLOW_SLOW_MS * 1000;
}


void follow_release(struct follow *f)
{
	job_close(f);
	free(f->out.block);
	free(f->err.block);
	f->out.block = f->err.block = NULL;
	follow_watch_end(f->inotify);
	f->inotify = -1;
}

void follow_rewind(struct follow *f)
{
	f->index_at = f->tests_at = 0;
	follow_stream_reset(&f->out);
	follow_stream_reset(&f->err);
	f->look_dir = f->look_index = true;
}

/* ---- watching -------------------------------------------------------------- */


/* Watches the deepest existing directory on the way to out/…/ID, for the name of the next one. The watch is set before
 * the search that follows, so no change is missed. */
static void watch_parent(struct follow *f)
{
	char path[sizeof f->path];

	follow_unwatch(f, &f->wd_parent);
	for (size_t len = strlen(f->path); len > 0;) {
		AUTO_CLOSE int fd = -1;

		while (len > 0 && f->path[--len] != '/')
			;
		snprintf(path, sizeof path, "%.*s", (int)len, f->path);
		fd = len > 0 ? dir_open(f->s->fd, path) : f->s->fd;
		if (fd >= 0) {
			f->next = f->path + len + (len > 0);
			follow_watch_fd(f, fd, FOLLOW_NEW_NAME, &f->wd_parent);
			if (len == 0)
				fd = -1; /* fd is borrowed from the spool: do not close it */
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
	return dir_has(f->s->fd, path);
}

static int open_dir(struct follow *f)
{
	f->dir = place_out(f->s, f->owner, f->id);
	return f->dir >= 0 || errno == ENOENT ? 0 : -1;
}

/* Opens out/…/ID, or watches for its creation. */
static int find_dir(struct follow *f)
{
	if (open_dir(f) < 0)
		return -1;
	while (f->dir < 0 && follow_wants_watch(f)) {
		watch_parent(f);
		if (open_dir(f) < 0)
			return -1;
		if (f->dir < 0 && follow_wants_watch(f) && !next_exists(f))
			return 0;
	}
	if (f->dir >= 0) {
		follow_watch_fd(f, f->dir, FOLLOW_NEW_NAME | IN_DELETE_SELF, &f->wd_dir);
		follow_unwatch(f, &f->wd_parent);
	}
	return 0;
}

/* The file of tests is created before the index. */
static int open_tests(struct follow *f)
{
	if (!f->tests || f->tests_fd >= 0)
		return 0;
	f->tests_fd = place_attempt_file(f->attempt_dir, ATTEMPT_TESTS);
	if (f->tests_fd < 0)
		return errno == ENOENT ? 0 : -1;
	follow_watch_fd(f, f->tests_fd, IN_MODIFY, &f->wd_tests);
	return 0;
}

static int open_index(struct follow *f)
{
	if (f->index >= 0 || f->attempt_dir < 0)
		return 0;
	f->index = place_attempt_file(f->attempt_dir, ATTEMPT_INDEX);
	if (f->index < 0 && errno == ENOENT && follow_wants_watch(f) && f->wd_attempt < 0) {
		follow_watch_fd(f, f->attempt_dir, FOLLOW_NEW_NAME, &f->wd_attempt);
		f->index = place_attempt_file(f->attempt_dir, ATTEMPT_INDEX);
	}
	if (f->index < 0)
		return errno == ENOENT ? 0 : -1;
	follow_unwatch(f, &f->wd_attempt);
	follow_watch_fd(f, f->index, IN_MODIFY, &f->wd_index);
	f->look_index = true;
	if (f->taken_too) { /* created before the index; it may be missing */
		f->taken = place_attempt_file(f->attempt_dir, ATTEMPT_TAKEN);
		if (f->taken >= 0)
			follow_watch_fd(f, f->taken, IN_MODIFY, &f->wd_taken);
	}
	return open_tests(f);
}

int64_t follow_taken(const struct follow *f)
{
	struct stat st;

	return f->taken >= 0 && fstat(f->taken, &st) == 0 ? st.st_size : 0;
}

/* Returns the greatest attempt that has a directory, or the current attempt if there is no later one. */
static int newest_attempt(struct follow *f)
{
	for (int n = LAYOUT_ATTEMPTS; n > f->attempt; n--) {
		char name[2];

		layout_attempt_name(name, n);
		if (dir_has(f->dir, name))
			return n;
	}
	return f->attempt;
}

static int open_attempt(struct follow *f, int n)
{
	attempt_close(f);
	f->attempt = n;
	f->attempt_dir = place_attempt(f->dir, n);
	return f->attempt_dir < 0 ? -1 : open_index(f);
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

	if (follow_drain(f, fn, arg) < 0 || open_attempt(f, n) < 0)
		return -1;
	return first || fn(arg, &it) == 0 ? 0 : -1;
}

static int look_around(struct follow *f, follow_fn fn, void *arg)
{
	int n;

	f->look_dir = false;
	if (look_result(f) < 0)
		return -1;
	follow_watch_begin(f);
	if (f->dir < 0 && find_dir(f) < 0)
		return -1;
	if (f->dir < 0)
		return 0;
	/* the directory's watch may have been set after the first check for the result */
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
	if ((f->look_index || f->result.data) && follow_drain(f, fn, arg) < 0)
		return step_error(f, e);
	if (f->result.data)
		return 1;
	if (f->misses >= GONE_AFTER)
		return cee_fail(e, ENOENT, "%s: is gone from the spool", f->id);
	return 0;
}

/* ---- waiting --------------------------------------------------------------- */


/* For the slow timer: checks all files, and whether the job still exists anywhere. */
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
	p[0] = (struct pollfd){ .fd = f->inotify, .events = POLLIN }; /* poll ignores -1 */
	for (int i = 0; i < nmore; i++)
		p[1 + i] = more[i];
	r = poll(p, (nfds_t)(1 + nmore), wait);
	if (r < 0)
		return -1;
	for (int i = 0; i < nmore; i++)
		more[i].revents = p[1 + i].revents;
	if (p[0].revents)
		follow_read_events(f);
	if (f->blind)
		f->look_dir = f->look_index = true;
	if (mono_us() >= f->slow_us)
		slow_look(f);
	for (int i = 0; i < nmore; i++)
		if (more[i].revents)
			return 2;
	return f->look_dir || f->look_index ? 1 : 0;
}
