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
	struct result_files *result;	/* the part of the job's result about files */
	int64_t most_files, most_bytes; /* as given to init, which must not exceed them */
	int64_t index_size;
	struct files_record now; /* the file being received; name NULL: none */
	int64_t got;		 /* bytes of it received */
	bool lost;		 /* no room for it: skipped */
	int64_t begun;		 /* FILE frames received, kept or not */
	int lefts;		 /* LEFT frames received; both numbers are bounded */
};

/* Sets result->wanted; opens nothing before the first file. */
void files_init(struct files *f, struct spool_attempt *a, struct result_files *result, int64_t most_files,
		int64_t most_bytes);
/* Handles a frame FILE, DATA or LEFT. -1: not allowed here. */
int files_frame(struct files *f, const struct frame *frame);
/* The end of the files, for whatever reason: an incomplete file is discarded. */
void files_end(struct files *f);
#endif
