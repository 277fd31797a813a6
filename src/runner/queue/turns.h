/* turns.h - whose job is next: owners stand in one line, and an owner's jobs are a heap
 *
 * An owner without waiting jobs that gets one moves to the end of the line; so does an owner whose job was handed out
 * while more of its jobs wait. So no owner waits longer than one job of each owner that was in line before.
 * Owners that a scan finds at the same time stand in the order of their oldest job. No files and no clock: tests
 * simulate with it.
 */
#ifndef RUNNER_TURNS_H
#define RUNNER_TURNS_H

#include "base/id.h"
#include "runner/core/queued.h"
#include "runner/queue/job_heap.h"
#include "runner/queue/name_index.h"
#include "spool/owner_name.h"

#include <stdbool.h>
#include <stddef.h>

struct owner {
	char name[OWNER_MAX];
	struct job_heap jobs;
	struct owner *next, *previous; /* in the line */
	bool in_line;
	bool seen;		   /* for the caller: its directory was there at the last scan */
	char examined[ID_LEN + 1]; /* waiting jobs up to this id were searched for start_within */
};

struct turns {
	struct owner **owner; /* an owner keeps its number until it is dropped; NULL: nobody has this one */
	size_t nowners, cap, given_up;
	struct name_index index; /* of their names */
	struct owner *first, *last;
	size_t in_line;	     /* owners with waiting jobs */
	size_t waiting;	     /* jobs */
	size_t most_waiting; /* of one owner; others wait in the directory */
	bool scanning;
};
void turns_init(struct turns *t, size_t most_waiting);
void turns_release(struct turns *t);
/* The owner's number; adds new owners. SIZE_MAX: ENOMEM. */
size_t turns_owner(struct turns *t, const char *name);
/* Forgets an owner without waiting jobs; the number may be another owner's from then on. False: it has jobs. */
bool turns_drop(struct turns *t, size_t number);
/* NULL: unknown owner. */
struct owner *turns_find(const struct turns *t, const char *name);
/* Adds a waiting job. 0: added; 1: this owner has too many; -1 ENOMEM. */
int turns_add(struct turns *t, struct owner *o, const char *id, int priority, int attempts);

/* Between these, turns_forget and turns_add rebuild the queued jobs; owners keep their place in line. */
void turns_scan_begin(struct turns *t);
void turns_forget(struct turns *t, struct owner *o);
void turns_scan_end(struct turns *t);

/* The next job of the first owner in line for which may_begin is true (NULL: for all). False: none. */
typedef bool (*turns_may_fn)(void *arg, const char *owner);
bool turns_next(struct turns *t, turns_may_fn may_begin, void *arg, struct queued *q);
/* The job that was handed out last could not be claimed because another runner has it: puts its owner first again. */
void turns_again(struct turns *t, const char *owner);
/* Removes that job, whatever its position. The owner's other jobs keep their place in line. */
bool turns_take(struct turns *t, const char *owner, const char *id, struct queued *q);
#endif
