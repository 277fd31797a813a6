/* health.h - are jobs run at present? Judged from outside, by what each runner last wrote and by the disk
 *
 * A runner that lives keeps a lock; that is no proof that it moves, nor that its engine answers. So each writes
 * into its lock's file how its engine is (health_beat), every 5 seconds, and whoever asks (cee-http,
 * cee-stat, cee-doctor) looks at what stands there and how old it is (health_look).
 */
#ifndef CEE_SPOOL_HEALTH_H
#define CEE_SPOOL_HEALTH_H

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
	char detail[HEALTH_DETAIL]; /* for an operator: which runner, why, what to do; "" when ok */
};

/* Looks at the runners and at the disk. min_room: bytes below which a submit is refused, 0 no bound.
 * One runner that responds and has its engine is enough. What cannot be found out counts as ok. */
void health_look(struct spool *s, int64_t min_room, struct health *h);

/* Runner: writes that it lives, and how its engine is; trouble says why it is not up, else "". Cheap: one
 * write to a file that has its size already, so it succeeds on a full disk. -1 and errno. */
int health_beat(struct spool_runner *r, bool engine_up, const char *trouble);

#endif
