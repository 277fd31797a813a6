/* route.c - which handler answers what: the table, and nothing else that knows paths
 *
 * An id that is none, and an id of somebody else, are the same to a caller: 404.
 */
#include "base/error.h"
#include "base/id.h"
#include "cli/prog.h"
#include "conf/conf.h"
#include "conf/token.h"
#include "http/cgi.h"
#include "http/request.h"
#include "spool/spool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct route routes[] = {
	{ METHOD_POST, "/tasks", SCOPE_SUBMIT, tasks_post },
	{ METHOD_GET, "/tasks", SCOPE_READ, tasks_list },
	{ METHOD_GET, "/tasks/{id}", SCOPE_READ, tasks_get },
	{ METHOD_GET, "/tasks/{id}/job", SCOPE_READ, tasks_job },
	{ METHOD_DELETE, "/tasks/{id}", SCOPE_SUBMIT, tasks_delete },
	{ METHOD_GET, "/tasks/{id}/events", SCOPE_READ, events_get },
	{ METHOD_GET, "/tasks/{id}/stdout", SCOPE_READ, raw_stdout },
	{ METHOD_GET, "/tasks/{id}/stderr", SCOPE_READ, raw_stderr },
	{ METHOD_GET, "/tasks/{id}/files", SCOPE_READ, files_list },
	{ METHOD_GET, "/tasks/{id}/files/{rest}", SCOPE_READ, files_get },
	{ METHOD_POST, "/tasks/{id}/stdin", SCOPE_SUBMIT, input_post },
	{ METHOD_GET, "/", SCOPE_NONE, page_index },
	{ METHOD_GET, "/page/{rest}", SCOPE_NONE, page_part },
	{ METHOD_GET, "/embed.js", SCOPE_NONE, page_embed },
	{ METHOD_GET, "/languages", SCOPE_ANY, about_languages },
	{ METHOD_GET, "/metrics", SCOPE_ADMIN, about_metrics },
	{ METHOD_GET, "/openapi.json", SCOPE_NONE, about_openapi },
	{ METHOD_GET, "/healthz", SCOPE_NONE, about_health },
};
enum { ROUTES = sizeof routes / sizeof *routes };

static bool take_id(const char **path, char id[ID_LEN + 1])
{
	if (strnlen(*path, ID_LEN) < ID_LEN)
		return false;
	for (int i = 0; i < ID_LEN; i++) {
		char c = (*path)[i];

		id[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	id[ID_LEN] = 0;
	*path += ID_LEN;
	return id_valid(id);
}

bool route_match(const char *pattern, const char *path, char id[ID_LEN + 1], const char **rest)
{
	while (*pattern) {
		if (strncmp(pattern, "{id}", 4) == 0) {
			if (!take_id(&path, id))
				return false;
			pattern += 4;
		} else if (strcmp(pattern, "{rest}") == 0) {
			*rest = path;
			return *path;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	/* "/tasks/" is "/tasks" */
	return !*path || (strcmp(path, "/") == 0 && pattern[-1] != '/');
}

static bool fits(struct web *w, const struct route *r)
{
	return route_match(r->pattern, w->q.path, w->id, &w->rest);
}

static enum method asked(const struct web *w)
{
	return w->q.method == METHOD_HEAD ? METHOD_GET : w->q.method;
}

/* A path that others of the methods have: which. */
static void wrong_method(struct web *w)
{
	char allow[64] = "OPTIONS";

	for (int m = 0; m < METHOD_OTHER; m++)
		for (int i = 0; i < ROUTES; i++)
			if (routes[i].method == (enum method)m && fits(w, &routes[i])) {
				size_t n = strlen(allow);

				snprintf(allow + n, sizeof allow - n, ", %s%s", method_name[m],
					 m == METHOD_GET ? ", HEAD" : "");
				break;
			}
	answer_header(w, "Allow", "%s", allow);
	if (w->q.method == METHOD_OPTIONS) {
		cors_preflight(w, allow);
		answer_empty(w, 204);
	} else {
		answer_problem(w, 405, "this address has %s", allow);
	}
}

static bool not_ready(struct web *w, const struct cee_err *e)
{
	prog_error("%s", e->msg);
	answer_header(w, "Retry-After", "10");
	answer_problem(w, 503, "the spool cannot be opened at present; the server's log says why");
	return false;
}

static bool read_conf(struct web *w)
{
	struct cee_err e = { 0 };

	return conf_load(&w->c.conf, NULL, NULL, &e) == 0 || not_ready(w, &e);
}

static bool open_spool(struct web *w)
{
	struct cee_err e = { 0 };

	w->ready = spool_open(&w->c.spool, w->c.conf.spool, 0, w->c.conf.durable, &e) == 0;
	return w->ready || not_ready(w, &e);
}

void route_dispatch(struct web *w)
{
	bool known = false;

	if (!read_conf(w))
		return;
	cors_headers(w);
	for (int i = 0; i < ROUTES; i++) {
		if (!fits(w, &routes[i]))
			continue;
		known = true;
		if (routes[i].method != asked(w))
			continue;
		w->route = &routes[i];
		if (open_spool(w) && auth_allow(w, routes[i].needs))
			routes[i].fn(w);
		return;
	}
	if (known)
		wrong_method(w);
	else
		answer_problem(w, 404, "there is nothing at this address");
}
