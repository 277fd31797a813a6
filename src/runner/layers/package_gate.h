/* package_gate.h - what a package box may reach: the registry of its language, and nothing else */
#ifndef RUNNER_PACKAGE_GATE_H
#define RUNNER_PACKAGE_GATE_H

#include "base/error.h"
#include "conf/conf.h"
#include "conf/host_port.h"
#include "job/language.h"
#include "runner/box/gate_config.h"

enum { PACKAGE_HOSTS_MOST = 16 };

struct package_gate {
	struct gate_rules rules; /* with the hosts below, and strings of the configuration */
	struct host_port hosts[PACKAGE_HOSTS_MOST];
};

/* 1: *g is filled in. 0: the box needs no network: the registry is a folder, or packages.network = none. -1: e says why
 * the registry's hosts are not known. */
int package_gate(struct package_gate *g, const struct conf *c, const struct lang *l, struct cee_err *e);

#endif
