/* attempt.h - an attempt's files while its job runs, and the result that ends it
 *
 * Finishing goes in steps, so that a helper thread can do the syncs between them:
 *     spool_result_write    writes the text into N/result.new (no sync)
 *     (sync out, err, index, result, attempt_dir, dir)
 *     spool_result_publish  N/result.new -> ID/result: the job has ended
 *     (sync dir)
 *     spool_job_retire      (claim.h)
 */
#ifndef CEE_SPOOL_ATTEMPT_H
#define CEE_SPOOL_ATTEMPT_H

#include "spool/registration.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* out/.../ID/N/{stdout,stderr,index}, {files,files.index} of a job that collects files, and a reserved result. */
struct spool_attempt {
	int dir;		/* out/.../ID */
	int attempt_dir;	/* out/.../ID/N */
	int out, err, index;	/* append */
	int files, files_index; /* append; -1 until spool_attempt_files */
	int result;		/* N/result.new, room reserved */
	mode_t mode;		/* mode of the attempt's files */
};
#define SPOOL_ATTEMPT_NONE ((struct spool_attempt){ -1, -1, -1, -1, -1, -1, -1, -1, 0600 })
/* Makes the directory of the attempt (1 to 9), its streams and its reserved result. -1 and errno: nothing of the
 * attempt is left then. */
int spool_attempt_open(struct spool_runner *r, const char *owner, const char *id, int attempt, struct spool_attempt *a);
void spool_attempt_release(struct spool_attempt *a);
/* Call it when the box has the job: creates the index, which makes the job Executing for readers. Also call it before
 * writing the result of a job that had no box. Calling it again does nothing. */
int spool_attempt_begin(struct spool_attempt *a);
/* Makes N/tests, with room bytes reserved; called before spool_attempt_begin, because readers open it when they find
 * the index. Returns a descriptor for appending, which the caller closes; -1 and errno. The second function releases
 * what is reserved beyond size bytes. */
int spool_attempt_tests(const struct spool_attempt *a, int64_t room);
void spool_attempt_tests_end(int fd, int64_t size, int64_t room);
/* Makes files and files.index, of a job that collects files. Calling it again does nothing. */
int spool_attempt_files(struct spool_attempt *a);
/* Makes N/taken, whose length says how many bytes of the streamed input the box has taken. Returns a descriptor for
 * writing, which the caller closes; -1 and errno. */
int spool_attempt_taken(const struct spool_attempt *a);
/* len: at most SPOOL_RESULT_MAX bytes (EFBIG). May be called again after a failure. */
int spool_result_write(struct spool_attempt *a, const char *text, size_t len);
/* EEXIST: the job has a result already. */
int spool_result_publish(struct spool_attempt *a);

#endif
