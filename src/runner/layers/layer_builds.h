/* layer_builds.h - existing layers of packages, and layers being built
 *
 * layer_builds_init once, layer_builds_release at the end. The boxes, the images and the configuration must
 * outlive it. Everything happens in the loop's thread.
 */
#ifndef RUNNER_LAYER_BUILDS_H
#define RUNNER_LAYER_BUILDS_H

#include "base/error.h"
#include "base/loop.h"
#include "engine/docker.h"
#include "job/job.h"
#include "job/language.h"
#include "layers/store.h"
#include "runner/box/box.h"
#include "runner/box/image_ids.h"
#include "runner/core/config.h"
#include "runner/layers/layer_answer.h"
#include "runner/layers/layer_build.h"
#include "runner/layers/pruner.h"
#include "runner/layers/refusals.h"

#include <stddef.h>
#include <stdint.h>

struct layer_builds {
	struct layer_build_host host; /* with the boxes, the store and the configuration */
	struct image_ids *images;
	struct layers store;
	struct cee_err store_error;   /* why the store is not open */
	struct layer_build *first;    /* oldest first */
	struct layer_waiter *unnamed; /* requests that wait for an image's id, without which a layer has no name */
	struct refusals refusals;
	struct pruner pruner;
	struct timer prune, begin;
	uint64_t turn;
};

void layer_builds_init(struct layer_builds *bs, struct boxes *boxes, struct image_ids *images, const struct config *c);
void layer_builds_reconfigure(struct layer_builds *bs, const struct config *c);
/* For when the engine is away, or the runner ends: builds fail, and their waiters are answered. */
void layer_builds_drain(struct layer_builds *bs);
void layer_builds_release(struct layer_builds *bs); /* drains, and waits for the thread that prunes */

struct layer_reply {
	int fd;		    /* READY: keeps the layer in use until it is closed, by the caller */
	char path[80];	    /* READY: the layer's path in every box */
	struct layer layer; /* READY: the caller must release it */
	char message[512];  /* REFUSED, FAILED: one line */
	const char *output; /* of the package client; valid until the callee returns */
	size_t noutput;
};
struct layer_request {
	const struct lang *lang;
	const struct job *job; /* both must remain valid until the request is answered or forgotten */
	const char *owner;     /* copied */
	/* Called once, from the loop, if the answer was PENDING; the waiter is then freed. */
	void (*done)(void *arg, enum layer_answer a, struct layer_reply *reply);
	void *arg;
};
struct layer_waiter;
/* A layer for the job's packages. PENDING: *waiter is the handle for layer_builds_forget. */
enum layer_answer layer_builds_ask(struct layer_builds *bs, const struct layer_request *r, struct layer_reply *reply,
				   struct layer_waiter **waiter);
/* Drops a waiter whose answer is no longer needed. NULL is ignored. */
void layer_builds_forget(struct layer_builds *bs, struct layer_waiter *w);
#endif
