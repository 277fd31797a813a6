/* claim.h - a runner: claims, attempts, results */
#ifndef CEE_SPOOL_CLAIM_H
#define CEE_SPOOL_CLAIM_H

#include "base/buf.h"
#include "base/error.h"
#include "spool/spool.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Runner. */
struct spool_runner {
	struct spool *s;
	char name[OWNER_MAX];
	int dirfd, lockfd; /* cur/NAME and its lock */
	int alivefd;	   /* the lock that users may look at, in a shared spool; else -1 */
};
int spool_runner_open(struct spool_runner *r, struct spool *s, struct cee_err *e);
void spool_runner_release(struct spool_runner *r); /* removes the empty directory */
/* new/ → cur/ME/OWNER/ID.N with N = attempts + 1 (returned). ENOENT: somebody else was first. */
int spool_claim(struct spool_runner *r, const char *owner, const char *id, int priority, int attempts);
/* Reads the claimed job as the design says (one link, bounded, regular). */
int spool_claimed_read(struct spool_runner *r, const char *owner, const char *id, int attempt, size_t max,
		       struct buf *b);
/* cur/ME/… → new/0.ID.N: goes first, its attempts kept (one that left no directory counts not). */
int spool_requeue(struct spool_runner *r, const char *owner, const char *id, int attempt);
/* An attempt's files. out/…/ID/N/{stdout,stderr,index}, {files,files.index} where the job
 * collects, and a reserved result. */
struct spool_attempt {
	int dir;		/* out/…/ID */
	int attempt_dir;	/* out/…/ID/N */
	int out, err, index;	/* append */
	int files, files_index; /* append; -1 until spool_attempt_files */
	int result;		/* N/result.new, room reserved */
	mode_t mode;		/* of its files */
};
#define SPOOL_ATTEMPT_NONE ((struct spool_attempt){ -1, -1, -1, -1, -1, -1, -1, -1, 0600 })
int spool_attempt_open(struct spool_runner *r, const char *owner, const char *id, int attempt, struct spool_attempt *a);
/* The box has the job: makes the index, which is what says Executing. Also before a
 * result of a job that had no box. Once is enough. */
int spool_attempt_begin(struct spool_attempt *a);
/* Makes N/tests with so much room reserved, before the beginning; the descriptor (append) is the
 * caller's. What of the room was not used is given back at the end. */
int spool_attempt_tests(const struct spool_attempt *a, int64_t room);
void spool_attempt_tests_end(int fd, int64_t size, int64_t room);
/* Makes files and files.index, of a job that collects. Once is enough. */
int spool_attempt_files(struct spool_attempt *a);
void spool_attempt_release(struct spool_attempt *a);
/* Finishing, in steps so that a syncing helper can do the syncs between:
 *   spool_result_write    writes the text into N/result.new (no sync)
 *   (sync out, err, index, result, attempt_dir, dir)
 *   spool_result_publish  N/result.new → ID/result: the job has ended
 *   (sync dir)
 *   spool_job_retire      cur/ME/OWNER/ID.N → out/…/ID/job, and the cancel wish goes */
int spool_result_write(struct spool_attempt *a, const char *text, size_t len);
int spool_result_publish(struct spool_attempt *a);
int spool_job_retire(struct spool_runner *r, const char *owner, const char *id, int attempt);
/* Dead runners: calls f with the name of each runner whose lock could be had (held during f). */
int spool_each_dead(struct spool_runner *r, spool_name_fn f, void *arg);
/* Completes or requeues all that the dead runner had (result first: then only the retire
 * is missing), removes its directory. f is told of each requeued job (may be NULL). */
int spool_adopt(struct spool_runner *r, const char *dead, spool_job_fn f, void *arg);

#endif
