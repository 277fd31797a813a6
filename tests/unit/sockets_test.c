/* sockets_test.c - what sockets hold is counted: each kind, accepted or not, sent or waiting
 *
 * In a network namespace of its own where the kernel lets it have one; else with the host's sockets, which
 * change little beside HELD.
 */
#include "check.h"
#include "init/sockets.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HELD = 192 << 10, PIECE = 32 << 10, PIECES = 64 };

static char piece[PIECE];

static void own_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int s;

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return;
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ioctl(s, SIOCSIFFLAGS, &lo);
	close(s);
}

static int64_t held(void)
{
	struct sockets s;
	int64_t n;

	sockets_open(&s);
	n = sockets_held(&s, true);
	close(s.diag);
	close(s.stat[0]);
	close(s.stat[1]);
	return n;
}

static size_t fill(int s)
{
	size_t sum = 0;
	ssize_t n;

	for (int i = 0; i < PIECES && (n = send(s, piece, sizeof piece, MSG_DONTWAIT)) > 0; i++)
		sum += (size_t)n;
	return sum;
}

/* A socket with an address of loopback, which is left in *a. */
static int bound(int family, int type, struct sockaddr_in6 *a, socklen_t *len)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(family, type | SOCK_CLOEXEC, 0);

	*a = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	if (family == AF_INET)
		memcpy(a, &four, sizeof four);
	*len = sizeof *a;
	if (s >= 0 && (bind(s, (struct sockaddr *)a, family == AF_INET ? sizeof four : sizeof *a) ||
		       getsockname(s, (struct sockaddr *)a, len))) {
		close(s);
		return -1;
	}
	return s;
}

/* Between a and b: what is sent on a is counted, and is not once both are closed. */
static void counts(int a, int b)
{
	int64_t before = held();
	CHECK(fill(a) >= HELD);
	CHECK(held() - before >= HELD / 2); /* a datagram too many is dropped */
	close(a);
	close(b);
	CHECK(held() - before < HELD / 4);
}

static void tcp(int family, bool accepts)
{
	struct sockaddr_in6 a;
	socklen_t len;
	int l = bound(family, SOCK_STREAM, &a, &len), c = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (l < 0) {
		printf("# no loopback of family %d here\n", family);
		return;
	}
	CHECK(!listen(l, 1) && !connect(c, (struct sockaddr *)&a, len));
	counts(c, accepts ? accept(l, NULL, NULL) : l);
	if (accepts)
		close(l);
}

static void tcp_streams(void)
{
	tcp(AF_INET, true);
	tcp(AF_INET6, true);
}

static void tcp_that_nobody_accepts(void)
{
	tcp(AF_INET, false);
	tcp(AF_INET6, false);
}

static void udp_that_nobody_reads(void)
{
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in6 a;
		socklen_t len;
		int family = i ? AF_INET6 : AF_INET, r = bound(family, SOCK_DGRAM, &a, &len),
		    s = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		if (r < 0 || connect(s, (struct sockaddr *)&a, len)) {
			printf("# no loopback of family %d here\n", family);
			continue;
		}
		counts(s, r);
	}
}

static void local_sockets(void)
{
	int pair[2];

	CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	counts(pair[0], pair[1]);
}

static void netlink_answers(void)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg about;
	} ask = { .head = { .nlmsg_len = sizeof ask, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST },
		  .about = { .ifi_index = 1 } };
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int64_t before = held();

	for (int i = 0; i < 32; i++)
		CHECK(send(s, &ask, sizeof ask, MSG_DONTWAIT) == (ssize_t)sizeof ask);
	CHECK(held() - before >= 32 * 1024);
	close(s);
	CHECK(held() - before < 32 * 1024);
}

static void counts_anew_only_when_it_is_time(void)
{
	struct sockets s;
	int pair[2];
	int64_t before;

	sockets_open(&s);
	before = sockets_held(&s, true);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) && fill(pair[0]) > 0);
	s.not_before = INT64_MAX;
	CHECK(sockets_held(&s, false) == before);
	CHECK(sockets_held(&s, true) > before);
	s.not_before = 0;
	close(pair[0]);
	close(pair[1]);
	CHECK(sockets_held(&s, false) < before + HELD / 4);
}

/* What is asked of the kernel while there are no more sockets than at first would count, so make that visible. */
static void asks_nothing_while_no_program_has_a_socket(void)
{
	struct sockets s;
	int pair[2];

	sockets_open(&s);
	sockets_held(&s, true);
	CHECK(s.own > 0);
	s.own_held = -1;
	CHECK(sockets_held(&s, true) == -1);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) && fill(pair[0]) > 0);
	CHECK(sockets_held(&s, true) >= HELD);
	close(pair[0]);
	close(pair[1]);
	CHECK(sockets_held(&s, true) == -1);
}

static void without_netlink(void)
{
	struct sockets s = { .diag = -1, .stat = { -1, -1 } };

	CHECK(!sockets_held(&s, true));
}

int main(void)
{
	own_network();
	RUN(tcp_streams);
	RUN(tcp_that_nobody_accepts);
	RUN(udp_that_nobody_reads);
	RUN(local_sockets);
	RUN(netlink_answers);
	RUN(counts_anew_only_when_it_is_time);
	RUN(asks_nothing_while_no_program_has_a_socket);
	RUN(without_netlink);
	return check_status();
}
