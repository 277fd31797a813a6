/* boxes.h - all boxes of one runner, and their common data */
#ifndef RUNNER_BOXES_H
#define RUNNER_BOXES_H

#include "base/limit.h"
#include "base/loop.h"
#include "conf/conf.h"
#include "engine/engine.h"
#include "runner/box/cgroup_places.h"
#include "runner/core/config.h"
#include "runner/core/counters.h"
#include "spool/owner_name.h"
#include "spool/runners.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct box;
struct gate;

#define BOX_STATES(S)                                                                                                  \
	S(NEW, "new")                                                                                                  \
	S(CREATING, "creating")                                                                                        \
	S(ATTACHING, "attaching")                                                                                      \
	S(STARTING, "starting")                                                                                        \
	S(GREETING, "greeting") /* started; init has not sent READY */                                                 \
	S(GATING, "gating")	/* init is ready; the box's gate is not open yet */                                    \
	S(RESTING, "resting")	/* a job has ended; init has not sent READY again */                                   \
	S(READY, "ready")	/* has a job, or may get one */                                                        \
	S(DOUBTED, "doubted")	/* its stream ended: asking whether the box or the engine failed */                    \
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
	char site[SPOOL_SITE_MAX];		 /* a label, too: which spool it is, whatever its path */
	struct box *first;
	unsigned serial; /* of the containers' names */
	struct {
		bool (*lives)(void *arg, const char *runner);
		void *arg;
		int asked;    /* requests under way */
	} forgotten;	      /* box_sweep.h */
	bool create_lost;     /* a container may be there whose create was not answered; a sweep finds it */
	bool cells;	      /* new boxes can have cells */
	const char *apparmor; /* the profile of new boxes; NULL: the engine's own */
	const char *runtime;  /* the engine's runtime for new boxes; NULL: its default */
	struct cgroup_places cgroup_places;
	char no_job_cgroup[512]; /* why a box could not have a cgroup for its jobs; "": all could */
	bool by_socket;		 /* the last box that greeted came to its socket (box_socket.h) */
	char *layers;		 /* the directory of complete layers, or NULL */
	char *gates_path;	 /* the directory of gates' folders, or NULL */
	char *sockets_path;	 /* that of the folders of boxes' sockets, or NULL: frames go through the engine */
	struct gate *gates;	 /* gates that are not gone */
	void (*gone)(void *arg); /* a box is gone */
	void *arg;
};

/* Neither the loop nor the engine is used before a box is made. c must remain valid until boxes_reconfigure replaces
 * it. */
void boxes_init(struct boxes *bs, struct loop *l, struct engine *en, const struct config *c);
/* gone(arg) is called whenever a box is gone. */
void boxes_on_gone(struct boxes *bs, void (*gone)(void *arg), void *arg);
/* Sets the labels by which box_sweep.h finds containers again. site: "" for boxes that nobody but the maker removes. */
void boxes_label(struct boxes *bs, const char *spool, const char *site, const char *runner);
void boxes_reconfigure(struct boxes *bs, const struct config *c);
/* Does not remove boxes that are not gone: the engine removes their containers when their streams close. */
void boxes_release(struct boxes *bs);

/* The first box, for the pool; the others follow by next. */
struct box *boxes_first(const struct boxes *bs);
/* Whether the container is a box or a gate of bs. */
bool boxes_have(const struct boxes *bs, const char *container);
/* The lowest number that no box and no gate has, and the uid of that number: a uid is reused only after its container is
 * gone. */
unsigned boxes_free_slot(const struct boxes *bs);
unsigned boxes_uid(const struct boxes *bs, unsigned slot);
/* The number of boxes that are not gone; that the engine is making; that it is removing. */
int boxes_count(const struct boxes *bs);
int boxes_coming(const struct boxes *bs);
int boxes_going(const struct boxes *bs);
/* The number of boxes in each state, and "idle" (ready or resting, without a job), for monitoring. Returns the number
 * of rows written. */
size_t boxes_by_state(const struct boxes *bs, struct counters_boxes rows[BOX_STATE_COUNT]);

/* Whether new boxes can have cells; the self-test may turn this off. */
bool boxes_cells(const struct boxes *bs);
void boxes_set_cells(struct boxes *bs, bool cells);
/* The AppArmor profile of new boxes, borrowed; NULL: the engine's own. Before it is set, and after a configuration that
 * names one, it is what the configuration names. */
void boxes_set_apparmor(struct boxes *bs, const char *profile);
/* The runtime of new boxes, borrowed; NULL: the engine's default. The same holds for it. */
void boxes_set_runtime(struct boxes *bs, const char *runtime);
/* The directory of layers, or NULL: boxes made from now on have the complete layers at /.cee/layers; gates, and the
 * sockets of boxes, have folders in it. */
void boxes_set_layers(struct boxes *bs, const char *path);

/* The same for gates alone. */
void boxes_set_gates(struct boxes *bs, const char *path);

/* Removes the folders of gates and sockets that a runner which is dead, or has just begun, left on the disk. */
void boxes_sweep_folders(const struct boxes *bs, const char *runner);

/* The memory limit of a box for a job: the sum of the job's own limit, its disk, the tail of its output and the
 * reserve, rounded up in steps, so that jobs with similar limits can use the same boxes. */
int64_t box_memory(const struct conf *c, const struct limits *l);
bool box_file_there(const char *path); /* false for "" */
#endif
