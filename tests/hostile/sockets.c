/* sockets.c - memory that sockets hold, of each kind that the kernel charges to somebody else or to nobody
 *
 * Goal: MUCH of it for longer than cee-init looks away.
 */
#include "hostile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MUCH = 256 * MB, BLOCK = 60000, LOOKS_AWAY_MS = 1000 };

static char block[BLOCK];

static void hold(long (*one)(void), const char *what)
{
	long held = 0, n;

	while (held < MUCH && (n = one()) > 0)
		held += n;
	refused_if(held < MUCH, what);
	pause_ms(LOOKS_AWAY_MS);
	got("%d MiB of %s", MUCH / MB, what);
}

static int bound(int type, struct sockaddr_in *a)
{
	socklen_t size = sizeof *a;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), most = 8 * MB;

	*a = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &most, sizeof most);
	refused_if(fd < 0 || bind(fd, (struct sockaddr *)a, sizeof *a) || getsockname(fd, (struct sockaddr *)a, &size),
		   "a port of loopback");
	return fd;
}

static long fill(int fd)
{
	long sum = 0;
	ssize_t n;

	while ((n = send(fd, block, sizeof block, MSG_DONTWAIT)) > 0)
		sum += n;
	return sum;
}

/* Its client is gone, and nobody has accepted it. */
static long one_unaccepted(void)
{
	static struct sockaddr_in to;
	static int server, clients;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	long n;

	if (clients++ % 100 == 0) {
		server = bound(SOCK_STREAM, &to);
		listen(server, 4096);
	}
	refused_if(fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to), "connect");
	n = fill(fd);
	close(fd);
	return n;
}

static void unaccepted(void)
{
	hold(one_unaccepted, "connections that nobody accepts");
}

/* Both ends stay. */
static long one_stream(void)
{
	static struct sockaddr_in to;
	static int server = -1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (server < 0) {
		server = bound(SOCK_STREAM, &to);
		listen(server, 16);
	}
	refused_if(fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) || accept(server, NULL, NULL) < 0,
		   "connect");
	return fill(fd);
}

static void streams(void)
{
	hold(one_stream, "TCP streams");
}

static long one_datagrams(void)
{
	struct sockaddr_in to;
	int from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), n = 0;

	bound(SOCK_DGRAM, &to);
	refused_if(from < 0, "socket");
	while (n < 3 && sendto(from, block, sizeof block, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to) > 0)
		n++;
	close(from);
	return (long)n * BLOCK;
}

static void datagrams(void)
{
	hold(one_datagrams, "datagrams");
}

static long one_answers(void)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg about;
	} ask = { .head = { .nlmsg_len = sizeof ask, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST },
		  .about = { .ifi_index = 1 } };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), most = 8 * MB;

	refused_if(fd < 0, "netlink");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &most, sizeof most);
	for (int i = 0; i < 80; i++)
		refused_if(send(fd, &ask, sizeof ask, MSG_DONTWAIT) < 0, "a question");
	return 80 * 1400;
}

static void answers(void)
{
	hold(one_answers, "netlink answers");
}

#define OPEN "limits memory=900M open_files=4096 cpu=20"
const struct hostile socket_rows[] = { { "tcp-streams", "TCP buffers, full", "memory=64M cpu=10 open_files=4096",
					 "memory limit", OPEN, streams, 0 },
				       { "tcp-unaccepted", "connections that nobody accepts",
					 "memory=64M cpu=10 open_files=4096", "memory limit", OPEN, unaccepted, 0 },
				       { "udp-datagrams", "datagrams that nobody reads",
					 "memory=64M cpu=10 open_files=4096", "memory limit", OPEN, datagrams, 0 },
				       { "netlink-answers", "netlink answers that nobody reads",
					 "memory=64M cpu=10 open_files=4096", "memory limit", OPEN, answers, 0 },
				       { 0 } };
