/* group.h - groups: OWNER/groups/NAME, a line an id */
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
 * A name that is an id has that job as its first member, without a file: so a job
 * of its own is a group of one, and the jobs of one process can be called by the first. */

enum { GROUP_RESERVE = 32, GROUP_FRESH_US = 20000 };

/* For a submitter. Whatever it takes from the group is written there, and durable, before. */
struct group {
	struct spool *s;
	char name[GROUP_NAME_MAX + 1];
	int fd;	   /* read-locked while it is open; -1 not open */
	bool torn; /* the last write did not come to its end */
	char ready[GROUP_RESERVE][ID_LEN + 1];
	int nready, at, step;
	int64_t made_us;
};
void group_init(struct group *g);
int group_open(struct group *g, struct spool *s, const char *owner, const char *name, struct cee_err *e);
void group_release(struct group *g);
/* A new id, of a few that were made and written ahead: none is older than GROUP_FRESH_US.
 * group_back: it was not used. */
int group_next(struct group *g, char id[ID_LEN + 1], struct cee_err *e);
void group_back(struct group *g);
int group_add(struct group *g, const char *id, struct cee_err *e);

/* Adds the members to *l: also ids whose job never came or is gone. ENOENT: no such group. */
int group_load(struct spool *s, const char *owner, const char *name, struct ids *l, struct cee_err *e);
/* The ids in a group's file; whatever else stands there is passed over. */
int group_read(int fd, struct ids *l);
/* Is somebody submitting to it? 1, 0 */
int group_busy(struct spool *s, const char *owner, const char *name);
/* Removes the file of a group that nobody is submitting to and that has no job any more:
 * 1 done, 0 not. With dry it only says so. */
int group_drop(struct spool *s, const char *owner, const char *name, bool dry);
/* Does so for each group whose file was last written before before_us (epoch): calls f (may be NULL) with each. */
void group_drop_old(struct spool *s, const char *owner, int64_t before_us, bool dry, spool_name_fn f, void *arg);

#endif
