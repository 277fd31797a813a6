/* result.h - the file `result` of a job, JSON */
#ifndef CEE_JOB_RESULT_H
#define CEE_JOB_RESULT_H

#include "base/error.h"
#include "base/id.h"
#include "base/limit.h"
#include "job/labels.h"
#include "job/reasons.h"
#include "layers/store.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The origin of a job's box: made for this job, made in advance, or used before by the same owner. */
enum box_from { BOX_NONE, BOX_COLD, BOX_WARM, BOX_SHARED };

/* Which compiler compiled the job, in a language with a resident compiler. */
enum compiled_by { COMPILER_NONE, COMPILER_PLAIN, COMPILER_RESIDENT };

struct result_phase {
	bool ran;
	int exit_code; /* -1 if it did not exit by itself */
	int signal;    /* 0 none */
	int64_t cpu_us, wall_us, peak_bytes;
	int peak_how; /* as END_PEAK_HOW */
	int64_t oom_kills;
	uint64_t exceeded; /* bit set of enum limit_id */
	int64_t out_bytes, err_bytes, dropped;
	struct limits limits; /* in force */
};
/* A file that was not collected; why is an enum left_reason; LEFT_NO_ROOM comes from the runner. */
enum { LEFT_NO_ROOM = LEFT_REASONS, LEFT_NAMES };
#define LEFT_NO_ROOM_NAME "disk full"
extern const char *const left_name[LEFT_NAMES];
enum { RESULT_LEFT_MAX = 16, RESULT_LEFT_NAME = 200 }; /* names in a result, and the bytes of each */
struct result_files {
	bool wanted; /* the job collects */
	int64_t count, bytes;
	int64_t left_count; /* files not collected, including those in left */
	struct {
		char *name;
		int why;
	} left[RESULT_LEFT_MAX];
	size_t nleft;
};

/* What passed the gate of a job with a network. */
struct result_network {
	char *name; /* NULL: the job had none */
	int64_t connections, in, out, refused;
};

struct result {
	char id[ID_LEN + 1];
	enum reason why;
	char *message; /* one line for people, or NULL */
	int exit_code; /* of the phase that decided; -1 none */
	int signal;    /* 0 none */
	int attempt;
	bool cells;					      /* the job had a cell */
	char *language, *image, *runner;		      /* or NULL */
	int64_t created_us, claimed_us, started_us, ended_us; /* epoch; 0 unknown */
	int64_t queued_us;
	int64_t dropped_by_disk; /* bytes lost because the spool's disk was full */
	int64_t box_memory;	 /* the box's memory limit in force, 0 none */
	int processor;		 /* the processor that the job was bound to; -1 any */
	enum box_from box_from;
	char *box; /* the container's id, its first 12 characters, or NULL */
	struct result_tests {
		int total, run, passed, failed;
	} tests; /* total 0: a job without tests */
	struct result_files files;
	struct result_network network;
	char *runtime; /* the runtime, such as ".NET 10.0.1", if the language's image reports it; or NULL */
	enum compiled_by compiler;
	struct layer_package *packages;
	size_t npackages;			/* the resolved packages of its layer */
	struct result_phase phase[PHASE_COUNT]; /* with tests, the run phase is the sum of all tests */
	char *group, *key;			/* or NULL */
	struct job_label *labels;
	size_t nlabels;
	int64_t expires_us; /* epoch, the time after which it may be removed; 0 unknown */
};
void result_init(struct result *r);
void result_release(struct result *r);
char *result_format(const struct result *r); /* malloc'ed JSON text on one line, with "\n"; NULL ENOMEM */
/* -1 EINVAL or ENOMEM, e names the field: *r needs no release. */
int result_parse(struct result *r, const char *text, size_t len, struct cee_err *e);
int result_exit_status(const struct result *r);	 /* the table of cee(7) */
bool result_is_internal(const struct result *r); /* cee failed, not the program */

#endif
