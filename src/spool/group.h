/* group.h - groups: OWNER/groups/NAME, one id a line */
#ifndef CEE_SPOOL_GROUP_H
#define CEE_SPOOL_GROUP_H

#include "base/error.h"
#include "base/id.h"
#include "base/names.h"
#include "spool/ids.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * If a group's name is an id, that job is its first member, without a file: so a single job
 * is a group of one, and the jobs of one process can be named by the first. */

enum { GROUP_RESERVE = 32, GROUP_FRESH_US = 20000 };

/* For a submitter. An id is written to the group, and durable, before it is handed out. */
struct group {
	struct spool *s;
	char name[GROUP_NAME_MAX + 1];
	int fd;	   /* read-locked while it is open; -1 not open */
	bool torn; /* the last write was incomplete */
	char ready[GROUP_RESERVE][ID_LEN + 1];
	int nready, at, step;
	int64_t made_us;
};
void group_init(struct group *g);
int group_open(struct group *g, struct spool *s, const char *owner, const char *name, struct cee_err *e);
void group_release(struct group *g);
/* Returns a new id, one of a few that were made and written ahead; none is older than GROUP_FRESH_US.
 * group_back gives an unused id back. */
int group_next(struct group *g, char id[ID_LEN + 1], struct cee_err *e);
void group_back(struct group *g);
int group_add(struct group *g, const char *id, struct cee_err *e);

/* Adds the members to *l, also ids whose job was never submitted or was removed. ENOENT: no such group. */
int group_load(struct spool *s, const char *owner, const char *name, struct ids *l, struct cee_err *e);
/* Reads the ids in a group's file; skips other lines. */
int group_read(int fd, struct ids *l);
/* Is a process submitting to the group? 1, 0 */
int group_busy(struct spool *s, const char *owner, const char *name);
/* Removes the file of a group without jobs that no process is submitting to:
 * 1 removed, 0 not. With dry it removes nothing. */
int group_drop(struct spool *s, const char *owner, const char *name, bool dry);
/* Calls group_drop for each group whose file was last written before before_us (epoch), and f (may be NULL) with the
 * name of each removed group. */
void group_drop_old(struct spool *s, const char *owner, int64_t before_us, bool dry, spool_name_fn f, void *arg);

#endif
