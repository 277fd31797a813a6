/* boxes.h - all boxes of one runner, and their common data */
#ifndef RUNNER_BOXES_H
#define RUNNER_BOXES_H

#include "base/limit.h"
#include "base/loop.h"
#include "conf/conf.h"
#include "engine/engine.h"
#include "runner/core/config.h"
#include "runner/core/counters.h"
#include "spool/owner_name.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct box;

#define BOX_STATES(S)                                                                                                  \
	S(NEW, "new")                                                                                                  \
	S(CREATING, "creating")                                                                                        \
	S(ATTACHING, "attaching")                                                                                      \
	S(STARTING, "starting")                                                                                        \
	S(GREETING, "greeting") /* started; init has not said READY */                                                 \
	S(RESTING, "resting")	/* a job has ended; init has not said READY again */                                   \
	S(READY, "ready")	/* has a job, or may get one */                                                        \
	S(DOUBTED, "doubted")	/* its stream ended: is it the box or the engine? */                                   \
	S(REMOVING, "removing")                                                                                        \
	S(GONE, "gone")
enum box_state {
#define S(id, name) BOX_##id,
	BOX_STATES(S)
#undef S
		BOX_STATE_COUNT
};
const char *box_state_name(enum box_state s);

struct boxes {
	struct loop *loop;
	struct engine *engine;
	const struct config *config;
	char spool[PATH_MAX], runner[OWNER_MAX]; /* labels of the containers */
	struct box *first;
	unsigned serial;	 /* of the containers' names */
	bool cells;		 /* boxes are made for cells */
	char *layers;		 /* the directory of whole layers, or NULL */
	void (*gone)(void *arg); /* one has gone */
	void *arg;
};

/* Neither the loop nor the engine is used before a box is made. c stays until boxes_reconfigure names another. */
void boxes_init(struct boxes *bs, struct loop *l, struct engine *en, const struct config *c);
/* gone(arg) is called whenever a box has gone. */
void boxes_on_gone(struct boxes *bs, void (*gone)(void *arg), void *arg);
/* The labels by which containers are found again: see box_sweep.h. */
void boxes_label(struct boxes *bs, const char *spool, const char *runner);
void boxes_reconfigure(struct boxes *bs, const struct config *c);
/* Boxes that are not gone are forgotten: the engine removes their containers when their streams close. */
void boxes_release(struct boxes *bs);

/* The first box, and so on by next: for the pool. */
struct box *boxes_first(const struct boxes *bs);
/* The box of that container; NULL: none here. */
struct box *boxes_find(const struct boxes *bs, const char *container);
/* Boxes that are not gone yet; those that the engine is still making, or removing. */
int boxes_count(const struct boxes *bs);
int boxes_coming(const struct boxes *bs);
int boxes_going(const struct boxes *bs);
/* How many are in each state, and "idle" (ready or resting, without a job), for monitoring. Returns how many
 * rows it wrote. */
size_t boxes_by_state(const struct boxes *bs, struct counters_boxes rows[BOX_STATE_COUNT]);

/* Whether boxes are made for cells; the self-test may say no. */
bool boxes_cells(const struct boxes *bs);
void boxes_set_cells(struct boxes *bs, bool cells);
/* The directory of layers, or NULL: boxes made from now on have those that are whole at /.cee/layers. */
void boxes_set_layers(struct boxes *bs, const char *path);

/* The memory limit of a box for a job: the job's own, its disk, the tail of its output and the reserve, rounded
 * up in steps, so that jobs with similar limits can use the same boxes. */
int64_t box_memory(const struct conf *c, const struct limits *l);
bool box_file_there(const char *path); /* false for "" */
#endif
