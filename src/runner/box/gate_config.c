/* gate_config.c - see the header
 *
 * A request passes when its host and port are in the list, and no address that its host stands for is one that nobody
 * may reach. Squid looks the name up once and connects to what it found: entries stay in its cache for longer than a box
 * lives, and only listed names are looked up, so nothing drives them out. So a name cannot stand for one
 * address when it is judged and for another one when it is used.
 *
 *     never     loopback, link-local (metadata services), multicast, unspecified, and forms of IPv6 that hold an
 *               address of IPv4
 *     private   networks behind routers, carriers' and documentation's; for `inside` they are allowed
 *
 * An address that the administrator lists is cut out of these ranges, for its port alone.
 */
#include "runner/box/gate_config.h"
#include "base/buf.h"
#include "base/error.h"
#include "conf/host_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct range {
	const char *first, *last;
};

static const struct range never[] = {
	{ "0.0.0.0", "0.255.255.255" },
	{ "127.0.0.0", "127.255.255.255" },
	{ "168.63.129.16", "168.63.129.16" }, /* a provider's metadata in a public range */
	{ "169.254.0.0", "169.254.255.255" },
	{ "224.0.0.0", "255.255.255.255" },
	{ "::", "::fffe:ffff:ffff" },				       /* ::1, and addresses of IPv4 in an old form */
	{ "64:ff9b::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff" },	       /* NAT64 */
	{ "2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff" },	       /* Teredo */
	{ "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },       /* 6to4 */
	{ "fd00:ec2::254", "fd00:ec2::254" },			       /* a provider's metadata */
	{ "fe80::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },       /* link-local, site-local, multicast */
}, private_[] = {
	{ "10.0.0.0", "10.255.255.255" },     { "100.64.0.0", "100.127.255.255" },
	{ "172.16.0.0", "172.31.255.255" },   { "192.0.0.0", "192.0.0.255" },
	{ "192.88.99.0", "192.88.99.255" },   { "192.168.0.0", "192.168.255.255" },
	{ "198.18.0.0", "198.19.255.255" },   { "100::", "100::ffff:ffff:ffff:ffff" },
	{ "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
};

enum { NEVER = sizeof never / sizeof *never, PRIVATE = sizeof private_ / sizeof *private_ };

typedef unsigned char address[HOST_ADDRESS_LEN];

static int compare(const address a, const address b)
{
	return memcmp(a, b, HOST_ADDRESS_LEN);
}

/* The address after it, or before it. */
static void step(address to, const address from, bool up)
{
	memcpy(to, from, HOST_ADDRESS_LEN);
	for (int i = HOST_ADDRESS_LEN - 1; i >= 0; i--)
		if (up ? ++to[i] : to[i]--)
			return;
}

static int put_range(struct buf *b, const address first, const address last)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool v4 = memcmp(first, mapped, sizeof mapped) == 0;
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? first + sizeof mapped : first, from, sizeof from);
	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? last + sizeof mapped : last, to, sizeof to);
	return buf_printf(b, compare(first, last) ? " %s-%s" : " %s", from, to);
}

/* The lowest listed address of that port from `from` to `to`. */
static const struct host_port *first_listed(const struct gate_rules *r, unsigned port, const address from,
					    const address to)
{
	const struct host_port *best = NULL;

	for (size_t i = 0; i < r->nhosts; i++) {
		const struct host_port *h = &r->hosts[i];

		if (h->kind == HOST_ADDRESS && h->port == port && compare(h->address, from) >= 0 &&
		    compare(h->address, to) <= 0 && (!best || compare(h->address, best->address) < 0))
			best = h;
	}
	return best;
}

/* The range without the addresses that are listed for that port. */
static int put_without(struct buf *b, const struct gate_rules *r, unsigned port, const struct range *range)
{
	const struct host_port *h;
	address from, to, before;

	host_address(from, range->first);
	host_address(to, range->last);
	while ((h = first_listed(r, port, from, to))) {
		step(before, h->address, false);
		if (compare(from, h->address) < 0 && put_range(b, from, before) < 0)
			return -1;
		if (compare(h->address, to) == 0)
			return 0;
		step(from, h->address, true);
	}
	return put_range(b, from, to);
}

static int put_special(struct buf *b, const struct gate_rules *r, unsigned port)
{
	int e = buf_printf(b, "acl special%u dst", port);

	for (size_t i = 0; e == 0 && i < NEVER; i++)
		e = put_without(b, r, port, &never[i]);
	for (size_t i = 0; e == 0 && !r->inside && i < PRIVATE; i++)
		e = put_without(b, r, port, &private_[i]);
	return e == 0 ? buf_printf(b, "\n") : -1;
}

static bool port_is_new(const struct gate_rules *r, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (r->hosts[i].port == r->hosts[at].port)
			return false;
	return true;
}

/* squid compares the host of a request as text: an IPv6 address in it has brackets. */
static int put_host(struct buf *b, size_t i, const struct host_port *h)
{
	if (h->kind == HOST_ADDRESS && strchr(h->host, ':'))
		return buf_printf(b, "acl host%zu dstdomain -n [%s]\n", i, h->host);
	return buf_printf(b, "acl host%zu dstdomain -n %s\n", i, h->host);
}

/* Squid has gateways to other protocols, which carry requests of their own. */
#define OTHER_PROTOCOLS "acl other proto FTP URN WAIS WHOIS\nhttp_access deny other\n"

static int put_lists(struct buf *b, const struct gate_rules *r)
{
	int e = buf_printf(b, "%s", OTHER_PROTOCOLS);

	for (size_t i = 0; e == 0 && i < r->nhosts; i++) {
		e = put_host(b, i, &r->hosts[i]);
		if (e < 0 || !port_is_new(r, i))
			continue;
		e = buf_printf(b, "acl port%u port %u\n", r->hosts[i].port, r->hosts[i].port);
		if (e == 0 && !*r->proxy) /* a proxy's own resolver may know other names: it judges their addresses */
			e = put_special(b, r, r->hosts[i].port);
	}
	for (size_t i = 0; e == 0 && i < r->nhosts; i++) {
		unsigned port = r->hosts[i].port;

		if (*r->proxy)
			e = buf_printf(b, "http_access allow host%zu port%u\n", i, port);
		else
			e = buf_printf(b, "http_access allow host%zu port%u !special%u\n", i, port, port);
	}
	return e == 0 ? buf_printf(b, "http_access deny all\n") : -1;
}

static int put_proxy(struct buf *b, const char *proxy)
{
	struct host_port h;
	struct cee_err ignored;

	if (!*proxy)
		return 0;
	if (host_port_of_url(&h, proxy, &ignored) < 0)
		return -1;
	return buf_printf(b,
			  "cache_peer %s parent %u 0 no-query no-digest no-netdb-exchange default%s\nnever_direct "
			  "allow all\n",
			  h.host, h.port, strncmp(proxy, "https:", 6) == 0 ? " tls" : "");
}

int gate_config(struct buf *b, const struct gate_rules *r, unsigned port)
{
	static const char fixed[] = "pid_filename none\n"
				    "access_log none\n"
				    "cache_log stdio:/dev/stderr\n"
				    "cache_store_log none\n"
				    "cache deny all\n"
				    "cache_mem 0\n"
				    "memory_pools off\n"
				    "digest_generation off\n"
				    "netdb_filename none\n"
				    "pinger_enable off\n"
				    "coredump_dir /tmp\n"
				    "shutdown_lifetime 0 seconds\n"
				    "max_filedescriptors 1024\n"
				    "via off\n"
				    "forwarded_for delete\n"
				    "httpd_suppress_version_string on\n"
				    /* a connection to the proxy is one request, so that connections count them */
				    "client_persistent_connections off\n"
				    "server_persistent_connections off\n"
				    "read_ahead_gap 64 KB\n"
				    "connect_timeout 20 seconds\n"
				    "forward_timeout 30 seconds\n"
				    "dns_timeout 10 seconds\n"
				    /* longer than a box lives: see above */
				    "positive_dns_ttl 30 days\n"
				    "negative_dns_ttl 30 days\n"
				    "request_header_max_size 64 KB\n";

	if (buf_printf(b, "http_port 127.0.0.1:%u\n%s", port, fixed) < 0 ||
	    (*r->dns && buf_printf(b, "dns_nameservers %s\n", r->dns) < 0))
		return -1;
	return put_proxy(b, r->proxy) < 0 ? -1 : put_lists(b, r);
}
