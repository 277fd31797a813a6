/* orders.c - the socket between init and a cell's supervisor (orders.h) */
#include "init/orders.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

union control { /* room for three descriptors, aligned */
	struct cmsghdr h;
	char space[CMSG_SPACE(3 * sizeof(int))];
};

int packet_send(int sock, const struct packet *p)
{
	union control c = { .space = { 0 } };
	struct iovec v[2] = { { (void *)(uintptr_t)p->data, p->len }, { (void *)(uintptr_t)p->more, p->morelen } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = p->more ? 2 : 1 };
	ssize_t n;

	if (p->nfds) {
		m.msg_control = c.space;
		m.msg_controllen = CMSG_SPACE(p->nfds * sizeof(int));
		c.h.cmsg_level = SOL_SOCKET;
		c.h.cmsg_type = SCM_RIGHTS;
		c.h.cmsg_len = CMSG_LEN(p->nfds * sizeof(int));
		memcpy(CMSG_DATA(&c.h), p->fds, p->nfds * sizeof(int));
	}
	do
		n = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

ssize_t packet_receive(int sock, void *data, size_t size, int flags, int fds[3])
{
	union control c;
	struct iovec v = { data, size };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = c.space, .msg_controllen = sizeof c.space };
	struct cmsghdr *h;
	size_t len;
	ssize_t n;

	fds[0] = fds[1] = fds[2] = -1;
	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC | flags);
	while (n < 0 && errno == EINTR);
	h = n < 0 ? NULL : CMSG_FIRSTHDR(&m);
	if (!h || h->cmsg_type != SCM_RIGHTS)
		return n;
	len = h->cmsg_len - CMSG_LEN(0);
	memcpy(fds, CMSG_DATA(h), len < 3 * sizeof(int) ? len : 3 * sizeof(int));
	return n;
}
