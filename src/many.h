/* many.h - many jobs as one: lists of ids, groups, keys, room in the queue, removal
 *
 * Part of libcee: never prints, never exits. groups/ and keys/ are the owner's own
 * (cee-spool(5)): what is read there is only ever believed to be a name to look for.
 */
#ifndef CEE_MANY_H
#define CEE_MANY_H
#include "cee.h"

/* ---- ids (group.c): in the order in which they were added, each once -------- */

struct ids {
	char (*v)[ID_LEN + 1];
	size_t n, cap;
	uint32_t *slot; /* a table of 1 + index, twice as large as v */
	size_t slots;
};
int ids_add(struct ids *s, const char *id);	       /* 1 added, 0 it was there, -1 ENOMEM */
ssize_t ids_find(const struct ids *s, const char *id); /* its index, -1 none */
void ids_release(struct ids *s);

/* ---- groups (group.c): OWNER/groups/NAME, a line an id ----------------------- *
 * A name that is an id has that job as its first member, without a file: so a job
 * of its own is a group of one, and the jobs of one process can be called by the first. */

enum { GROUP_NAME_MAX = 64, GROUP_RESERVE = 32, GROUP_FRESH_US = 20000 };
/* UTF-8 without '/' and control characters, 1 to 64 bytes, the first no dot. */
bool group_name_valid(const char *name);

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

/* ---- keys (key.c): OWNER/keys/SHA-256, "ID KEY\n" ------------------------------ */

enum { KEY_MAX_LEN = 255, KEY_NAME_MAX = 65 };
void key_name(char name[KEY_NAME_MAX], const char *key);
struct key {
	int fd;
	bool found;
	char id[ID_LEN + 1];
}; /* fd: locked; -1 none */
/* Others who have this key wait until key_release. k->id is the id that it stands for: the
 * one it had (k->found), else fresh, durable. */
int key_take(struct key *k, struct spool *s, const char *owner, const char *key, const char *fresh, struct cee_err *e);
void key_release(struct key *k);
/* Removes it when it stands for id; 0 also when it does not. EAGAIN: somebody has it. */
int key_remove(struct spool *s, const char *owner, const char *key, const char *id);
/* Of an entry of keys/: 1 and its id, 0 no such entry or no key, -1. */
int key_read(int dir, const char *name, char id[ID_LEN + 1]);
/* Removes an entry whose job is nowhere and that nobody has: 1 done, 0 not. */
int key_drop(struct spool *s, const char *owner, const char *name, bool dry);

/* ---- room (room.c) ---------------------------------------------------------------- */

struct room {
	int inotify, new;
	int64_t n;
};
void room_init(struct room *r);
void room_release(struct room *r);
/* Sleeps until fewer than max jobs of owner wait: 1; 0 not within timeout_ms (-1 for ever); -1, EINTR when a signal came. */
int room_wait(struct room *r, struct spool *s, const char *owner, int64_t max, int timeout_ms);

/* ---- removal (remove.c) -------------------------------------------------------------- */

/* All of a finished job: its key, its files. EBUSY it has not ended; EAGAIN it has, and a
 * runner still has to put its file away; ENOENT no such job. */
int spool_remove(struct spool *s, const char *owner, const char *id, struct cee_err *e);
/* Removes out/BUCKET when it is empty and so old that nothing begins there. */
void spool_bucket_drop(int out, const char *bucket);

#endif
