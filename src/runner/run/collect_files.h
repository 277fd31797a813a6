/* collect_files.h - collected files on their way into the spool */
#ifndef RUNNER_FILES_H
#define RUNNER_FILES_H

#include "job/result.h"
#include "spool/attempt.h"
#include "spool/collected.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stdint.h>

struct files {
	struct spool_attempt *attempt;
	struct result_files *result;	/* the job's result says this of them */
	int64_t most_files, most_bytes; /* as given to init: more is a broken promise */
	int64_t index_size;
	struct files_record now; /* the one that comes; name NULL none */
	int64_t got;		 /* bytes of it */
	bool lost;		 /* it has no room: passed over */
	int64_t begun;		 /* files that came, kept or not ... */
	int lefts;		 /* ... and LEFTs: both are bounded */
};

/* result->wanted is set; nothing is opened before the first file. */
void files_init(struct files *f, struct spool_attempt *a, struct result_files *result, int64_t most_files,
		int64_t most_bytes);
/* Handles a frame FILE, DATA or LEFT. -1: not allowed here. */
int files_frame(struct files *f, const struct frame *frame);
/* No more comes, for whatever reason: an unfinished file was none. */
void files_end(struct files *f);
#endif
