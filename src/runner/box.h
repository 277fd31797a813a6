/* box.h - a box: one container with cee-init in it, and its state machine */
#ifndef RUNNER_BOX_H
#define RUNNER_BOX_H
#include "attach.h"
#include "config.h"

#define BOX_STATES(S) \
	S(NEW, "new") S(CREATING, "creating") S(ATTACHING, "attaching") S(STARTING, "starting") \
	S(GREETING, "greeting")		/* started; init has not said READY */ \
	S(READY, "ready") S(DOUBTED, "doubted")	/* its stream ended: is it the box or the engine? */ \
	S(REMOVING, "removing") S(GONE, "gone")
enum box_state {
#define S(id, name) BOX_##id,
	BOX_STATES(S)
#undef S
	BOX_STATE_COUNT
};

/* Why a box went while its user still wanted it. */
enum box_end {
	BOX_OURS,			/* the engine, or we: worth another try */
	BOX_NO_IMAGE,			/* the administrator has to do something */
	BOX_DIED			/* its init died: the job's doing, or a kill from outside */
};

/* Sizes and names of one box. Borrowed until box_new returns. */
struct box_spec {
	const char *image;
	int64_t memory;			/* bytes, all told; see box_memory */
	int64_t disk, inodes;
	int64_t processes;
	int64_t open_files;
};

struct box {
	enum box_state state;
	char container[80];		/* the engine's id; "" before it is known */
	unsigned slot;			/* chooses the uid */
	bool cells;			/* init built a cell in its self-test */
	bool hello, greeted;		/* HELLO came, READY came */
	struct attach attach;
	struct engine_call *call;
	struct timer deadline;
	struct box *next;
	int64_t born;
	char *doubt;			/* why the stream ended */
	/* the user; NULL functions once it has let go */
	void (*ready)(void *arg);
	void (*frame)(void *arg, const struct frame *f);
	void (*ended)(void *arg, enum box_end how, const char *reason);
	void (*gone)(void *arg);	/* the container does not exist any more */
	void *arg;
};

/* The runner's side of all boxes. on_gone is called whenever one has gone. */
void box_init(const struct config *c, const char *spool, const char *runner, void (*on_gone)(void));
void box_reconfigure(const struct config *c);
/* Boxes that are not gone yet. */
int box_count(void);
/* Memory limit for a job: its own, its disk, its output's tail, the reserve; in steps. */
int64_t box_memory(const struct conf *c, const struct limits *l);
/* Whether boxes are made for cells; the start-up self-test may say no. */
bool box_cells(void);
void box_set_cells(bool cells);
/* NULL when memory is out. The callbacks must be set before the loop runs again. */
struct box *box_new(const struct box_spec *spec);
/* The user wants it no more: the container is removed, then gone is called. */
void box_remove(struct box *b);
/* Removes every container with our labels of that runner but the boxes known here; done(arg, 0)
 * when none is left, done(arg, -1) when the engine failed. */
void box_sweep(const char *runner, void (*done)(void *arg, int result), void *arg);
#endif
