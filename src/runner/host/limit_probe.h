/* limit_probe.h - internal jobs that exceed a limit on purpose, to see that it holds
 *
 * A limit probe runs like any job: in a box, with cee-init and a cell, and with a verdict from verdict.c. Only the
 * spool is not used.
 */
#ifndef RUNNER_LIMIT_PROBE_H
#define RUNNER_LIMIT_PROBE_H

#include "base/limit.h"
#include "job/reasons.h"
#include "job/result.h"
#include "runner/box/box.h"
#include "runner/box/boxes.h"

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

struct gate_rules;

enum { LIMIT_PROBE_URLS = 10 };

struct limit_probe {
	const char *what; /* the probe program's first argument; see src/probe/probe.c */
	long far;	  /* how far the program goes if nothing stops it */
	int64_t limit;	  /* for limit_probe_of: the job's limit under test; all its other limits are wide */
	int64_t box_memory, box_processes; /* the engine's limits for the box; 0: wide */
	bool stop_on_output;
	/* what "network": the addresses that it asks for, at most LIMIT_PROBE_URLS, instead of far; and its gate */
	const char *const *urls;
	const struct gate_rules *gate;
};

/* The result of a limit probe. Texts are one line, without control characters. */
struct limit_probe_end {
	bool ready; /* the box started; cells, build and said are known */
	bool ran;   /* phase and why are known */
	bool cells;
	enum box_end how; /* if the program did not run */
	char reason[400]; /* why the program did not run */
	char build[32];	  /* cee-init's build */
	char said[200];	  /* the end of cee-init's standard error */
	enum reason why;
	struct result_phase phase;
	char out[1024];	 /* the beginning of its output */
	int64_t out_len; /* length of all output */
};

/* The limit probes that run now. */
struct limit_probes {
	struct boxes *boxes;
	struct probe_run *first;
};
void limit_probes_init(struct limit_probes *ps, struct boxes *bs);
/* Drops the running probes without calling their done: their boxes are being removed. */
void limit_probes_stop(struct limit_probes *ps);

/* done is called once, from the loop, when the box is gone. image is borrowed until then. -1 ENOMEM. */
int limit_probe_start(struct limit_probes *ps, const struct limit_probe *p, const char *image,
		      void (*done)(void *arg, const struct limit_probe_end *e), void *arg);

/* The number after that word in the probe's output; -1 when it is not there. */
int64_t limit_probe_number(const struct limit_probe_end *e, const char *word);

/* Exceeds the limits that the engine must keep without cee-init's help: processes and memory of a box. */
extern const struct limit_probe limit_probe_bounds;
/* One probe for each limit of limit.h. */
extern const struct limit_probe limit_probe_of[LIMIT_COUNT];
/* Did that limit hold? why: one line with the observation. */
bool limit_probe_held(enum limit_id id, const struct limit_probe_end *e, char *why, size_t size);
bool limit_probe_memory_bound(const struct limit_probe_end *e);
bool limit_probe_processes_bound(const struct limit_probe_end *e);
#endif
