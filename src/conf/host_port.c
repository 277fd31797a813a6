/* host_port.c - see the header
 *
 * A name that resolvers take for a number (127.1, 0x7f000001, 2130706433) is not a name here: its last part must have a
 * letter and not begin with a digit.
 */
#include "conf/host_port.h"
#include "base/error.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_MAX = 63, PORT_MOST = 65535 };

static int wrong(struct cee_err *e, const char *text)
{
	return cee_fail(e, EINVAL, "\"%.80s\" is not HOST:PORT (as example.org:443, *.example.org:443, 10.0.0.5:443)",
			text);
}

bool host_address(unsigned char address[HOST_ADDRESS_LEN], const char *text)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET6, text, address) == 1)
		return true;
	memcpy(address, mapped, sizeof mapped);
	return inet_pton(AF_INET, text, address + sizeof mapped) == 1;
}

/* Labels of letters, digits, '-' and '_', with a point between. */
static bool name_valid(const char *name)
{
	const char *last = strrchr(name, '.');
	size_t part = 0;

	if (!text_only(name, "abcdefghijklmnopqrstuvwxyz0123456789-_."))
		return false;
	for (const char *p = name;; p++) {
		if (*p && *p != '.') {
			if (++part > LABEL_MAX)
				return false;
			continue;
		}
		if (!part)
			return false;
		part = 0;
		if (!*p)
			break;
	}
	last = last ? last + 1 : name;
	return !isdigit((unsigned char)*last);
}

static bool take_host(struct host_port *h, const char *host, size_t len)
{
	bool below = len > 2 && strncmp(host, "*.", 2) == 0, bracket = len > 2 && *host == '[' && host[len - 1] == ']';

	if (below)
		host++, len--; /* ".NAME" */
	if (bracket)
		host++, len -= 2;
	if (!len || len >= sizeof h->host)
		return false;
	for (size_t i = 0; i < len; i++)
		h->host[i] = (char)tolower((unsigned char)host[i]);
	h->host[len] = '\0';
	if (below || (!bracket && !host_address(h->address, h->host))) {
		h->kind = below ? HOST_BELOW : HOST_NAME;
		return name_valid(h->host + below);
	}
	h->kind = HOST_ADDRESS;
	return host_address(h->address, h->host) && (bracket || !strchr(h->host, ':'));
}

static bool take_port(struct host_port *h, const char *port, size_t len)
{
	char text[8];

	if (!len || len >= sizeof text)
		return false;
	snprintf(text, sizeof text, "%.*s", (int)len, port);
	if (!text_only(text, "0123456789"))
		return false;
	h->port = (unsigned)atoi(text);
	return h->port >= 1 && h->port <= PORT_MOST;
}

/* The ':' before the port, or NULL. */
static const char *port_colon(const char *s, size_t len)
{
	const char *colon = memrchr(s, ':', len), *bracket = memrchr(s, ']', len);

	return colon && (!bracket || colon > bracket) ? colon : NULL;
}

int host_port_parse(struct host_port *h, const char *text, struct cee_err *e)
{
	size_t len = strlen(text);
	const char *colon = port_colon(text, len);

	*h = (struct host_port){ 0 };
	if (!colon || !take_host(h, text, (size_t)(colon - text)) || !take_port(h, colon + 1, strlen(colon + 1)))
		return wrong(e, text);
	return 0;
}

int host_port_of_url(struct host_port *h, const char *url, struct cee_err *e)
{
	bool tls = strncmp(url, "https://", 8) == 0;
	const char *host, *colon;
	size_t len;

	*h = (struct host_port){ .port = tls ? 443 : 80 };
	if (!tls && strncmp(url, "http://", 7) != 0)
		return cee_fail(e, EINVAL, "\"%.80s\" is not http://… or https://…", url);
	host = url + (tls ? 8 : 7);
	len = strcspn(host, "/?#");
	colon = port_colon(host, len);
	if ((colon && !take_port(h, colon + 1, len - (size_t)(colon + 1 - host))) ||
	    !take_host(h, host, colon ? (size_t)(colon - host) : len) || h->kind == HOST_BELOW)
		return cee_fail(e, EINVAL, "\"%.80s\" has no valid host and port", url);
	return 0;
}
