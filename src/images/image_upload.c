/* image_upload.c - a build: its address, and its context sent to the engine as a tar stream */
#include "images/image_upload.h"
#include "base/buf.h"
#include "base/error.h"
#include "cli/prog.h"
#include "images/build_progress.h"
#include "images/child.h"
#include "images/docker_client.h"
#include "images/dockerfile.h"
#include "images/tar.h"
#include "images/work.h"
#include "job/language.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

static int context_write(void *arg, int fd)
{
	const struct context *c = arg;
	struct cee_err err = { "" };

	if (tar_context(fd, c->dockerfile, c->paths, c->n, &err) == 0)
		return 0;
	prog_error("%s", err.msg);
	return 1;
}

/* {"NAME":"value"…} escaped for a query */
static char *query_object(const char *const *pairs, size_t n)
{
	cJSON *o = cJSON_CreateObject();
	char *text, *escaped = NULL;

	for (size_t i = 0; i + 1 < n; i += 2)
		if (pairs[i + 1])
			cJSON_AddStringToObject(o, pairs[i], pairs[i + 1]);
	text = cJSON_PrintUnformatted(o);
	if (text)
		escaped = engine_escape(text);
	free(text);
	cJSON_Delete(o);
	return escaped;
}

/* Proxies of the environment are build arguments that the engine knows and
 * does not write into the image's history. */
static char *proxy_arguments(void)
{
	const char *pairs[] = {
		"http_proxy",	       getenv("http_proxy"), "https_proxy",
		getenv("https_proxy"), "no_proxy",	     getenv("no_proxy"),
	};

	return query_object(pairs, sizeof pairs / sizeof *pairs);
}

int build_path(struct work *w, const struct lang *l, const char *source, const char *digest, const char *with,
	       struct buf *path)
{
	const char *pairs[] = { "cee.language", l->name, "cee.source", source, "cee.digest", digest, "cee.with", with };
	AUTO_FREE char *labels = query_object(pairs, 8), *args = proxy_arguments();
	AUTO_FREE char *name = engine_escape(l->image);

	if (!labels || !args || !name)
		return -1;
	return buf_printf(path, "/build?t=%s&rm=1&forcerm=1%s%s&labels=%s&buildargs=%s", name,
			  w->force ? "&nocache=1" : "", w->apt.local_proxy ? "&networkmode=host" : "", labels, args);
}

int context_send(struct work *w, const char *path, struct context *c, struct cee_err *err)
{
	struct progress p = { .w = w };
	struct child writer = { .log = -1 };
	struct engine_source src = { "application/x-tar", -1, child_finish, &writer };
	int r;

	if (child_fork(&writer, context_write, c, err) < 0)
		return -1;
	src.fd = writer.fd;
	r = engine_post(&w->engine, path, &src, 0, progress_build, &p, err);
	w->not_installed = r < 0 && *p.apt_error;
	if (w->trying && w->not_installed)
		cee_fail(err, ENOENT, "%s", p.apt_error);
	else if (r < 0 && !engine_interrupted)
		progress_tail(&p);
	child_stop(&writer);
	return r;
}
