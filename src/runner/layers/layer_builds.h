/* layers.h - layers of packages: found, or made in package boxes */
#ifndef RUNNER_LAYERS_H
#define RUNNER_LAYERS_H

#include "job/job.h"
#include "job/language.h"
#include "layers/store.h"
#include "runner/core/config.h"

#include <stddef.h>

struct boxes;
struct image_ids;
void layers_init(const struct config *c, struct boxes *bs, struct image_ids *ids);
void layers_reconfigure(const struct config *c);
/* The engine went, or the runner ends: what is being made is given up; those who wait are told. */
void layers_drain(void);
void layers_end(void); /* waits for the thread that prunes */

enum layer_answer {
	LAYER_HAVE,
	LAYER_LATER,   /* done is called */
	LAYER_REFUSED, /* the user's: no such package and the like */
	LAYER_OURS     /* worth another try */
};
struct layer_got {
	int fd;		    /* HAVE: holds it in use until it is closed, the caller's */
	char path[80];	    /* in every box */
	struct layer layer; /* HAVE: the caller may take what is in it */
	char message[512];  /* one line */
	const char *words;
	size_t nwords; /* of the package client */
};
struct layer_wish;
struct layer_order {
	const struct lang *lang;
	const struct job *job; /* both must stay until it is answered or forgotten */
	/* Once, from the loop; the wish is gone then. */
	void (*done)(void *arg, enum layer_answer a, struct layer_got *got);
	void *arg;
};
/* A layer for the job's packages. LATER: *wish is the caller's handle for layers_forget. */
enum layer_answer layers_ask(const struct layer_order *o, struct layer_got *got, struct layer_wish **wish);
void layers_forget(struct layer_wish *w); /* NULL is let through */
#endif
