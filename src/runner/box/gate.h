/* gate.h - the gate of one box: a container with a forward proxy, which is the box's only way to a network
 *
 * The box itself has no network. A folder of the host is mounted in both containers, and the proxy listens there on
 * a Unix socket; cee-init passes connections to 127.0.0.1:3128 of the box on to it (src/init/relay.h).
 *
 *     g = gate_new(bs, &rules, opened, failed, arg)
 *     opened(arg)              the proxy answers, or
 *     failed(arg, reason)      the gate is being removed; also later, when the proxy ends
 *     gate_close(g)            the box is gone
 */
#ifndef RUNNER_GATE_H
#define RUNNER_GATE_H

#include "base/loop.h"
#include "engine/attach.h"
#include "engine/engine.h"
#include "runner/box/boxes.h"
#include "runner/box/gate_config.h"

#include <stdbool.h>

#define GATE_FOLDER "/.cee/gate" /* in the box */
#define GATE_ADDRESS "http://127.0.0.1:3128"

#define GATE_STATES(S)                                                                                                 \
	S(NEW, "new")                                                                                                  \
	S(CREATING, "creating")                                                                                        \
	S(ATTACHING, "attaching")                                                                                      \
	S(STARTING, "starting")                                                                                        \
	S(OPENING, "opening") /* started; the proxy does not answer yet */                                             \
	S(OPEN, "open")                                                                                                \
	S(REMOVING, "removing")                                                                                        \
	S(GONE, "gone")
enum gate_state {
#define S(id, name) GATE_##id,
	GATE_STATES(S)
#undef S
		GATE_STATE_COUNT
};
const char *gate_state_name(enum gate_state s);

struct gate {
	struct boxes *boxes;
	enum gate_state state; /* written by gate_enter alone */
	char container[ENGINE_ID_MAX];
	unsigned slot;	   /* determines the uid */
	char *folder;	   /* of the host */
	char trouble[400]; /* why it failed before it began; the last line of its standard error */
	struct attach attach;
	struct engine_call *call;
	struct timer deadline;
	struct gate *next;
	void (*opened)(void *arg);
	void (*failed)(void *arg, const char *reason);
	void *arg;
};

/* rules are read before it returns. NULL ENOMEM; no function is called then, nor before control returns to the loop. */
struct gate *gate_new(struct boxes *bs, const struct gate_rules *rules, void (*opened)(void *arg),
		      void (*failed)(void *arg, const char *reason), void *arg);
/* Removes it in the background; neither function is called any more. NULL is allowed. */
void gate_close(struct gate *g);

#endif
