/* spool.h - the spool: cee-spool(5) */
#ifndef CEE_SPOOL_SPOOL_H
#define CEE_SPOOL_SPOOL_H

#include "base/buf.h"
#include "base/error.h"
#include "job/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OWNER_MAX = 128, SPOOL_VERSION = 1 };

struct spool {
	int fd; /* the directory; O_PATH for who may not list it */
	bool durable;
	bool shared; /* of many users, and the runner is root: VERSION says so */
};
#define SPOOL_CREATE 1u /* make what is missing */
#define SPOOL_SHARED 2u /* ... of a shared one; EEXIST: it is one user's already */
/* EPROTO for another version; refuses network file systems (ENOTSUP). */
int spool_open(struct spool *s, const char *path, unsigned flags, bool durable, struct cee_err *e);
void spool_release(struct spool *s);
bool spool_owner_valid(const char *owner);
/* "uid-N" of the calling process. */
void spool_owner_self(char owner[OWNER_MAX]);
/* Makes OWNER/{tmp,new,cancel,in,out,groups,keys} where they are missing. In a shared spool asks a
 * runner for it, and waits (share.c): ETIMEDOUT none did, EPERM it does not let this uid. */
int spool_owner_make(struct spool *s, const char *owner, struct cee_err *e);

/* Submitter. Durable before it returns 0. Errors: EEXIST (id is there, in whatever
 * state), EAGAIN (the queue is full), ENOSPC (no room on the disk), else as the system says. */
struct spool_bounds {
	int64_t max_queued, min_room; /* 0: no bound */
	bool fresh;		      /* id was made by id_make just now, so nothing looks for duplicates */
};
int spool_submit(struct spool *s, const char *owner, const char *id, int priority, const void *job, size_t len,
		 const struct spool_bounds *b, struct cee_err *e);
int spool_cancel(struct spool *s, const char *owner, const char *id, struct cee_err *e);
/* May this process submit for owner? In a shared spool root may not for another: the files would be root's. EPERM. */
int spool_submits(struct spool *s, const char *owner, struct cee_err *e);

/* Readers. Where a job is; ENOENT unknown. */
struct spool_where {
	enum state state;	/* FINISHED stands for "has a result" here */
	int attempt;		/* 0 none yet */
	char runner[OWNER_MAX]; /* who has it, "" nobody */
};
int spool_find(struct spool *s, const char *owner, const char *id, struct spool_where *w, struct cee_err *e);
int spool_read_result(struct spool *s, const char *owner, const char *id, struct buf *b); /* ENOENT not ended */
/* The lines of the tests that have ended, of that attempt: ENOENT it has no tests, or is not there. */
int spool_read_tests(struct spool *s, const char *owner, const char *id, int attempt, struct buf *b);
int spool_read_job(struct spool *s, const char *owner, const char *id, size_t max, struct buf *b);
/* Opens out/…/ID (O_PATH-free, readable directory); ENOENT not begun. */
int spool_open_out(struct spool *s, const char *owner, const char *id);
void spool_out_path(char path[OWNER_MAX + 64], const char *owner, const char *id); /* relative to the spool */
/* Is any runner alive? 1, 0. count (may be NULL): how many. */
int spool_runner_alive(struct spool *s, int *count);
/* Is that runner, a directory of cur, alive? Names that are none's are not. */
bool spool_runner_lives(struct spool *s, const char *name);
/* Jobs waiting for owner (NULL: all), jobs claimed. */
int spool_count(struct spool *s, const char *owner, int64_t *waiting, int64_t *claimed);

/* Calls f for each job of OWNER/new, in no order. The entry's name is parsed, no file opened. */
typedef int (*spool_job_fn)(void *arg, const char *owner, const char *id, int priority, int attempts);
int spool_each_new(struct spool *s, const char *owner, spool_job_fn f, void *arg);
typedef int (*spool_name_fn)(void *arg, const char *name);
int spool_each_owner(struct spool *s, spool_name_fn f, void *arg);
int spool_each_cancel(struct spool *s, const char *owner, spool_name_fn f, void *arg);
bool spool_cancel_wanted(struct spool *s, const char *owner, const char *id);
int spool_cancel_clear(struct spool *s, const char *owner, const char *id); /* 0 also when there was none */


/* Removes tmp/ files nobody holds a lock on. */
int spool_sweep(struct spool *s, const char *owner);


/* The languages that cee-lang published: SPOOL/languages.json. */
int spool_languages_write(struct spool *s, const char *text, size_t len);
int spool_languages_read(struct spool *s, struct buf *b);

#endif
