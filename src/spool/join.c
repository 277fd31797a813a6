/* join.c - asking a runner for an owner's part of a shared spool (join.h) */
#include "spool/join.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "spool/layout.h"
#include "spool/multiuser.h"
#include "spool/owner_name.h"
#include "spool/runners.h"
#include "spool/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bool join_parse(const char *name, char owner[OWNER_MAX])
{
	return layout_join_parse(name, owner) && spool_owner_valid(owner);
}

enum { JOIN_WAIT_MS = 10000, JOIN_STEP_MS = 2 };

/* Explains why the owner has no part of the spool, and what to do. */
static int join_error(struct spool *s, const char *owner, bool answered, struct cee_err *e)
{
	if (answered)
		return cee_fail(e, EPERM,
				"%s: the runner does not let uid %u be this owner of the spool (http_user of cee.conf"
				" says who cee-http is)",
				owner, (unsigned)geteuid());
	return cee_fail(e, ETIMEDOUT,
			"%s: has no part of this spool yet, and %s; start cee-runner, or let root run"
			" cee-fsck --make %s",
			owner,
			spool_runner_alive(s, NULL) ? "no runner made it in time" : "no runner is alive to make it",
			owner);
}

/* Are all parts there? An owner without jobs is removed part by part (owner_drop.h). */
static bool is_made(struct spool *s, const char *owner)
{
	AUTO_CLOSE int dir = dir_open(s->fd, owner);
	bool all = dir >= 0;

	for (int i = 0; all && i < PART_COUNT; i++)
		all = dir_has(dir, owner_part_name[i]);
	return all;
}

static int join_wait(struct spool *s, const char *name, const char *owner, struct cee_err *e)
{
	const struct timespec pause = { .tv_nsec = JOIN_STEP_MS * 1000000L };
	int ms = 0;

	for (;; ms += JOIN_STEP_MS) {
		/* check the request before the owner: a runner creates the owner before it removes the request */
		bool waits = dir_has(s->fd, name);

		if (is_made(s, owner))
			return 0;
		if (!waits)
			return join_error(s, owner, true, e);
		if (ms >= JOIN_WAIT_MS || !spool_runner_alive(s, NULL))
			return join_error(s, owner, false, e);
		nanosleep(&pause, NULL);
	}
}

int join_request(struct spool *s, const char *owner, struct cee_err *e)
{
	char name[LAYOUT_JOIN_MAX], id[ID_LEN + 1];
	AUTO_CLOSE int fd = -1;
	int r, err;

	id_make(id);
	layout_join_path(name, owner, id);
	fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EACCES)
		return cee_fail(e, EACCES,
				"uid %u may not submit to this spool: its directory join is for one group (ask the "
				"administrator)",
				(unsigned)geteuid());
	if (fd < 0)
		return cee_fail(e, errno, "%s: %s", name, strerror(errno));
	r = join_wait(s, name, owner, e);
	err = errno;
	unlinkat(s->fd, name, 0);
	errno = err;
	return r;
}

int join_answer(struct spool *s, const char *name, const uid_t *http, char owner[OWNER_MAX], struct cee_err *e)
{
	AUTO_CLOSE int join = dir_open(s->fd, LAYOUT_JOIN);
	struct stat st;
	uid_t uid;
	int r = 0, err;

	*owner = 0;
	if (join < 0 || fstatat(join, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (!S_ISREG(st.st_mode) || !join_parse(name, owner))
		r = cee_fail(e, EINVAL, "join: uid %u put something there that is not a request", (unsigned)st.st_uid);
	else if (!spool_owner_uid(owner, http, &uid) || uid != st.st_uid)
		r = cee_fail(e, EPERM, "%s: uid %u may not be this owner (http_user of cee.conf says who cee-http is)",
			     owner, (unsigned)st.st_uid);
	else
		r = multiuser_make_owner(s, owner, uid, e) < 0 ? -1 : 1;
	err = errno;
	if (unlinkat(join, name, 0) < 0 && errno == EISDIR)
		unlinkat(join, name, AT_REMOVEDIR); /* a directory that is not empty stays, and does no harm */
	errno = err;
	return r;
}

int join_each(struct spool *s, spool_name_fn f, void *arg)
{
	return dir_each_name(s->fd, LAYOUT_JOIN, f, arg);
}
