/* gate_config.h - the configuration of a gate's proxy (squid), made of what may be reached. No I/O. */
#ifndef RUNNER_GATE_CONFIG_H
#define RUNNER_GATE_CONFIG_H

#include "base/buf.h"
#include "conf/host_port.h"

#include <stdbool.h>
#include <stddef.h>

/* What the program in a box may reach. */
struct gate_rules {
	const struct host_port *hosts;
	size_t nhosts;
	bool inside;	     /* a name may stand for a private address: the administrator's own registry */
	const char *proxy;   /* the administrator's proxy, http[s]://HOST:PORT, which is asked for everything; or "" */
	const char *dns;     /* the address of the resolver, or "": the engine's choice */
	const char *network; /* the engine's network that the gate stands in */
	const char *image;
};

/* Appends the text of squid.conf; the proxy listens on 127.0.0.1:port. -1 ENOMEM, or EINVAL: an invalid proxy. */
int gate_config(struct buf *b, const struct gate_rules *r, unsigned port);

#endif
