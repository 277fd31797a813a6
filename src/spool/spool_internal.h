/* spool_internal.h - what spool.c, spool_runner.c and cee-fsck.c share
 *
 * The names of everything in a spool are made and parsed here and nowhere
 * else. Paths are walked one component at a time, O_NOFOLLOW, beneath a
 * directory's descriptor.
 */
#ifndef CEE_SPOOL_INTERNAL_H
#define CEE_SPOOL_INTERNAL_H

#include "base/error.h"
#include "base/id.h"
#include "spool/spool.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>


enum {
	SPOOL_BUCKET = 7,	     /* hex digits of an ID: 2^20 ms are one bucket of out/ */
	SPOOL_ATTEMPTS = 9,	     /* an attempt is one digit; a later one is the ninth again */
	SPOOL_NAME_MAX = ID_LEN + 8, /* P.ID.N and a NUL */
	SPOOL_RESULT_ROOM =
		8192, /* bytes reserved for a result before its job begins; a larger one finds the rest or waits for it */
	SPOOL_INPUT_NAME = ID_LEN + 8, /* ID.WHAT and a NUL */
	SPOOL_SHARE_TEXT = 160,	       /* what is wrong with a directory of a shared spool */
	SPOOL_RESULT_MAX = 1 << 20
};

#define REMOVAL ".remove"	/* cancel/ID.remove */
#define SPOOL_METRICS "metrics" /* the directory of what runners count */

/* A process with CEE_STOP_AT=TRANSITION in its environment stops itself (SIGSTOP)
 * the first time that it gets there: for tests that kill it just then. */
void spool_hook(const char *transition);

int spool_dir(int at, const char *path);		   /* opens a directory */
int spool_dir_make(int at, const char *path, mode_t mode); /* the same, makes what is missing */
/* What runners make for readers: a shared spool's owners are kept apart by their gates (share.c). */
static inline mode_t spool_file_mode(const struct spool *s)
{
	return s->shared ? 0644 : 0600;
}
static inline mode_t spool_dir_mode(const struct spool *s)
{
	return s->shared ? 0755 : 0700;
}
/* Is there an entry? 1, 0 */
int spool_has(int at, const char *name);
/* A stream of the directory's entries; closed with closedir. */
DIR *spool_list(int at, const char *path);
/* The next entry that is not a dot file; NULL at the end (errno 0) or on error. */
struct dirent *spool_next(DIR *d);
/* f with each name in a directory until it answers other than 0: that; -1 it cannot be opened. */
int spool_each_name(int at, const char *path, spool_name_fn f, void *arg);
bool spool_is_dir(DIR *d, const struct dirent *e);

/* An open-file-description lock on the whole file. 0, or -1 with EAGAIN when
 * another has it and wait is false. */
int spool_lock(int fd, bool wait);
int spool_lock_shared(int fd); /* waits; others may share it, nobody have it alone */
/* Is somebody else's lock on it? 1, 0, -1 */
int spool_locked(int fd);
/* Is somebody's on it that allows no other? Who may only read the file has no such lock. */
int spool_locked_alone(int fd);
/* Does dir/name still name what fd has open? */
bool spool_same(int fd, int dir, const char *name);

void spool_new_name(char name[SPOOL_NAME_MAX], const char *id, int priority, int attempts);
void spool_cur_name(char name[SPOOL_NAME_MAX], const char *id, int attempt);
bool spool_parse_new(const char *name, char id[ID_LEN + 1], int *priority, int *attempts);
bool spool_parse_cur(const char *name, char id[ID_LEN + 1], int *attempt);
bool spool_runner_valid(const char *name); /* as OWNER, with the same bounds */
/* Opens the file that a runner holds locked while it lives; -1 when it does not. */
int spool_runner_file(struct spool *s, const char *name);

/* Finds the entry of id: in OWNER/new (1 and *name), 0 none. */
int spool_find_new(int newdir, const char *id, char name[SPOOL_NAME_MAX]);
/* In cur/RUNNER/OWNER: 1 and *attempt, 0 none. */
int spool_find_cur(int ownerdir, const char *id, int *attempt);
/* Which runner has it: cur/RUNNER/OWNER, opened, and w's runner and attempt; -1 nobody. */
int spool_find_claim(struct spool *s, const char *owner, const char *id, struct spool_where *w);
/* Opens OWNER/PART, made (with the rest of OWNER) where it is missing. */
int spool_owner_part(struct spool *s, const char *owner, const char *part, struct cee_err *e);

/* Removes files of dir that nobody holds a lock on, and such runner directories
 * (SPOOL/tmp has both). */
int spool_sweep_dir(int dir);

/* share.c. Makes what lies at the head of a shared spool, or sets it right; for root. */
int spool_share_head(int fd, const char *path, struct cee_err *e);
/* Asks a runner for OWNER, and waits until it is there. */
int spool_join(struct spool *s, const char *owner, struct cee_err *e);
/* Opens cur/RUNNER/OWNER, made where it is missing, for the owner of new. */
int spool_share_claims(int runner, const char *owner, int new);

/* remove.c. Removes whatever at/name is, at most depth directories deep; 0 also when it is not there. */
int spool_remove_tree(int at, const char *name, int depth);
/* Is it the name of what is left of a removed job: ID.gone.RANDOM? */
bool spool_is_gone(const char *name);
/* Removes that, when it has been so for older_us at least. */
int spool_sweep_gone(int tmp, const char *name, int64_t older_us);

#endif
