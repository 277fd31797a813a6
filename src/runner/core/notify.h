/* notify.h - tells the service manager how this runner does: ready, alive, reloading, stopping
 *
 * The protocol is that of sd_notify(3): lines NAME=VALUE in a datagram to the socket that NOTIFY_SOCKET names. It is
 * stable, documented for other implementations, and short; libsystemd would bring three compressors and a
 * cryptographic library into a program that is root.
 *
 *     notify_init -> notify_ready, once -> notify_status … -> notify_stopping -> notify_release
 *
 * Where no manager listens, each of these does nothing. None of them fails or waits: a datagram that is not taken is
 * lost, and the next one says the same.
 */
#ifndef RUNNER_NOTIFY_H
#define RUNNER_NOTIFY_H

#include "base/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct notify {
	int fd;		  /* -1: nobody listens */
	int64_t every_us; /* between signs of life; 0: the manager wants none */
	struct timer alive, late;
	bool ready;
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and removes them from the environment. From the first turn of
 * the loop on, signs of life are sent twice in each of the manager's intervals. */
void notify_init(struct notify *n, struct loop *l);
void notify_release(struct notify *n);
/* The first call only. */
void notify_ready(struct notify *n);
/* Calls notify_ready in us microseconds, if nobody has by then. */
void notify_ready_within(struct notify *n, int64_t us);
/* A reload begins, and has ended, well or not. */
void notify_reloading(struct notify *n);
void notify_reloaded(struct notify *n);
void notify_stopping(struct notify *n);
/* One line for people; control characters are replaced. */
void notify_status(struct notify *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
