/* orders.h - the socket between init and a cell's supervisor
 *
 * Packets (SOCK_SEQPACKET). To the supervisor: one byte, an enum order or the type of a
 * frame that is passed on, and what belongs to it; up to three descriptors. From it:
 * one struct report.
 */
#ifndef CEE_INIT_ORDERS_H
#define CEE_INIT_ORDERS_H

#include "init/failure.h"
#include "init/supervisor.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* All values are larger than those of frame types. */
enum order {
	ORDER_BUILD =
		'b', /* u64 bytes, u64 inodes of the disk, u8 terminal, u8 layers; REPORT_BUILT with a descriptor of /work */
	ORDER_START = 's',   /* struct start, three descriptors; REPORT_STARTED */
	ORDER_KILL = 'k',    /* everything; REPORT_ENDED */
	ORDER_SIGNAL = 'g',  /* int, for the program's process group */
	ORDER_COLLECT = 'c', /* struct collect_request, a pipe */
	ORDER_FILL = 'f'     /* a snapshot's descriptor; REPORT_FILLED */
};

enum report_kind { REPORT_BUILT, REPORT_FILLED, REPORT_STARTED, REPORT_FAILED, REPORT_ENDED };
struct report {
	enum report_kind kind;
	struct ended ended;   /* REPORT_ENDED */
	int64_t time_us;      /* REPORT_STARTED */
	char text[INIT_TEXT]; /* REPORT_FAILED; later orders of that job are ignored */
};

/* data, and more behind it where that is not NULL, with nfds descriptors. -1 and errno. */
struct packet {
	const void *data, *more;
	size_t len, morelen;
	const int *fds;
	size_t nfds;
};
int packet_send(int sock, const struct packet *p);
/* Returns the length, 0 at the end, -1 and errno. fds are -1 where none came. */
ssize_t packet_receive(int sock, void *data, size_t size, int flags, int fds[3]);

#endif
