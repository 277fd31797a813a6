/* box.h - a box: one container with cee-init in it, and its state machine */
#ifndef RUNNER_BOX_H
#define RUNNER_BOX_H

#include "base/limit.h"
#include "base/loop.h"
#include "conf/conf.h"
#include "engine/attach.h"
#include "engine/docker.h"
#include "runner/core/config.h"
#include "spool/spool.h"
#include "spool/owner_name.h"
#include "wire/frame.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define BOX_STATES(S)                                                                                                  \
	S(NEW, "new")                                                                                                  \
	S(CREATING, "creating")                                                                                        \
	S(ATTACHING, "attaching")                                                                                      \
	S(STARTING, "starting")                                                                                        \
	S(GREETING, "greeting") /* started; init has not said READY */                                                 \
	S(READY, "ready")                                                                                              \
	S(DOUBTED, "doubted") /* its stream ended: is it the box or the engine? */                                     \
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

/* Whether the pool has it. */
enum box_idle_state {
	BOX_IN_USE, /* somebody else has */
	BOX_AHEAD,  /* made ahead, without an owner */
	BOX_KEPT    /* for its owner */
};

struct boxes;
struct pool;

struct box {
	struct boxes *boxes;
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
	/* the pool's (runner/pool/pool.c) */
	char owner[OWNER_MAX]; /* "" nobody's yet */
	int jobs;	       /* so far */
	struct {
		enum box_idle_state state;
		int64_t since; /* 0 in use */
		struct timer timer;
		struct pool *pool;
		unsigned generation; /* of the configuration that it was made for */
	} idle;
	char *doubt; /* why the stream ended */
	/* the user; NULL functions once it has let go */
	void (*ready)(void *arg);
	void (*frame)(void *arg, const struct frame *f);
	void (*ended)(void *arg, enum box_end how, const char *reason);
	void (*gone)(void *arg); /* the container does not exist any more */
	void *arg;
};

/* All boxes of one runner. */
struct boxes {
	struct loop *loop;
	struct engine *engine;
	const struct config *config;
	char spool[PATH_MAX], runner[OWNER_MAX]; /* labels of the containers */
	struct box *first;
	unsigned serial;
	bool cells;		 /* boxes are made for cells */
	char *layers;		 /* the directory of whole layers, or NULL */
	void (*gone)(void *arg); /* one has gone */
	void *arg;
};

/* gone(arg) is called whenever a box has gone. c stays until boxes_reconfigure names another. */
void boxes_init(struct boxes *bs, struct loop *l, struct engine *en, const struct config *c);
void boxes_on_gone(struct boxes *bs, void (*gone)(void *arg), void *arg);
/* The labels by which containers are found again. */
void boxes_label(struct boxes *bs, const char *spool, const char *runner);
void boxes_reconfigure(struct boxes *bs, const struct config *c);
void boxes_release(struct boxes *bs);
/* Boxes that are not gone yet; those that the engine is still making, or removing. */
int boxes_count(const struct boxes *bs);
int boxes_coming(const struct boxes *bs);
int boxes_going(const struct boxes *bs);
/* For monitoring: how many are in each state; BOX_GONE counts those of READY that have no user. */
void boxes_by_state(const struct boxes *bs, int n[BOX_STATE_COUNT]);
const char *box_state_name(enum box_state s);
/* The first box, and so on by next: for the pool. */
struct box *boxes_first(const struct boxes *bs);
/* Whether boxes are made for cells; the self-test may say no. */
bool boxes_cells(const struct boxes *bs);
void boxes_set_cells(struct boxes *bs, bool cells);
/* The directory of layers, or NULL: boxes from now on have those that are whole at /.cee/layers. */
void boxes_set_layers(struct boxes *bs, const char *path);
/* Removes every container with our labels of that runner but the boxes known here; done(arg, 0)
 * when none is left, done(arg, -1) when the engine failed. */
void boxes_sweep(struct boxes *bs, const char *runner, void (*done)(void *arg, int result), void *arg);

/* Memory limit for a job: its own, its disk, its output's tail, the reserve; in steps. */
int64_t box_memory(const struct conf *c, const struct limits *l);
bool box_file_there(const char *path); /* false for "" */
/* NULL when memory is out. The spec is copied. The callbacks must be set before the loop
 * runs again. */
struct box *box_new(struct boxes *bs, const struct box_spec *spec);
/* Another user takes a box that is not on its way out. ready is called only where the
 * box was not READY before. Frames of the last user's job do not come any more. */
void box_use(struct box *b, void (*ready)(void *), void (*frame)(void *, const struct frame *),
	     void (*ended)(void *, enum box_end, const char *), void *arg);
/* Its job has ended with DONE: init says READY again soon, or the box is given up. */
void box_rest(struct box *b);
/* The user wants it no more: the container is removed, then gone is called. */
void box_remove(struct box *b);
#endif
