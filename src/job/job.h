/* job.h - a job: cee-job(5), and the one parser of it */
#ifndef CEE_JOB_JOB_H
#define CEE_JOB_JOB_H

#include "base/error.h"
#include "base/limit.h"
#include "job/compare.h"
#include "job/job_files.h"
#include "job/job_tests.h"
#include "job/labels.h"
#include "job/packages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum job_buffer { BUFFER_LIVE, BUFFER_FULL };

struct job {
	char *language;	 /* as given, never NULL after job_parse (the first shape: "csharp") */
	char *version;	 /* or NULL */
	char *framework; /* target_framework_monikier, or NULL */
	char *code;	 /* the first shape's and the short form of one file; or NULL */
	size_t code_len;
	struct job_file *files;
	size_t nfiles; /* the first is the entry unless code is given */
	char **arguments;
	size_t narguments;
	unsigned char *stdin_data;
	size_t stdin_len;  /* stdin: text, or stdin_base64 */
	bool stdin_stream; /* it comes in OWNER/in/ID instead */
	char **env;
	size_t nenv; /* NAME=value */
	struct job_package *packages;
	size_t npackages;		   /* packages, nuget_packages */
	bool nuget;			   /* they came as nuget_packages */
	struct limits limits[PHASE_COUNT]; /* -1 where the job is silent */
	bool check;			   /* only the language's check command is run, as the compile phase */
	bool tty;			   /* a terminal of its own */
	unsigned tty_rows, tty_columns;	   /* 0 as it comes: 24, 80 */
	bool merge, stop_on_output;	   /* merge; limits.stop = "output" */
	enum job_buffer buffer;
	char **collect;
	size_t ncollect;		      /* patterns (base/glob.h) of files to collect */
	int64_t collect_files, collect_bytes; /* at most; -1 as the administrator says */
	int priority;			      /* 0 first … 9 last, default 5 */
	int retries;			      /* reruns after an internal error, 0 … 3, default 1 */
	int64_t start_within_us;	      /* -1 no bound */
	int64_t keep_us;		      /* -1 as the administrator says */
	char *key, *group;		      /* or NULL */
	struct job_label *labels;
	size_t nlabels;
	struct job_test *tests;
	size_t ntests; /* 0: the program runs once, as itself */
	struct compare_rule compare;
	bool first_failure; /* stop = "first-failure" */
	int cpus;	    /* the runner's, as layer is: processors that its box may use, 0 one */
	char *layer;	    /* the runner's, never in the text: where its packages are in its box, or NULL */
};
/* The one parser. Checks everything that can be checked without knowing the
 * host (shape, types, ranges, names); text need not be NUL-terminated.
 * On error -1, errno EINVAL, and e names the field and what would be right. */
int job_parse(struct job *j, const char *text, size_t len, struct cee_err *e);
void job_release(struct job *j);

#endif
