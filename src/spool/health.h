/* health.h - are jobs being run? Judged by each runner's last heartbeat and by the disk
 *
 * A live runner holds a lock; this proves neither that it makes progress nor that its engine answers. So each
 * runner writes its engine's state every 5 seconds (health_beat) into the lock file that users can test, and readers
 * (cee-http, cee-stat, cee-doctor) check the content and its age (health_look).
 */
#ifndef CEE_SPOOL_HEALTH_H
#define CEE_SPOOL_HEALTH_H

#include "spool/kept.h"
#include "spool/registration.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

/* H(id, text): the text is public, so it names no path and no host. */
#define HEALTHS(H)                                                                                                     \
	H(OK, "ok")                                                                                                    \
	H(NO_RUNNER, "no runner is alive")                                                                             \
	H(STALLED, "no runner responds")                                                                               \
	H(ENGINE, "the container engine does not answer")                                                              \
	H(DISK, "the disk is full")
enum health_state {
#define H(id, text) HEALTH_##id,
	HEALTHS(H)
#undef H
		HEALTH_COUNT
};
extern const char *const health_text[HEALTH_COUNT];

enum { HEALTH_STALE_US = 11000000, HEALTH_DETAIL = 300 };

struct health {
	enum health_state state;
	int runners;		    /* alive, whether they respond or not */
	struct kept kept;	    /* by all owners, as a runner counted last; bytes -1: not known yet */
	char detail[HEALTH_DETAIL]; /* for an operator: the runner, the reason and the remedy; "" when ok */
};

/* Checks the runners and the disk. min_room: submits are refused if fewer bytes are free; 0: no limit. One runner that
 * responds and whose engine answers is enough. Unknown states count as ok. */
void health_look(struct spool *s, int64_t min_room, struct health *h);

/* For the runner: writes a heartbeat with the engine's state; trouble says why the engine is not up, else "".
 * kept: what all owners keep; bytes -1: this runner does not know. Cheap: one
 * write that does not change the file's size, so it succeeds on a full disk. -1 and errno. */
int health_beat(struct spool_runner *r, bool engine_up, const char *trouble, const struct kept *kept);

#endif
