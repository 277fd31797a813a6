/* log_job.h - printing one job */
#ifndef CEE_CMD_LOG_JOB_H
#define CEE_CMD_LOG_JOB_H

#include "base/buf.h"
#include "cmd/cee-log/log_prog.h"

/* A client_id_fn: 1 if the job is unknown or cannot be read. */
int log_one(void *arg, const char *id);
/* Call it when the job has ended and is printed: records its result, -1 if that cannot be read. */
int log_ended(struct log *l, const char *id, const struct buf *result);

#endif
