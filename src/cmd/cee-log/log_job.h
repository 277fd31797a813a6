/* log_job.h - printing one job */
#ifndef CEE_CMD_LOG_JOB_H
#define CEE_CMD_LOG_JOB_H

#include "base/buf.h"
#include "cmd/cee-log/log_prog.h"

/* A client_id_fn: 1 when it is not known or cannot be read. */
int log_one(void *arg, const char *id);
/* The job has ended, and all of it is printed: takes note of its result, -1 when that cannot be read. */
int log_ended(struct log *l, const char *id, const struct buf *result);

#endif
