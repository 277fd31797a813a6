/* network.c - anybody out there
 *
 * Goal: a packet that leaves, an answer, or a socket of a kind that no program here needs. The control
 * has the host's network, where there is somebody to reach.
 */
#include "hostile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_alg.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
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

/* True when something there answers, also with a refusal: the packet has left. */
static bool reaches(const char *address, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), e = 0;
	struct pollfd p = { fd, POLLOUT, 0 };
	socklen_t size = sizeof e;

	inet_pton(AF_INET, address, &a.sin_addr);
	if (fd < 0 || (connect(fd, (struct sockaddr *)&a, sizeof a) && errno != EINPROGRESS))
		return false;
	if (poll(&p, 1, 300) == 1)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &size);
	else
		e = ETIMEDOUT; /* it has left all the same: there is a route */
	close(fd);
	return e != ENETUNREACH && e != EHOSTUNREACH;
}

static void reach(const char *const *to, int port)
{
	for (; *to; to++)
		if (reaches(*to, port))
			got("%s", *to);
	errno = ENETUNREACH;
	refused("connect");
}

static void outside(void)
{
	static const char *const to[] = { "192.0.2.1", "8.8.8.8", "1.1.1.1", NULL };

	reach(to, 443);
}

static void gateway(void)
{
	static const char *const to[] = { "172.17.0.1", "172.18.0.1", "10.0.0.1", "192.168.0.1", "192.168.65.2", NULL };

	reach(to, 22);
}

static void metadata(void)
{
	static const char *const to[] = { "169.254.169.254", "169.254.170.2", "100.100.100.200", NULL };

	reach(to, 80);
}

/* What listens on the host's loopback: HOSTILE_PORT is a listener of the driver's. */
static void host_loopback(void)
{
	const char *port = getenv("HOSTILE_PORT");
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)(port ? atoi(port) : 1)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	refused_if(fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a), "connect");
	got("the host's loopback");
}

static void abstract(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *name = getenv("HOSTILE_SOCKET");

	snprintf(a.sun_path + 1, sizeof a.sun_path - 1, "%s", name ? name : "none");
	refused_if(connect(fd, (struct sockaddr *)&a, (socklen_t)(sizeof a.sun_family + 1 + strlen(a.sun_path + 1))),
		   "connect");
	got("an abstract socket of the host");
}

static void names(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(53) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	static const char *const to[] = { "8.8.8.8", "127.0.0.11", "172.17.0.1" };

	for (size_t i = 0; i < 3; i++) {
		inet_pton(AF_INET, to[i], &a.sin_addr);
		if (sendto(fd, "\1\2\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1", 19, 0, (struct sockaddr *)&a, sizeof a) > 0 &&
		    i != 1)
			got("a question to %s", to[i]);
	}
	refused("DNS");
}

static void interfaces(void)
{
	struct ifaddrs *list = NULL;

	getifaddrs(&list);
	for (struct ifaddrs *i = list; i; i = i->ifa_next)
		if (strcmp(i->ifa_name, "lo"))
			got("interface %s", i->ifa_name);
	errno = ENODEV;
	refused("interfaces");
}

static void echo_requests(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP);

	if (fd < 0)
		fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	refused_if(fd < 0, "ICMP");
	got("an ICMP socket");
}

static void raw_sockets(void)
{
	int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	int packet = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	refused_if(raw < 0 && packet < 0, "raw sockets");
	got("a raw socket");
}

static void sets_interfaces(void)
{
	struct ifreq r = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(r.ifr_name, "lo");
	refused_if(fd < 0 || ioctl(fd, SIOCGIFFLAGS, &r) || ioctl(fd, SIOCSIFFLAGS, &r), "SIOCSIFFLAGS");
	got("sets interfaces");
}

/* Families that reach the kernel's less used code: each was a hole once. */
static void rare_sockets(void)
{
	static const int families[] = { AF_ALG, AF_VSOCK, AF_BLUETOOTH, AF_CAN,	   AF_TIPC,	  AF_RDS,
					AF_KCM, AF_XDP,	  AF_SMC,	AF_PPPOX,  AF_IEEE802154, AF_NFC,
					AF_X25, AF_AX25,  AF_LLC,	AF_PHONET, AF_QIPCRTR,	  AF_KEY };

	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type++)
			if (socket(families[i], type | SOCK_CLOEXEC, 0) >= 0)
				got("a socket of family %d", families[i]);
	refused("rare families");
}

const struct hostile network_rows[] = {
	{ "outside", "addresses of others", 0, 0, "host", outside, 0 },
	{ "gateway", "the engine's gateway", 0, 0, "host", gateway, 0 },
	{ "metadata", "the metadata service", 0, 0, "host", metadata, 0 },
	{ "host-loopback", "what listens on the host's loopback", 0, 0, "host", host_loopback, 0 },
	{ "abstract", "an abstract socket of the host", 0, 0, "host", abstract, 0 },
	{ "names", "DNS", 0, 0, "host", names, 0 },
	{ "interfaces", "interfaces beside lo", 0, 0, "host", interfaces, 0 },
	{ "echo-requests", "ICMP", 0, 0, "container", echo_requests, 0 },
	{ "raw-sockets", "raw sockets", 0, 0, "container", raw_sockets, 0 },
	{ "sets-interfaces", "sets an interface", 0, 0, "container", sets_interfaces, 0 },
	{ "rare-sockets", "sockets of rare families", 0, 0, "container", rare_sockets, 0 },
	{ 0 }
};
