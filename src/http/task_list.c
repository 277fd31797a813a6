/* task_list.c - GET /tasks: the caller's own, the newest first, a page at a time
 *
 * ?limit=N, ?before=ID (the page after the one that ended with ID), ?status=, ?label=NAME=VALUE (more
 * than one: all of them), ?group=. A page never looks at more than so many jobs: when few jobs
 * match a filter, a page may have fewer than limit, and its "next" still says where to continue.
 */
#include "http/task_list.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json_write.h"
#include "base/names.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/request.h"
#include "http/task_json.h"
#include "job/reasons.h"
#include "job/result.h"
#include "spool/group.h"
#include "spool/ids.h"
#include "spool/jobs.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PAGE = 50, PAGE_MOST = 200, LOOKED_MOST = 2000 };

struct list {
	struct request *rq;
	struct task_filter filter;
	char before[ID_LEN + 1]; /* "" from the newest on */
	int limit, shown, looked;
	char last[ID_LEN + 1]; /* the last that was looked at */
	struct buf b;
	struct json_writer w; /* into b */
	bool full;	      /* there may be more */
};

/* ---- what is asked for ------------------------------------------------------------- */

static int state_of(const char *name)
{
	for (int i = 0; i < STATE_COUNT; i++)
		if (strcasecmp(state_name[i], name) == 0)
			return i;
	return -1;
}

static bool one_param(struct list *l, const char *name, const char *value)
{
	struct request *rq = l->rq;
	char *end;

	if (strcmp(name, "limit") == 0) {
		long n = strtol(value, &end, 10);

		if (*value < '0' || *value > '9' || *end || n < 1 || n > PAGE_MOST) {
			answer_problem(rq, 400, "limit: must be 1 to %d", PAGE_MOST);
			return false;
		}
		l->limit = (int)n;
	} else if (strcmp(name, "before") == 0) {
		if (!id_valid(value)) {
			answer_problem(rq, 400, "before: must be the id of a task, as \"next\" of a page has it");
			return false;
		}
		memcpy(l->before, value, sizeof l->before);
	} else if (strcmp(name, "status") == 0) {
		l->filter.state = state_of(value);
		if (l->filter.state < 0) {
			answer_problem(rq, 400, "status: must be one of %s", state_names);
			return false;
		}
	} else if (strcmp(name, "label") == 0) {
		if (!strchr(value, '=') || *value == '=') {
			answer_problem(rq, 400, "label: must be NAME=VALUE");
			return false;
		}
		l->filter.labels[l->filter.nlabels++] = value;
	} else if (strcmp(name, "group") == 0 && !group_name_valid(value)) {
		answer_problem(rq, 400, "group: not a valid group name");
		return false;
	}
	return true;
}

static bool asked(struct list *l)
{
	for (size_t i = 0; i < l->rq->cgi.nquery; i++)
		if (!one_param(l, l->rq->cgi.query[i].name, l->rq->cgi.query[i].value))
			return false;
	return true;
}

/* ---- a task of the page ---------------------------------------------------------------- */

/* True when the page is full. */
static bool look_at(struct list *l, const char *id)
{
	struct cee_err e = { 0 };

	if (*l->before && strcmp(id, l->before) >= 0)
		return false;
	if (l->shown == l->limit || l->looked == LOOKED_MOST) {
		l->full = true;
		return true;
	}
	l->looked++;
	memcpy(l->last, id, sizeof l->last);
	l->shown += task_put_short(l->rq, id, &l->filter, &l->w, &e) == 1; /* otherwise it does not fit, or is gone */
	return false;
}

static int look_next(void *arg, const char *id)
{
	return look_at(arg, id);
}

static int newest_first(const void *a, const void *b)
{
	return -strcmp(a, b);
}

/* ---- where they are ----------------------------------------------------------------------- */

static void look_all(struct list *l)
{
	struct spool_range range = { .newest_first = true, .before = *l->before ? l->before : NULL };

	if (spool_each_job(&l->rq->client.spool, l->rq->client.owner, &range, look_next, l) < 0)
		answer_die(l->rq);
}

static void look_group(struct list *l, const char *group)
{
	struct ids s = { 0 };
	struct cee_err e = { 0 };

	if (group_load(&l->rq->client.spool, l->rq->client.owner, group, &s, &e) == 0) {
		if (s.n > 0)
			qsort(s.v, s.n, sizeof *s.v, newest_first);
		for (size_t i = 0; i < s.n && !look_at(l, s.v[i]); i++)
			;
	}
	ids_release(&s);
}

void tasks_list(struct request *rq)
{
	struct list l = { .rq = rq, .limit = PAGE, .filter.state = -1 };
	const char *group = cgi_query(&rq->cgi, "group");

	if (rq->anonymous) {
		answer_problem(rq, 403, "lists require a login or a token: all anonymous callers are one owner");
		return;
	}
	if (!asked(&l))
		return;
	l.w = json_writer(&l.b);
	json_open(&l.w, NULL, '{');
	json_open(&l.w, "tasks", '[');
	if (group)
		look_group(&l, group);
	else
		look_all(&l);
	json_close(&l.w, ']');
	if (l.full)
		json_put_text(&l.w, "next", l.last);
	json_close(&l.w, '}');
	if (json_end_line(&l.w) < 0)
		answer_die(rq);
	answer_json(rq, 200, &l.b);
	buf_release(&l.b);
}
