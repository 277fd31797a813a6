/* dockerfile.c - the Dockerfile of a language, and the files of the host that go with it */
#include "images/dockerfile.h"
#include "base/buf.h"
#include "base/error.h"
#include "images/image_base.h"
#include "images/image_digest.h"
#include "images/source.h"
#include "job/language.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* RUN ["/bin/sh", "-euc", "TEXT"]: in this form the engine's parser leaves TEXT alone. */
static int put_run(struct buf *b, const char *text)
{
	cJSON *s = cJSON_CreateString(text);
	AUTO_FREE char *quoted = s ? cJSON_PrintUnformatted(s) : NULL;
	int r = quoted ? buf_printf(b, "RUN [\"/bin/sh\", \"-euc\", %s]\n", quoted) : -1;

	cJSON_Delete(s);
	return r;
}

static const char install_begin[] = "export DEBIAN_FRONTEND=noninteractive; apt-get -q update; "
				    "apt-get -q install -y --no-install-recommends";

/* What packages brought: no program of an image gives a privilege. Without setcap none of them can have capabilities. */
static const char no_privileges[] = "find / -xdev -type f -perm /6000 -exec chmod ug-s {} +; "
				    "if command -v setcap > /dev/null; then "
				    "getcap -r / 2> /dev/null | sed -E 's/ (= )?[^ ]+$//' | "
				    "while read -r f; do setcap -r \"$f\"; done; fi";

static const char install_end[] = "; rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log";

/* A separate step, so that the engine can reuse the step with the language's own packages. */
static int put_with(struct buf *b, const struct lang *l, const char *with, struct cee_err *err)
{
	AUTO_BUF struct buf line = { 0 };
	const char *at = l->with ? strstr(l->with, "{name}") : NULL;
	int r = buf_printf(&line, "%s", install_begin);

	if (!at)
		return cee_fail(err, EINVAL,
				"its language file does not say which packages --with means (source.with)");
	for (size_t n; r == 0 && *with; with += n + (with[n] == ',')) {
		n = strcspn(with, ",");
		r = buf_printf(&line, " '%.*s%.*s%s'", (int)(at - l->with), l->with, (int)n, with, at + 6);
	}
	if (r == 0)
		r = buf_printf(&line, "%s", install_end);
	return r == 0 && put_run(b, line.data) == 0 ? 0 : cee_fail(err, ENOMEM, "out of memory");
}

static int put_packages(struct buf *b, const struct lang *l, struct cee_err *err)
{
	AUTO_BUF struct buf line = { 0 };
	int r = buf_printf(&line, "%s", install_begin);

	for (size_t i = 0; r == 0 && i < l->npackages; i++) {
		if (strchr(l->packages[i], '\'') || l->packages[i][0] == '-' || !l->packages[i][0])
			return cee_fail(err, EINVAL, "source.packages: '%s': not a valid package name", l->packages[i]);
		r = buf_printf(&line, " '%s'", l->packages[i]);
	}
	if (r == 0)
		r = buf_printf(&line, "%s", install_end);
	return r == 0 && put_run(b, line.data) == 0 ? 0 : cee_fail(err, ENOMEM, "out of memory");
}

/* A single package that is the whole language. First check that the package exists: apt-get
 * treats an unknown name as an expression and installs other packages. Its standard error is
 * printed in one piece, since the engine splits and colours it. */
static int put_distribution(struct buf *b, const char *package, struct cee_err *err)
{
	AUTO_BUF struct buf line = { 0 };
	int r = buf_printf(&line,
			   "apt-get -q update; apt-cache pkgnames '%s' | grep -qxF '%s' || "
			   "{ echo; echo 'E: Unable to locate package %s'; exit 100; }; "
			   "DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends '%s' 2> "
			   "/tmp/said || "
			   "{ echo; cat /tmp/said; exit 100; }; rm /tmp/said%s",
			   package, package, package, package, install_end);

	return r == 0 && put_run(b, line.data) == 0 ? 0 : cee_fail(err, ENOMEM, "out of memory");
}

void context_release(struct context *c)
{
	while (c->n)
		free(c->paths[--c->n]);
}

static int context_add(struct context *c, const struct lang *l, struct origin o, bool beside, struct cee_err *err)
{
	for (size_t i = 0; i < l->nhostdirs; i++) {
		if (lang_beside(l, i) != beside || !host_wanted(l, o, i))
			continue;
		if (c->n == CONTEXT_MAX)
			return cee_fail(err, EINVAL, "source.host: at most %d", CONTEXT_MAX);
		if (source_host(l->hostdirs[i], &c->paths[c->n], &c->tos[c->n], err) < 0)
			return -1;
		c->n += c->paths[c->n] != NULL;
	}
	return 0;
}

int context_find(struct context *c, const struct lang *l, struct origin o, struct cee_err *err)
{
	if (context_add(c, l, o, false, err) < 0)
		return -1;
	c->first_beside = c->n;
	return context_add(c, l, o, true, err);
}

static int put_copy(struct buf *b, const struct context *c, size_t i)
{
	return buf_printf(b, "COPY [\"host/%zu\", \"%s\"]\n", i, c->tos[i]);
}

int dockerfile_make(struct buf *b, const struct lang *l, const struct context *c, struct origin o, const char *with,
		    struct cee_err *err)
{
	bool pulled = o.kind == ORIGIN_PULL;
	int r = buf_printf(b, "FROM %s\n", pulled ? l->pull : IMAGE_BASE ":latest");

	for (size_t i = 0; r == 0 && i < c->n; i++)
		if (strpbrk(c->tos[i], "\"\\\n$"))
			return cee_fail(err, EINVAL, "source.host: '%s': must not contain quotes, \\ or $", c->tos[i]);
	for (size_t i = 0; r == 0 && i < c->first_beside; i++)
		r = put_copy(b, c, i);
	if (r == 0 && o.kind == ORIGIN_DISTRIBUTION && put_distribution(b, o.package, err) < 0)
		return -1;
	if (r == 0 && o.kind == ORIGIN_HOST && l->npackages && put_packages(b, l, err) < 0)
		return -1;
	if (r == 0 && !pulled && *with && put_with(b, l, with, err) < 0)
		return -1;
	for (size_t i = c->first_beside; r == 0 && i < c->n; i++) /* after the slow steps, because these files change */
		r = put_copy(b, c, i);
	for (size_t i = 0; r == 0 && i < l->nsetup; i++)
		r = put_run(b, l->setup[i]);
	if (r == 0 && !pulled)
		r = put_run(b, no_privileges);
	if (r == 0 && !pulled)
		r = put_run(b, "rm -rf /etc/apt/apt.conf.d/* /etc/apt/sources.list*");
	return r == 0 ? 0 : cee_fail(err, ENOMEM, "out of memory");
}
