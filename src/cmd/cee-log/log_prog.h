/* log_prog.h - cee-log's options and progress */
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
	int verdict;  /* gets the results' JSON too; -1 none */
	bool warned;
	int jobs, bad,
		status; /* jobs followed to their ends; those with a status other than 0; the last one's status, see cee(7) */
	/* of the job that is being printed */
	const char *id;
	bool counting;			  /* the first pass of -n */
	int64_t units, skip;		  /* lines (records with --json) read; to be skipped */
	const char *test;		  /* --test */
	struct test_result which;	  /* its bytes */
	int64_t pos[2];			  /* bytes read of stdout and stderr */
	bool open_line;			  /* the last byte read was not a newline */
	bool in_line[STREAM_COMPILE + 1]; /* -t: the time of this line is printed */
	/* -t: the text of the last second that was printed */
	time_t second;
	char second_text[32];
};

#endif
