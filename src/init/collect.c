/* carry.c - files out of a cell
 *
 * The keeper walks /work when every process of the job is dead and writes what it finds
 * as frames into a pipe. The pipe is the bound of everybody's memory: a keeper whose
 * reader is busy waits in write, and init reads only what it has room for.
 *
 * Rules it keeps:
 * - It never leaves /work: one part of a name at a time, beneath the folder's descriptor,
 *   O_NOFOLLOW, and where the kernel has openat2 also RESOLVE_BENEATH, NO_SYMLINKS and
 *   NO_XDEV. What is opened is looked at again: a regular file or a folder, or nothing.
 * - Bounded are the depth, a name's length, the files, the bytes, the names of what stayed
 *   behind, and the time of the search: a job may have left a million files and
 *   patterns that are slow to match. Each is said in a LEFT.
 * - A file is read once, as long as it said when it was opened. Nothing can change it any
 *   more; if it did all the same, that is said too.
 * - A job can take the rights from its own files (chmod 000) but not from us, who are
 *   their owner: the mode is opened for the walk, and the one the job gave is carried.
 * - Names are bytes until they match; only plain ones go out (what a job may itself use).
 */
#include "base/glob.h"
#include "init/init.h"
#include "wire/frame.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	NAME_BYTES = 1024,
	PLAIN_PARTS = 16,
	ANY_PARTS = PATTERN_PARTS,
	NAMED_MAX = 32, /* LEFTs with a name */
	CHUNK = 32 << 10,
	READ_MAX = 32 << 10,
	SEARCH_SECONDS = 3, /* on the clock, without what is waited for a reader */
};

/* ---- the walk (in the keeper) ------------------------------------------------ */

struct walk {
	const struct carry *c;
	const struct pattern *p;
	size_t n;
	int fd;
	bool stop; /* nobody reads, or the time is up */
	uint64_t files, bytes;
	uint64_t left, named; /* what stayed behind, and how many LEFTs said so */
	int64_t until;	      /* when the search has taken too long; writing moves it on */
	size_t len;
	char name[NAME_BYTES + 256 + 2]; /* from /work on */
};

/* Where in each pattern a folder stands. */
struct places {
	uint64_t at[PATTERNS_MAX];
};

static void put(struct walk *w, enum frame_type type, const void *p, size_t len)
{
	static unsigned char out[FRAME_HEADER + FRAME_MAX];
	int64_t from = init_now_us();
	size_t done = 0;

	frame_header(out, type, STREAM_NONE, len);
	memcpy(out + FRAME_HEADER, p, len);
	while (!w->stop && done < FRAME_HEADER + len) {
		ssize_t n = write(w->fd, out + done, FRAME_HEADER + len - done);
		if (n < 0 && errno != EINTR)
			w->stop = true;
		done += n > 0 ? (size_t)n : 0;
	}
	w->until += init_now_us() - from;
}

static void put_left(struct walk *w, enum left_reason why)
{
	unsigned char p[4 + NAME_BYTES];
	size_t n = w->len < NAME_BYTES ? w->len : NAME_BYTES;

	frame_put32(p, why);
	memcpy(p + 4, w->name, n);
	put(w, FRAME_LEFT, p, 4 + n);
}

static void leave(struct walk *w, enum left_reason why)
{
	w->left++;
	if (w->named >= NAMED_MAX)
		return;
	w->named++;
	put_left(w, why);
}

/* One part, opened beneath dir. */
static int open_part(int dir, const char *name, int flags)
{
	struct open_how how = { .flags = (uint64_t)(unsigned)(flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV };
	int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof how);

	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return fd;
	return openat(dir, name, (int)how.flags);
}

/* The same for what the job may have closed to itself. */
static int open_own(int dir, const char *name, const struct stat *st, int flags)
{
	mode_t need = S_ISDIR(st->st_mode) ? 0700 : 0400;

	if ((st->st_mode & need) != need && fchmodat(dir, name, (st->st_mode & 07777) | need, AT_SYMLINK_NOFOLLOW))
		return -1;
	return open_part(dir, name, flags);
}

/* ---- names ---- */

static size_t parts(const char *name, size_t len)
{
	size_t n = 1;

	for (size_t i = 0; i < len; i++)
		n += name[i] == '/';
	return n;
}

/* As job_name_valid has it. */
static bool name_plain(const struct walk *w)
{
	const char *end = w->name + w->len;
	size_t used;

	for (const char *s = w->name; s < end; s += used) {
		int32_t c = pattern_char(s, end, &used);
		if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
	}
	return w->len <= NAME_BYTES && parts(w->name, w->len) <= PLAIN_PARTS;
}

static bool name_fits(const struct walk *w)
{
	return w->c->everything ? w->len <= NAME_BYTES && parts(w->name, w->len) <= ANY_PARTS : name_plain(w);
}

/* ---- what is found ---- */

static bool count_in(struct walk *w, uint64_t size)
{
	if (!name_fits(w))
		leave(w, LEFT_NAME);
	else if (w->files >= w->c->files)
		leave(w, LEFT_COUNT);
	else if (size > w->c->bytes - w->bytes)
		leave(w, LEFT_BYTES);
	else
		return true;
	return false;
}

static void put_file(struct walk *w, uint32_t mode, uint64_t size)
{
	unsigned char p[12 + NAME_BYTES];

	frame_put32(p, mode);
	frame_put64(p + 4, size);
	memcpy(p + 12, w->name, w->len);
	put(w, FRAME_FILE, p, 12 + w->len);
	w->files++;
	w->bytes += size;
}

static void put_content(struct walk *w, int fd, uint64_t size)
{
	unsigned char data[CHUNK];
	ssize_t n;

	while (size && !w->stop) {
		n = read(fd, data, size < CHUNK ? (size_t)size : CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		put(w, FRAME_DATA, data, (size_t)n);
		size -= (uint64_t)n;
	}
	if (!w->stop && (size || read(fd, data, 1) != 0))
		leave(w, LEFT_CHANGED);
}

static void take_file(struct walk *w, int dir, const char *name, const struct stat *st)
{
	struct stat now;
	int fd;

	if (!count_in(w, (uint64_t)st->st_size))
		return;
	fd = open_own(dir, name, st, O_RDONLY);
	if (fd < 0 || fstat(fd, &now) || !S_ISREG(now.st_mode) || now.st_size != st->st_size) {
		leave(w, fd < 0 ? LEFT_UNREADABLE : LEFT_CHANGED);
	} else {
		put_file(w, st->st_mode & (S_IFMT | 0777), (uint64_t)st->st_size);
		put_content(w, fd, (uint64_t)st->st_size);
	}
	if (fd >= 0)
		close(fd);
}

static void take_link(struct walk *w, int dir, const char *name, const struct stat *st)
{
	char target[4096];
	ssize_t n = readlinkat(dir, name, target, sizeof target);

	if (n <= 0 || n == sizeof target) {
		leave(w, LEFT_UNREADABLE);
	} else if (count_in(w, (uint64_t)n)) {
		put_file(w, st->st_mode & S_IFMT, (uint64_t)n);
		put(w, FRAME_DATA, target, (size_t)n);
	}
}

static void walk_folder(struct walk *w, int fd, const struct places *at, int depth);

static void take_folder(struct walk *w, int dir, const char *name, const struct stat *st, const struct places *at,
			int depth)
{
	int fd;

	if (w->len > NAME_BYTES || depth >= (w->c->everything ? ANY_PARTS : PLAIN_PARTS)) {
		leave(w, LEFT_NAME);
		return;
	}
	fd = open_own(dir, name, st, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		leave(w, LEFT_UNREADABLE);
	else
		walk_folder(w, fd, at, depth);
	if (fd >= 0 && w->c->everything && !w->stop && count_in(w, 0))
		put_file(w, st->st_mode & (S_IFMT | 0777), 0);
}

/* Moves all patterns on by one part. */
static void step(const struct walk *w, const struct places *at, const char *name, size_t len, struct places *next,
		 bool *matches, bool *more)
{
	*matches = *more = w->c->everything;
	for (size_t i = 0; i < w->n; i++) {
		next->at[i] = at->at[i] ? pattern_step(&w->p[i], at->at[i], name, len) : 0;
		*matches |= pattern_done(&w->p[i], next->at[i]);
		*more |= pattern_more(&w->p[i], next->at[i]);
	}
}

static void take_entry(struct walk *w, int dir, const char *name, const struct places *at, int depth)
{
	struct places next = { { 0 } };
	bool matches, more;
	struct stat st;

	step(w, at, name, strlen(name), &next, &matches, &more);
	if ((!matches && !more) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return;
	if (S_ISDIR(st.st_mode)) {
		if (more)
			take_folder(w, dir, name, &st, &next, depth + 1);
	} else if (S_ISLNK(st.st_mode) && w->c->everything) {
		take_link(w, dir, name, &st);
	} else if (!S_ISREG(st.st_mode)) {
		/* a link to a folder stands in the way of what was meant beneath it */
		if (matches || S_ISLNK(st.st_mode))
			leave(w, LEFT_TYPE);
	} else if (matches) {
		take_file(w, dir, name, &st);
	}
}

static void look_at_clock(struct walk *w)
{
	if (init_now_us() < w->until)
		return;
	put_left(w, LEFT_SEARCH);
	w->stop = true;
}

/* Takes fd over. A part is at most 255 bytes, so the name's room is enough for one more. */
static void walk_folder(struct walk *w, int fd, const struct places *at, int depth)
{
	DIR *d = fdopendir(fd);
	size_t len = w->len;
	struct dirent *e;

	if (!d)
		close(fd);
	while (d && !w->stop && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		w->len = len +
			 (size_t)snprintf(w->name + len, sizeof w->name - len, "%s%.255s", len ? "/" : "", e->d_name);
		take_entry(w, dirfd(d), e->d_name, at, depth);
		w->len = len;
		look_at_clock(w);
	}
	if (d)
		closedir(d);
	w->len = len;
}

void carry_walk(int work, const struct carry *c, const struct pattern *p, size_t n, int fd)
{
	struct walk w = { .c = c,
			  .p = p,
			  .n = n < PATTERNS_MAX ? n : PATTERNS_MAX,
			  .fd = fd,
			  .until = init_now_us() + SEARCH_SECONDS * INT64_C(1000000) };
	struct places at = { { 0 } };
	unsigned char more[12];
	bool searched;
	int dir;

	for (size_t i = 0; i < w.n; i++)
		at.at[i] = pattern_begin(&p[i]);
	fchmod(work, 0755); /* its own folder too a job may close */
	dir = openat(work, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		leave(&w, LEFT_UNREADABLE);
	else
		walk_folder(&w, dir, &at, 0);
	searched = !w.stop;
	w.stop = false; /* out of time is no reason not to say so */
	frame_put32(more, LEFT_MORE);
	frame_put64(more + 4, w.left - w.named);
	if (w.left > w.named)
		put(&w, FRAME_LEFT, more, sizeof more);
	frame_put32(more, !searched);
	put(&w, FRAME_DONE, more, 4);
}

/* ---- what it gives (in init) --------------------------------------------------- */

int carrying_open(struct carrying *c, int *theirs)
{
	int p[2];

	c->fd = *theirs = -1;
	c->left = 0;
	c->done = false;
	frame_parser_init(&c->parser);
	if (pipe2(p, O_CLOEXEC))
		return -1;
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	c->fd = p[0];
	*theirs = p[1];
	return 0;
}

void carrying_close(struct carrying *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static bool frame_fits(struct carrying *c, const struct frame *f)
{
	switch (f->type) {
	case FRAME_FILE:
		if (f->len < 13 || f->len > 12 + NAME_BYTES)
			return false;
		c->left = frame_get64(f->data + 4);
		return true;
	case FRAME_DATA:
		if (f->len > c->left)
			return false;
		c->left -= f->len;
		return true;
	case FRAME_LEFT:
		c->left = 0;
		return f->len >= 4 && f->len <= 4 + NAME_BYTES && frame_get32(f->data) < LEFT_REASONS &&
		       (frame_get32(f->data) != LEFT_MORE || f->len == 12);
	case FRAME_DONE:
		return f->len == 4;
	case FRAME_HELLO:
	case FRAME_JOB:
	case FRAME_PHASE:
	case FRAME_ARG:
	case FRAME_ENV:
	case FRAME_GO:
	case FRAME_STDIN:
	case FRAME_STDIN_END:
	case FRAME_SIGNAL:
	case FRAME_KILL:
	case FRAME_COLLECT:
	case FRAME_WINDOW:
	case FRAME_TEST:
	case FRAME_FINISH:
	case FRAME_READY:
	case FRAME_START:
	case FRAME_OUT:
	case FRAME_GAP:
	case FRAME_END:
	case FRAME_CREDIT:
	case FRAME_TROUBLE:
	case FRAME_NEXT:
	default:
		return false;
	}
}

static int at_end(struct carrying *c, bool done)
{
	c->done = done;
	carrying_close(c);
	return 0;
}

int carrying_read(struct carrying *c, void (*take)(void *arg, const struct frame *f), void *arg)
{
	static unsigned char data[READ_MAX];
	struct frame f;
	size_t used;
	ssize_t n = c->fd < 0 ? 0 : read(c->fd, data, sizeof data);
	int got;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n <= 0)
		return at_end(c, false);
	for (size_t at = 0; at < (size_t)n; at += used) {
		got = frame_feed(&c->parser, data + at, (size_t)n - at, &used, &f);
		if (got < 0 || (got && !frame_fits(c, &f)))
			return at_end(c, false);
		if (got && f.type == FRAME_DONE)
			return at_end(c, true);
		if (got)
			take(arg, &f);
	}
	return 1;
}
