/* image.h - the images that languages run in: found, pulled, built */
#ifndef CEE_LANG_IMAGE_H
#define CEE_LANG_IMAGE_H

#include "base/error.h"
#include "conf/conf.h"
#include "images/docker_client.h"
#include "images/source.h"
#include "job/language.h"

#include <stdbool.h>
#include <stdint.h>

/* What one run of cee-lang works with. */
struct work {
	struct engine engine;
	const struct conf *conf;
	bool force, verbose;
	const char *with;   /* --with: names, sorted, "," between; NULL: those that the image has */
	bool no_source;	    /* why the last one failed: this host has no source of it */
	bool trying;	    /* a package that need not exist: that it does not is one line */
	bool not_installed; /* why the last build failed: apt could not install something */
	bool have_apt, base_ready;
	struct source_apt apt;
	char base_id[80];
	char stage[64]; /* the language that lines of progress begin with */
};

/* "NAME: …" on standard output. */
void work_say(struct work *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void work_release(struct work *w);

struct image {
	bool present;
	char id[80];
	char source[200];     /* label cee.source, or "" */
	char digest[20];      /* label cee.digest */
	char with[400];	      /* label cee.with: names of cee-lang build --with, "," between, or "" */
	char frameworks[400]; /* label cee.frameworks: those of the language that it has, or "" */
	char versions[1100];  /* label cee.versions: those of the language, or "" */
	int64_t size;
};
/* 0 also when there is none. */
int image_look(struct engine *e, const char *name, struct image *i, struct cee_err *err);

enum { WITH_MAX = 400 };
/* The names of a comma-separated list, sorted, each once. -1: one is none that a package can have. */
int image_with(const char *list, char out[WITH_MAX], struct cee_err *err);

/* Makes the image where it is missing or older than
 * what it is made of. 1 made, 0 it was up to date. */
int image_build(struct work *w, const struct lang *l, struct cee_err *err);
int image_pull(struct work *w, const struct lang *l, struct cee_err *err);
/* Was the image made of something else than what it would be made of now? */
bool image_is_old(struct work *w, const struct lang *l, const struct image *i);

/* Compiles and runs the language's hello in a box without a runner. 0 when it said what it should. */
int image_check(struct work *w, const struct lang *l, struct cee_err *err);

#endif
