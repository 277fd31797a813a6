/* box.h - a box: one container with cee-init in it, and its state machine
 *
 * A box has one user (a module, such as a run) at a time, which sets the callbacks (box_use) and sends frames
 * on the attached stream:
 *
 *     b = box_new(bs, &spec);  box_use(b, ready, frame, ended, arg);
 *     ready(arg)               send a job: b->attach, attach_send, attach_flush
 *     frame(arg, f) …          until DONE
 *     box_rest(b)              it may serve another job, or
 *     box_remove(b)            removes it; gone(arg) when its container no longer exists
 *
 * ended(arg, how, reason) is called instead when the box fails while it has a user.
 */
#ifndef RUNNER_BOX_H
#define RUNNER_BOX_H

#include "base/loop.h"
#include "engine/attach.h"
#include "engine/engine.h"
#include "runner/box/boxes.h"
#include "runner/box/job_cgroup.h"
#include "spool/owner_name.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stdint.h>

struct gate_rules;

/* Why a box failed while it had a user. */
enum box_end {
	BOX_OURS,     /* a fault of the engine or of the runner: worth another try */
	BOX_AWAY,     /* likewise, and the engine did not answer */
	BOX_NO_IMAGE, /* the administrator has to do something */
	BOX_DIED      /* its init died: because of the job, or killed from outside */
};

#define BOX_AUTHORITIES "/.cee/authorities.pem"

/* Sizes and names of one box. */
struct box_spec {
	const char *image;
	int64_t memory; /* bytes in total; see box_memory */
	int64_t disk, inodes;
	int64_t processes; /* of programs; cee-init and a cell's supervisor come on top */
	int64_t open_files;
	/* The box's way to a network; only box_new reads the rules. NULL: none. */
	const struct gate_rules *gate;
	int64_t gate_connections, gate_bytes; /* that may pass */
	/* set by box_new: folders of the host, mounted at GATE_FOLDER and BOX_SOCKET_FOLDER; or NULL */
	const char *gate_folder, *socket_folder;
	/* for package boxes (package_box.c), and authorities for network jobs too; only box_new reads these */
	const char *writable;		 /* a folder of the host, mounted at /.cee/layer; or NULL */
	const char *index, *authorities; /* mounted read-only at /.cee/index and BOX_AUTHORITIES; or NULL */
	bool tools;			 /* mount cee-init as a program at /.cee/pack */
	bool job_cgroup; /* its jobs get a cgroup of their own, where this host allows it (box_limit.h) */
	bool probe;	 /* a box of the self-test, in which CEE_STOP_AT has no effect */
};

/* Whether the box is idle in the pool. */
enum box_idle_state {
	BOX_IN_USE, /* the box has a user other than the pool */
	BOX_AHEAD,  /* in the pool: made ahead, without an owner */
	BOX_KEPT    /* in the pool: kept for its owner */
};

struct pool;
struct gate;

struct box {
	struct boxes *boxes;
	enum box_state state;	       /* written by box_enter alone */
	char container[ENGINE_ID_MAX]; /* the engine's id; "" before it is known */
	unsigned slot;		       /* determines the uid */
	bool cells;		       /* init built a cell in its self-test */
	bool hello, greeted;	       /* HELLO, and READY after it, were received */
	struct box_spec spec;	       /* image is owned */
	char build[32];		       /* init's build, from HELLO */
	char said[200];		       /* the last line of its standard error: why there are no cells */
	struct attach attach;
	char *socket_folder; /* box_socket.h; NULL: init has come, or there is none */
	struct engine_call *call;
	struct gate *gate; /* or NULL */
	struct {	   /* box_limit.h */
		struct job_cgroup cgroup;
		enum frame_phase phase; /* whose limit is to be set */
		int64_t memory, files;
		int tries;
		struct timer again;
	} limit;
	struct timer deadline;
	struct box *next;
	int64_t born; /* loop_now */
	/* used by the pool (runner/pool/pool.c) */
	char owner[OWNER_MAX]; /* "": none yet */
	int jobs;	       /* served so far */
	struct {
		enum box_idle_state state;
		int64_t since; /* 0 in use */
		struct timer timer;
		struct pool *pool;
		unsigned generation; /* the configuration that the box was made for */
	} idle;
	char *doubt; /* why the stream ended */
	/* set by the user; NULL when the box has no user */
	void (*ready)(void *arg);
	void (*frame)(void *arg, const struct frame *f);
	void (*ended)(void *arg, enum box_end how, const char *reason);
	void (*gone)(void *arg); /* the container no longer exists */
	void *arg;
};

/* NULL ENOMEM. The spec is copied. The callbacks must be set before the loop
 * runs again. */
struct box *box_new(struct boxes *bs, const struct box_spec *spec);
/* Gives a box that is not being removed to a new user. If its state is READY when this returns, the user may send a
 * job; otherwise ready is called later. No more frames of the previous user's job are delivered. */
void box_use(struct box *b, void (*ready)(void *), void (*frame)(void *, const struct frame *),
	     void (*ended)(void *, enum box_end, const char *), void *arg);
/* Its job has ended with DONE: init sends READY again soon, or the box is removed. */
void box_rest(struct box *b);
/* The user no longer needs the box: removes the container, then calls gone. */
void box_remove(struct box *b);
/* The same, with a gone of the caller's, which is called exactly once: before this returns when the container never
 * existed or exists no longer, as in an ended of a box that could not be created. */
void box_remove_then(struct box *b, void (*gone)(void *), void *arg);
#endif
