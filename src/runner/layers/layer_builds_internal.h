/* layers_internal.h - what layers.c, package_box.c and pruner.c share: a layer that is being made */
#ifndef RUNNER_LAYERS_INTERNAL_H
#define RUNNER_LAYERS_INTERNAL_H

#include "base/buf.h"
#include "base/limit.h"
#include "base/loop.h"
#include "conf/conf.h"
#include "job/job.h"
#include "job/language.h"
#include "layers/store.h"
#include "runner/box/box.h"
#include "runner/layers/layer_builds.h"
#include "wire/payload.h"

#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>


#define MAKING_STATES(S) S(WAITING, "waiting") S(FETCHING, "fetching") S(UNPACKING, "unpacking")
enum making_state {
#define S(id, name) MAKING_##id,
	MAKING_STATES(S)
#undef S
		MAKING_STATE_COUNT
};

enum {
	BOX_SLACK_US = 30000000, /* for making the box, over the time of the client */
	UNPACK_US = 120000000
};

struct making {
	enum making_state state;
	char name[LAYER_NAME + 1];
	struct layer layer; /* what it will be */
	const struct lang *lang;
	int fd;	       /* layers/tmp/NAME and its lock */
	int64_t began; /* mono_us */
	struct timer timer;
	struct layer_wish *wishes; /* who wait for it */
	struct making *next;

	/* package_box.c: what goes into its box and what came */
	char *request; /* JSON for the package client */
	struct box *box;
	int64_t got; /* bytes of the stream */
	off_t sent;
	struct sha256_ctx hash;
	unsigned char digest[SHA256_DIGEST_SIZE]; /* of the stream as it came */
	struct buf words, lock, manifest;
	char trouble[200];
	bool gap, ended[PHASE_COUNT];
	struct frame_end end[PHASE_COUNT];
};

/* package_box.c: the request for a job's packages. NULL ENOMEM. */
char *package_request(const struct lang *l, const struct job *j);
/* Asks for the box of the state that the making is in. What comes of it is told to it below, maybe
 * before this returns. */
void package_box_begin(struct making *m);
void package_box_drop(struct making *m); /* none is let through */

/* pruner.c: prunes and sweeps the layers there, unless that is going on already. */
void pruner_run(const char *path, int64_t max);
void pruner_end(void); /* waits for it */

/* layers.c: what a box ended in. The making is of no more use after made and failed. */
void making_enter(struct making *m, enum making_state s, int64_t deadline_us);
void making_made(struct making *m); /* the layer is whole */
void making_failed(struct making *m, enum layer_answer a, const char *message);
struct layers *layers_store(void);
const struct conf *layers_conf(void);
struct boxes *layers_boxes(void);
#endif
