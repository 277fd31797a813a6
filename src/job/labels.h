/* labels.h - labels of a job and of a result: names and strings */
#ifndef CEE_JOB_LABELS_H
#define CEE_JOB_LABELS_H

#include "base/buf.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stddef.h>

struct job_label {
	char *name, *value;
};
void labels_release(struct job_label *l, size_t n);


/* labels of a job and of a result (job.c): an object of names and strings. */
int json_labels(const cJSON *v, const char *path, struct job_label **labels, size_t *n, struct cee_err *e);
int json_labels_write(struct buf *b, const struct job_label *l, size_t n);

#endif
