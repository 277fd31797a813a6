/* executor.h - the place that runs a job's programs: a cell, or the box itself
 *
 * Two implementations, cell.h and bare.h; the unit tests have a third. The session calls the
 * operations and receives their results as events:
 *
 *     prepare, begin, frame*, (start, [signal], [kill])*, collect, end
 *     and of a job of many tests, after collect: (renew, frame*, start, [signal], [kill])*, end
 *
 * Orders return -1 and a line in text (INIT_TEXT bytes) when they cannot be carried out;
 * the job has then failed and the session calls end(). Nothing here waits for the job's programs.
 */
#ifndef CEE_INIT_EXECUTOR_H
#define CEE_INIT_EXECUTOR_H

#include "init/collect_walk.h"
#include "init/disk_room.h"
#include "init/exec.h"
#include "init/failure.h"
#include "init/supervisor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum executor_event_kind {
	EXECUTOR_FILLED,  /* renew: the snapshot's files are there */
	EXECUTOR_STARTED, /* start: the program runs, since time_us */
	EXECUTOR_ENDED,	  /* the program and everything it left is dead */
	EXECUTOR_FAILED,  /* an order could not be carried out: text */
	EXECUTOR_LOST,	  /* the place itself is gone, with everything in it */
};

struct executor_event {
	enum executor_event_kind kind;
	struct ended ended; /* ENDED; for LOST as far as known, with the status of the place's own process */
	int64_t time_us;
	char text[INIT_TEXT];
};

struct disk_usage {
	int64_t used; /* bytes */
	bool full, inodes_full;
};

struct executor;
struct snapshot;

struct executor_ops {
	/* Before a job: 1 ready for it, 0 not yet (ask again after the next child ended), -1 and text. */
	int (*prepare)(struct executor *x, char *text);
	int (*begin)(struct executor *x, const struct disk_room *room, char *text);
	/* For the next test: a fresh place with the snapshot's files. FILLED follows. */
	int (*renew)(struct executor *x, const struct disk_room *room, const struct snapshot *files, char *text);
	/* FILE, DATA, COLLECT, PHASE, ARG, ENV */
	int (*frame)(struct executor *x, unsigned type, const unsigned char *p, size_t len, char *text);
	/* fds: the program's stdin, stdout, stderr; they stay the caller's. STARTED or FAILED follows. */
	int (*start)(struct executor *x, const struct start *s, const int fds[3], char *text);
	void (*signal)(struct executor *x, int sig);
	void (*kill)(struct executor *x);    /* all programs; ENDED follows */
	void (*destroy)(struct executor *x); /* when kill has not been answered; LOST follows */
	/* Walks /work (collect_walk.h) into pipe[1]; pipe[0] is the other end. Between programs. */
	int (*collect)(struct executor *x, const struct collect_request *what, const int pipe[2], char *text);
	void (*disk)(struct executor *x, struct disk_usage *d);
	void (*end)(struct executor *x);    /* end of the job: removes everything of the job, in the background */
	void (*settle)(struct executor *x); /* waits for the background work of end() */
	void (*reap)(struct executor *x);   /* a child may have ended */
	/* The next event; false none now. */
	bool (*next)(struct executor *x, struct executor_event *e);
};

struct executor {
	const struct executor_ops *ops;
	int fd;		  /* readable when next() may have an event, or -1 */
	bool pending;	  /* next() has an event that fd does not show */
	bool one_job;	  /* the box cannot take another job after this one */
	unsigned helpers; /* number of cee's own processes in the box while a job runs */
};

#endif
