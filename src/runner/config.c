/* config.c - configuration is read whole or not at all */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { SECCOMP_MAX = 1 << 20 };

static int read_seccomp(struct config *c, struct cee_err *e)
{
	struct buf b = { 0 };

	if (read_file_at(AT_FDCWD, c->conf.seccomp, SECCOMP_MAX, &b) < 0)
		return cee_fail(e, errno, "seccomp = %s: %s", c->conf.seccomp, strerror(errno));
	c->seccomp = b.data;
	return 0;
}

void config_release(struct config *c)
{
	conf_release(&c->conf);
	langs_release(&c->langs);
	free(c->seccomp);
	free(c->published);
	memset(c, 0, sizeof(*c));
}

int config_load(struct config *c, const char *path, const char *spool, struct cee_err *e)
{
	struct config n = { 0 };

	if (conf_load(&n.conf, path, spool, e) == 0 &&
	    langs_load(&n.langs, n.conf.languages, e) == 0 && read_seccomp(&n, e) == 0) {
		n.published = lang_publish(&n.langs);
		if (n.published) {
			config_release(c);
			*c = n;
			return 0;
		}
		cee_fail(e, ENOMEM, "out of memory");
	}
	config_release(&n);
	return -1;
}
