/* collect_walk.c - finds a job's output files after all of its processes have ended (collect_walk.h)
 *
 * The pipe bounds the memory of both processes: the walk blocks in write while its reader is
 * busy, and init reads only as much as it can store.
 *
 * Rules it keeps:
 * - It never leaves the folder: one part of a name at a time, beneath the folder's
 *   descriptor, O_NOFOLLOW, and where the kernel has openat2 also RESOLVE_BENEATH,
 *   NO_SYMLINKS and NO_XDEV. What has been opened is checked again: a regular file or a folder.
 * - Bounded are the depth, a name's length, the files, the bytes, the names of files that were
 *   left behind, and the time of the search: a job may have left a million files, and
 *   patterns that are slow to match. Each bound that was met is reported by a LEFT.
 * - A file is read once, up to the size it had when it was opened. Nothing should change it any
 *   more; if something did, that is reported too.
 * - A job can take rights from its own files (chmod 000), but this process is their owner too:
 *   the mode is widened for the walk, and the job's own mode is reported.
 * - Names are bytes until they match; only plain ones are sent (what a job itself may use).
 */
#include "init/collect_walk.h"

#include "base/clock.h"
#include "init/cpu_time.h"
#include "wire/payload.h"

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
	PLAIN_PARTS = 16,
	ANY_PARTS = PATTERN_PARTS,
	NAMED_MAX = 32, /* LEFTs with a name */
	CHUNK = 32 << 10,
	SEARCH_US = 3000000,	   /* of the walk's cpu time: what it finds does not hang on the host's load */
	SEARCH_MOST_US = 30000000, /* of wall time, not counting the time spent waiting for the reader */
};

struct walk {
	const struct collect_request *c;
	const struct pattern *p;
	size_t n;
	int fd;
	bool stop; /* the reader is gone, or the time is up */
	uint64_t files, bytes;
	uint64_t left, named; /* files that were left behind, and LEFTs with their names */
	int64_t from, cpu;    /* when the search began (moved on by the time that writes wait), and the cpu time then */
	size_t len;
	char name[COLLECT_NAME_MAX + 256 + 2]; /* from /work on */
	unsigned char out[FRAME_HEADER + FRAME_MAX];
};

/* The position of the current folder in each pattern. */
struct places {
	uint64_t at[PATTERNS_MAX];
};

static void put(struct walk *w, enum frame_type type, const void *p, size_t len)
{
	int64_t from = mono_us();
	size_t done = 0;

	frame_header(w->out, type, STREAM_NONE, len);
	memcpy(w->out + FRAME_HEADER, p, len);
	while (!w->stop && done < FRAME_HEADER + len) {
		ssize_t n = write(w->fd, w->out + done, FRAME_HEADER + len - done);
		if (n < 0 && errno != EINTR)
			w->stop = true;
		done += n > 0 ? (size_t)n : 0;
	}
	w->from += mono_us() - from;
}

static void put_left(struct walk *w, const struct frame_left *left)
{
	struct payload p;

	if (!frame_pack_left(&p, left))
		put(w, FRAME_LEFT, p.data, p.len);
}

static void put_left_here(struct walk *w, enum left_reason why)
{
	size_t n = w->len < COLLECT_NAME_MAX ? w->len : COLLECT_NAME_MAX;

	put_left(w, &(struct frame_left){ .reason = why, .name = w->name, .name_len = n });
}

static void leave(struct walk *w, enum left_reason why)
{
	w->left++;
	if (w->named >= NAMED_MAX)
		return;
	w->named++;
	put_left_here(w, why);
}

/* Opens one part of a name beneath dir. */
static int open_part(int dir, const char *name, int flags)
{
	struct open_how how = { .flags = (uint64_t)(unsigned)(flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV };
	int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof how);

	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return fd;
	return openat(dir, name, (int)how.flags);
}

/* The same for a file whose rights the job may have taken away. */
static int open_own(int dir, const char *name, const struct stat *st, int flags)
{
	mode_t need = S_ISDIR(st->st_mode) ? 0700 : 0400;

	if ((st->st_mode & need) != need && fchmodat(dir, name, (st->st_mode & 07777) | need, AT_SYMLINK_NOFOLLOW))
		return -1;
	return open_part(dir, name, flags);
}

/* ---- names ------------------------------------------------------------------ */

static size_t parts(const char *name, size_t len)
{
	size_t n = 1;

	for (size_t i = 0; i < len; i++)
		n += name[i] == '/';
	return n;
}

/* The same rule as job_name_valid in base/names.h. */
static bool name_plain(const struct walk *w)
{
	const char *end = w->name + w->len;
	size_t used;

	for (const char *s = w->name; s < end; s += used) {
		int32_t c = pattern_char(s, end, &used);
		if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
	}
	return w->len <= COLLECT_NAME_MAX && parts(w->name, w->len) <= PLAIN_PARTS;
}

static bool name_fits(const struct walk *w)
{
	return w->c->everything ? w->len <= COLLECT_NAME_MAX && parts(w->name, w->len) <= ANY_PARTS : name_plain(w);
}

/* ---- files ------------------------------------------------------------------ */

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
	struct frame_file f = { .mode = mode, .size = size, .name = w->name, .name_len = w->len };
	struct payload p;

	if (frame_pack_file(&p, &f))
		return; /* not reached: name_fits has checked the length */
	put(w, FRAME_FILE, p.data, p.len);
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

	if (w->len > COLLECT_NAME_MAX || depth >= (w->c->everything ? ANY_PARTS : PLAIN_PARTS)) {
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
		/* a link to a folder hides the files beneath it that the pattern would match */
		if (matches || S_ISLNK(st.st_mode))
			leave(w, LEFT_TYPE);
	} else if (matches) {
		take_file(w, dir, name, &st);
	}
}

static void look_at_clock(struct walk *w)
{
	int64_t took = mono_us() - w->from;

	if (took < SEARCH_US || (took < SEARCH_MOST_US && own_cpu_us() - w->cpu < SEARCH_US))
		return;
	put_left_here(w, LEFT_SEARCH);
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

static void begin_walk(struct walk *w, const struct collect_request *c, const struct pattern *p, size_t n, int fd)
{
	w->c = c;
	w->p = p;
	w->n = n < PATTERNS_MAX ? n : PATTERNS_MAX;
	w->fd = fd;
	w->stop = false;
	w->files = w->bytes = w->left = w->named = 0;
	w->from = mono_us();
	w->cpu = own_cpu_us();
	w->len = 0;
	w->name[0] = '\0';
}

void collect_walk(int work, const struct collect_request *c, const struct pattern *p, size_t n, int fd)
{
	struct places at = { { 0 } };
	struct payload done;
	struct walk w; /* not cleared: it is large */
	bool searched;
	int dir;

	begin_walk(&w, c, p, n, fd);
	for (size_t i = 0; i < w.n; i++)
		at.at[i] = pattern_begin(&p[i]);
	fchmod(work, 0755); /* the job may have taken the rights from its own folder too */
	dir = openat(work, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		leave(&w, LEFT_UNREADABLE);
	else
		walk_folder(&w, dir, &at, 0);
	searched = !w.stop;
	w.stop = false; /* a search that ran out of time is still reported */
	if (w.left > w.named)
		put_left(&w, &(struct frame_left){ .reason = LEFT_MORE, .more = w.left - w.named });
	frame_pack_number(&done, !searched);
	put(&w, FRAME_DONE, done.data, done.len);
}
