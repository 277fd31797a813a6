/* box.h - a box: one container with cee-init in it, and its state machine */
#ifndef RUNNER_BOX_H
#define RUNNER_BOX_H

#include "base/limit.h"
#include "conf/conf.h"
#include "runner/core/config.h"
#include "runner/core/loop.h"
#include "runner/engine/attach.h"
#include "spool/spool.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stdint.h>

#define BOX_STATES(S)                                                                                                  \
	S(NEW, "new")                                                                                                  \
	S(CREATING, "creating")                                                                                        \
	S(ATTACHING, "attaching") S(STARTING, "starting")                                                              \
		S(GREETING, "greeting")			/* started; init has not said READY */                         \
		S(READY, "ready") S(DOUBTED, "doubted") /* its stream ended: is it the box or the engine? */           \
		S(REMOVING, "removing") S(GONE, "gone")
enum box_state {
#define S(id, name) BOX_##id,
	BOX_STATES(S)
#undef S
		BOX_STATE_COUNT
};

/* Why a box went while its user still wanted it. */
enum box_end {
	BOX_OURS,     /* the engine, or we: worth another try */
	BOX_NO_IMAGE, /* the administrator has to do something */
	BOX_DIED      /* its init died: the job's doing, or a kill from outside */
};

/* Sizes and names of one box. */
struct box_spec {
	const char *image;
	int64_t memory; /* bytes, all told; see box_memory */
	int64_t disk, inodes;
	int64_t processes;
	int64_t open_files;
	/* of package boxes (package_box.c); read by box_new alone */
	const char *network;		 /* NULL: none */
	const char *writable;		 /* a folder of the host, /.cee/layer in the box; or NULL */
	const char *index, *authorities; /* read-only: /.cee/index, /.cee/authorities.pem; or NULL */
	bool tools;			 /* cee-init as a program: /.cee/pack */
};

struct box {
	enum box_state state;
	char container[80];   /* the engine's id; "" before it is known */
	unsigned slot;	      /* chooses the uid */
	bool cells;	      /* init built a cell in its self-test */
	bool hello, greeted;  /* HELLO came; READY came since the last job */
	struct box_spec spec; /* image is ours */
	char build[32];	      /* init's, as HELLO says */
	char said[200];	      /* the last line on its standard error: why there are no cells */
	struct attach attach;
	struct engine_call *call;
	struct timer deadline;
	struct box *next;
	int64_t born;
	/* pool.c's: whose it is ("" nobody's yet), its jobs so far, since when it is idle (0: it has a user) */
	char owner[OWNER_MAX];
	int jobs;
	int64_t idle_since;
	char *doubt; /* why the stream ended */
	/* the user; NULL functions once it has let go */
	void (*ready)(void *arg);
	void (*frame)(void *arg, const struct frame *f);
	void (*ended)(void *arg, enum box_end how, const char *reason);
	void (*gone)(void *arg); /* the container does not exist any more */
	void *arg;
};

/* The runner's side of all boxes. on_gone is called whenever one has gone. */
void box_init(const struct config *c, const char *spool, const char *runner, void (*on_gone)(void));
void box_reconfigure(const struct config *c);
/* Boxes that are not gone yet; those that the engine is still making, or removing. */
int box_count(void);
int box_coming(void);
int box_going(void);
/* The first box, and so on by next: for the pool. */
struct box *box_first(void);
/* Another user takes a box that is not on its way out. ready is called only where the
 * box was not READY before. Frames of the last user's job do not come any more. */
void box_use(struct box *b, void (*ready)(void *), void (*frame)(void *, const struct frame *),
	     void (*ended)(void *, enum box_end, const char *), void *arg);
/* Memory limit for a job: its own, its disk, its output's tail, the reserve; in steps. */
int64_t box_memory(const struct conf *c, const struct limits *l);
/* Whether boxes are made for cells; the start-up self-test may say no. */
bool box_cells(void);
void box_set_cells(bool cells);
/* The directory of layers, or NULL: boxes from now on have those that are whole at /.cee/layers. */
void box_set_layers(const char *path);
bool box_file_there(const char *path); /* "" is not */
/* NULL when memory is out. The spec is copied. The callbacks must be set before the loop
 * runs again. */
struct box *box_new(const struct box_spec *spec);
/* Its job has ended with DONE: init says READY again soon, or the box is given up. */
void box_rest(struct box *b);
/* The user wants it no more: the container is removed, then gone is called. */
void box_remove(struct box *b);
/* Removes every container with our labels of that runner but the boxes known here; done(arg, 0)
 * when none is left, done(arg, -1) when the engine failed. */
void box_sweep(const char *runner, void (*done)(void *arg, int result), void *arg);
#endif
