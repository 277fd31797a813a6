/* layer_build.h - the building of one layer of packages
 *
 * layer_build_new, layer_build_begin when its turn has come, then host->ended is called once. A host that no longer
 * needs the build calls layer_build_abandon. Either way the build's memory is released at the end of the loop's batch.
 */
#ifndef RUNNER_LAYER_BUILD_H
#define RUNNER_LAYER_BUILD_H

#include "base/loop.h"
#include "conf/conf.h"
#include "job/language.h"
#include "layers/store.h"
#include "runner/box/box.h"
#include "runner/layers/layer_answer.h"
#include "runner/layers/package_box.h"
#include "spool/spool.h"

#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LAYER_BUILD_STATES(S)                                                                                          \
	S(WAITING, "waiting")                                                                                          \
	S(ELSEWHERE, "made by another runner")                                                                         \
	S(FETCHING, "fetching")                                                                                        \
	S(UNPACKING, "unpacking") S(WHOLE, "whole") S(FAILED, "failed") S(ABANDONED, "abandoned")
enum layer_build_state {
#define S(id, name) LAYER_BUILD_##id,
	LAYER_BUILD_STATES(S)
#undef S
		LAYER_BUILD_STATE_COUNT
};

struct layer_build;
/* The surroundings of builds; must outlive them. */
struct layer_build_host {
	struct boxes *boxes;
	struct layers *store;
	const struct config *config;
	/* Another runner's lock is free again: the build is WAITING once more. */
	void (*waiting)(void *arg, struct layer_build *b);
	/* The end, once: READY, or REFUSED or FAILED with a message of one line. The host must not use the build
	 * afterwards. */
	void (*ended)(void *arg, struct layer_build *b, enum layer_answer a, const char *message);
	void *arg;
};

struct layer_build {
	enum layer_build_state state;
	const struct layer_build_host *host;
	char name[LAYER_NAME + 1];
	struct layer layer; /* the layer's description when it is complete */
	const struct lang *lang;
	char *request;	 /* JSON for the package client */
	int fd;		 /* layers/tmp/NAME and its lock; -1 */
	int64_t started; /* time of the request */
	struct timer timer;
	int64_t received; /* bytes of the packed tree ... */
	off_t sent;	  /* ... and the part of them that was sent to the unpacking box */
	struct sha256_ctx hash;
	unsigned char digest[SHA256_DIGEST_SIZE]; /* of the tree as received */
	struct package_box box;
	/* used by the host */
	struct layer_build *next;
	struct layer_waiter *waiters; /* in the order of their requests */
	char owner[OWNER_MAX];	      /* owner of the first waiter */
	uint64_t turn;		      /* see build_turns.h; lower is earlier */
};

/* layer's strings and request become the build's; they are released on error too. NULL ENOMEM. */
struct layer_build *layer_build_new(const struct layer_build_host *host, const char *name, const struct lang *lang,
				    struct layer *layer, char *request);
/* Begins a build that is WAITING. The build may end before this returns. */
void layer_build_begin(struct layer_build *b);
/* Ends the build as FAILED; called by the host. */
void layer_build_fail(struct layer_build *b, const char *message);
/* Ends the build without calling the host. */
void layer_build_abandon(struct layer_build *b);
#endif
