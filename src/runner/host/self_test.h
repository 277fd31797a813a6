/* self_test.h - may jobs run here, and in cells? The runner's check at its start */
#ifndef RUNNER_SELF_TEST_H
#define RUNNER_SELF_TEST_H

#include "base/loop.h"
#include "engine/engine.h"
#include "engine/engine_info.h"
#include "runner/box/boxes.h"
#include "runner/core/config.h"
#include "runner/host/host.h"
#include "runner/host/limit_probe.h"

#include <stdbool.h>
#include <stddef.h>

struct self_test_result {
	const struct finding *fatal; /* for which no job may begin; or NULL */
	const char *cells;	     /* "yes", "no" or "unknown": no language has its image yet */
	const char *reason, *remedy; /* why not "yes"; NULL: none */
};
typedef void self_test_done(void *arg, const struct self_test_result *r);

struct self_test {
	struct engine *engine;
	struct boxes *boxes;
	struct limit_probes *probes;
	const struct config *config;
	self_test_done *done;
	void *arg;
	struct engine_info info;
	size_t image;	  /* the language whose image is tried */
	bool never;	  /* no cells: as configured, or because the first try with cells failed */
	char reason[400]; /* the reason of that failure */
	int tries;	  /* failed starts of a box, or failed requests for the description */
	struct timer again;
};

void self_test_init(struct self_test *t, struct boxes *bs, struct limit_probes *ps, self_test_done *done, void *arg);
/* To be called when the engine is up: asks the engine for its description, and runs limit_probe_bounds in the first
 * language image that exists, with cells, or without if that fails. boxes_set_cells is called with the outcome. done
 * is called once, but not if the engine becomes unavailable meanwhile: start again when it is back. An engine may
 * fail for a moment while it is up, so a failure that may be temporary counts only after a few retries. */
void self_test_start(struct self_test *t, const struct config *c);
#endif
