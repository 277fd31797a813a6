/* conf_networks.h - networks for jobs: the keys network.NAME and network.NAME.WHAT of cee.conf(5) */
#ifndef CEE_CONF_NETWORKS_H
#define CEE_CONF_NETWORKS_H

#include "base/error.h"
#include "conf/host_port.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;

enum { NETWORK_NAME_MAX = 32, NETWORK_HOSTS_MOST = 64, NETWORKS_MOST = 64 };

struct conf_network {
	char name[NETWORK_NAME_MAX + 1];
	struct host_port *hosts; /* that jobs reach; NULL: network.NAME was not set */
	size_t nhosts;
	char **owners; /* patterns of the owners whose jobs may use it */
	size_t nowners;
	int64_t connections, bytes; /* of one job */
	unsigned seen;		    /* bit set of the keys that were set */
};

/* 1: the key is not one of these; 0: set; -1: e describes the error without naming the key. */
int conf_networks_set(struct conf *c, const char *key, const char *value, struct cee_err *e);
/* -1: a network has bounds but no hosts. */
int conf_networks_complete(const struct conf *c, struct cee_err *e);
void conf_networks_release(struct conf *c);

/* The network of that name, or NULL. */
const struct conf_network *conf_network_find(const struct conf *c, const char *name);
bool conf_network_allows(const struct conf_network *n, const char *owner);
bool conf_network_name_valid(const char *name);

#endif
