/* share.h - what users of a shared spool ask of the runner, besides jobs */
#ifndef RUNNER_SHARE_H
#define RUNNER_SHARE_H

#include "conf/conf.h"
#include "spool/spool.h"

#include <stddef.h>

struct sync;
void share_init(struct spool *s, const struct conf *c, struct sync *helper);
/* So many jobs of one owner are known to the queue at a time: nobody fills the runner's memory. */
size_t share_most(void);
void share_join(const char *name);		       /* an entry of join/ */
void share_removal(const char *owner, const char *id); /* OWNER/cancel/ID.remove */
#endif
