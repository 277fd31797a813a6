/* config.h - the runner's configuration: cee.conf, the languages, the seccomp profile */
#ifndef RUNNER_CONFIG_H
#define RUNNER_CONFIG_H

#include "base/error.h"
#include "conf/conf.h"
#include "job/languages.h"

#include <stdbool.h>
#include <stdint.h>

struct config {
	struct conf conf;
	struct langs langs;
	char *seccomp;		 /* the profile's text */
	char *published;	 /* the text that lang_publish makes */
	struct published *known; /* cached by config_published */
	uint64_t languages_seen; /* checksum of their directory when they were read */
};
/* Reads everything; on error *c is untouched, so a bad reload changes nothing. */
int config_load(struct config *c, const char *path, const char *spool, struct cee_err *e);
/* Has the directory of languages changed since it was read, or since the last call? */
bool config_languages_changed(struct config *c);
/* Reads only the languages. The previous ones are not freed: running jobs point to them. */
int config_languages(struct config *c, struct cee_err *e);
/* Copies the data that images reported from before to c, until the images are inspected again. */
void config_keep_image_data(struct config *c, const struct config *before);
/* The published languages, for job_check; NULL ENOMEM. */
struct published *config_published(const struct config *c);
void config_release(struct config *c);
#endif
