/* health.c - are jobs being run? (health.h)
 *
 * A heartbeat is BEAT_SIZE bytes, "up" or "down REASON", padded with spaces, at their end "kept BYTES JOBS", and
 * overwrites the previous one: a reader sees the old or the new text, and the file's mtime is the time of the heartbeat. A runner of a version
 * without heartbeats has an empty file, and counts as a runner that responds.
 */
#include "spool/health.h"
#include "base/clock.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/limit.h"
#include "base/text.h"
#include "spool/layout.h"
#include "spool/registration.h"
#include "spool/runners.h"
#include "spool/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { BEAT_SIZE = 256, BEAT_KEPT = 40 };
#define KEPT_WORD " kept "

const char *const health_text[HEALTH_COUNT] = {
#define H(id, text) [HEALTH_##id] = text,
	HEALTHS(H)
#undef H
};

int health_beat(struct spool_runner *r, bool engine_up, const char *trouble, const struct kept *kept)
{
	enum { WORDS = BEAT_SIZE - BEAT_KEPT };
	int fd = r->s->shared ? r->alivefd : r->lockfd;
	char text[BEAT_SIZE + 1];

	if (engine_up)
		snprintf(text, sizeof text, "%-*s", BEAT_SIZE, "up");
	else
		snprintf(text, sizeof text, "down %-*.*s", BEAT_SIZE - 5, WORDS - 5, trouble);
	text_clean(text);
	if (kept->bytes >= 0)
		snprintf(text + WORDS, BEAT_KEPT, KEPT_WORD "%020" PRId64 " %012" PRId64, kept->bytes, kept->jobs);
	text[BEAT_SIZE - 1] = '\n';
	return pwrite_full(fd, text, BEAT_SIZE, 0);
}

/* Takes what is kept off the end of the text. */
static void take_kept(char *text, struct health *h)
{
	char *at = NULL;
	struct kept k;

	for (char *p = text; (p = strstr(p, KEPT_WORD)); p++)
		at = p;
	if (!at)
		return;
	if (sscanf(at, KEPT_WORD "%" SCNd64 " %" SCNd64, &k.bytes, &k.jobs) == 2 && k.bytes > h->kept.bytes)
		h->kept = k;
	*at = '\0';
}

/* ---- one runner ---------------------------------------------------------------- */

static void set(struct health *h, enum health_state state, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void set(struct health *h, enum health_state state, const char *fmt, ...)
{
	va_list ap;

	h->state = state;
	va_start(ap, fmt);
	vsnprintf(h->detail, sizeof h->detail, fmt, ap);
	va_end(ap);
	text_clean(h->detail);
}

/* Judges a live runner by its heartbeat. False: the runner runs no jobs, and h says why. */
static bool responds(int fd, const char *name, int64_t now, struct health *h)
{
	char text[BEAT_SIZE + 1];
	struct stat st;
	ssize_t n = pread(fd, text, BEAT_SIZE, 0);
	int64_t age;

	if (n <= 0 || fstat(fd, &st) < 0)
		return true;
	text[n] = 0;
	take_kept(text, h);
	n = (ssize_t)strlen(text);
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\n'))
		n--;
	text[n] = 0;
	age = now - ((int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000);
	if (age > HEALTH_STALE_US) {
		set(h, HEALTH_STALLED, "%.80s has not responded for %" PRId64 " s: it is stopped, or waits for a disk",
		    name, age / 1000000);
		return false;
	}
	if (strncmp(text, "down", 4) != 0)
		return true;
	set(h, HEALTH_ENGINE, "%.80s: %s", name, n > 5 ? text + 5 : "its engine does not answer");
	return false;
}

static void look_at_runners(struct spool *s, struct health *h)
{
	DIR *d = dir_list(s->fd, LAYOUT_CUR);
	int64_t now = now_us();
	struct dirent *e;
	bool one = false;

	while (d && (e = dir_next(d))) {
		AUTO_CLOSE int fd = spool_runner_file(s, e->d_name);

		if (fd < 0)
			continue;
		h->runners++;
		one |= responds(fd, e->d_name, now, h);
	}
	if (d)
		closedir(d);
	if (one)
		set(h, HEALTH_OK, "%s", "");
	else if (h->runners == 0)
		set(h, HEALTH_NO_RUNNER, "start cee-runner: until then jobs wait");
}

/* ---- the disk ------------------------------------------------------------------ */

static void look_at_disk(struct spool *s, int64_t min_room, struct health *h)
{
	char room[LIMIT_TEXT_MAX], least[LIMIT_TEXT_MAX];
	struct statvfs v;
	int64_t left;

	if (fstatvfs(s->fd, &v) < 0)
		return;
	left = (int64_t)(v.f_bavail * v.f_frsize);
	limit_format(room, LIMIT_DISK, left >> 20 << 20);
	limit_format(least, LIMIT_DISK, min_room);
	if (left < min_room)
		set(h, HEALTH_DISK,
		    "%s left and min_room is %s: new jobs are refused; remove results with cee-prune --older-than TIME",
		    room, least);
	else if (v.f_files > 0 && v.f_favail == 0)
		set(h, HEALTH_DISK, "no inodes left: remove results with cee-prune --older-than TIME");
}

void health_look(struct spool *s, int64_t min_room, struct health *h)
{
	*h = (struct health){ .state = HEALTH_OK, .kept = { .bytes = -1, .jobs = -1 } };
	look_at_runners(s, h);
	if (h->state == HEALTH_OK)
		look_at_disk(s, min_room, h);
}
