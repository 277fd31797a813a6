/* group.c - groups: OWNER/groups/NAME, one id a line (group.h)
 *
 * The rules kept here:
 *   - An id is in the file, and durable, before its job enters new/: no member is ever
 *     missing. The file may have ids whose job was never submitted, or was removed:
 *     readers ignore these.
 *   - A sync for each job would halve a submitter's throughput, so a few ids are made and
 *     written ahead. An id contains its time of creation, so ids that were not used within
 *     GROUP_FRESH_US are never used.
 *   - The file is only ever appended to, with one write for a batch. If a power cut left
 *     the last line without its newline, the next write begins with a newline.
 *   - A submitter holds a read lock on the file. A process that gets the write lock, and finds
 *     that none of the ids has a job, may remove the file; a process that opened the file
 *     just before its removal opens it again.
 */
#include "spool/group.h"
#include "base/clock.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "base/id.h"
#include "base/names.h"
#include "base/testhook.h"
#include "spool/find.h"
#include "spool/ids.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "spool/owner_part.h"
#include "spool/places.h"
#include "spool/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


enum { LINE = ID_LEN + 1, BLOCK = 4096 };


/* ---- names ------------------------------------------------------------------------ */


static int bad_name(const char *name, struct cee_err *e)
{
	return cee_fail(e, EINVAL,
			"group \"%.80s\": a name has 1 to %d bytes, no '/' and no control characters,"
			" and does not begin with a dot",
			name, GROUP_NAME_MAX);
}

/* ---- a submitter's ------------------------------------------------------------------ */

void group_init(struct group *g)
{
	*g = (struct group){ .fd = -1 };
}

void group_release(struct group *g)
{
	close_ptr(&g->fd); /* also releases the lock */
	group_init(g);
}

/* Opens and read-locks the file; if it was removed before the lock was taken, opens it again. */
static int open_locked(int dir, const char *name)
{
	for (;;) {
		int fd = open_file_at(dir, name, O_RDWR | O_APPEND | O_CREAT);

		if (fd < 0)
			return -1;
		if (file_lock_shared(fd) < 0) {
			close_ptr(&fd);
			return -1;
		}
		if (file_is_at(fd, dir, name))
			return fd;
		close(fd);
	}
}

int group_open(struct group *g, struct spool *s, const char *owner, const char *name, struct cee_err *e)
{
	const struct owner_entry entry = { owner, name, PART_GROUPS, open_locked };
	AUTO_CLOSE int dir = -1;
	char last = '\n';
	struct stat st;

	group_release(g);
	if (!group_name_valid(name))
		return bad_name(name, e);
	g->s = s;
	snprintf(g->name, sizeof g->name, "%s", name);
	if ((g->fd = owner_part_entry(s, &entry, &dir, e)) < 0 && dir < 0)
		return -1;
	if (g->fd < 0 || fstat(g->fd, &st) < 0)
		return cee_fail(e, errno, "%s/groups/%s: %s", owner, name, strerror(errno));
	if (st.st_size > 0 && pread(g->fd, &last, 1, st.st_size - 1) == 1)
		g->torn = last != '\n';
	else if (s->durable && fsync(dir) < 0)
		return cee_fail(e, errno, "%s/groups: %s", owner, strerror(errno));
	return 0;
}

static int append(struct group *g, const char ids[][ID_LEN + 1], int n, struct cee_err *e)
{
	char text[1 + GROUP_RESERVE * LINE];
	size_t len = 0;

	if (g->torn)
		text[len++] = '\n';
	for (int i = 0; i < n; i++, len += LINE) {
		memcpy(text + len, ids[i], ID_LEN);
		text[len + ID_LEN] = '\n';
	}
	g->torn = true;
	if (write_full(g->fd, text, len) < 0 || (g->s->durable && fdatasync(g->fd) < 0)) {
		if (errno == ENOSPC || errno == EDQUOT)
			return cee_fail(e, ENOSPC,
					"no room in the spool (groups/%s: %s); try again later, or make"
					" room with cee-prune --older-than TIME",
					g->name, strerror(errno));
		return cee_fail(e, errno, "groups/%s: %s", g->name, strerror(errno));
	}
	g->torn = false;
	spool_hook("group-written");
	return 0;
}

int group_next(struct group *g, char id[ID_LEN + 1], struct cee_err *e)
{
	bool fresh = mono_us() - g->made_us < GROUP_FRESH_US;

	if (g->at == g->nready || !fresh) {
		/* double the batch if the last one was used in time; if jobs come slowly, make one id at a time */
		g->step = !fresh ? 1 : g->step < GROUP_RESERVE / 2 ? g->step * 2 : GROUP_RESERVE;
		g->at = g->nready = 0;
		g->made_us = mono_us();
		for (int i = 0; i < g->step; i++)
			id_make(g->ready[i]);
		if (append(g, g->ready, g->step, e) < 0)
			return -1;
		g->nready = g->step;
	}
	memcpy(id, g->ready[g->at++], ID_LEN + 1);
	return 0;
}

void group_back(struct group *g)
{
	if (g->at > 0)
		g->at--;
}

int group_add(struct group *g, const char *id, struct cee_err *e)
{
	char one[1][ID_LEN + 1];

	memcpy(one[0], id, ID_LEN + 1);
	return append(g, one, 1, e);
}

/* ---- reading -------------------------------------------------------------------------- */

typedef int (*line_fn)(void *arg, const char *id);

/* Calls fn for each id, and skips all other lines. Returns fn's value if it is not 0. */
static int each_line(int fd, line_fn fn, void *arg)
{
	char text[BLOCK + 1];
	size_t have = 0;
	bool skip = false;
	ssize_t n;
	int r;

	while ((n = read(fd, text + have, BLOCK - have)) != 0) {
		char *line = text, *nl;

		if (n < 0 && errno != EINTR)
			return -1;
		have += n > 0 ? (size_t)n : 0;
		for (; (nl = memchr(line, '\n', have - (size_t)(line - text))); line = nl + 1) {
			*nl = 0;
			if (!skip && nl - line == ID_LEN && id_valid(line) && (r = fn(arg, line)) != 0)
				return r;
			skip = false;
		}
		have -= (size_t)(line - text);
		memmove(text, line, have);
		if (have == BLOCK) {
			skip = true;
			have = 0;
		}
	}
	return 0;
}

static int load_line(void *arg, const char *id)
{
	return ids_add(arg, id) < 0 ? -1 : 0;
}

int group_read(int fd, struct ids *l)
{
	return each_line(fd, load_line, l);
}

int group_load(struct spool *s, const char *owner, const char *name, struct ids *l, struct cee_err *e)
{
	AUTO_CLOSE int dir = -1, fd = -1;

	if (!spool_owner_valid(owner) || !group_name_valid(name))
		return bad_name(name, e);
	dir = place_part(s, owner, PART_GROUPS);
	if (dir >= 0)
		fd = open_file_at(dir, name, O_RDONLY);
	if (fd < 0 && errno != ENOENT)
		return cee_fail(e, errno, "%s/groups/%s: %s", owner, name, strerror(errno));
	if (fd < 0 && !id_valid(name))
		return cee_fail(e, ENOENT, "%s: no such group of %s", name, owner);
	if (id_valid(name) && ids_add(l, name) < 0)
		return cee_fail(e, ENOMEM, "out of memory");
	if (fd >= 0 && group_read(fd, l) < 0)
		return cee_fail(e, errno, "%s/groups/%s: %s", owner, name, strerror(errno));
	return 0;
}

int group_busy(struct spool *s, const char *owner, const char *name)
{
	AUTO_CLOSE int dir = -1, fd = -1;

	if (!spool_owner_valid(owner) || !group_name_valid(name))
		return 0;
	if ((dir = place_part(s, owner, PART_GROUPS)) >= 0)
		fd = open_file_at(dir, name, O_RDONLY);
	return fd >= 0 && file_locked(fd) == 1;
}

struct drop {
	struct spool *s;
	const char *owner;
};

static int is_there(void *arg, const char *id)
{
	struct drop *d = arg;
	struct spool_where w;

	return spool_find(d->s, d->owner, id, &w, NULL) == 0 || errno != ENOENT;
}

int group_drop(struct spool *s, const char *owner, const char *name, bool dry)
{
	AUTO_CLOSE int dir = -1, fd = -1;
	struct drop d = { s, owner };

	if (!spool_owner_valid(owner) || !group_name_valid(name))
		return 0;
	if ((dir = place_part(s, owner, PART_GROUPS)) < 0 || (fd = open_file_at(dir, name, O_RDWR)) < 0 ||
	    file_lock(fd, false) < 0 || !file_is_at(fd, dir, name))
		return 0;
	if ((id_valid(name) && is_there(&d, name)) || each_line(fd, is_there, &d) != 0)
		return 0;
	return dry || unlinkat(dir, name, 0) == 0;
}

void group_drop_old(struct spool *s, const char *owner, int64_t before_us, bool dry, spool_name_fn f, void *arg)
{
	DIR *d = place_list(s, owner, PART_GROUPS);
	struct dirent *e;

	while (d && (e = dir_next(d)))
		if (file_written_us(dirfd(d), e->d_name) < before_us && group_drop(s, owner, e->d_name, dry) && f)
			f(arg, e->d_name);
	if (d)
		closedir(d);
}
