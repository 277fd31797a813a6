/* host_port.h - a destination of the network that an administrator names: HOST:PORT */
#ifndef CEE_CONF_HOST_PORT_H
#define CEE_CONF_HOST_PORT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum host_kind {
	HOST_NAME,   /* host is this name */
	HOST_BELOW,  /* written "*.NAME": host is ".NAME", and means all names that end so */
	HOST_ADDRESS /* host is an address, and address its 16 bytes */
};

enum { HOST_MAX = 254, HOST_ADDRESS_LEN = 16 };

struct host_port {
	enum host_kind kind;
	char host[HOST_MAX];			 /* small letters, no brackets */
	unsigned char address[HOST_ADDRESS_LEN]; /* of IPv6; an IPv4 address as ::ffff:A.B.C.D */
	unsigned port;
};

/* Reads "HOST:PORT": a name, "*.NAME", an IPv4 address or an IPv6 address in brackets. -1 EINVAL: e says what would be
 * right. */
int host_port_parse(struct host_port *h, const char *text, struct cee_err *e);
/* Reads the host and the port of http[s]://HOST[:PORT][/…]. */
int host_port_of_url(struct host_port *h, const char *url, struct cee_err *e);
/* The 16 bytes of an address in text. false: it is not an address. */
bool host_address(unsigned char address[HOST_ADDRESS_LEN], const char *text);

#endif
