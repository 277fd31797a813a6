/* docker.c - the Docker Engine (API 1.41 and later) as an engine
 *
 * calls[] has the address of each operation and the expected answer. The engine is trusted as little as possible: the
 * size of bodies is bounded, versions are read as numbers.
 *
 * While the engine does not answer, a ping is sent every half second, one at a time; modules with work for the engine
 * wait for changed(true). A request without an answer causes a ping at once.
 */
#include "engine/docker.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/loop.h"
#include "engine/docker_attach.h"
#include "engine/docker_http.h"
#include "engine/docker_json.h"
#include "engine/engine.h"
#include "engine/engine_info.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PING_EVERY_US = 500000, PING_SELDOM_US = 3000000, API_MIN = 41, PULL_IDLE_S = 20 };

static const struct {
	const char *method, *path; /* %s is the request's name, escaped if it is part of a query */
	long timeout_ms, idle_s;   /* of docker_http.h */
	int status;		   /* the status of a successful answer */
	bool stream;		   /* the answer is progress, line by line, and may still report an error */
} calls[ENGINE_OP_COUNT] = {
	[ENGINE_INFO] = { "GET", "/info", 20000, 0, 200, false },
	[ENGINE_CREATE] = { "POST", "/containers/create", 60000, 0, 201, false },
	[ENGINE_START] = { "POST", "/containers/%s/start", 60000, 0, 204, false },
	[ENGINE_INSPECT] = { "GET", "/containers/%s/json", 10000, 0, 200, false },
	[ENGINE_WAIT] = { "POST", "/containers/%s/wait", 0, 0, 200, false },
	[ENGINE_LOG] = { "GET", "/containers/%s/logs?stdout=1&stderr=1", 60000, 0, 200, false },
	[ENGINE_READ_FILE] = { "GET", "/containers/%s/archive?path=", 60000, 0, 200, false },
	[ENGINE_REMOVE] = { "DELETE", "/containers/%s?force=1&v=1", 60000, 0, 204, false },
	[ENGINE_LIST] = { "GET", "/containers/json?all=1&filters=", 20000, 0, 200, false },
	[ENGINE_IMAGE] = { "GET", "/images/%s/json", 20000, 0, 200, false },
	[ENGINE_IMAGE_REMOVE] = { "DELETE", "/images/%s", 0, 0, 200, false },
	[ENGINE_PULL] = { "POST", "/images/create?fromImage=", 0, PULL_IDLE_S, 200, true },
	[ENGINE_IMPORT] = { "POST", "/images/create?fromSrc=-&repo=", 0, 0, 200, true },
	[ENGINE_BUILD] = { "POST", "/build?rm=1&forcerm=1&t=", 0, 0, 200, true },
};

struct docker_call {
	struct engine_call call; /* first */
	struct http_call *http;
	void (*progress)(void *arg, const char *text);
	void *progress_arg;
	char error[320]; /* an error reported in a stream */
	struct docker_call *next;
};

static void call_free(struct docker_call *c)
{
	struct docker_call **p = &((struct docker *)c->call.engine)->calls;

	while (*p && *p != c)
		p = &(*p)->next;
	if (*p)
		*p = c->next;
	free(c);
}

/* ---- addresses ------------------------------------------------------------------- */

static int add_escaped(struct buf *b, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";

	for (; *s; s++)
		if ((strchr(plain, *s) ? buf_add(b, s, 1) : buf_printf(b, "%%%02X", (unsigned char)*s)) < 0)
			return -1;
	return 0;
}

/* Adds text, escaped, and frees it; NULL is an error. */
static int add_text(struct buf *b, char *text)
{
	int r = text ? add_escaped(b, text) : -1;

	free(text);
	return r;
}

/* &labels={…}&buildargs={…} and the rest of a build's query. */
static int add_build(struct buf *b, const struct engine_request *r)
{
	if (add_escaped(b, r->name) < 0 ||
	    buf_printf(b, "%s%s", r->no_cache ? "&nocache=1" : "", r->host_network ? "&networkmode=host" : "") < 0)
		return -1;
	if (r->nlabels && (buf_printf(b, "&labels=") < 0 || add_text(b, docker_labels_json(r->labels, r->nlabels)) < 0))
		return -1;
	return r->narguments && (buf_printf(b, "&buildargs=") < 0 ||
				 add_text(b, docker_labels_json(r->arguments, r->narguments)) < 0)
		       ? -1
		       : 0;
}

/* The name is that of a repository; labels are sent as changes in Dockerfile syntax. */
static int add_import(struct buf *b, const struct engine_request *r)
{
	if (add_escaped(b, r->name) < 0 || buf_printf(b, "&tag=latest") < 0)
		return -1;
	for (size_t i = 0; i < r->nlabels; i++)
		if (buf_printf(b, "&changes=LABEL%%20") < 0 || add_escaped(b, r->labels[i].name) < 0 ||
		    buf_printf(b, "%%3D") < 0 || add_escaped(b, r->labels[i].value) < 0)
			return -1;
	return 0;
}

static int make_path(struct buf *b, const struct engine *en, const struct engine_request *r)
{
	const char *path = calls[r->op].path, *hole = strstr(path, "%s");

	if (buf_printf(b, "/v%s%.*s%s%s", en->api, hole ? (int)(hole - path) : (int)strlen(path), path,
		       hole ? r->name : "", hole ? hole + 2 : "") < 0)
		return -1;
	if (r->op == ENGINE_CREATE)
		/* analyzer: a request to create has a container */
		return r->container->name ? buf_printf(b, "?name=%s", r->container->name) : 0;
	if (r->op == ENGINE_LIST)
		return add_text(b, docker_filter_json(r->labels, r->nlabels));
	if (r->op == ENGINE_READ_FILE)
		return add_escaped(b, r->path);
	if (r->op == ENGINE_PULL)
		return add_escaped(b, r->name);
	if (r->op == ENGINE_IMPORT)
		return add_import(b, r);
	return r->op == ENGINE_BUILD ? add_build(b, r) : 0;
}

/* ---- answers ---------------------------------------------------------------------------- */

static enum engine_result result_of(enum engine_op op, int status)
{
	if (status == calls[op].status ||
	    (op == ENGINE_START && status == 304)) /* 304: the container is already running */
		return ENGINE_OK;
	return status == 0     ? ENGINE_AWAY
	       : status == 404 ? ENGINE_MISSING
	       : status == 409 ? ENGINE_BUSY
			       : ENGINE_REFUSED;
}

/* false: the answer does not match the API. */
static bool parse(enum engine_op op, struct engine_answer *a, struct docker_answer *lists, struct engine_info *info)
{
	if (op == ENGINE_INFO) {
		a->info = info;
		return docker_parse_info(info, a->data, a->len);
	}
	if (op == ENGINE_CREATE)
		return (a->id = docker_parse_id(lists, a->data, a->len)) != NULL;
	if (op == ENGINE_IMAGE) {
		a->image = &lists->image;
		return docker_parse_image(lists, a->data, a->len);
	}
	if (op == ENGINE_LIST) {
		bool ok = docker_parse_list(lists, a->data, a->len);

		a->containers = lists->containers;
		a->ncontainers = lists->ncontainers;
		return ok;
	}
	if (op == ENGINE_WAIT)
		a->exit_code = docker_parse_exit_code(a->data, a->len);
	return true;
}

static void explain(char *message, size_t size, const struct docker_call *c, const struct engine_answer *a)
{
	size_t n;

	if (c->error[0]) {
		snprintf(message, size, "%s", c->error);
		return;
	}
	docker_message(message, size, a->data, a->len);
	n = strlen(message);
	if (a->result == ENGINE_AWAY)
		snprintf(message + n, size - n, " (no answer from the engine)");
}

static void finished(void *arg, int status, const char *body, size_t len)
{
	struct docker_call *c = arg;
	struct docker *d = (struct docker *)c->call.engine;
	struct engine_answer a = { .result = result_of(c->call.op, status), .message = "", .data = body, .len = len };
	struct docker_answer lists = { 0 };
	struct engine_info info;
	char message[340] = "";

	if (status == 0 && d->engine.up)
		loop_after(&d->ping_timer, 0); /* check at once whether the engine still answers */
	d->engine.errors += status == 0 || status >= 500;
	if (a.result == ENGINE_OK && c->error[0])
		a.result = ENGINE_REFUSED;
	if (a.result != ENGINE_OK) {
		explain(message, sizeof(message), c, &a);
	} else if (!parse(c->call.op, &a, &lists, &info)) {
		a.result = ENGINE_REFUSED;
		snprintf(message, sizeof(message), "unexpected answer from the engine");
	}
	a.message = message;
	if (c->call.done)
		c->call.done(c->call.arg, &a);
	docker_answer_release(&lists);
	call_free(c);
}

static void progress_line(void *arg, const char *line, size_t len)
{
	struct docker_call *c = arg;
	const char *text, *error;
	cJSON *o;

	docker_progress(line, len, &o, &text, &error);
	if (error)
		snprintf(c->error, sizeof(c->error), "%s", error);
	else if (text && c->progress)
		c->progress(c->progress_arg, text);
	cJSON_Delete(o);
}

/* ---- requests -------------------------------------------------------------------------------- */

static struct engine_call *docker_ask(struct engine *en, const struct engine_request *r, engine_done *done, void *arg)
{
	struct docker *d = (struct docker *)en;
	const struct docker_dialect dialect = { .host_paths = d->host_paths, .podman = en->podman };
	struct docker_call *c = calloc(1, sizeof(*c));
	char *body = r->container ? docker_container_json(r->container, &dialect) : NULL;
	AUTO_BUF struct buf path = { 0 };

	if (c && (body || !r->container) && make_path(&path, en, r) == 0) {
		c->call = (struct engine_call){ .engine = en, .op = r->op, .done = done, .arg = arg };
		c->progress = r->progress;
		c->progress_arg = r->arg;
		c->http = docker_http_send(d->http,
					   &(struct http_request){ .method = calls[r->op].method,
								   .path = path.data,
								   .body = body,
								   .upload = r->upload,
								   .timeout_ms = calls[r->op].timeout_ms,
								   .idle_s = calls[r->op].idle_s,
								   .line = calls[r->op].stream ? progress_line : NULL,
								   .done = finished,
								   .arg = c });
	}
	free(body);
	if (c && c->http) {
		c->next = d->calls;
		d->calls = c;
		return &c->call;
	}
	free(c);
	return NULL;
}

static void docker_cancel(struct engine_call *call)
{
	struct docker_call *c = (struct docker_call *)call;

	docker_http_cancel(c->http);
	call_free(c);
}

/* ---- availability ------------------------------------------------------------------------------ */

/* "1.41" with a major version of 1 and at least API_MIN. */
static bool take_version(struct docker *d, const char *s)
{
	int minor;

	if (sscanf(s, "1.%d", &minor) != 1 || minor < API_MIN || minor > 999)
		return false;
	snprintf(d->engine.api, sizeof(d->engine.api), "1.%d", minor);
	return true;
}

static void version_done(void *arg, int status, const char *body, size_t len)
{
	struct docker *d = arg;
	char version[32], trouble[200] = "";
	bool ok;

	docker_parse_version(version, sizeof(version), body, len);
	if (status == 200) /* one that does not answer for a moment is still the same */
		d->engine.podman = docker_parse_podman(body, len);
	ok = status == 200 && take_version(d, version);
	d->pinging = false;
	d->engine.errors += status == 0 || status >= 500;
	if (status == 200 && !*version) /* or there was no memory to read it */
		snprintf(trouble, sizeof(trouble), "its answer to GET /version names no API");
	else if (status == 200 && !ok)
		snprintf(trouble, sizeof(trouble), "its API is %.20s, older than 1.%d", version, API_MIN);
	else if (!ok)
		snprintf(trouble, sizeof(trouble), "%.*s", (int)strcspn(body, "\r\n"), body);
	engine_set_up(&d->engine, ok, status == 200 && *version && !ok, trouble);
	/* ping a healthy engine rarely: a failing request shows its absence */
	loop_after(&d->ping_timer, ok ? PING_SELDOM_US : PING_EVERY_US);
}

static void ping(struct timer *t)
{
	struct docker *d = (struct docker *)((char *)t - offsetof(struct docker, ping_timer));

	/* without a version in the path GET /version answers the newest API that the engine knows */
	if (d->pinging)
		return;
	d->pinging = docker_http_send(d->http, &(struct http_request){ .method = "GET",
								       .path = "/version",
								       .timeout_ms = 5000,
								       .done = version_done,
								       .arg = d }) != NULL;
	if (!d->pinging) /* no memory */
		loop_after(&d->ping_timer, PING_EVERY_US);
}

/* ---- creation and release ---------------------------------------------------------------------------------------- */

static int parse_host(struct docker *d, const char *host, struct cee_err *e)
{
	const char *colon;

	if (strncmp(host, "unix://", 7) == 0 && host[7] == '/') {
		d->socket_path = strdup(host + 7);
		d->engine.local = true;
		return d->socket_path ? 0 : cee_fail(e, ENOMEM, "out of memory");
	}
	colon = strncmp(host, "tcp://", 6) == 0 ? strrchr(host + 6, ':') : NULL;
	if (!colon || !colon[1] || strpbrk(host, "@?# ") || strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return cee_fail(e, EINVAL, "docker_host: %s: expected unix:///PATH or tcp://ADDRESS:PORT", host);
	d->address = strndup(host + 6, (size_t)(colon - host - 6));
	d->port = strdup(colon + 1);
	return d->address && d->port ? 0 : cee_fail(e, ENOMEM, "out of memory");
}

static const struct engine_ops docker_ops = { .ask = docker_ask,
					      .cancel = docker_cancel,
					      .attach = docker_attach,
					      .attach_flush = docker_attach_flush,
					      .attach_close = docker_attach_close };

int docker_init(struct docker *d, struct loop *l, const char *host, void (*changed)(void *, bool), void *arg,
		struct cee_err *e)
{
	*d = (struct docker){ .engine = { .ops = &docker_ops, .loop = l, .changed = changed, .arg = arg } };
	if (parse_host(d, host, e) < 0)
		return -1;
	d->http = docker_http_new(l, d->socket_path, d->address, d->port);
	if (!d->http)
		return cee_fail(e, ENOMEM, "libcurl: out of memory");
	timer_init(&d->ping_timer, l, ping);
	loop_after(&d->ping_timer, 0);
	return 0;
}

int docker_host_paths(struct docker *d, const char *map)
{
	free(d->host_paths);
	d->host_paths = strdup(map);
	return d->host_paths ? 0 : -1;
}

void docker_release(struct docker *d)
{
	while (d->calls)
		docker_cancel(&d->calls->call);
	if (d->http)
		docker_http_free(d->http);
	if (d->ping_timer.loop)
		loop_timer(&d->ping_timer, 0);
	free(d->socket_path);
	free(d->address);
	free(d->port);
	free(d->host_paths);
	d->host_paths = NULL;
	d->http = NULL;
}
