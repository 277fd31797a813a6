/* relay.h - the box's end of its gate: passes connections to 127.0.0.1:RELAY_PORT on to the gate's Unix socket
 *
 * A process of its own, so that a job which transfers much does not keep the session from its job. It counts what passes,
 * and keeps the bounds of the whole box.
 */
#ifndef CEE_INIT_RELAY_H
#define CEE_INIT_RELAY_H

#include "wire/payload.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define RELAY_FOLDER "/.cee/gate" /* hidden from jobs */
enum { RELAY_PORT = 3128 };

/* Shared by the two processes. */
struct relay_counts {
	atomic_uint_least64_t connections, in, out, refused;
};

struct relay_bounds {
	uint64_t connections, bytes;
};

/* The bounds in "CONNECTIONS BYTES". false: not of that form. */
bool relay_bounds_read(struct relay_bounds *b, const char *text);
/* Starts the process, and returns when it listens. NULL and errno: there is none. */
const struct relay_counts *relay_start(const struct relay_bounds *b);
/* Also asks whether the gate still answers: a program may take the end of a connection for the end of an answer. */
void relay_report(const struct relay_counts *c, struct frame_network *n);
bool relay_gate_answers(const char *socket_path);

/* For tests: serves until listener is closed by the peer's end or an error. */
void relay_serve(int listener, const char *socket_path, const struct relay_bounds *b, struct relay_counts *c);

#endif
