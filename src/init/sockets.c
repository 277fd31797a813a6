/* sockets.c - see the header
 *
 * A count is at most four dumps: TCP, UDP, local and netlink sockets. Each socket is counted with the
 * memory of its buffers, as the kernel reckons it (not the bytes in them: one byte may hold a page),
 * and with SOCKET_ITSELF, since a connection that nobody has accepted is charged to nobody.
 *
 * The table of TCP connections is the whole host's: to walk it takes half a millisecond on a large one. So TCP
 * and UDP are left out while /proc/net/sockstat, which is the namespace's own, has none. It also has the number of
 * all sockets: while that is what it was before the box's first program, no program has one, and nothing is asked.
 */
#include "init/sockets.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/netlink_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SOCKET_ITSELF = 2048,
	PART_OF_THE_TIME = 16, /* counting takes one of so many microseconds */
	ANSWER_MAX = 32768,    /* the kernel's own bound of one message of a dump */
	STAT_MAX = 1024,
};

/* One dump: what to ask, and where an answer has the socket's memory (SK_MEMINFO_*). */
struct dump {
	struct {
		struct nlmsghdr head;
		union {
			struct inet_diag_req_v2 inet;
			struct unix_diag_req local;
			struct netlink_diag_req netlink;
		} is;
	} ask;
	size_t fixed;	     /* length of an answer's part before its attributes */
	unsigned short attr; /* the attribute */
};

static void ask(struct dump *d, size_t size)
{
	d->ask.head = (struct nlmsghdr){ .nlmsg_len = (uint32_t)NLMSG_LENGTH(size),
					 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
					 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP };
}

static struct dump internet(int family, int protocol)
{
	struct dump d = { .fixed = sizeof(struct inet_diag_msg), .attr = INET_DIAG_SKMEMINFO };

	ask(&d, sizeof d.ask.is.inet);
	d.ask.is.inet = (struct inet_diag_req_v2){ .sdiag_family = (uint8_t)family,
						   .sdiag_protocol = (uint8_t)protocol,
						   .idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1),
						   .idiag_states = ~0u };
	return d;
}

static struct dump local(void)
{
	struct dump d = { .fixed = sizeof(struct unix_diag_msg), .attr = UNIX_DIAG_MEMINFO };

	ask(&d, sizeof d.ask.is.local);
	d.ask.is.local = (struct unix_diag_req){ .sdiag_family = AF_UNIX,
						 .udiag_states = ~0u,
						 .udiag_show = UDIAG_SHOW_MEMINFO };
	return d;
}

static struct dump netlink(void)
{
	struct dump d = { .fixed = sizeof(struct netlink_diag_msg), .attr = NETLINK_DIAG_MEMINFO };

	ask(&d, sizeof d.ask.is.netlink);
	d.ask.is.netlink = (struct netlink_diag_req){ .sdiag_family = AF_NETLINK,
						      .sdiag_protocol = NETLINK_ROUTE,
						      .ndiag_show = NDIAG_SHOW_MEMINFO };
	return d;
}

/* The larger of the two: a TCP socket's queue and what of it is on its way are the same memory. */
static int64_t memory_of(const struct rtattr *a)
{
	uint32_t m[SK_MEMINFO_VARS] = { 0 };
	size_t len = RTA_PAYLOAD(a);
	int64_t sent;

	memcpy(m, RTA_DATA(a), len < sizeof m ? len : sizeof m);
	sent = m[SK_MEMINFO_WMEM_ALLOC] > m[SK_MEMINFO_WMEM_QUEUED] ? m[SK_MEMINFO_WMEM_ALLOC]
								    : m[SK_MEMINFO_WMEM_QUEUED];
	return sent + m[SK_MEMINFO_RMEM_ALLOC] + m[SK_MEMINFO_BACKLOG] + m[SK_MEMINFO_OPTMEM];
}

static int64_t socket_memory(const struct nlmsghdr *h, const struct dump *d)
{
	struct rtattr *a = (struct rtattr *)((char *)NLMSG_DATA(h) + NLMSG_ALIGN(d->fixed));
	int len = (int)h->nlmsg_len - (int)NLMSG_SPACE(d->fixed);
	int64_t sum = SOCKET_ITSELF;

	for (; len > 0 && RTA_OK(a, len); a = RTA_NEXT(a, len))
		if (a->rta_type == d->attr)
			sum += memory_of(a);
	return sum;
}

/* The end of a dump is a message of its own; so is a refusal: a kernel without that kind of sockets. */
static bool add_sockets(const unsigned char *answer, size_t len, const struct dump *d, int64_t *sum)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)answer;

	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
			return false;
		*sum += socket_memory(h, d);
	}
	return true;
}

static int64_t sum_of(int fd, struct dump d)
{
	unsigned char answer[ANSWER_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
	int64_t sum = 0;
	ssize_t n;

	if (send(fd, &d.ask, d.ask.head.nlmsg_len, 0) < 0)
		return 0;
	do
		n = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
	while (n > 0 && add_sockets(answer, (size_t)n, &d, &sum));
	return sum;
}

/* The number after a word in a line of sockstat, or 0. */
static int number(const char *text, const char *line, const char *word)
{
	const char *p = strstr(text, line);

	p = p ? strstr(p, word) : NULL;
	return p ? atoi(p + strlen(word)) : 0;
}

static void read_stat(int fd, char text[STAT_MAX])
{
	ssize_t n = fd < 0 ? 0 : pread(fd, text, STAT_MAX - 1, 0);

	text[n > 0 ? n : 0] = '\0';
}

static int64_t count_internet(int diag, int family, const char *text, const char *tcp, const char *udp)
{
	int64_t sum = 0;

	if (number(text, tcp, "inuse ") > 0)
		sum += sum_of(diag, internet(family, IPPROTO_TCP));
	if (number(text, udp, "inuse ") > 0)
		sum += sum_of(diag, internet(family, IPPROTO_UDP));
	return sum;
}

static int64_t count(struct sockets *s)
{
	char text[STAT_MAX];
	int64_t sum;
	int used;

	read_stat(s->stat[0], text);
	used = number(text, "sockets:", "used ");
	if (used && used == s->own)
		return s->own_held;
	sum = sum_of(s->diag, local()) + sum_of(s->diag, netlink()) +
	      count_internet(s->diag, AF_INET, text, "TCP:", "UDP:");
	read_stat(s->stat[1], text);
	sum += count_internet(s->diag, AF_INET6, text, "TCP6:", "UDP6:");
	if (!s->own) {
		s->own = used;
		s->own_held = sum;
	}
	return sum;
}

void sockets_open(struct sockets *s)
{
	*s = (struct sockets){ .diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG),
			       .stat = { open("/proc/net/sockstat", O_RDONLY | O_CLOEXEC),
					 open("/proc/net/sockstat6", O_RDONLY | O_CLOEXEC) } };
}

int64_t sockets_held(struct sockets *s, bool now)
{
	int64_t start = mono_us(), end;

	if (s->diag < 0 || (!now && start < s->not_before))
		return s->held;
	s->held = count(s);
	end = mono_us();
	s->not_before = end + (end - start) * PART_OF_THE_TIME;
	return s->held;
}
