/* compiler.h - one compile box: a resident compiler (src/wire/resident.h) in a separate box
 *
 * compiler_new asks for the box; from then on the compiler calls the functions of its host: idle when it can take a
 * compile, gone once at its end. After gone the host must not use the compiler; its memory is released at the end of
 * the loop's batch.
 */
#ifndef RUNNER_COMPILER_H
#define RUNNER_COMPILER_H

#include "base/buf.h"
#include "base/limit.h"
#include "base/loop.h"
#include "job/language.h"
#include "runner/box/box.h"
#include "runner/compile/compile.h"
#include "spool/owner_name.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	COMPILER_DISK = 16 << 20, /* in the box; the products of a compile are sent through its output */
	COMPILER_INODES = 1024
};

#define COMPILER_STATES(S)                                                                                             \
	S(COMING, "coming") S(WARMING, "warming up") S(IDLE, "idle") S(BUSY, "compiling") S(GONE, "gone")
enum compiler_state {
#define S(id, name) COMPILER_##id,
	COMPILER_STATES(S)
#undef S
		COMPILER_STATE_COUNT
};

/* Why a compile box is gone. */
enum compiler_end {
	COMPILER_ENDED,	   /* no failure */
	COMPILER_NOT_UP,   /* its start failed; for a while the next one would fail too */
	COMPILER_NO_IMAGE, /* the same, and the administrator has to act */
	COMPILER_BROKE	   /* it failed after its start */
};

struct compiler;
/* The surroundings of a compiler. */
struct compiler_host {
	struct boxes *boxes;
	void (*warm)(void *arg, struct compiler *k,
		     int64_t took_us); /* the compiler has started; idle is called next */
	void (*idle)(void *arg, struct compiler *k);
	void (*gone)(void *arg, struct compiler *k,
		     enum compiler_end how); /* the pending compile is answered after this call */
	void *arg;
};

struct compiler {
	enum compiler_state state;
	const struct compiler_host *host;
	const struct lang *lang;
	const struct limits *limits; /* of its box */
	void *pool;		     /* the host's */
	struct compiler *next;	     /* the host's */
	struct box *box;	     /* NULL after the box failed by itself */
	char owner[OWNER_MAX];	     /* "" before its first compile */
	int uses, complaints;
	bool last;		    /* remove the box after this compile */
	bool out_of_memory;	    /* the request is incomplete */
	int64_t since;		    /* when it entered this state, time of the loop */
	struct frame_parser parser; /* for the compiler's output */
	struct buf out;		    /* for its standard input, from sent on */
	size_t sent, credit;
	uint32_t number; /* of the pending compile */
	struct compile *work;
	struct timer timer; /* the state's deadline */
};

/* limits and lang must remain valid until gone. NULL ENOMEM. */
struct compiler *compiler_new(const struct compiler_host *host, const struct lang *lang, const struct limits *limits,
			      const struct box_spec *spec);
/* Gives the compile to a compiler that is IDLE; the compile is answered later, from the loop. */
void compiler_serve(struct compiler *k, struct compile *c);
/* Ends the compiler, whatever its state; a pending compile is answered with NULL. */
void compiler_end(struct compiler *k, const char *why);
/* The same, without an answer: its compile is no longer needed. */
void compiler_abandon(struct compiler *k, const char *why);
#endif
