/* canary.h - jobs of ours that go over a limit, to see that it holds
 *
 * A canary takes the way of every job: a box, cee-init in it, a cell, and the verdict of
 * verdict.c. Only the spool is left out.
 */
#ifndef RUNNER_CANARY_H
#define RUNNER_CANARY_H

#include "base/limit.h"
#include "job/result.h"
#include "runner/box/box.h"

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

struct canary {
	const char *what;		   /* the canary program's word; see src/init/canary.c */
	long far;			   /* how far it goes where nothing stops it */
	int64_t limit;			   /* of canary_limit: the job's; all others are roomy */
	int64_t box_memory, box_processes; /* the engine's bounds; 0: roomy */
	bool stop_on_output;
};

/* How it went. Texts are one line, without control characters. */
struct canary_end {
	bool ready; /* the box came up; cells, build and said are known */
	bool ran;   /* phase and why are known */
	bool cells;
	enum box_end how; /* when it did not run */
	char reason[400]; /* why it did not run */
	char build[32];	  /* cee-init's */
	char said[200];	  /* cee-init's last words on standard error */
	enum why why;
	struct result_phase phase;
	char out[1024];	 /* the beginning of what it printed */
	int64_t out_len; /* of all that it printed */
};

/* done is called once, from the loop, when the box is gone. image is borrowed until then. -1 ENOMEM. */
int canary_start(const struct canary *c, const char *image, void (*done)(void *arg, const struct canary_end *e),
		 void *arg);
/* Ends those under way without a word: their boxes are being removed. */
void canary_stop(void);

/* The number behind that word in what it printed; -1 when it did not come so far. */
int64_t canary_number(const struct canary_end *e, const char *word);

/* What the engine has to bound without cee-init's help: processes and memory of a box. */
extern const struct canary canary_bounds;
/* One for each limit of limit.h. */
extern const struct canary canary_limit[LIMIT_COUNT];
/* Did that limit hold? In why: one line, what was seen. */
bool canary_held(enum limit_id id, const struct canary_end *e, char *why, size_t size);
bool canary_memory_bound(const struct canary_end *e);
bool canary_processes_bound(const struct canary_end *e);
#endif
