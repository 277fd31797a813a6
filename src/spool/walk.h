/* walk.h - walking over owners and over the queue */
#ifndef CEE_SPOOL_WALK_H
#define CEE_SPOOL_WALK_H

#include "spool/spool.h"

/* Each walk calls f until f returns not 0, and returns that value; -1 and errno: a directory could not be read. */
int spool_each_owner(struct spool *s, spool_name_fn f, void *arg);
/* Visits each queued job, in any order. Parses the entries' names and opens no file. */
typedef int (*spool_job_fn)(void *arg, const char *owner, const char *id, int priority, int attempts);
int spool_each_new(struct spool *s, const char *owner, spool_job_fn f, void *arg);

#endif
