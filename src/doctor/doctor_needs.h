/* doctor_needs.h - what checks need: the engine, an image, a box */
#ifndef CEE_DOCTOR_DOCTOR_NEEDS_H
#define CEE_DOCTOR_DOCTOR_NEEDS_H

#include "doctor/doctor.h"
#include "engine/engine.h"
#include "runner/host/host.h"
#include "runner/host/limit_probe.h"

#include <stdbool.h>
#include <stdint.h>

/* SIGINT, SIGTERM and SIGHUP end the checks; a second signal ends the process. */
void watch_signals(struct doctor *d);
/* Serves the loop until *flag, a signal, or us microseconds (0: no bound). Is *flag set? */
bool wait_for(struct doctor *d, const bool *flag, int64_t us);
/* Waits until all boxes are removed, but not longer than LEAVE_US, and not after a second signal. */
void wait_for_boxes(struct doctor *d);
/* take(arg, answer) is called with an answer that is ENGINE_OK; it may be NULL. */
enum engine_result ask(struct doctor *d, const struct engine_request *r,
		       void (*take)(void *, const struct engine_answer *), void *arg);
/* Sets the finding to "not looked at" and returns false. */
bool unmet(struct finding *f, const char *what);
const char *engine_host(const struct doctor *d);
/* Each returns whether the resource is available; if not, it sets f to say that the check was not
 * made. */
bool need_engine(struct doctor *d, struct finding *f);
bool need_info(struct doctor *d, struct finding *f);
bool need_image(struct doctor *d, struct finding *f);
bool need_box(struct doctor *d, struct finding *f);
/* One limit probe, to its end. False: a signal came. */
bool probe(struct doctor *d, const struct limit_probe *c, struct limit_probe_end *end);

#endif
