/* log_prog.h - what cee-log was asked for, and how far it is */
#ifndef CEE_CMD_LOG_PROG_H
#define CEE_CMD_LOG_PROG_H

#include "cli/client.h"
#include "cli/sink.h"
#include "cmd/cee-stat/stat_print.h"
#include "job/test_result.h"
#include "spool/follow.h"
#include "wire/frame_types.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct log {
	struct client c;
	struct follow f;
	struct sink out;
	bool follow, times, json, raw;
	bool only_out, only_err, as_come;
	int64_t last; /* -n, or -1: all */
	int verdict;  /* results' JSON goes there too; -1 nowhere */
	bool warned;
	int jobs, bad, status; /* followed to their ends; of these not 0; of the last, as cee(7) has it */
	/* the job that is printed now */
	const char *id;
	bool counting;			  /* the first pass of -n */
	int64_t units, skip;		  /* lines (records with --json) seen; still to be skipped */
	const char *test;		  /* --test */
	struct test_result which;	  /* its bytes */
	int64_t pos[2];			  /* in stdout and stderr: what was seen of them */
	bool open_line;			  /* the last byte seen was no newline */
	bool in_line[STREAM_COMPILE + 1]; /* -t: this line has its time already */
	/* -t: the text of the last second that was printed */
	time_t second;
	char second_text[32];
};

#endif
