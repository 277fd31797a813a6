/* package_gate.c - see the header
 *
 * The registry is that of cee.conf, which the administrator trusts and which may lie inside their own network. Without
 * one it is the public registry: only the language's client knows its hosts, and its image repeats them in a label.
 */
#include "runner/layers/package_gate.h"
#include "base/error.h"
#include "conf/conf.h"
#include "conf/host_port.h"
#include "job/language.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static int public_hosts(struct package_gate *g, const struct lang *l, struct cee_err *e)
{
	const char *p = l->registry ? l->registry : "";
	char word[HOST_MAX + 8];

	for (p += strspn(p, " "); *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (n >= sizeof word || g->rules.nhosts == PACKAGE_HOSTS_MOST)
			return cee_fail(e, EINVAL, "the label cee.registry of the image %.100s is not valid", l->image);
		snprintf(word, sizeof word, "%.*s", (int)n, p);
		if (host_port_parse(&g->hosts[g->rules.nhosts++], word, e) < 0)
			return -1;
		p += n;
	}
	if (!g->rules.nhosts)
		return cee_fail(e, EINVAL,
				"the image %.100s does not say which registry its client asks: run cee-lang build "
				"%.60s, "
				"or set packages.index.%s in cee.conf",
				l->image, l->name, l->layer.grammar);
	return 1;
}

int package_gate(struct package_gate *g, const struct conf *c, const struct lang *l, struct cee_err *e)
{
	const char *index = conf_index(c, l->layer.grammar);

	if ((index && *index == '/') || strcmp(c->package_network, "none") == 0)
		return 0;
	g->rules = (struct gate_rules){ .hosts = g->hosts,
					.inside = index,
					.proxy = c->package_proxy,
					.dns = c->gate_dns,
					.network = c->package_network,
					.image = c->gate_image };
	if (!index)
		return public_hosts(g, l, e);
	g->rules.nhosts = 1;
	return host_port_of_url(&g->hosts[0], index, e) < 0 ? -1 : 1;
}
