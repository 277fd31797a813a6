/* unix_channel.h - one connection that comes to a Unix socket of this process
 *
 *     unix_channel_listen    a socket, named UNIX_CHANNEL_NAME, in a folder that one peer can reach
 *     connected(arg)         that peer is there; the name is gone, and nobody else can connect
 *     bytes(arg, p, n) …     unix_channel_send
 *     ended(arg)             the peer has closed, after its last byte was given to bytes; or it could not be accepted
 *
 * Any of the callbacks may close the channel. Descriptors that a peer sends along are never received: nothing here reads
 * control messages, so the kernel drops them (unix(7)).
 */
#ifndef ENGINE_UNIX_CHANNEL_H
#define ENGINE_UNIX_CHANNEL_H

#include "base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define UNIX_CHANNEL_NAME "socket"

struct unix_channel {
	void (*connected)(void *arg);
	void (*bytes)(void *arg, const unsigned char *p, size_t n);
	void (*writable)(void *arg); /* after unix_channel_send took less than all */
	void (*ended)(void *arg);
	void *arg;
	/* the channel's own */
	bool open, peer; /* it listens or is connected; it is connected */
	bool full;	 /* what was not sent waits for writable */
	int folder;	 /* while it listens */
	struct watch watch;
};

/* The callbacks are set before. -1 and errno. */
int unix_channel_listen(struct unix_channel *c, struct loop *l, const char *folder);
/* How many bytes the kernel took: 0 to n, at once; also when the peer is gone, which ended reports. */
size_t unix_channel_send(struct unix_channel *c, const void *p, size_t n);
/* Gives to bytes what the peer has sent by now, at most so much. */
void unix_channel_drain(struct unix_channel *c);
/* Does nothing if it is closed, or was never opened (zeroed). */
void unix_channel_close(struct unix_channel *c);
#endif
