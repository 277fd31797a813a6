/* build_progress.h - what the engine reports while it builds or pulls */
#ifndef CEE_IMAGES_BUILD_PROGRESS_H
#define CEE_IMAGES_BUILD_PROGRESS_H

#include "images/work.h"

#include <stddef.h>

enum { PROGRESS_LINES = 25, PROGRESS_LINE = 200 };

/* Steps are shown as they come; the last lines of the rest are kept, to be shown if it fails. */
struct progress {
	struct work *w;
	char apt_error[PROGRESS_LINE]; /* apt's first "E: …" */
	char tail[PROGRESS_LINES][PROGRESS_LINE];
	size_t n;
	char last[PROGRESS_LINE];
};
/* Progress callbacks of engine_request; arg is the struct progress. */
void progress_build(void *arg, const char *text);
void progress_pull(void *arg, const char *text);
/* Prints the last lines, unless all of them have been printed. */
void progress_tail(const struct progress *p);

#endif
