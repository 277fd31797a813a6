/* conf_load.c - finds and reads cee.conf(5), and completes the configuration with the environment */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "conf/conf.h"
#include "conf/conf_keys.h"
#include "conf/conf_values.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { CONF_MAX = 1 << 20 }; /* bytes of the file */

/* The directory of the running program, or NULL. */
static char *program_dir(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash || slash == path)
		return NULL;
	*slash = '\0';
	return strdup(path);
}

/* The configuration file: the named one, or the first standard one that exists. NULL with
 * errno 0: there is none, which is not an error. */
static char *conf_find(const char *path)
{
	AUTO_FREE char *dir = NULL, *beside = NULL;

	if (!path)
		path = getenv("CEE_CONF");
	if (path && *path)
		return strdup(path);
	dir = program_dir();
	if (dir && asprintf(&beside, "%s/../etc/cee.conf", dir) < 0)
		beside = NULL;
	errno = 0;
	if (beside && access(beside, F_OK) == 0)
		return realpath(beside, NULL);
	if (access("/etc/cee/cee.conf", F_OK) == 0)
		return strdup("/etc/cee/cee.conf");
	errno = 0;
	return NULL;
}

/* The parent of the file's directory, absolute: the base of relative paths in the file. */
static char *conf_base(const char *path)
{
	AUTO_FREE char *real = realpath(path, NULL);

	for (int i = 0; real && i < 2; i++) {
		char *slash = strrchr(real, '/');
		*(slash == real ? slash + 1 : slash) = '\0';
	}
	return real ? strdup(real) : NULL;
}

static int conf_read(struct conf *c, struct cee_err *e)
{
	AUTO_CLOSE int fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	AUTO_FREE char *base = NULL;
	AUTO_BUF struct buf b = { 0 };

	if (fd < 0 || read_fd(fd, CONF_MAX, &b) < 0)
		return cee_fail(e, errno, "%s: %s", c->path, strerror(errno));
	if (conf_parse(c, c->path, b.data, b.len, e) < 0)
		return -1;
	base = conf_base(c->path);
	if (!base || conf_make_absolute(c, base) < 0)
		return cee_fail(e, errno, "%s: %s", c->path, strerror(errno));
	return 0;
}

/* SPOOL-layers, next to the spool and not in it, since the directories in the spool are owners. */
static int layers_beside(struct conf *c)
{
	size_t n = strlen(c->spool);

	while (n > 1 && c->spool[n - 1] == '/')
		n--;
	return asprintf(&c->layers, "%.*s-layers", (int)n, c->spool) < 0 ? -1 : 0;
}

/* Sets *path to a file installed with the programs, if it exists: PREFIX/bin/cee-init, PREFIX/share/cee/web. */
static void use_if_there(char **path, const char *beside_program)
{
	AUTO_FREE char *dir = program_dir();
	char *there;

	if (!dir || asprintf(&there, "%s/%s", dir, beside_program) < 0)
		return;
	if (access(there, X_OK) < 0) {
		free(there);
		return;
	}
	free(*path);
	*path = there;
}

/* The languages that are installed with the programs, and then the administrator's own, which override them. */
static int add_shipped_languages(struct conf *c)
{
	AUTO_FREE char *own = c->languages, *shipped = NULL;

	c->languages = NULL;
	use_if_there(&shipped, "../share/cee/languages.d");
	if (shipped)
		return asprintf(&c->languages, "%s:%s", shipped, own) < 0 ? -1 : 0;
	c->languages = strdup(own);
	return c->languages ? 0 : -1;
}

static int conf_fill(struct conf *c, const char *path, const char *spool, struct cee_err *e)
{
	const char *host = getenv("DOCKER_HOST");

	if (conf_complete(c) < 0)
		return cee_no_memory(e);
	use_if_there(&c->init, "cee-init");
	use_if_there(&c->http_page, "../share/cee/web");
	if (add_shipped_languages(c) < 0)
		return cee_no_memory(e);
	c->path = conf_find(path);
	if (!c->path && errno)
		return cee_fail(e, errno, "cee.conf: %s", strerror(errno));
	if (c->path && conf_read(c, e) < 0)
		return -1;
	if (!spool)
		spool = getenv("CEE_SPOOL");
	if (spool && *spool && conf_text(&c->spool, spool, e) < 0)
		return -1;
	if (!c->layers && layers_beside(c) < 0)
		return cee_no_memory(e);
	/* not checked here: most programs never use the engine */
	return host && *host ? conf_text(&c->docker_host, host, e) : 0;
}

int conf_load(struct conf *c, const char *path, const char *spool, struct cee_err *e)
{
	conf_init(c);
	if (conf_fill(c, path, spool, e) == 0)
		return 0;
	int saved = errno;
	conf_release(c);
	errno = saved;
	return -1;
}
