/* image_upload.c - a build: its request, and its context sent to the engine as a tar stream */
#include "images/image_upload.h"
#include "base/error.h"
#include "cli/prog.h"
#include "engine/engine.h"
#include "images/build_progress.h"
#include "images/child.h"
#include "images/dockerfile.h"
#include "images/engine_client.h"
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

int image_build_request(struct work *w, const struct lang *l, const struct engine_label *labels, size_t nlabels,
			struct context *c, struct cee_err *err)
{
	/* the engine knows these build arguments and does not write them into the image's history */
	const struct engine_label proxies[] = { { "http_proxy", getenv("http_proxy") },
						{ "https_proxy", getenv("https_proxy") },
						{ "no_proxy", getenv("no_proxy") } };
	const struct engine_request build = { .op = ENGINE_BUILD,
					      .name = l->image,
					      .no_cache = w->force,
					      .host_network = w->apt.local_proxy,
					      .labels = labels,
					      .nlabels = nlabels,
					      .arguments = proxies,
					      .narguments = sizeof proxies / sizeof *proxies };

	return context_send(w, &build, c, err);
}

int context_send(struct work *w, const struct engine_request *build, struct context *c, struct cee_err *err)
{
	struct progress p = { .w = w };
	struct child writer = { .log = -1 };
	const struct engine_upload upload = { "application/x-tar", engine_client_read_child, &writer };
	struct engine_request request = *build;
	int r;

	if (child_fork(&writer, context_write, c, err) < 0)
		return -1;
	request.upload = &upload;
	request.progress = progress_build;
	request.arg = &p;
	r = engine_client_ask(&w->engine, &request, NULL, NULL, err);
	w->not_installed = r != 0 && *p.apt_error;
	if (w->trying && w->not_installed)
		cee_fail(err, ENOENT, "%s", p.apt_error);
	else if (r != 0 && !engine_interrupted)
		progress_tail(&p);
	child_stop(&writer);
	return r ? -1 : 0;
}
