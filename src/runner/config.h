/* config.h - what the runner runs with: cee.conf, the languages, the seccomp profile */
#ifndef RUNNER_CONFIG_H
#define RUNNER_CONFIG_H
#include "cee.h"

struct config {
	struct conf conf;
	struct langs langs;
	char *seccomp;			/* the profile's text */
	char *published;		/* as lang_publish */
};
/* Reads everything; on error *c is untouched, so a bad reload changes nothing. */
int config_load(struct config *c, const char *path, const char *spool, struct cee_err *e);
void config_release(struct config *c);
#endif
