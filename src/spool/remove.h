/* remove.h - removal of jobs */
#ifndef CEE_SPOOL_REMOVE_H
#define CEE_SPOOL_REMOVE_H

#include "base/error.h"
#include "base/id.h"
#include "spool/spool.h"

#include <stdbool.h>

/* The wish that a job which has ended be removed: who may not write in out/ asks a runner (remove.c). */
int spool_each_removal(struct spool *s, const char *owner, spool_name_fn f, void *arg); /* f gets the id */
bool spool_removal_parse(const char *name, char id[ID_LEN + 1]);			/* of an entry of cancel/ */
/* Does so, and the wish goes. For a helper: it waits for the disk. */
int spool_removal_answer(struct spool *s, const char *owner, const char *id, struct cee_err *e);


/* All of a finished job: its key, its files. EBUSY it has not ended; EAGAIN it has, and a
 * runner still has to put its file away; ENOENT no such job. */
int spool_remove(struct spool *s, const char *owner, const char *id, struct cee_err *e);
/* Removes out/BUCKET when it is empty and so old that nothing begins there. */
void spool_bucket_drop(int out, const char *bucket);

#endif
