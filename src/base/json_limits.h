/* json_limits.h - limits in JSON */
#ifndef CEE_BASE_JSON_LIMITS_H
#define CEE_BASE_JSON_LIMITS_H

#include "base/error.h"
#include "base/json_write.h"
#include "base/limit.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* {"cpu": 5, "memory": "64M"}; accepts "none", so a job's limits need json_limits_of_job afterwards. */
int json_limits(const cJSON *v, const char *path, struct limits *l, struct cee_err *e);
/* The same for both phases: {"compile": {…}, "run": {…}}; a limit outside these two is one of the run phase.
 * "stop" ("output" or "never") is accepted if stop_on_output is not NULL. */
int json_phase_limits(const cJSON *v, const char *path, struct limits l[PHASE_COUNT], bool *stop_on_output,
		      struct cee_err *e);
/* The limits of a job must not be "none": -1 if one of them is. */
int json_limits_of_job(const struct limits *l, const char *path, struct cee_err *e);
/* {"cpu":5.000000,"memory":67108864}, without limits that are not set */
void json_put_limits(struct json_writer *w, const char *name, const struct limits *l);

#endif
