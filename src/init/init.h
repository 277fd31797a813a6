/* init.h - what the files of cee-init share
 *
 * cee-init.c  the protocol and the job's course: the only file that knows frames in flight
 * cell.c      a cell and its keeper (process 1 of the cell), starting and ending programs
 * carry.c     files out of a cell: the walk in the keeper, and what it gives, in init
 * kept.c      the files that each test of a job begins with, and a box made clean without cells
 * filter.c    the job's system call filter
 * layer.c     fetching, packing and unpacking layers of packages: a program of its own in the box
 * sha256.c    digests of what is unpacked
 * usage.c     figures of the box's cgroup
 *
 * Static, libc only, one thread. Errors are a line of text in a char[INIT_TEXT].
 */
#ifndef CEE_INIT_H
#define CEE_INIT_H

#include "base/glob.h"
#include "base/limit.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>


enum { INIT_TEXT = 512 };

/* Formats a line into text (INIT_TEXT bytes) and returns -1. */
int init_fail(char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int64_t init_now_us(void); /* CLOCK_MONOTONIC */
int64_t init_cpu_us(void); /* of the calling process, its children not */

/* ---- filter.c --------------------------------------------------------- */

/* Loads the job's filter into the calling process, for good. strict: there is no
 * cell, so calls that reach other processes by number are refused too. pinned: it stays
 * on the processor that it has. -1 and errno. */
int filter_load(bool strict, bool pinned);

/* ---- usage.c ---------------------------------------------------------- */

struct usage {
	int version;					/* of the cgroups: 1, 2, or 0 for none to be seen */
	int cpu, memory, total, oom, pids, pids_events; /* descriptors or -1 */
	int64_t pids_max;				/* -1 unlimited or unknown */
};
struct usage_now {
	int64_t cpu_us;	     /* user and system, of the whole box */
	int64_t total;	     /* bytes, with page cache; cheap to read */
	int64_t anon, shmem; /* bytes of it */
	int anon_age;	     /* samples since those two were read */
	int64_t oom_kills;   /* since the box began */
	int64_t pids;	     /* tasks now; 0 unknown */
	int64_t pids_hits;   /* forks refused by the cgroup */
};
void usage_open(struct usage *u);
/* last (or NULL): the sample before, whose anon and shmem may stand for a while when
 * the total has not grown; they cost more than all the rest. */
void usage_read(const struct usage *u, struct usage_now *now, const struct usage_now *last);

/* ---- cell.c: the keeper ------------------------------------------------ *
 * Whoever starts programs and reaps them: process 1 of a cell, or init itself
 * in a box without cells. */

struct plan { /* one phase */
	bool set;
	uint64_t limit[LIMIT_COUNT];
	char **argv, **env; /* NULL-terminated, owned */
	size_t argc, envc, bytes;
};

struct keeper {
	bool cell;
	int work; /* /work */
	int oom;  /* own oom_score_adj, or -1 */
	int file; /* the one being written, or -1 */
	uint64_t file_left;
	struct link *link;	 /* the link being made, or NULL; owned */
	struct pattern *collect; /* of COLLECT, owned */
	size_t ncollect;
	uint64_t disk; /* bytes of the tmpfs */
	struct plan plan[PHASE_COUNT];
	int phase;	    /* of the last PHASE frame, or -1 */
	uint32_t phase_now; /* of the last start */
	pid_t program;	    /* 0 none */
	int64_t started_us;
	int64_t cpu_us, maxrss; /* of what was reaped since the start */
	int64_t own_us;		/* a cell's keeper: its own cpu time at the start */
};

struct start { /* how to start a phase */
	uint32_t phase;
	uint32_t nproc; /* RLIMIT_NPROC; 0 as it is */
	uint32_t cpu;	/* 1 + the processor it is kept on, 0 any */
	uint32_t test;	/* 1: do all but exec, exit 0 */
};

struct ended {	    /* a program and all that it left are gone */
	int status; /* as waitpid gives it */
	int64_t wall_us, cpu_us, maxrss;
	int64_t own_us; /* cpu time of a cell's keeper meanwhile */
	int64_t left;	/* processes that had to be killed, the program too if so */
	bool file_full; /* it failed, and a file is as large as the limit allows */
};

void keeper_init(struct keeper *k, bool cell);
/* FILE, DATA, COLLECT, PHASE, ARG, ENV as they come. A FILE's mode may carry S_IFDIR (no
 * data; its mode is set, so it comes behind what is in it) or S_IFLNK (its data is the
 * target): carry.c's. -1 and text. */
int keeper_frame(struct keeper *k, unsigned type, const unsigned char *p, size_t len, char *text);
/* fds: stdin, stdout, stderr of the program; stay the caller's. -1 and text. */
int keeper_start(struct keeper *k, const struct start *s, const int fds[3], char *text);
/* Reaps what has ended, without waiting. true: the program has, *status is its. */
bool keeper_reap(struct keeper *k, int *status);
/* Kills everything within reach and reaps it all. status -1: the program's is
 * not known yet. */
void keeper_end(struct keeper *k, int status, struct ended *e);
void keeper_signal(const struct keeper *k, int sig);

/* ---- carry.c: files out of a cell ---------------------------------------- *
 * The keeper walks /work and writes what it finds as frames into a pipe; init reads
 * them at its own pace, which is the keeper's too. For when nothing of the job runs
 * any more: it changes the modes of what cannot be read otherwise. */

struct carry {		       /* what is wanted */
	uint32_t everything;   /* 0: regular files that a COLLECT names, with plain names;
					 * 1: all regular files, folders (behind what is in them) and
					 * links, to be given to another cell as they are */
	uint64_t files, bytes; /* at most; a folder or a link counts as a file */
};

/* Walks beneath work and writes (FILE DATA*)* LEFT* DONE to fd, a blocking pipe.
 * FILE's mode has the type's bits too. Ends early when nobody reads. */
void carry_walk(int work, const struct carry *c, const struct pattern *p, size_t n, int fd);

struct carrying {      /* init's side */
	int fd;	       /* the pipe, -1 none; to be polled for POLLIN */
	uint64_t left; /* bytes of the file that comes, still missing */
	bool done;     /* DONE came: that was all of it */
	struct frame_parser parser;
};
/* Makes the pipe; *theirs is for cell_carry or carry_walk and then to be closed. -1 and errno. */
int carrying_open(struct carrying *c, int *theirs);
/* Reads once, at most 32 KiB, and calls f for each whole FILE, DATA and LEFT, which are
 * checked: lengths, and that DATA is not more than FILE said. 1 more may come, 0 the end
 * (look at done: without it the walker died or said nonsense). Closes at the end. */
int carrying_read(struct carrying *c, void (*f)(void *arg, const struct frame *f), void *arg);
void carrying_close(struct carrying *c); /* the walker then stops by itself */

/* ---- kept.c: what each test of a job begins with --------------------------- */

struct kept {
	int fd; /* a memfd of frames (FILE DATA*)*, -1 none */
	uint64_t size;
	char lost[INIT_TEXT]; /* what could not be kept, and why; "" nothing */
};
int kept_open(struct kept *k);			      /* -1 and errno */
void kept_add(struct kept *k, const struct frame *f); /* FILE, DATA, LEFT as they come from a walk */
void kept_seal(struct kept *k);
void kept_close(struct kept *k);
/* In the keeper: writes them all. -1 and text. */
int kept_fill(struct keeper *k, int fd, char *text);
/* Without cells, when every process of the job is dead: nothing of it stays. -1 and text. */
int box_clean(char *text);

/* ---- sha256.c, layer.c ------------------------------------------------------ */

struct sha256 {
	uint32_t state[8];
	uint64_t len;
	unsigned char rest[64];
};
void sha256_begin(struct sha256 *h);
void sha256_add(struct sha256 *h, const unsigned char *p, size_t n);
void sha256_end(struct sha256 *h, char text[65]); /* in hexadecimal */

/* cee-init as a program in a package box; returns its exit status, -1 when it is none of these. */
int layer_program(int argc, char **argv);

/* ---- cell.c: the cell, from outside ------------------------------------- */

struct cell {
	pid_t pid; /* its first process, 0 none */
	int sock;  /* orders go in, reports come out */
	int work;  /* O_PATH of its /work once built, for fstatfs, else -1 */
};

enum report_kind { REPORT_BUILT, REPORT_FILLED, REPORT_STARTED, REPORT_FAILED, REPORT_ENDED };
struct report {
	enum report_kind kind;
	struct ended ended;   /* REPORT_ENDED */
	int64_t time_us;      /* REPORT_STARTED */
	char text[INIT_TEXT]; /* REPORT_FAILED */
};

/* Clones the cell's first process in its namespaces; it then takes orders. */
int cell_open(struct cell *c, char *text);
/* Orders; all may wait up to ten seconds for the cell to take them. -1 and errno. */
int cell_build(struct cell *c, uint64_t disk, uint64_t inodes);
int cell_frame(struct cell *c, unsigned type, const unsigned char *p, size_t len);
int cell_start(struct cell *c, const struct start *s, const int fds[3]);
int cell_fill(struct cell *c, int fd); /* with what kept_fill takes; it reports FILLED */
int cell_kill(struct cell *c);
int cell_signal(struct cell *c, int sig);
/* Between programs. fd: the pipe's end that carrying_open made, stays the caller's. While it
 * walks, the keeper takes no other order. */
int cell_carry(struct cell *c, const struct carry *what, int fd);
/* 1 a report, 0 none now, -1 the cell has hung up. */
int cell_report(struct cell *c, struct report *r);
/* Kills it; it is gone when waitpid has seen c->pid. */
void cell_close(struct cell *c);
/* Builds a cell with everything in it but a program. -1 and text where this box cannot. */
int cell_test(char *text);

#endif
