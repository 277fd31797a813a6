/* route.c - which handler answers which request: the only place that knows paths
 *
 * An invalid id and an id of another owner get the same answer: 404.
 */
#include "http/route.h"
#include "base/id.h"
#include "conf/token.h"
#include "http/admission.h"
#include "http/answer.h"
#include "http/byte_streams.h"
#include "http/cgi.h"
#include "http/cors.h"
#include "http/events.h"
#include "http/meta.h"
#include "http/metrics.h"
#include "http/page.h"
#include "http/request.h"
#include "http/sessions.h"
#include "http/task_input.h"
#include "http/task_list.h"
#include "http/task_submit.h"
#include "http/tasks.h"

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
	{ METHOD_GET, "/tasks/{id}/stdout", SCOPE_READ, byte_streams_stdout },
	{ METHOD_GET, "/tasks/{id}/stderr", SCOPE_READ, byte_streams_stderr },
	{ METHOD_GET, "/tasks/{id}/files", SCOPE_READ, byte_streams_files },
	{ METHOD_GET, "/tasks/{id}/files/{rest}", SCOPE_READ, byte_streams_file },
	{ METHOD_POST, "/tasks/{id}/stdin", SCOPE_SUBMIT, task_input_post },
	{ METHOD_POST, "/sessions", SCOPE_SUBMIT, tasks_post },
	{ METHOD_GET, "/sessions/{id}", SCOPE_READ, tasks_get },
	{ METHOD_DELETE, "/sessions/{id}", SCOPE_SUBMIT, tasks_delete },
	{ METHOD_POST, "/sessions/{id}/run", SCOPE_SUBMIT, sessions_run },
	{ METHOD_GET, "/", SCOPE_NONE, page_index },
	{ METHOD_GET, "/page/{rest}", SCOPE_NONE, page_part },
	{ METHOD_GET, "/embed.js", SCOPE_NONE, page_embed },
	{ METHOD_GET, "/languages", SCOPE_ANY, meta_languages },
	{ METHOD_GET, "/metrics", SCOPE_ADMIN, metrics_get },
	{ METHOD_GET, "/openapi.json", SCOPE_NONE, meta_openapi },
	{ METHOD_GET, "/healthz", SCOPE_NONE, meta_health },
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

static bool fits(struct request *rq, const struct route *r)
{
	return route_match(r->pattern, rq->cgi.path, rq->id, &rq->rest);
}

/* May a ticket of the task stand for a login here? */
static bool takes_ticket(const struct route *r)
{
	return r->method == METHOD_GET && strstr(r->pattern, "{id}");
}

static enum method asked(const struct request *rq)
{
	return rq->cgi.method == METHOD_HEAD ? METHOD_GET : rq->cgi.method;
}

/* The path exists, but with other methods: answers which ones. */
static void wrong_method(struct request *rq)
{
	char allow[64] = "OPTIONS";

	for (int m = 0; m < METHOD_OTHER; m++)
		for (int i = 0; i < ROUTES; i++)
			if (routes[i].method == (enum method)m && fits(rq, &routes[i])) {
				size_t n = strlen(allow);

				snprintf(allow + n, sizeof allow - n, ", %s%s", method_name[m],
					 m == METHOD_GET ? ", HEAD" : "");
				break;
			}
	answer_header(rq, "Allow", "%s", allow);
	if (rq->cgi.method == METHOD_OPTIONS) {
		cors_preflight(rq, allow);
		answer_empty(rq, 204);
	} else {
		answer_problem(rq, 405, "this address allows %s", allow);
	}
}

void route_dispatch(struct request *rq)
{
	bool known = false;

	if (!admission_open(rq))
		return;
	for (int i = 0; i < ROUTES; i++) {
		if (!fits(rq, &routes[i]))
			continue;
		known = true;
		if (routes[i].method != asked(rq))
			continue;
		rq->route = &routes[i];
		if (admission_caller(rq, routes[i].needs, takes_ticket(&routes[i])) &&
		    (routes[i].needs == SCOPE_NONE || admission_place(rq)))
			routes[i].answer(rq);
		return;
	}
	if (known)
		wrong_method(rq);
	else
		answer_problem(rq, 404, "there is nothing at this address");
}
