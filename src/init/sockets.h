/* sockets.h - what the sockets of the box hold
 *
 *     sockets_open, (sockets_held)*
 *
 * The kernel charges to the box's cgroup what local sockets hold, but not (on cgroup v1) what TCP and UDP
 * sockets hold, and on either version neither netlink sockets nor connections that nobody has accepted.
 * So the kernel is asked (sock_diag(7)) for the buffers of all sockets of the box's network namespace.
 */
#ifndef CEE_INIT_SOCKETS_H
#define CEE_INIT_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

struct sockets {
	int diag;	    /* a netlink socket or -1: sockets are not counted */
	int stat[2];	    /* how many sockets there are: /proc/net/sockstat and sockstat6, or -1 */
	int own;	    /* how many sockets the first count found: cee-init's */
	int64_t own_held;   /* and what they held */
	int64_t held;	    /* at the last count */
	int64_t not_before; /* CLOCK_MONOTONIC, us: counting takes a small part of the time, however many there are */
};

void sockets_open(struct sockets *s);
/* The first count is before the box's first program. */
/* Bytes, those of cee-init's own few sockets too. now: count anew, however soon after the last time.
 * Where no program has a socket this costs a few microseconds. */
int64_t sockets_held(struct sockets *s, bool now);

#endif
