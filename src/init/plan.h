/* plan.h - what a job is going to run: PHASE, ARG, ENV and COLLECT frames put together */
#ifndef CEE_INIT_PLAN_H
#define CEE_INIT_PLAN_H

#include "base/glob.h"
#include "base/limit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plan_phase {
	bool set;
	uint64_t limit[LIMIT_COUNT];
	char **argv, **env; /* NULL-terminated, owned */
	size_t argc, envc, bytes;
};

struct plan {
	struct plan_phase phase[PHASE_COUNT];
	int current;		 /* the phase that ARG and ENV belong to, or -1 */
	struct pattern *collect; /* of COLLECT, owned */
	size_t ncollect;
};

void plan_init(struct plan *p);
/* One frame; -1 and text. */
int plan_add_phase(struct plan *p, const unsigned char *data, size_t len, char *text);
int plan_add_argument(struct plan *p, const unsigned char *data, size_t len, char *text);
int plan_add_variable(struct plan *p, const unsigned char *data, size_t len, char *text);
int plan_add_pattern(struct plan *p, const unsigned char *data, size_t len, char *text);
void plan_release(struct plan *p);

/* A limit's value is in force; LIMIT_NONE and anything above mean "no limit", and 0 is a limit of 0. */
static inline bool limit_in_force(uint64_t value)
{
	return value < LIMIT_NONE;
}

#endif
