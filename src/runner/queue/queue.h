/* queue.h - what waits in the spool, and whose turn it is */
#ifndef RUNNER_QUEUE_H
#define RUNNER_QUEUE_H

#include "base/error.h"
#include "base/id.h"
#include "spool/owner_name.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

struct queue_ops {
	void (*something_new)(void);			    /* jobs were added */
	void (*cancel)(const char *owner, const char *id);  /* a wish appeared */
	void (*input)(const char *owner, const char *name); /* something in OWNER/in did, or was written to; any name */
	/* in a shared spool only */
	void (*removal)(const char *owner, const char *id); /* the wish that a job be removed */
	void (*join)(const char *name);			    /* something in join/; any name */
};
/* most: so many jobs of one owner are known at a time; others wait in the directory. */
struct loop;
int queue_init(struct loop *l, struct spool *s, const char *path, const struct queue_ops *ops, size_t most,
	       struct cee_err *e);
void queue_release(void);
bool queue_blind(void); /* no inotify instance was to be had: scan often */
/* The directory is the truth: reads all of it again. */
void queue_scan(void);
struct queued {
	char owner[OWNER_MAX], id[ID_LEN + 1];
	int priority, attempts;
};
/* Owners in turn, within an owner priority, then age. Opens no file. False: nothing waits. */
bool queue_next(struct queued *q);
/* Takes that job out of the order, wherever it is. */
bool queue_take(const char *owner, const char *id, struct queued *q);
size_t queue_length(void);
/* Looks a few waiting jobs through for start_within, those not looked at before; not part of
 * choosing. Then hands out one whose time is over by now (microseconds since the epoch). */
void queue_examine(size_t max_job);
bool queue_expired(int64_t now, struct queued *q);
#endif
