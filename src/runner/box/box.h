/* box.h - a box: one container with cee-init in it, and its state machine
 *
 * A box has one user at a time, who sets the callbacks (box_use) and sends frames on its attached stream:
 *
 *     b = box_new(bs, &spec);  box_use(b, ready, frame, ended, arg);
 *     ready(arg)               send a job: b->attach, attach_send, attach_flush
 *     frame(arg, f) …          until DONE
 *     box_rest(b)              it may serve another job, or
 *     box_remove(b)            it goes; gone(arg) when its container does not exist any more
 *
 * ended(arg, how, reason) is called instead when the box fails while its user wants it.
 */
#ifndef RUNNER_BOX_H
#define RUNNER_BOX_H

#include "base/loop.h"
#include "engine/attach.h"
#include "engine/engine.h"
#include "runner/box/boxes.h"
#include "spool/owner_name.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stdint.h>

/* Why a box went while its user still wanted it. */
enum box_end {
	BOX_OURS,     /* the engine, or we: worth another try */
	BOX_AWAY,     /* likewise, and no answer came from the engine */
	BOX_NO_IMAGE, /* the administrator has to do something */
	BOX_DIED      /* its init died: the job's doing, or a kill from outside */
};

/* Sizes and names of one box. */
struct box_spec {
	const char *image;
	int64_t memory; /* bytes in total; see box_memory */
	int64_t disk, inodes;
	int64_t processes;
	int64_t open_files;
	/* of package boxes (package_box.c); read by box_new alone */
	const char *network;		 /* NULL: none */
	const char *writable;		 /* a folder of the host, /.cee/layer in the box; or NULL */
	const char *index, *authorities; /* read-only: /.cee/index, /.cee/authorities.pem; or NULL */
	bool tools;			 /* cee-init as a program: /.cee/pack */
	bool probe;			 /* of the self-test: CEE_STOP_AT does not stop here */
};

/* Whether the pool has it. */
enum box_idle_state {
	BOX_IN_USE, /* it has another user */
	BOX_AHEAD,  /* made ahead, without an owner */
	BOX_KEPT    /* for its owner */
};

struct pool;

struct box {
	struct boxes *boxes;
	enum box_state state;	       /* written by box_enter alone */
	char container[ENGINE_ID_MAX]; /* the engine's id; "" before it is known */
	unsigned slot;		       /* chooses the uid */
	bool cells;		       /* init built a cell in its self-test */
	bool hello, greeted;	       /* HELLO, and READY after it, have come */
	struct box_spec spec;	       /* image is owned */
	char build[32];		       /* init's, as HELLO says */
	char said[200];		       /* the last line on its standard error: why there are no cells */
	struct attach attach;
	struct engine_call *call;
	struct timer deadline;
	struct box *next;
	int64_t born; /* loop_now */
	/* the pool's (runner/pool/pool.c) */
	char owner[OWNER_MAX]; /* "": none yet */
	int jobs;	       /* so far */
	struct {
		enum box_idle_state state;
		int64_t since; /* 0 in use */
		struct timer timer;
		struct pool *pool;
		unsigned generation; /* of the configuration that it was made for */
	} idle;
	char *doubt; /* why the stream ended */
	/* the user's; NULL when it does not want the box any more */
	void (*ready)(void *arg);
	void (*frame)(void *arg, const struct frame *f);
	void (*ended)(void *arg, enum box_end how, const char *reason);
	void (*gone)(void *arg); /* the container does not exist any more */
	void *arg;
};

/* NULL when memory is out. The spec is copied. The callbacks must be set before the loop
 * runs again. */
struct box *box_new(struct boxes *bs, const struct box_spec *spec);
/* A user takes a box that is not on its way out, and may send a job when its state is READY by the time this
 * returns; otherwise ready is called when it is. Frames of the last user's job do not come any more. */
void box_use(struct box *b, void (*ready)(void *), void (*frame)(void *, const struct frame *),
	     void (*ended)(void *, enum box_end, const char *), void *arg);
/* Its job has ended with DONE: init says READY again soon, or the box is given up. */
void box_rest(struct box *b);
/* The user does not want it any more: the container is removed, then gone is called. */
void box_remove(struct box *b);
#endif
