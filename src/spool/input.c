/* input.c - input of a running job: standard input, signals, the size of its terminal (input.h)
 *
 * OWNER/in/ID is the standard input of a job with stdin_stream, as far as it was
 * written. The job's submitter creates it before the job enters new/, holds a lock
 * on it while more input may come, appends, and then writes the end mark in/ID.end:
 * the total number of bytes, and a newline; without the newline the end mark does
 * not count. The rules:
 *   - The input stays until the job is retired, so that a rerun reads the same bytes.
 *   - If there is no end mark and the lock is free, the writer is gone. The input ends
 *     there too, as with a pipe. The lock is tested before the end mark is read: a
 *     writer writes the end mark before it releases the lock.
 *   - If the end mark states more bytes than the file has, the input is lost (after a
 *     power cut: nothing here is synced).
 *   - in/ID.INT and so on are signals for the program. These files are empty: as with
 *     a process, a pending signal cannot be pending twice.
 *   - in/ID.window is the size of the job's terminal: rows, a space, columns, and a
 *     newline. It is replaced when the size changes, and only the last one counts.
 *   - If in/ID.open exists, several processes write the input one after the other, each
 *     holding the lock. A free lock then means nothing: only the end mark ends the input.
 *   - The runner trusts none of these files: it follows no links, and accepts only
 *     regular files of bounded size.
 */
#include "spool/input.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "base/id.h"
#include "base/testhook.h"
#include "spool/find.h"
#include "spool/layout.h"
#include "spool/owner_part.h"
#include "spool/places.h"
#include "spool/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


enum { END_TEXT_MAX = 24, WINDOW_TEXT_MAX = 24, STALE_S = 60 };

bool spool_input_parse(const char *name, char id[ID_LEN + 1], enum spool_input_kind *kind, int *sig)
{
	return layout_input_parse(name, id, kind, sig);
}

/* Parses digits that end with the character stop; -1 if another character follows, or if the number is greater than
 * max. */
static int64_t number(const char **p, const char *end, char stop, int64_t max)
{
	int64_t n = 0;
	const char *start = *p;

	for (; *p < end && **p >= '0' && **p <= '9'; ++*p) {
		n = n * 10 + (**p - '0');
		if (n > max)
			return -1;
	}
	if (*p == start || *p == end || **p != stop)
		return -1;
	++*p;
	return n;
}

int64_t spool_end_parse(const char *text, size_t len)
{
	const char *p = text;
	int64_t n = number(&p, text + len, '\n', INT64_MAX / 16);

	return p == text + len ? n : -1;
}

bool spool_window_parse(const char *text, size_t len, unsigned *rows, unsigned *columns)
{
	const char *p = text;
	int64_t r = number(&p, text + len, ' ', UINT16_MAX), c = r < 1 ? -1 : number(&p, text + len, '\n', UINT16_MAX);

	if (c < 1 || p != text + len)
		return false;
	*rows = (unsigned)r;
	*columns = (unsigned)c;
	return true;
}

/* ---- the submitter's side ----------------------------------------------------- */

static int make_input(int dir, const char *name)
{
	return openat(dir, name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int spool_input_make(struct spool *s, const char *owner, const char *id, struct spool_input *in, struct cee_err *e)
{
	const struct owner_entry entry = { owner, id, PART_IN, make_input };

	*in = (struct spool_input){ .dir = -1, .fd = -1 };
	memcpy(in->id, id, sizeof in->id);
	in->fd = owner_part_entry(s, &entry, &in->dir, e);
	if (in->dir < 0)
		return -1;
	if (in->fd >= 0 && file_lock(in->fd, false) == 0)
		return 0;
	cee_fail(e, errno, "%s/in/%s: %s", owner, id, strerror(errno));
	spool_input_drop(in);
	return -1;
}

void spool_input_leave(struct spool_input *in)
{
	int err = errno;

	close_ptr(&in->fd);
	close_ptr(&in->dir);
	in->fd = in->dir = -1;
	errno = err;
}

void spool_input_drop(struct spool_input *in)
{
	int err = errno;

	if (in->fd >= 0)
		unlinkat(in->dir, in->id, 0);
	errno = err;
	spool_input_leave(in);
}

int spool_input_write(struct spool_input *in, const void *data, size_t len)
{
	if (write_full(in->fd, data, len) < 0)
		return -1;
	in->size += (int64_t)len;
	return 0;
}

int spool_input_end(struct spool_input *in)
{
	char name[LAYOUT_INPUT_MAX], text[END_TEXT_MAX];
	int n = snprintf(text, sizeof text, "%lld\n", (long long)in->size), fd, r;

	layout_input_name(name, in->id, INPUT_END, 0);
	fd = openat(in->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	r = write_full(fd, text, (size_t)n);
	close_ptr(&fd);
	layout_input_name(name, in->id, INPUT_OPEN, 0);
	unlinkat(in->dir, name, 0);
	spool_hook("input-ended");
	spool_input_leave(in);
	return r;
}

int spool_input_keep(struct spool_input *in)
{
	char name[LAYOUT_INPUT_MAX];
	int fd;

	layout_input_name(name, in->id, INPUT_OPEN, 0);
	fd = openat(in->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	close_ptr(&fd);
	spool_input_leave(in);
	return 0;
}

/* With the lock held: may more input be written? */
static int check_open(struct spool_input *in, struct cee_err *e)
{
	char name[LAYOUT_INPUT_MAX];
	struct stat st;

	layout_input_name(name, in->id, INPUT_OPEN, 0);
	if (!dir_has(in->dir, name))
		return cee_fail(e, ENOENT, "its input has ended");
	if (fstat(in->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1)
		return cee_fail(e, EINVAL, "%s: its input is not a regular file with one link", in->id);
	in->size = st.st_size;
	return 0;
}

int spool_input_again(struct spool *s, const char *owner, const char *id, struct spool_input *in, struct cee_err *e)
{
	*in = (struct spool_input){ .dir = -1, .fd = -1 };
	memcpy(in->id, id, sizeof in->id);
	in->dir = owner_part_open(s, owner, PART_IN, e);
	if (in->dir < 0)
		return -1;
	in->fd = openat(in->dir, id, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (in->fd < 0 && errno == ENOENT)
		cee_fail(e, ENOENT, "takes no input (\"stdin_stream\": true in the job makes it do so)");
	else if (in->fd < 0 || file_lock(in->fd, true) < 0)
		cee_fail(e, errno, "%s/in/%s: %s", owner, id, strerror(errno));
	else if (check_open(in, e) == 0)
		return 0;
	spool_input_leave(in);
	return -1;
}

int spool_signal(struct spool *s, const char *owner, const char *id, int sig, struct cee_err *e)
{
	AUTO_CLOSE int dir = owner_part_open(s, owner, PART_IN, e);
	AUTO_CLOSE int fd = -1;
	char name[LAYOUT_INPUT_MAX];

	if (dir < 0)
		return -1;
	if (!layout_input_name(name, id, INPUT_SIGNAL, sig))
		return cee_fail(e, EINVAL,
				"signal %d: cannot be sent to a job (HUP, INT, QUIT, TERM, USR1 and USR2 can)", sig);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	return fd < 0 ? cee_fail(e, errno, "%s/in/%s: %s", owner, name, strerror(errno)) : 0;
}

int spool_window(struct spool *s, const char *owner, const char *id, unsigned rows, unsigned columns, struct cee_err *e)
{
	AUTO_CLOSE int dir = owner_part_open(s, owner, PART_IN, e);
	AUTO_CLOSE int fd = -1;
	char name[LAYOUT_INPUT_MAX], text[WINDOW_TEXT_MAX];
	int n = snprintf(text, sizeof text, "%u %u\n", rows, columns);

	if (dir < 0)
		return -1;
	layout_input_name(name, id, INPUT_WINDOW, 0);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0 || write_full(fd, text, (size_t)n) < 0)
		return cee_fail(e, errno, "%s/in/%s: %s", owner, name, strerror(errno));
	return 0;
}

/* ---- the runner's side -------------------------------------------------------- */

static int open_in(struct spool *s, const char *owner, const char *id)
{
	return place_check_names(owner, id, NULL) < 0 ? -1 : place_part(s, owner, PART_IN);
}

int spool_input_open(struct spool *s, const char *owner, const char *id)
{
	AUTO_CLOSE int dir = open_in(s, owner, id);
	int fd = dir < 0 ? -1 : openat(dir, id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1)
		return fd;
	close_ptr(&fd);
	errno = EINVAL;
	return -1;
}

bool spool_input_left(int fd)
{
	return file_locked(fd) == 0;
}

bool spool_input_kept(struct spool *s, const char *owner, const char *id)
{
	AUTO_CLOSE int dir = open_in(s, owner, id);
	char name[LAYOUT_INPUT_MAX];

	layout_input_name(name, id, INPUT_OPEN, 0);
	return dir >= 0 && dir_has(dir, name);
}

int64_t spool_input_size(struct spool *s, const char *owner, const char *id)
{
	AUTO_CLOSE int dir = open_in(s, owner, id);
	AUTO_BUF struct buf b = { 0 };
	char name[LAYOUT_INPUT_MAX];

	layout_input_name(name, id, INPUT_END, 0);
	return dir < 0 || read_file_at(dir, name, END_TEXT_MAX, &b) < 0 ? -1
									: spool_end_parse(b.data ? b.data : "", b.len);
}

bool spool_window_read(struct spool *s, const char *owner, const char *id, unsigned *rows, unsigned *columns)
{
	AUTO_CLOSE int dir = open_in(s, owner, id);
	AUTO_BUF struct buf b = { 0 };
	char name[LAYOUT_INPUT_MAX];

	layout_input_name(name, id, INPUT_WINDOW, 0);
	return dir >= 0 && read_file_at(dir, name, WINDOW_TEXT_MAX, &b) == 0 &&
	       spool_window_parse(b.data ? b.data : "", b.len, rows, columns);
}

bool spool_signal_take(struct spool *s, const char *owner, const char *id, int sig)
{
	AUTO_CLOSE int dir = open_in(s, owner, id);
	char name[LAYOUT_INPUT_MAX];

	return dir >= 0 && layout_input_name(name, id, INPUT_SIGNAL, sig) && unlinkat(dir, name, 0) == 0;
}

int64_t spool_taken(struct spool *s, const char *owner, const char *id, int attempt)
{
	AUTO_CLOSE int out = place_out(s, owner, id);
	AUTO_CLOSE int dir = out < 0 ? -1 : place_attempt(out, attempt);
	struct stat st;

	return dir >= 0 && fstatat(dir, attempt_file_name[ATTEMPT_TAKEN], &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_size
													 : 0;
}

int spool_each_input(struct spool *s, const char *owner, spool_name_fn f, void *arg)
{
	AUTO_CLOSE int dir = place_part(s, owner, PART_IN);

	return dir < 0 ? -1 : dir_each_name(dir, ".", f, arg);
}

void spool_input_clear(struct spool *s, const char *owner, const char *id)
{
	AUTO_CLOSE int dir = open_in(s, owner, id);
	char name[LAYOUT_INPUT_MAX];
	int sig;

	if (dir < 0)
		return;
	if (unlinkat(dir, id, 0) < 0 && errno == EISDIR)
		unlinkat(dir, id, AT_REMOVEDIR); /* fails if the directory is not empty: cee-fsck reports it */
	layout_input_name(name, id, INPUT_END, 0);
	unlinkat(dir, name, 0);
	layout_input_name(name, id, INPUT_WINDOW, 0);
	unlinkat(dir, name, 0);
	layout_input_name(name, id, INPUT_OPEN, 0);
	unlinkat(dir, name, 0);
	for (size_t i = 0; (sig = layout_signal(i)) != 0; i++) {
		layout_input_name(name, id, INPUT_SIGNAL, sig);
		unlinkat(dir, name, 0);
	}
}

bool spool_input_stale(struct spool *s, const char *owner, const char *name)
{
	AUTO_CLOSE int dir = -1, fd = -1, out = -1;
	enum spool_input_kind kind;
	char id[ID_LEN + 1];
	struct spool_where w;
	struct stat st;
	int sig;

	if (!spool_input_parse(name, id, &kind, &sig) || (dir = open_in(s, owner, id)) < 0)
		return false;
	/* the input is created before its job, which must be submitted within STALE_S */
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || now_us() / 1000000 - st.st_mtime < STALE_S)
		return false;
	if (kind == INPUT_BYTES && (fd = spool_input_open(s, owner, id)) >= 0 && !spool_input_left(fd))
		return false;
	out = place_out(s, owner, id);
	return (out >= 0 && dir_has(out, LAYOUT_JOB)) || (spool_find(s, owner, id, &w, NULL) < 0 && errno == ENOENT);
}
