/* network_check.c - the check of gates: what a box with a network reaches, and what it does not
 *
 * Two listeners of this process stand for servers. A probe in a box with a gate asks for the one that its network lists,
 * which must answer, and for everything that no network may reach; the listener that is not listed must see nobody.
 */
#include "doctor/network_check.h"
#include "base/fd.h"
#include "base/loop.h"
#include "conf/conf.h"
#include "conf/host_port.h"
#include "doctor/doctor.h"
#include "doctor/doctor_needs.h"
#include "runner/box/boxes.h"
#include "runner/box/gate_config.h"
#include "runner/host/host.h"
#include "runner/host/limit_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { URLS = 7, OK = 200, FORBIDDEN = 403 };

struct server {
	struct watch watch;
	int hits;
	unsigned port;
};

static void serve(struct watch *w, uint32_t events)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n";
	struct server *s = (struct server *)((char *)w - offsetof(struct server, watch));
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	s->hits++;
	(void)!write(fd, answer, sizeof answer - 1);
	shutdown(fd, SHUT_WR);
	close(fd);
}

static int server_start(struct server *s, struct loop *l, struct in_addr address)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = address };
	socklen_t len = sizeof a;

	*s = (struct server){ .watch = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
					 .ready = serve } };
	if (s->watch.fd < 0 || bind(s->watch.fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(s->watch.fd, 8) < 0 ||
	    getsockname(s->watch.fd, (struct sockaddr *)&a, &len) < 0)
		return -1;
	s->port = ntohs(a.sin_port);
	return loop_watch(l, &s->watch, EPOLLIN);
}

static void server_end(struct server *s)
{
	if (s->watch.loop)
		loop_unwatch(&s->watch);
	close_ptr(&s->watch.fd);
}

/* This host's address as its containers see it. */
static bool own_address(const struct conf *c, struct in_addr *address)
{
	struct ifaddrs *all = NULL;
	bool found = strcmp(c->gate_network, "host") == 0;

	address->s_addr = htonl(INADDR_LOOPBACK);
	if (found || getifaddrs(&all) < 0)
		return found;
	for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET && i->ifa_flags & IFF_UP &&
		    !(i->ifa_flags & IFF_LOOPBACK)) {
			*address = ((const struct sockaddr_in *)i->ifa_addr)->sin_addr;
			found = true;
		}
	freeifaddrs(all);
	return found;
}

struct trial {
	struct server listed, other;
	char address[INET_ADDRSTRLEN], url[URLS][80];
	const char *urls[URLS + 1];
	struct host_port hosts[2];
};

/* The first address is listed. The last one is of a name that the list has, and that stands for loopback. */
static void make_urls(struct trial *t)
{
	char listed[40], by_name[40];

	snprintf(t->url[0], sizeof t->url[0], "http://%s:%u/", t->address, t->listed.port);
	snprintf(t->url[1], sizeof t->url[1], "http://%s:%u/", t->address, t->other.port);
	snprintf(t->url[2], sizeof t->url[2], "http://127.0.0.1:%u/", t->other.port);
	snprintf(t->url[3], sizeof t->url[3], "http://169.254.169.254/");
	snprintf(t->url[4], sizeof t->url[4], "http://172.17.0.1:%u/", t->other.port);
	snprintf(t->url[5], sizeof t->url[5], "http://[::1]:%u/", t->other.port);
	snprintf(t->url[6], sizeof t->url[6], "http://localhost:%u/", t->other.port);
	for (int i = 0; i < URLS; i++)
		t->urls[i] = t->url[i];
	snprintf(listed, sizeof listed, "%s:%u", t->address, t->listed.port);
	snprintf(by_name, sizeof by_name, "localhost:%u", t->other.port);
	host_port_parse(&t->hosts[0], listed, NULL);
	host_port_parse(&t->hosts[1], by_name, NULL);
}

/* A failure only where jobs are offered a network: others may do without packages. */
static void no_gate(struct finding *f, const struct conf *c, const char *reason)
{
	finding_set(f, c->noffers ? FINDING_FAIL : FINDING_WARN, "cee-lang build gate; gate.network in cee.conf",
		    "neither jobs nor packages reach a network: %s", reason);
}

static void judge(struct finding *f, const struct trial *t, const struct limit_probe_end *e)
{
	char name[20];

	for (int i = 0; i < URLS; i++) {
		int64_t status;

		snprintf(name, sizeof name, "status%d", i);
		status = limit_probe_number(e, name);
		if (i == 0 && status != OK) {
			finding_set(f, FINDING_FAIL,
				    "let the engine's network reach this host, or set gate.network in cee.conf",
				    "a listed host (%s) did not answer: status %lld", t->url[0], (long long)status);
			return;
		}
		if (i > 0 && status != FORBIDDEN) {
			finding_set(f, FINDING_FAIL, "report it, with the output of cee-doctor --json",
				    "%s is not refused: status %lld", t->url[i], (long long)status);
			return;
		}
	}
	if (t->other.hits || limit_probe_number(e, "direct") != 0)
		finding_set(f, FINDING_FAIL, "report it, with the output of cee-doctor --json",
			    t->other.hits ? "a host that is not listed was reached"
					  : "a box reaches a network past its gate");
	else
		finding_set(f, FINDING_OK, "",
			    "a listed host answers a box; another port, loopback, a name of it, the bridge and "
			    "metadata do not");
}

static void try_gate(struct doctor *d, struct finding *f, struct trial *t)
{
	const struct conf *c = &d->config.conf;
	const struct gate_rules rules = { .hosts = t->hosts,
					  .nhosts = 2,
					  .proxy = "",
					  .dns = "",
					  .network = c->gate_network,
					  .image = c->gate_image };
	const struct limit_probe p = { .what = "network", .urls = t->urls, .gate = &rules };
	const char *tmp = getenv("TMPDIR"); /* set where the engine does not see this program's /tmp */
	char folder[PATH_MAX];
	struct limit_probe_end e;

	snprintf(folder, sizeof(folder), "%s/cee-doctor.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(folder)) {
		unmet(f, "no folder can be made in /tmp, or where TMPDIR says");
		return;
	}
	boxes_set_gates(&d->boxes, folder);
	if (!probe(d, &p, &e))
		unmet(f, "interrupted");
	else if (!e.ran)
		no_gate(f, c, e.reason);
	else
		judge(f, t, &e);
	wait_for_boxes(d); /* the gate's folder goes with it */
	rmdir(folder);
}

void check_network(struct doctor *d, struct finding *f)
{
	struct trial t = { .listed.watch.fd = -1, .other.watch.fd = -1 };
	struct in_addr address;

	if (!need_box(d, f))
		return;
	if (!boxes_cells(&d->boxes)) {
		finding_set(f, FINDING_WARN, "see the check cells", "jobs have no network without cells");
		return;
	}
	if (!own_address(&d->config.conf, &address) || server_start(&t.listed, &d->loop, address) < 0 ||
	    server_start(&t.other, &d->loop, address) < 0) {
		unmet(f, "this host has no address to listen on");
	} else {
		inet_ntop(AF_INET, &address, t.address, sizeof t.address);
		make_urls(&t);
		try_gate(d, f, &t);
	}
	server_end(&t.listed);
	server_end(&t.other);
}
