/* conf_networks.c - see the header */
#include "conf/conf_networks.h"
#include "base/error.h"
#include "base/glob.h"
#include "base/limit.h"
#include "base/strv.h"
#include "base/text.h"
#include "conf/conf.h"
#include "conf/conf_values.h"
#include "conf/host_port.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCAL_OWNERS "uid-*" /* the users of this host, and nobody by HTTP */
enum { CONNECTIONS = 200, CONNECTIONS_MOST = 1000000 };
#define BYTES ((int64_t)256 << 20)

enum network_key { KEY_HOSTS, KEY_OWNERS, KEY_CONNECTIONS, KEY_BYTES, KEYS };
static const char *const key_name[KEYS] = { "", "owners", "connections", "bytes" };

bool conf_network_name_valid(const char *name)
{
	size_t n = strlen(name);

	return n >= 1 && n <= NETWORK_NAME_MAX && strcmp(name, "none") != 0 &&
	       text_only(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
}

const struct conf_network *conf_network_find(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->noffers; i++)
		if (strcmp(c->offers[i].name, name) == 0)
			return &c->offers[i];
	return NULL;
}

bool conf_network_allows(const struct conf_network *n, const char *owner)
{
	struct pattern p;

	for (size_t i = 0; i < n->nowners; i++)
		if (!pattern_compile(&p, n->owners[i], strlen(n->owners[i])) && pattern_match(&p, owner))
			return true;
	return false;
}

static int owner_pattern(const char *value, struct cee_err *e)
{
	struct pattern p;
	const char *why = pattern_compile(&p, value, strlen(value));

	return why ? cee_fail(e, EINVAL, "\"%.60s\": %s", value, why) : 0;
}

static struct conf_network *find_or_add(struct conf *c, const char *name, struct cee_err *e)
{
	struct conf_network *n = (struct conf_network *)conf_network_find(c, name), *more;

	if (n)
		return n;
	if (c->noffers == NETWORKS_MOST) {
		cee_fail(e, EINVAL, "there are more than %d networks", NETWORKS_MOST);
		return NULL;
	}
	more = realloc(c->offers, (c->noffers + 1) * sizeof *more);
	if (!more) {
		cee_no_memory(e);
		return NULL;
	}
	c->offers = more;
	n = &more[c->noffers++];
	*n = (struct conf_network){ .connections = CONNECTIONS, .bytes = BYTES };
	snprintf(n->name, sizeof n->name, "%.32s", name);
	return conf_list(&n->owners, &n->nowners, LOCAL_OWNERS, NULL, e) < 0 ? NULL : n;
}

static int set_hosts(struct conf_network *n, const char *value, struct cee_err *e)
{
	char **words = NULL;
	size_t nwords = 0;
	int r = conf_list(&words, &nwords, value, NULL, e);

	if (r == 0 && !nwords)
		r = cee_fail(e, EINVAL, "is empty (write the hosts that jobs may reach, each as HOST:PORT)");
	if (r == 0 && !(n->hosts = calloc(nwords, sizeof *n->hosts)))
		r = cee_no_memory(e);
	for (size_t i = 0; r == 0 && i < nwords; i++)
		r = host_port_parse(&n->hosts[n->nhosts++], words[i], e);
	strv_release(words, nwords);
	return r;
}

static int set(struct conf_network *n, enum network_key k, const char *value, struct cee_err *e)
{
	if (n->seen & 1u << k)
		return cee_fail(e, EINVAL, "duplicate");
	n->seen |= 1u << k;
	switch (k) {
	case KEY_HOSTS:
		return set_hosts(n, value, e);
	case KEY_OWNERS:
		return conf_list(&n->owners, &n->nowners, value, owner_pattern, e);
	case KEY_CONNECTIONS:
		return conf_integer(&n->connections, value, 1, CONNECTIONS_MOST, e);
	case KEY_BYTES:
		return size_parse(value, &n->bytes, e);
	case KEYS:
		break;
	}
	return -1;
}

int conf_networks_set(struct conf *c, const char *key, const char *value, struct cee_err *e)
{
	char name[NETWORK_NAME_MAX + 2];
	const char *what;
	struct conf_network *n;
	int k = 0;

	if (strncmp(key, "network.", 8) != 0)
		return 1;
	key += 8;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(key, "."), key);
	what = key[strcspn(key, ".")] ? key + strcspn(key, ".") + 1 : "";
	while (k < KEYS && strcmp(key_name[k], what) != 0)
		k++;
	if (!conf_network_name_valid(name))
		return cee_fail(e, EINVAL,
				"the network's name must be 1 to %d letters, digits, '_' and '-', and not none",
				NETWORK_NAME_MAX);
	if (k == KEYS)
		return cee_fail(e, EINVAL,
				"unknown key (there are network.NAME, and .owners, .connections, .bytes of it)");
	n = find_or_add(c, name, e);
	return n ? set(n, (enum network_key)k, value, e) : -1;
}

int conf_networks_complete(const struct conf *c, struct cee_err *e)
{
	for (size_t i = 0; i < c->noffers; i++)
		if (!c->offers[i].hosts)
			return cee_fail(e, EINVAL, "network.%s: is missing (write the hosts that its jobs may reach)",
					c->offers[i].name);
	return 0;
}

void conf_networks_release(struct conf *c)
{
	for (size_t i = 0; i < c->noffers; i++) {
		free(c->offers[i].hosts);
		strv_release(c->offers[i].owners, c->offers[i].nowners);
	}
	free(c->offers);
	c->offers = NULL;
	c->noffers = 0;
}
