/* follow.h - following one job from its present state to its end
 *
 * Used by cee-log -f, cee-submit -w and cee-stat --wait. It never prints and never exits.
 *
 *     follow_init(&f, &spool, true);
 *     follow_job(&f, owner, id);
 *     while ((r = follow_step(&f, fn, arg, &e)) == 0)
 *             follow_wait(&f, -1, NULL, 0);
 *     follow_release(&f);
 */
#ifndef CEE_FOLLOW_H
#define CEE_FOLLOW_H

#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "spool/index.h"
#include "spool/owner_name.h"
#include "spool/spool.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>


enum { FOLLOW_BLOCK = 65536, FOLLOW_BLIND_MS = 20, FOLLOW_SLOW_MS = 2000, FOLLOW_MORE = 4 };

enum follow_what {
	FOLLOW_DATA, /* bytes of rec.stream; a record longer than FOLLOW_BLOCK comes in pieces */
	FOLLOW_GAP,  /* rec.len bytes of rec.stream are missing here */
	FOLLOW_MARK, /* rec.mark begins; only with f->marks */
	FOLLOW_TEST, /* data is the line of a test that has ended; only with f->tests */
	FOLLOW_RERUN /* the next items belong to attempt `attempt`, from its beginning */
};
struct follow_item {
	enum follow_what what;
	struct index_record rec;
	int attempt;
	const char *data; /* valid during the call */
	size_t len;
};
/* A return value other than 0 ends the step, which then returns -1 with the errno that fn set. */
typedef int (*follow_fn)(void *arg, const struct follow_item *it);

struct follow_stream {
	int fd;		  /* -1 not opened yet */
	int64_t at;	  /* the next byte to hand out */
	uint64_t covered; /* number of bytes from `at` on that the index is known to cover */
	char *block;	  /* FOLLOW_BLOCK bytes: the file's bytes from block_at on */
	int64_t block_at;
	size_t block_len;
};

struct follow {
	struct spool *s;
	char owner[OWNER_MAX], id[ID_LEN + 1], path[OWNER_MAX + 64];
	bool watch;	  /* wants inotify */
	bool taken_too;	  /* may be set after follow_init: N/taken is watched, see follow_taken */
	bool result_only; /* may be set after follow_init: hands out nothing, only waits for the end */
	bool tests;	  /* may be set after follow_init: also hands out the lines of tests */
	bool marks;	  /* may be set after follow_init: also hands out the beginnings of phases */
	bool blind;	  /* inotify failed: polls every FOLLOW_BLIND_MS */
	int inotify;	  /* one for all jobs of this struct */
	int wd_parent, wd_dir, wd_attempt, wd_index, wd_tests, wd_taken; /* -1 none */
	const char *next;	   /* the name within path that wd_parent waits for */
	bool look_dir, look_index; /* the directory or the index may have changed */
	int misses;		   /* consecutive slow looks that did not find the job */
	int64_t slow_us;	   /* the next slow look, mono_us */
	int dir, attempt_dir, index, tests_fd, taken;
	int attempt; /* the attempt being read; 0: none has begun */
	int64_t index_at, tests_at;
	struct follow_stream out, err;
	struct buf result; /* the result's text when the job has ended */
};

/* s is borrowed. With watch = false do not call follow_wait. */
void follow_init(struct follow *f, struct spool *s, bool watch);
/* Starts following a job, instead of the previous one. It does no I/O that can fail. */
void follow_job(struct follow *f, const char *owner, const char *id);
void follow_release(struct follow *f);

/* Hands out all new items. 0: the job has not ended; 1: the job has ended and all items were handed out (f->result is
 * its result); -1 with errno and e: ENOENT the job was removed from the spool, EPROTO its log is damaged, else the
 * errno of fn or the system. */
int follow_step(struct follow *f, follow_fn fn, void *arg, struct cee_err *e);
/* Sleeps until there may be something new (returns 1), for at most timeout_ms (then 0; -1: unlimited). 2: one of more[]
 * (at most FOLLOW_MORE) has revents, handle it first. -1 EINTR: a signal came. */
int follow_wait(struct follow *f, int timeout_ms, struct pollfd *more, int nmore);
/* Hands out the current attempt again from its beginning. */
void follow_rewind(struct follow *f);

/* The number of bytes of streamed input that the current attempt has taken so far. */
int64_t follow_taken(const struct follow *f);

#endif
