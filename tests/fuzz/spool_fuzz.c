/* spool_fuzz - a spool with any files, as users, dead runners and power cuts leave it: checking it, with and without
 * --fix, ends and reports printable text; all who read it give valid ids or errors; what --fix and the sweeps leave is
 * never more than before.
 *
 * The input is entries: PATH NUL CONTENTS 0xFF, PATH beneath the spool, without "." and "..". A PATH that ends with
 * '/' is a folder, one that begins with '@' a symbolic link to CONTENTS. */
#include "fuzz.h"

#include "base/clock.h"
#include "base/dir.h"
#include "base/file_lock.h"
#include "base/text.h"
#include "job/result.h"
#include "layers/layers_internal.h"
#include "spool/attempt_read.h"
#include "spool/cancel.h"
#include "spool/check.h"
#include "spool/count.h"
#include "spool/find.h"
#include "spool/group.h"
#include "spool/health.h"
#include "spool/jobs.h"
#include "spool/key.h"
#include "spool/layout.h"
#include "spool/spool.h"
#include "spool/sweep.h"
#include "spool/walk.h"

#include <time.h>

enum { ENTRIES = 24 };

/* The spool's functions look again after a pause: here nobody else changes anything meanwhile. */
int nanosleep(const struct timespec *want, struct timespec *left)
{
	(void)want;
	(void)left;
	return 0;
}

/* ---- making it ------------------------------------------------------------------- */

static bool path_good(const char *path)
{
	for (const char *p = path; *p; p += strcspn(p, "/"), p += *p == '/')
		if (*p == '/' || (p[0] == '.' && (p[1] == '/' || !p[1] || (p[1] == '.' && (p[2] == '/' || !p[2])))))
			return false;
	return *path && strlen(path) < 300;
}

static void make_entry(int root, char *path, const uint8_t *data, size_t size)
{
	bool link = *path == '@';
	char *slash = strrchr(path += link, '/'), target[100];
	int dir, fd;

	if (!path_good(path))
		return;
	if (slash)
		*slash = 0;
	dir = slash ? dir_make(root, path, 0700) : dup(root);
	path = slash ? slash + 1 : path;
	if (dir >= 0 && *path && link) {
		snprintf(target, sizeof target, "%.*s", (int)(size < 90 ? size : 90), (const char *)data);
		if (*target && symlinkat(target, dir, path) < 0)
			(void)0; /* there is one of this name */
	} else if (dir >= 0 && *path && (fd = openat(dir, path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600)) >= 0) {
		MUST(write(fd, data, size) == (ssize_t)size);
		close(fd);
	}
	if (dir >= 0)
		close(dir);
}

static void make_spool(int root, const uint8_t *data, size_t size)
{
	for (int i = 0; size && i < ENTRIES; i++) {
		const uint8_t *end = memchr(data, 0xFF, size), *nul;
		size_t n = end ? (size_t)(end - data) : size;
		char path[400];

		nul = memchr(data, 0, n);
		snprintf(path, sizeof path, "%.*s", (int)(nul ? nul - data : (ptrdiff_t)n), (const char *)data);
		make_entry(root, path, nul ? nul + 1 : data, nul ? n - (size_t)(nul + 1 - data) : 0);
		n += end != NULL;
		data += n;
		size -= n;
	}
}

/* cur/live.1 has a runner: its lock is held until the descriptor is closed, and its heartbeat is of 1970 if it begins
 * with "old". */
static int alive(int root)
{
	const struct timespec then[2] = { { 0 } };
	int cur = dir_open(root, "cur/live.1"), fd = cur < 0 ? -1 : openat(cur, "lock", O_RDWR | O_NOFOLLOW);
	char beat[3] = "";

	if (cur >= 0)
		close(cur);
	if (fd < 0)
		return fd;
	file_lock(fd, false);
	if (pread(fd, beat, 3, 0) == 3 && memcmp(beat, "old", 3) == 0)
		MUST(futimens(fd, then) == 0);
	return fd;
}

/* ---- reading it --------------------------------------------------------------------- */

static void report(void *arg, enum spool_finding kind, const char *path, const char *text)
{
	(void)arg;
	MUST(kind == SPOOL_PROBLEM || kind == SPOOL_NOTE);
	MUST(*text && utf8_valid(path, strlen(path)) && utf8_valid(text, strlen(text)));
	for (const char *s = text; *s; s++)
		MUST((unsigned char)*s >= ' ' && *s != 0x7f);
}

static struct spool_check check(struct spool *s, bool fix)
{
	struct spool_check c = { .s = s, .fix = fix, .report = report };

	spool_check(&c);
	return c;
}

static int one_job(void *arg, const char *id)
{
	struct spool *s = arg;
	struct output_extent x = { 0 };
	struct files_list l = { 0 };
	struct spool_where w;
	struct buf b = { 0 };
	struct result r;
	struct stat st;
	int fd;

	MUST(id_valid(id));
	if (spool_find(s, "uid-0", id, &w, NULL) == 0)
		MUST(w.attempt >= 0 && w.attempt <= LAYOUT_ATTEMPTS);
	if (spool_read_result(s, "uid-0", id, &b) == 0 && result_parse(&r, b.data ? b.data : "", b.len, NULL) == 0)
		result_release(&r);
	for (int n = 1; n <= 2; n++) {
		if ((fd = spool_open_output(s, "uid-0", id, n, SPOOL_STDOUT, &x)) >= 0) {
			MUST(x.size >= 0 && fstat(fd, &st) == 0);
			for (size_t i = 0; i < x.ngaps; i++)
				MUST(x.gap[i].at >= 0 && x.gap[i].at <= x.size &&
				     (!i || x.gap[i].at >= x.gap[i - 1].at));
			output_extent_release(&x);
			close(fd);
		}
		if ((fd = spool_open_files(s, "uid-0", id, n, &l, NULL)) >= 0) {
			files_release(&l);
			close(fd);
		}
	}
	buf_release(&b);
	return 0;
}

static int one_owner(void *arg, const char *owner)
{
	struct spool *s = arg;
	struct spool_range all = { .newest_first = true };
	int64_t waiting, claimed;

	spool_each_job(s, owner, &all, one_job, s);
	spool_count(s, owner, &waiting, &claimed);
	MUST(waiting >= 0 && claimed >= 0);
	group_drop_old(s, owner, INT64_MAX, true, NULL, NULL);
	key_drop_old(s, owner, INT64_MAX, true, NULL, NULL);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spool_check before, after;
	static int parent = -1;
	struct health h = { 0 };
	struct cee_err e;
	struct spool s;
	char path[64];
	int root, lock;

	if (parent < 0)
		parent = fuzz_folder();
	layer_tree_remove(parent, "spool");
	MUST(mkdirat(parent, "spool", 0700) == 0 && (root = layer_folder(parent, "spool")) >= 0);
	make_spool(root,
		   (const uint8_t *)"VERSION\0cee-spool 1\n\xff"
				    "cur/\xff"
				    "tmp/",
		   30);
	make_spool(root, data, size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", root);
	lock = alive(root);
	if (spool_open(&s, path, 0, false, &e) == 0) {
		before = check(&s, false);
		health_look(&s, size & 1 ? 0 : INT64_MAX / 2, &h);
		MUST(h.state < HEALTH_COUNT);
		spool_each_owner(&s, one_owner, &s);
		spool_sweep(&s, "uid-0");
		after = check(&s, true);
		MUST(after.waiting <= before.waiting && after.claimed <= before.claimed && after.ended <= before.ended);
		MUST(after.problems <= before.problems);
		spool_release(&s);
	}
	if (lock >= 0)
		close(lock);
	close(root);
	layer_tree_remove(parent, "spool");
	return 0;
}
