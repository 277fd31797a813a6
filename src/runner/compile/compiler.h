/* compiler.h - one compile box: a resident compiler (src/wire/resident.h) in a separate box
 *
 * compiler_new asks for its box; from then on it calls the functions of its host: idle when
 * it can take a compile, gone once at its end. After gone the host does not use it any more; its memory is
 * released when the loop's batch is through.
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
	COMPILER_DISK = 16 << 20, /* of its box; the products of a compile go through its output */
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

/* Why one has gone. */
enum compiler_end {
	COMPILER_ENDED,	   /* there is nothing wrong */
	COMPILER_NOT_UP,   /* it did not come up: the next one would not either, for a while */
	COMPILER_NO_IMAGE, /* the same, and the administrator has to do something */
	COMPILER_BROKE	   /* it failed after it had come up */
};

struct compiler;
/* What compilers live in. */
struct compiler_host {
	struct boxes *boxes;
	void (*warm)(void *arg, struct compiler *k, int64_t took_us); /* it has come up; idle follows */
	void (*idle)(void *arg, struct compiler *k);
	void (*gone)(void *arg, struct compiler *k,
		     enum compiler_end how); /* the compile under way is answered after it */
	void *arg;
};

struct compiler {
	enum compiler_state state;
	const struct compiler_host *host;
	const struct lang *lang;
	const struct limits *limits; /* of its box */
	void *pool;		     /* the host's */
	struct compiler *next;	     /* the host's */
	struct box *box;	     /* NULL once it has gone by itself */
	char owner[OWNER_MAX];	     /* "" before its first compile */
	int uses, complaints;
	bool last;		    /* ends after this compile */
	bool out_of_memory;	    /* the request is not whole */
	int64_t since;		    /* in this state, time of the loop */
	struct frame_parser parser; /* of the compiler's output */
	struct buf out;		    /* for its standard input, from sent on */
	size_t sent, credit;
	uint32_t number; /* of the compile */
	struct compile *work;
	struct timer timer; /* the state's deadline */
};

/* limits and lang must stay as long as it lives. NULL ENOMEM. */
struct compiler *compiler_new(const struct compiler_host *host, const struct lang *lang, const struct limits *limits,
			      const struct box_spec *spec);
/* Gives the compile to an IDLE one; it is answered later, from the loop. */
void compiler_serve(struct compiler *k, struct compile *c);
/* Ends it, whatever its state; a compile under way is answered with NULL. */
void compiler_end(struct compiler *k, const char *why);
/* The same, without an answer: its compile is not wanted any more. */
void compiler_abandon(struct compiler *k, const char *why);
#endif
