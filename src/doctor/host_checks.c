/* host_checks.c - what cee-doctor finds on this host without the engine's help
 *
 * Nothing is left behind: the file that is written into the spool never has a name.
 * Numbers that the kernel does not provide are -1 and are not judged.
 */
#include "doctor/host_checks.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/limit.h"
#include "base/time_text.h"
#include "conf/account.h"
#include "conf/conf.h"
#include "runner/host/host.h"
#include "spool/multiuser.h"
#include "spool/owner_name.h"
#include "spool/spool.h"
#include "spool/walk.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { TABLE_MAX = 16 << 20, INODES_FEW = 1000, INODES_LOW = 20000 };

/* ---- the spool ---------------------------------------------------------------- */

/* Writes and syncs a small file, as a runner does. */
static int try_write(int spool)
{
	AUTO_CLOSE int fd = openat(spool, "tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	return fd < 0 || write_full(fd, "cee-doctor\n", 11) < 0 || fsync(fd) < 0 ? -1 : 0;
}

static void judge_owner(struct finding *f, const char *path, const struct stat *st)
{
	char remedy[300];

	if (st->st_uid != geteuid() && geteuid() != 0) {
		snprintf(remedy, sizeof(remedy), "run this and cee-runner as uid %u, or chown -R %u %.200s",
			 (unsigned)st->st_uid, (unsigned)geteuid(), path);
		finding_set(f, FINDING_FAIL, remedy, "%s: belongs to uid %u, and this is uid %u", path,
			    (unsigned)st->st_uid, (unsigned)geteuid());
	} else if (st->st_mode & 022) {
		snprintf(remedy, sizeof(remedy), "chmod go-w %.200s", path);
		finding_set(f, FINDING_FAIL, remedy,
			    "%s: others may write there (mode %04o): they could take the place of any job", path,
			    st->st_mode & 07777);
	}
}

/* ---- a shared spool: the owner and mode of each directory, and the web server's user -------- */

struct shares {
	struct spool *s;
	struct finding *f;
	const uid_t *http;
	const char *owner;
	int wrong, owners;
};

static void share_wrong(void *arg, const char *path, const char *text)
{
	struct shares *h = arg;
	char remedy[300];

	if (h->wrong++)
		return; /* report only the first problem; cee-fsck reports all of them */
	snprintf(remedy, sizeof(remedy), "as root: cee-fsck --make %s; cee-fsck lists all problems", h->owner);
	finding_set(h->f, FINDING_FAIL, remedy, "%.150s %s", path, text);
}

static int share_owner(void *arg, const char *owner)
{
	struct shares *h = arg;
	uid_t uid;

	h->owners++;
	h->owner = owner;
	if (spool_owner_uid(owner, h->http, &uid))
		multiuser_check_owner(h->s, owner, uid, share_wrong, h);
	return 0;
}

static void judge_share(struct finding *f, const struct conf *c, struct spool *s)
{
	struct shares h = { .s = s, .f = f, .owner = "--shared" };
	struct cee_err e = { "" };
	uid_t http;

	if (geteuid() != 0) {
		finding_set(f, FINDING_WARN, "run this as root, as its runner does",
			    "%s: is a shared spool, of which uid %u sees only its own part", c->spool,
			    (unsigned)geteuid());
		return;
	}
	finding_set(f, FINDING_OK, "", "%s", c->spool);
	if (*c->http_user && conf_http_uid(c, &http, &e) < 0) {
		finding_set(f, FINDING_FAIL, "set http_user in cee.conf to the user that cee-http runs as", "%s",
			    e.msg);
		return;
	}
	h.http = *c->http_user ? &http : NULL;
	multiuser_check(s, share_wrong, &h);
	spool_each_owner(s, share_owner, &h);
	if (!h.wrong)
		finding_set(f, FINDING_OK, "",
			    "%s: local, shared by %d owners, their directories are right, can be written", c->spool,
			    h.owners);
}

void local_spool(struct finding *f, const struct conf *c)
{
	struct spool s = { .fd = -1 };
	struct cee_err e;
	struct stat st;
	char remedy[300];

	snprintf(remedy, sizeof(remedy), "start cee-runner, which makes it, or name another with -s");
	if (spool_open(&s, c->spool, 0, c->durable, &e) < 0) {
		const char *semicolon = strstr(e.msg, "; "); /* the message contains the remedy after "; " */

		finding_set(f, FINDING_FAIL, semicolon ? semicolon + 2 : remedy, "%.*s",
			    semicolon ? (int)(semicolon - e.msg) : 500, e.msg);
		return;
	}
	finding_set(f, FINDING_OK, "", "%s", c->spool);
	if (s.shared) {
		judge_share(f, c, &s);
	} else if (fstat(s.fd, &st) == 0) {
		finding_set(f, FINDING_OK, "", "%s: local, uid %u, mode %04o, can be written", c->spool,
			    (unsigned)st.st_uid, st.st_mode & 07777);
		judge_owner(f, c->spool, &st);
	}
	if (f->status == FINDING_OK && try_write(s.fd) < 0)
		finding_set(f, FINDING_FAIL,
			    errno == EROFS
				    ? "mount it read-write, or name another spool with -s"
				    : "make it writable for the user that cee-runner runs as, on a healthy file system",
			    "%s: cannot be written: %s", c->spool, strerror(errno));
	spool_release(&s);
}

void local_room(struct finding *f, const struct conf *c)
{
	struct statvfs v;
	char room[LIMIT_TEXT_MAX], least[LIMIT_TEXT_MAX];
	int64_t left;
	bool counts;

	if (statvfs(c->spool, &v) < 0) {
		finding_set(f, FINDING_FAIL, "see spool", "%s: %s", c->spool, strerror(errno));
		return;
	}
	left = (int64_t)(v.f_bavail * v.f_frsize);
	counts = v.f_files > 0; /* 0 on file systems that create inodes as needed */
	limit_format(room, LIMIT_DISK, left >> 20 << 20);
	limit_format(least, LIMIT_DISK, c->min_room);
	if (left < c->min_room)
		finding_set(f, FINDING_FAIL,
			    "make room there (cee-prune --older-than TIME), or lower min_room in cee.conf",
			    "%s: %s left, and new jobs are refused below %s", c->spool, room, least);
	else if (counts && v.f_favail < INODES_FEW)
		finding_set(f, FINDING_FAIL, "remove old results, or make the file system with more inodes",
			    "%s: %llu inodes left", c->spool, (unsigned long long)v.f_favail);
	else if (left < 4 * c->min_room || (counts && v.f_favail < INODES_LOW))
		finding_set(f, FINDING_WARN, "make room there soon", "%s: only %s and %llu inodes left", c->spool, room,
			    (unsigned long long)v.f_favail);
	else
		finding_set(f, FINDING_OK, "", "%s and %s%llu inodes left", room, counts ? "" : "of ",
			    (unsigned long long)v.f_favail);
}

/* ---- inotify -------------------------------------------------------------------- */

static int64_t read_number(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO_BUF struct buf b = { 0 };

	return fd < 0 || read_fd(fd, 64, &b) < 0 || !b.data ? -1 : strtoll(b.data, NULL, 10);
}

static int64_t count_watches(int proc, const char *fd_name)
{
	char path[300];
	AUTO_CLOSE int fd = -1;
	AUTO_BUF struct buf b = { 0 };
	int64_t n = 0;

	snprintf(path, sizeof(path), "fdinfo/%.20s", fd_name);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read_fd(fd, TABLE_MAX, &b) < 0)
		return 0;
	for (const char *p = b.data; p && (p = strstr(p, "inotify wd:")); p++)
		n++;
	return n;
}

/* Instances and watches of one process. Processes that we may not inspect belong to other users. */
static void count_process(int proc, int64_t *instances, int64_t *watches)
{
	int fds = openat(proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fds < 0 ? NULL : fdopendir(fds);
	struct dirent *e;

	if (!d) {
		close_ptr(&fds);
		return;
	}
	while ((e = readdir(d))) {
		char target[64];
		ssize_t n = readlinkat(fds, e->d_name, target, sizeof(target) - 1);

		if (n < 0)
			continue;
		target[n] = 0;
		if (strcmp(target, "anon_inode:inotify") != 0)
			continue;
		++*instances;
		*watches += count_watches(proc, e->d_name);
	}
	closedir(d);
}

static void count_inotify(int64_t *instances, int64_t *watches)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	struct stat st;

	*instances = *watches = 0;
	while (d && (e = readdir(d))) {
		AUTO_CLOSE int proc = -1;

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		proc = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (proc >= 0 && fstat(proc, &st) == 0 && st.st_uid == geteuid())
			count_process(proc, instances, watches);
	}
	if (d)
		closedir(d);
}

void local_inotify(struct finding *f, int64_t owners)
{
	int64_t instances = read_number("/proc/sys/fs/inotify/max_user_instances"),
		watches = read_number("/proc/sys/fs/inotify/max_user_watches"), used, watched;

	count_inotify(&used, &watched);
	if (instances >= 0 && used + 8 > instances)
		finding_set(f, FINDING_WARN, "sysctl fs.inotify.max_user_instances=1024",
			    "%" PRId64 " of this user's %" PRId64
			    " instances are in use: a program that gets none polls every 20 or 50 ms",
			    used, instances);
	else if (watches >= 0 && watched + 2 * owners + 64 > watches)
		finding_set(f, FINDING_WARN, "sysctl fs.inotify.max_user_watches=524288",
			    "%" PRId64 " of this user's %" PRId64 " watches are in use, and %" PRId64
			    " owners want two each",
			    watched, watches, owners);
	else
		finding_set(f, FINDING_OK, "",
			    "%" PRId64 " of %" PRId64 " instances, %" PRId64 " of %" PRId64 " watches in use", used,
			    instances, watched, watches);
}

/* ---- the clock -------------------------------------------------------------------- */

void local_clock(struct finding *f, int64_t box_us, int64_t before, int64_t after)
{
	const int64_t sane = 1735689600LL * 1000000, far = 4102444800LL * 1000000; /* 2025, 2100 */
	struct timespec pause = { .tv_nsec = 20000000 };
	int64_t wall = now_us(), mono = mono_us(), moved;
	char when[TIME_TEXT_MAX];

	nanosleep(&pause, NULL);
	moved = (now_us() - wall) - (mono_us() - mono);
	time_format(when, wall);
	if (wall < sane || wall > far)
		finding_set(f, FINDING_FAIL, "set the clock (timedatectl set-ntp true): ids and ages come from it",
			    "it is %s", when);
	else if (box_us && (box_us < before - 1000000 || box_us > after + 1000000))
		finding_set(f, FINDING_FAIL, "set the clock of the engine's host",
			    "the clock of a box differs by %.1f s from this host's",
			    (double)(box_us - (box_us < before ? before : after)) / 1e6);
	else if (moved < -5000 || moved > 5000)
		finding_set(f, FINDING_WARN, "have the clock slewed, not stepped (chrony, systemd-timesyncd)",
			    "it jumped by %" PRId64 " ms during this check", moved / 1000);
	else
		finding_set(f, FINDING_OK, "", "%s%s", when, box_us ? ", the same in a box" : "");
}

/* ---- user numbers ------------------------------------------------------------------- */

/* Parses the number after the next colon and moves *p to its end; false when there is none. */
static bool colon_number(const char **p, const char *end, uint64_t *n)
{
	const char *s = memchr(*p, ':', (size_t)(end - *p));
	char *rest;

	if (!s || s + 1 >= end || !isdigit((unsigned char)s[1]))
		return false;
	*n = strtoull(s + 1, &rest, 10);
	*p = rest;
	return rest <= end;
}

bool uids_met(const char *text, bool ranges, uint64_t base, uint64_t count, char *who, size_t size, uint64_t *end)
{
	bool met = false;

	for (const char *line = text, *nl; *line; line = *nl ? nl + 1 : nl) {
		uint64_t first = 0, n = 1;
		const char *p = line;

		nl = strchrnul(line, '\n');
		if (!ranges) { /* the second field is the password's */
			p = memchr(line, ':', (size_t)(nl - line));
			p = p ? p + 1 : nl;
		}
		if (*line == '#' || !colon_number(&p, nl, &first) || (ranges && !colon_number(&p, nl, &n)) || n == 0 ||
		    n > UINT32_MAX)
			continue;
		if (end && first + n > *end && first < UINT32_MAX - 2)
			*end = first + n;
		if (met || first >= base + count || first + n <= base)
			continue;
		snprintf(who, size, "%.*s", (int)strcspn(line, ":\n"), line);
		met = true;
	}
	return met;
}

void local_uids(struct finding *f, const struct conf *c)
{
	static const struct {
		const char *path;
		bool ranges;
	} table[] = {
		{ "/etc/passwd", false }, { "/etc/group", false }, { "/etc/subuid", true }, { "/etc/subgid", true }
	};
	unsigned boxes = (unsigned)(c->boxes ? c->boxes : 4 * c->jobs + 8);
	uint64_t end = 900000;
	char who[64] = "", remedy[200];
	const char *where = NULL;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		AUTO_CLOSE int fd = open(table[i].path, O_RDONLY | O_CLOEXEC);
		AUTO_BUF struct buf b = { 0 };
		char name[64];

		if (fd < 0 || read_fd(fd, TABLE_MAX, &b) < 0 || !b.data)
			continue; /* a missing file has no entries */
		if (uids_met(b.data, table[i].ranges, c->uid_base, c->uid_count, name, sizeof(name), &end) && !where) {
			where = table[i].path;
			snprintf(who, sizeof(who), "%s", name);
		}
	}
	end = (end + 99999) / 100000 * 100000;
	if (where) {
		snprintf(remedy, sizeof(remedy), "set uids = %" PRIu64 ":%u in cee.conf", end, c->uid_count);
		finding_set(f, FINDING_FAIL, remedy, "uids = %u:%u overlaps with %s of %s, who could access boxes",
			    (unsigned)c->uid_base, c->uid_count, who, where);
	} else if (c->uid_count < boxes) {
		finding_set(f, FINDING_WARN, "widen uids in cee.conf", "%u numbers for up to %u boxes: some share one",
			    c->uid_count, boxes);
	} else {
		finding_set(f, FINDING_OK, "", "%u:%u is nobody's", (unsigned)c->uid_base, c->uid_count);
	}
}
