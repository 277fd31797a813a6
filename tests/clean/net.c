/* net.c - sockets on loopback and without a file, the state of the network namespace
 *
 * That namespace is the box's, so it is all that its jobs share of the network.
 */
#include "clean.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PORT = 7777 };

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons((unsigned short)port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int bound(int type, int port)
{
	struct sockaddr_in a = loopback(port);
	int s = socket(AF_INET, type, 0);

	if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof a))
		return -1;
	return s;
}

/* ---- without a file: abstract names -------------------------------------------- */

static socklen_t abstract(struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strcpy(a->sun_path + 1, "planted");
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 8);
}

static void with_abstract(void)
{
	struct sockaddr_un a;
	socklen_t len = abstract(&a);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	if (s < 0 || bind(s, (struct sockaddr *)&a, len) || listen(s, 5))
		denied("abstract socket");
}

static void plant_abstract(void)
{
	leave_daemon(with_abstract);
}

static void probe_abstract(void)
{
	struct sockaddr_un a;
	socklen_t len = abstract(&a);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	if (s < 0)
		broken("socket");
	if (!connect(s, (struct sockaddr *)&a, len))
		found("a socket by its abstract name");
	if (bind(s, (struct sockaddr *)&a, len))
		found("the abstract name is taken: %s", strerror(errno));
}

/* ---- loopback ---------------------------------------------------------------------- */

/* Any socket of the internet at all: this probe has none of its own. */
static void look_at_table(const char *name)
{
	static char text[1 << 16];
	char path[64], *second;

	snprintf(path, sizeof path, "/proc/net/%s", name);
	if (!slurp(path, text, sizeof text))
		return; /* no such protocol here */
	second = strchr(text, '\n');
	if (second && second[1])
		found("in %s:%.60s", path, second + 1);
}

static void probe_tables(void)
{
	static const char *const names[] = { "tcp", "tcp6", "udp", "udp6", "udplite", "raw", "raw6", "icmp", "packet" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		look_at_table(names[i]);
}

static void with_listen(void)
{
	int s = bound(SOCK_STREAM, PORT);

	if (s < 0 || listen(s, 5))
		denied("listen");
}

static void plant_listen(void)
{
	leave_daemon(with_listen);
}

static void probe_listen(void)
{
	struct sockaddr_in a = loopback(PORT);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), err;
	struct pollfd p = { .fd = s, .events = POLLOUT };
	socklen_t len = sizeof err;

	err = connect(s, (struct sockaddr *)&a, sizeof a) ? errno : 0;
	if (err == EINPROGRESS && poll(&p, 1, 1000) == 1) /* no answer: there is one who does not accept */
		getsockopt(s, SOL_SOCKET, SO_ERROR, &err, &len);
	if (err != ECONNREFUSED)
		found("somebody listens");
	close(s);
	probe_tables();
}

static void with_bound(void)
{
	if (bound(SOCK_STREAM, PORT) < 0 || bound(SOCK_DGRAM, PORT) < 0)
		denied("bind");
}

static void plant_bound(void)
{
	leave_daemon(with_bound);
}

static void probe_bound(void)
{
	int tcp = bound(SOCK_STREAM, PORT), udp = bound(SOCK_DGRAM, PORT);

	if (tcp < 0 || udp < 0)
		found("the port is taken: %s", strerror(errno));
	close(tcp);
	close(udp);
	probe_tables();
}

/* The one who closes first leaves the connection in TIME_WAIT, without any process. */
static void plant_time_wait(void)
{
	struct sockaddr_in a = loopback(PORT);
	int s = bound(SOCK_STREAM, PORT), c, d;
	char byte;

	if (s < 0 || listen(s, 5))
		denied("listen");
	for (int i = 0; i < 5; i++) {
		c = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(c, (struct sockaddr *)&a, sizeof a) || (d = accept(s, NULL, NULL)) < 0)
			denied("connect");
		shutdown(d, SHUT_WR);
		if (read(c, &byte, 1) != 0)
			denied("read");
		close(c);
		close(d);
	}
}

static void probe_time_wait(void)
{
	int s = bound(SOCK_STREAM, PORT);

	if (s < 0)
		found("the port is not free: %s", strerror(errno));
	close(s);
	probe_tables();
}

/* A connection whose other side takes nothing: data that waits to be sent when all end. */
static void plant_unsent(void)
{
	static char block[1 << 16];
	struct sockaddr_in a = loopback(PORT);
	int s = bound(SOCK_STREAM, PORT), c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd p = { .fd = c, .events = POLLOUT };

	if (s < 0 || listen(s, 0))
		denied("listen");
	for (int i = 0; i < 3; i++) /* some stay half open: nobody accepts */
		connect(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), (struct sockaddr *)&a, sizeof a);
	connect(c, (struct sockaddr *)&a, sizeof a);
	poll(&p, 1, 100);
	while (write(c, block, sizeof block) > 0)
		;
	leave_daemon(NULL); /* it holds them all */
}

/* Sockets that nobody has open: messages that hold each other, and with them a port and what waits on it. */
static void send_fd(int to, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof fd)];
	} c = { .head = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd) } };
	struct iovec byte = { .iov_base = "x", .iov_len = 1 };
	struct msghdr m = { .msg_iov = &byte, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof c };

	memcpy(CMSG_DATA(&c.head), &fd, sizeof fd);
	if (sendmsg(to, &m, 0) != 1)
		denied("a descriptor in a message");
}

static void with_in_flight(void)
{
	static char block[60000];
	struct sockaddr_in a = loopback(PORT);
	int u = bound(SOCK_DGRAM, PORT), pair[2];

	if (u < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		denied("sockets");
	for (int i = 0; i < 3; i++)
		sendto(u, block, sizeof block, 0, (struct sockaddr *)&a, sizeof a);
	send_fd(pair[0], u);
	send_fd(pair[0], pair[1]);
	send_fd(pair[1], pair[0]);
	close(u);
}

static void plant_in_flight(void)
{
	leave_daemon(with_in_flight);
}

/* The kernel looks for such rings when a local socket is closed, and a little later. */
static void probe_in_flight(void)
{
	static char text[1 << 16];

	for (int i = 0; i < 20; i++) {
		if (!slurp("/proc/net/udp", text, sizeof text) || !strchr(text, '\n') || !strchr(text, '\n')[1])
			break;
		pause_ms(10);
	}
	probe_tables();
}

/* ---- the namespace's own state -------------------------------------------------------- */

#define RANGE "/proc/sys/net/ipv4/ip_local_port_range"

static void plant_sysctl(void)
{
	int fd = open(RANGE, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "23456 23999", 11) != 11)
		denied(RANGE);
}

static void probe_sysctl(void)
{
	char text[64];

	if (!slurp(RANGE, text, sizeof text))
		broken(RANGE);
	if (!strncmp(text, "23456", 5))
		found(RANGE);
}

static void plant_down(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	if (s < 0 || ioctl(s, SIOCSIFFLAGS, &r))
		denied("loopback down");
}

static void probe_down(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	if (s < 0 || ioctl(s, SIOCGIFFLAGS, &r))
		broken("loopback");
	if (!(r.ifr_flags & IFF_UP))
		found("loopback is down");
}

const struct plant net_plants[] = { { "abstract", IN_BOX, plant_abstract, probe_abstract },
				    { "listen", IN_BOX, plant_listen, probe_listen },
				    { "bound", IN_BOX, plant_bound, probe_bound },
				    { "time-wait", IN_BOX, plant_time_wait, probe_time_wait },
				    { "unsent", IN_BOX, plant_unsent, probe_listen },
				    { "in-flight", IN_BOX, plant_in_flight, probe_in_flight },
				    { "sysctl", IN_BOX | BY_ROOT, plant_sysctl, probe_sysctl },
				    { "loopback", IN_BOX | BY_ROOT, plant_down, probe_down },
				    { 0 } };
