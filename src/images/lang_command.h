/* lang_command.h - what the commands of cee-lang share: the configuration, the languages, the engine */
#ifndef CEE_IMAGES_LANG_COMMAND_H
#define CEE_IMAGES_LANG_COMMAND_H

#include "base/error.h"
#include "conf/conf.h"
#include "conf/conf_values.h"
#include "images/image_digest.h"
#include "images/image_inspect.h"
#include "images/work.h"
#include "job/language.h"
#include "job/languages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a command works on. */
struct run {
	const char *conf_path, *spool_path; /* -c, -s */
	char with[WITH_MAX];		    /* --with */
	struct work work;
	struct conf conf;
	struct langs langs;
	char **names; /* chosen languages; none: all */
	size_t nnames;
	bool json, check;
	bool gate; /* the command takes the name of the gate's image too */
	const char *framework;
	int64_t max; /* of prune; -1 as configured */
};

/* Connects to the engine of DOCKER_HOST or of cee.conf. */
int lang_engine_connect(struct run *r, struct cee_err *err);
/* The same, but ends the program on failure. */
void lang_engine_need(struct run *r);
/* Is l among the chosen languages? */
bool chosen(const struct run *r, const struct lang *l);
/* Ends the program when a chosen name is unknown. */
void names_check(const struct run *r);
/* The language whose source the image is made of: another with the same image, where l names no source. */
const struct lang *source_of(const struct run *r, const struct lang *l);
/* Takes over the frameworks and versions that the image's labels name. */
void lang_from_image(struct lang *l, const struct image *i);

#endif
