/* labels.h - labels of a job and of a result: names and strings */
#ifndef CEE_JOB_LABELS_H
#define CEE_JOB_LABELS_H

#include "base/error.h"
#include "base/json_write.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct job_label {
	char *name, *value;
};
void labels_release(struct job_label *l, size_t n);

/* An object of names and strings. On error *labels and *n may be filled in part; the caller releases them. */
int json_labels(const cJSON *v, const char *path, struct job_label **labels, size_t *n, struct cee_err *e);
/* Is there a label as wanted says it, "NAME=VALUE"? */
bool labels_have(const struct job_label *l, size_t n, const char *wanted);
void json_put_labels(struct json_writer *w, const char *name, const struct job_label *l, size_t n);

#endif
