/* work.h - what one run of cee-lang works with */
#ifndef CEE_IMAGES_WORK_H
#define CEE_IMAGES_WORK_H

#include "conf/conf.h"
#include "images/engine_client.h"
#include "images/source.h"

#include <stdbool.h>

struct work {
	struct engine_client engine;
	const struct conf *conf;
	bool force, verbose;
	const char *with;   /* --with: names, sorted, "," between; NULL: those that the image has */
	bool no_source;	    /* the last build failed because this host has no source of the image */
	bool trying;	    /* a package that may not exist: its absence is reported on one line */
	bool not_installed; /* the last build failed because apt could not install something */
	bool have_apt, base_ready;
	struct source_apt apt;
	char base_id[80];
	char stage[64]; /* the language that lines of progress begin with */
};

/* "NAME: …" on standard output. */
void work_say(struct work *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void work_release(struct work *w);

#endif
