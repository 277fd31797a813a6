/* job.h - a job, and the only parser of jobs: cee-job(5) */
#ifndef CEE_JOB_JOB_H
#define CEE_JOB_JOB_H

#include "base/error.h"
#include "base/limit.h"
#include "job/compare.h"
#include "job/job_files.h"
#include "job/job_session.h"
#include "job/job_tests.h"
#include "job/labels.h"
#include "job/packages.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum job_buffer { BUFFER_LIVE, BUFFER_FULL };

struct job {
	char *language;	 /* as given, never NULL after job_parse (first API: "csharp") */
	char *version;	 /* or NULL */
	char *framework; /* target_framework_monikier, or NULL */
	char *code;	 /* the program in the first API, and the short form of one file; or NULL */
	size_t code_len;
	struct job_file *files;
	size_t nfiles; /* the first is the entry unless code is given */
	char **arguments;
	size_t narguments;
	unsigned char *stdin_data;
	size_t stdin_len;  /* stdin: text, or stdin_base64 */
	bool stdin_stream; /* input is read from OWNER/in/ID instead */
	char **env;
	size_t nenv; /* NAME=value */
	struct job_package *packages;
	size_t npackages;		   /* packages, nuget_packages */
	bool nuget;			   /* they were given as nuget_packages */
	struct limits limits[PHASE_COUNT]; /* -1 where the job sets none */
	bool check;			   /* run only the language's check command, as the compile phase */
	struct job_session session;	   /* its program is the driver of its language */
	bool tty;			   /* run the program on a terminal of its own */
	unsigned tty_rows, tty_columns;	   /* 0: the defaults, 24 and 80 */
	bool merge, stop_on_output;	   /* merge; limits.stop = "output" */
	enum job_buffer buffer;
	char **collect;
	size_t ncollect;		      /* patterns (base/glob.h) of files to collect */
	int64_t collect_files, collect_bytes; /* maximum; -1: the administrator's default */
	int priority;			      /* 0 first … 9 last, default 5 */
	int retries;			      /* reruns after an internal error, 0 … 3; default 1, with a network 0 */
	int64_t start_within_us;	      /* -1: unlimited */
	int64_t keep_us;		      /* -1: the administrator's default */
	char *key, *group;		      /* or NULL */
	char *network;			      /* a name of cee.conf; NULL: no network */
	struct job_label *labels;
	size_t nlabels;
	struct job_test *tests;
	size_t ntests; /* 0: a job without tests, whose program runs once */
	struct compare_rule compare;
	bool first_failure; /* stop = "first-failure" */
	int cpus;	    /* set by the runner: processors that the box may use, 0 counts as one */
	int64_t memory;	    /* set by the runner for each phase: its limit of memory in bytes; 0: not known */
	char *layer;	    /* set by the runner, not in the job's text: the path of its packages in the box, or NULL */
};
/* The only parser of jobs. Checks everything that can be checked without knowing the
 * host (structure, types, ranges, names); text need not be NUL-terminated.
 * On error -1, errno EINVAL, and e names the field and what would be right. */
int job_parse(struct job *j, const char *text, size_t len, struct cee_err *e);
/* The same for a text that json_parse has accepted; root stays the caller's. */
int job_read(struct job *j, const cJSON *root, struct cee_err *e);
void job_release(struct job *j);

#endif
