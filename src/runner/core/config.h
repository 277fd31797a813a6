/* config.h - what the runner runs with: cee.conf, the languages, the seccomp profile */
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
	char *published;	 /* as lang_publish */
	struct published *known; /* config_published's */
	uint64_t languages_seen; /* how their directory looked when they were read */
};
/* Reads everything; on error *c is untouched, so a bad reload changes nothing. */
int config_load(struct config *c, const char *path, const char *spool, struct cee_err *e);
/* Does the directory of languages look otherwise than when it was read, or asked about last? */
bool config_languages_changed(struct config *c);
/* Reads the languages alone. What c had of them is forgotten, not freed: jobs that run point into it. */
int config_languages(struct config *c, struct cee_err *e);
/* What the images said of themselves to before holds in c until they are asked again. */
void config_keep_told(struct config *c, const struct config *before);
/* The languages as published says, for job_check; NULL ENOMEM. */
struct published *config_published(const struct config *c);
void config_release(struct config *c);
#endif
