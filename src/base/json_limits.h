/* json_limits.h - limits in JSON */
#ifndef CEE_BASE_JSON_LIMITS_H
#define CEE_BASE_JSON_LIMITS_H

#include "base/error.h"
#include "base/json_write.h"
#include "base/limit.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* {"cpu": 5, "memory": "64M"}; "none" is accepted here, so a job's are given to json_limits_of_job then. */
int json_limits(const cJSON *v, const char *path, struct limits *l, struct cee_err *e);
/* The same for both phases: {"compile": {…}, "run": {…}}; a limit beside these two is the run's.
 * "stop" ("output" or "never") is accepted where stop_on_output is not NULL. */
int json_phase_limits(const cJSON *v, const char *path, struct limits l[PHASE_COUNT], bool *stop_on_output,
		      struct cee_err *e);
/* No job may have "none": -1 where one is. */
int json_limits_of_job(const struct limits *l, const char *path, struct cee_err *e);
/* {"cpu":5.000000,"memory":67108864}, without those that are not set */
void json_put_limits(struct json_writer *w, const char *name, const struct limits *l);

#endif
