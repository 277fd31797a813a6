/* host.h - is this host fit to run jobs? For the runner's start and for cee-doctor
 *
 * The judgements do no I/O: their input is the engine's description of itself and the result of a limit probe.
 */
#ifndef RUNNER_HOST_H
#define RUNNER_HOST_H

#include "conf/conf.h"
#include "engine/engine_info.h"
#include "runner/host/limit_probe.h"

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

enum finding_status { FINDING_OK, FINDING_WARN, FINDING_FAIL };

/* One line: the finding, and the remedy ("" with OK). */
struct finding {
	enum finding_status status;
	bool conf; /* the remedy lies in cee.conf */
	char what[512], remedy[320];
};
void finding_set(struct finding *f, enum finding_status s, const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

void host_cgroup(struct finding *f, const struct engine_info *h);
/* The runtime that boxes get; NULL: the engine's default. With "runtime = auto" it is crun where the engine has it. */
const char *host_runtime_name(const struct conf *c, const struct engine_info *h);
void host_runtime(struct finding *f, const struct engine_info *h, const struct conf *c);
/* Judges the result of limit_probe_bounds. A box that did not run at all is judged by host_box. */
void host_memory(struct finding *f, const struct engine_info *h, const struct limit_probe_end *e);
void host_processes(struct finding *f, const struct engine_info *h, const struct limit_probe_end *e);
/* Why a box could not be made: finds the setting that the engine's message is about. */
void host_box(struct finding *f, const struct conf *c, const struct engine_info *h, const struct limit_probe_end *e);
/* How cee-init says that it cannot end its own programs (src/init/main.c). */
#define HOST_NO_SIGNALS "signals to its own programs are denied"
void host_init(struct finding *f, const struct conf *c, const struct limit_probe_end *e);

#endif
