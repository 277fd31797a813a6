/* layout.h - every name in a spool: made and parsed here, and nowhere else
 *
 * Private to src/spool: other code uses owner, id and attempt (find.h, jobs.h, attempt_read.h).
 * cee-spool(5) has the table of the names and their meanings. X_name functions write a name,
 * X_parse functions accept exactly what X_name writes: names that other users put into a
 * directory are only compared with these.
 */
#ifndef CEE_SPOOL_LAYOUT_H
#define CEE_SPOOL_LAYOUT_H

#include "base/id.h"
#include "spool/input.h"
#include "spool/owner_name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LAYOUT_BUCKET = 7,	      /* hexadecimal digits of an id: one bucket of out/ covers 2^20 ms */
	LAYOUT_ATTEMPTS = 9,	      /* an attempt's number is one digit; later attempts reuse 9 */
	LAYOUT_NAME_MAX = ID_LEN + 8, /* a waiting or claimed job: P.ID.N and a NUL */
	LAYOUT_INPUT_MAX = ID_LEN + 8,
	LAYOUT_REMOVAL_MAX = ID_LEN + 8,
	LAYOUT_GONE_MAX = ID_LEN + 16,
	LAYOUT_JOIN_MAX = OWNER_MAX + ID_LEN + 8,
	LAYOUT_ASIDE_MAX = 16,
	LAYOUT_PATH_MAX = OWNER_MAX + 64 /* OWNER/PART, and OWNER/out/BUCKET/ID */
};

/* ---- the head of the spool ---- */

#define LAYOUT_VERSION "VERSION"
#define LAYOUT_LANGUAGES "languages.json"
#define LAYOUT_CUR "cur"
#define LAYOUT_TMP "tmp"
#define LAYOUT_JOIN "join"	      /* only in a shared spool */
#define LAYOUT_METRICS "metrics"      /* a file for each runner */
#define LAYOUT_RETENTION ".retention" /* in tmp: locked by the process that looks after the spool */
/* Is this a name at the head of the spool, which owners and runners must not have? */
bool layout_root_name(const char *name);
/* join/OWNER.ID: the path below the spool; the parser gets the entry's name, and the caller
 * checks the owner. */
void layout_join_path(char path[LAYOUT_JOIN_MAX], const char *owner, const char *id);
bool layout_join_parse(const char *name, char owner[OWNER_MAX]);
/* metrics/.RUNNER.new */
void layout_metrics_new(char name[OWNER_MAX + 8], const char *runner);

/* ---- cur/RUNNER ---- */

#define LAYOUT_RUNNER_LOCK "lock"
#define LAYOUT_RUNNER_BOOT "boot"   /* the kernel's boot id when the runner started */
#define LAYOUT_RUNNER_ALIVE "alive" /* in a shared spool: the lock that users can test */
/* RUNNER/OWNER */
void layout_claims_path(char path[2 * OWNER_MAX], const char *runner, const char *owner);
void layout_claim_name(char name[LAYOUT_NAME_MAX], const char *id, int attempt); /* ID.N */
bool layout_claim_parse(const char *name, char id[ID_LEN + 1], int *attempt);

/* ---- an owner's parts ---- */

#define LAYOUT_KEPT "kept" /* beside the parts: how much the owner keeps */
enum owner_part { PART_TMP, PART_NEW, PART_CANCEL, PART_IN, PART_OUT, PART_GROUPS, PART_KEYS, PART_COUNT };
extern const char *const owner_part_name[PART_COUNT];
void layout_part_path(char path[LAYOUT_PATH_MAX], const char *owner, enum owner_part part); /* OWNER/PART */

void layout_new_name(char name[LAYOUT_NAME_MAX], const char *id, int priority, int attempts); /* P.ID or 0.ID.N */
bool layout_new_parse(const char *name, char id[ID_LEN + 1], int *priority, int *attempts);
/* cancel/ID.remove: a request to remove a job */
void layout_removal_name(char name[LAYOUT_REMOVAL_MAX], const char *id);
bool layout_removal_parse(const char *name, char id[ID_LEN + 1]);
/* tmp/ID.gone.RANDOM: the remains of a removed job */
void layout_gone_name(char name[LAYOUT_GONE_MAX], const char *id);
bool layout_is_gone(const char *name);
/* in/ID, in/ID.end and so on. sig: with INPUT_SIGNAL, a signal that can be sent to jobs. */
bool layout_input_name(char name[LAYOUT_INPUT_MAX], const char *id, enum spool_input_kind kind, int sig);
bool layout_input_parse(const char *name, char id[ID_LEN + 1], enum spool_input_kind *kind, int *sig);
/* The signals that can be sent to jobs, by index; 0 at the end. */
int layout_signal(size_t i);

/* ---- out/BUCKET/ID ---- */

#define LAYOUT_JOB "job"
#define LAYOUT_RESULT "result"
/* OWNER/out/BUCKET/ID, below the spool */
void layout_out_path(char path[LAYOUT_PATH_MAX], const char *owner, const char *id);
void layout_bucket_of(char bucket[LAYOUT_BUCKET + 1], const char *id);
bool layout_is_bucket(const char *name);
int64_t layout_bucket_us(const char *bucket);				/* the earliest time of its ids, epoch */
void layout_bucket_at(char bucket[LAYOUT_BUCKET + 1], int64_t time_us); /* the bucket for ids made at that time */

/* ---- out/BUCKET/ID/N ---- */

enum attempt_file {
	ATTEMPT_STDOUT,
	ATTEMPT_STDERR,
	ATTEMPT_INDEX,
	ATTEMPT_RESULT, /* result.new, until it is published */
	ATTEMPT_TESTS,
	ATTEMPT_TAKEN,
	ATTEMPT_FILES,
	ATTEMPT_FILES_INDEX,
	ATTEMPT_FILE_COUNT
};
extern const char *const attempt_file_name[ATTEMPT_FILE_COUNT];
void layout_attempt_name(char name[2], int attempt);
/* N.RANDOM: an attempt whose number was reused */
void layout_aside_name(char name[LAYOUT_ASIDE_MAX], int attempt);
/* Parses N, or N.RANDOM with *aside set. 0: invalid name. */
int layout_attempt_parse(const char *name, bool *aside);

#endif
