/* registration.c - a runner's place in the spool (registration.h)
 *
 * cur/RUNNER is created by a rename with its lock already held, and removed by a rename. So if the lock of a
 * directory in cur is free, its runner has died.
 */
#include "spool/registration.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "base/id.h"
#include "spool/layout.h"
#include "spool/metrics_file.h"
#include "spool/owner_name.h"
#include "spool/runner_dir.h"
#include "spool/spool.h"
#include "spool/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void runner_name(char name[OWNER_MAX])
{
	char host[65] = "", id[ID_LEN + 1];
	size_t n = 0;

	gethostname(host, sizeof(host) - 1);
	for (const char *p = host; *p; p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (n && (c == '-' || c == '.' || c == '_')))
			host[n++] = c;
	}
	host[n] = 0;
	id_make(id); /* its last eight digits are random */
	snprintf(name, OWNER_MAX, "%s.%ld.%s", n ? host : "host", (long)getpid(), id + ID_LEN - 8);
}

/* If users could open a runner's lock file, they could hold its lock after the runner's death, and no other runner
 * could take the lock. So in a shared spool users test a second lock. */
static int make_alive(struct spool_runner *r)
{
	r->alivefd = openat(r->dirfd, LAYOUT_RUNNER_ALIVE, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	return r->alivefd < 0 ? -1 : file_lock(r->alivefd, false);
}

static int make_runner(struct spool_runner *r, int tmp, int cur)
{
	runner_name(r->name);
	if (mkdirat(tmp, r->name, r->s->shared ? 0711 : 0700) < 0)
		return -1;
	if ((r->dirfd = dir_open(tmp, r->name)) < 0)
		return -1;
	r->lockfd = openat(r->dirfd, LAYOUT_RUNNER_LOCK, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (r->lockfd < 0 || file_lock(r->lockfd, false) < 0 || runner_dir_mark_boot(r->dirfd) < 0 ||
	    (r->s->shared && make_alive(r) < 0))
		return -1;
	return renameat2(tmp, r->name, cur, r->name, RENAME_NOREPLACE);
}

static void runner_close(struct spool_runner *r)
{
	close_ptr(&r->dirfd);
	close_ptr(&r->lockfd);
	close_ptr(&r->alivefd);
	r->dirfd = r->lockfd = r->alivefd = -1;
}

int spool_runner_open(struct spool_runner *r, struct spool *s, struct cee_err *e)
{
	AUTO_CLOSE int cur = dir_open(s->fd, LAYOUT_CUR), tmp = dir_open(s->fd, LAYOUT_TMP);
	int err = ENOENT;

	r->s = s;
	r->dirfd = r->lockfd = r->alivefd = -1;
	if (s->shared && geteuid() != 0)
		return cee_fail(e, EPERM, "is a shared spool: its runner must be root");
	if (cur < 0 || tmp < 0)
		return cee_fail(e, errno, "the spool's cur or tmp: %s; cee-fsck says more", strerror(errno));
	spool_sweep_dir(tmp);
	/* another starting runner may sweep this directory before it is locked: then try again */
	for (int i = 0; i < 8; i++) {
		if (make_runner(r, tmp, cur) == 0)
			return s->durable ? fsync(cur) : 0;
		err = errno;
		runner_close(r);
		if (err != ENOENT && err != EAGAIN && err != EEXIST)
			break;
	}
	return cee_fail(e, err, "cur/%s: cannot make it: %s", r->name, strerror(err));
}

void spool_runner_release(struct spool_runner *r)
{
	if (r->dirfd >= 0)
		spool_metrics_remove(r->s, r->name);
	if (r->dirfd >= 0)
		runner_dir_remove(r->s, r->name, r->dirfd);
	runner_close(r);
}
