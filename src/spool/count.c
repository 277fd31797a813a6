/* count.c - the numbers of queued and claimed jobs (count.h) */
#include "spool/count.h"
#include "base/dir.h"
#include "base/id.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "spool/spool.h"
#include "spool/walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

struct counting {
	struct spool *s;
	int64_t waiting;
};

static int count_job(void *arg, const char *owner, const char *id, int priority, int attempts)
{
	(void)owner, (void)id, (void)priority, (void)attempts;
	++*(int64_t *)arg;
	return 0;
}

static int count_owner(void *arg, const char *name)
{
	struct counting *c = arg;
	int r = spool_each_new(c->s, name, count_job, &c->waiting);

	return r < 0 && errno == ENOENT ? 0 : r;
}

static int64_t count_claimed_dir(int runner, const char *owner)
{
	DIR *d = dir_list(runner, owner);
	struct dirent *e;
	char id[ID_LEN + 1];
	int64_t n = 0;
	int attempt;

	while (d && (e = dir_next(d)))
		n += layout_claim_parse(e->d_name, id, &attempt);
	if (d)
		closedir(d);
	return n;
}

/* Counts the claimed jobs of one runner, of all owners. */
static int64_t count_claimed(int cur, const char *runner)
{
	DIR *d = dir_list(cur, runner);
	struct dirent *e;
	int64_t n = 0;

	while (d && (e = dir_next(d)))
		if (spool_owner_valid(e->d_name) && dir_is_dir(d, e))
			n += count_claimed_dir(dirfd(d), e->d_name);
	if (d)
		closedir(d);
	return n;
}

int spool_count(struct spool *s, const char *owner, int64_t *waiting, int64_t *claimed)
{
	struct counting c = { .s = s };
	DIR *d;
	struct dirent *e;

	*waiting = *claimed = 0;
	if (owner && !spool_owner_valid(owner)) {
		errno = EINVAL;
		return -1;
	}
	if ((owner ? count_owner(&c, owner) : spool_each_owner(s, count_owner, &c)) < 0)
		return -1;
	*waiting = c.waiting;
	if (!(d = dir_list(s->fd, LAYOUT_CUR)))
		return -1;
	while ((e = dir_next(d))) {
		char path[2 * OWNER_MAX];

		if (!spool_runner_valid(e->d_name) || !dir_is_dir(d, e))
			continue;
		/* not every user may list a runner's directory */
		layout_claims_path(path, e->d_name, owner ? owner : "");
		*claimed += owner ? count_claimed_dir(dirfd(d), path) : count_claimed(dirfd(d), e->d_name);
	}
	closedir(d);
	return 0;
}
