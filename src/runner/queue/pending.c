/* pending.c - bounded lists of the users' requests, served in turn (pending.h) */
#include "runner/queue/pending.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct pending_owner {
	struct pending_request request[PENDING_MOST];
	size_t n;
	bool overflow;	   /* a request found the list full: the directories have more */
	size_t later;	   /* this many at the end cannot be served now */
	size_t done, kept; /* since the last refill */
	size_t skip;	   /* this many first entries of the directories are not read again */
};

void pending_init(struct pending *p)
{
	*p = (struct pending){ 0 };
}

void pending_release(struct pending *p)
{
	for (size_t i = 0; i < p->nowners; i++)
		free(p->owner[i]);
	free(p->owner);
	*p = (struct pending){ 0 };
}

static struct pending_owner *get(struct pending *p, size_t owner)
{
	if (owner >= p->nowners) {
		size_t n = owner + 1 > 2 * p->nowners ? owner + 1 : 2 * p->nowners;
		struct pending_owner **v = realloc(p->owner, n * sizeof(struct pending_owner *));

		if (!v)
			return NULL; /* the next scan finds the file */
		memset(v + p->nowners, 0, (n - p->nowners) * sizeof(struct pending_owner *));
		p->owner = v;
		p->nowners = n;
	}
	if (!p->owner[owner] && (p->owner[owner] = calloc(1, sizeof(struct pending_owner))))
		p->n++;
	return p->owner[owner];
}

bool pending_add(struct pending *p, size_t owner, enum request_kind kind, const char *name)
{
	size_t len = strlen(name);
	struct pending_owner *o;

	if (len >= PENDING_NAME || !(o = get(p, owner)))
		return true;
	for (size_t i = o->n; i-- > 0;)
		if (o->request[i].kind == kind && strcmp(o->request[i].name, name) == 0)
			return true;
	if (o->n == PENDING_MOST) {
		o->overflow = true;
		return false;
	}
	o->request[o->n].kind = kind;
	memcpy(o->request[o->n++].name, name, len + 1);
	return true;
}

bool pending_has(const struct pending *p, size_t owner)
{
	return owner < p->nowners && p->owner[owner];
}

/* Tries a few requests of one owner. Those to be tried later move to the end. */
static void serve_owner(struct pending_owner *o, size_t number, const struct pending_ops *ops, size_t most)
{
	struct pending_request later[PENDING_OF_OWNER];
	size_t tried = 0, nlater = 0;

	while (tried < o->n && tried < most) {
		struct pending_request r = o->request[tried++];
		enum request_result result = ops->request(ops->arg, number, &r);

		if (result == REQUEST_LATER)
			later[nlater++] = r;
		else if (result == REQUEST_KEPT)
			o->kept++;
		else
			o->done++;
	}
	o->n -= tried;
	memmove(o->request, o->request + tried, o->n * sizeof(*o->request));
	for (size_t i = 0; i < nlater; i++)
		o->request[o->n++] = later[i];
	o->later = nlater == tried ? o->later + nlater : nlater;
}

/* If requests were served, the directories have fewer entries now. If all were kept, the next read begins after them,
 * or at the front again if nothing follows. */
static void refill(struct pending_owner *o, size_t number, const struct pending_ops *ops)
{
	o->skip = o->done ? 0 : o->skip + o->kept;
	o->overflow = false;
	o->done = o->kept = 0;
	ops->refill(ops->arg, number, o->skip);
	if (!o->n && o->skip)
		o->skip = 0; /* the end of the directories: unanswered requests wait for the next scan */
}

static bool all_wait(const struct pending_owner *o)
{
	return o->n && o->later >= o->n;
}

void pending_retry(struct pending *p)
{
	for (size_t i = 0; i < p->nowners; i++)
		if (p->owner[i])
			p->owner[i]->later = 0;
}

enum pending_left pending_serve(struct pending *p, const struct pending_ops *ops)
{
	size_t budget = PENDING_OF_TURN, more = 0, owners = p->nowners;

	for (size_t i = 0; i < owners && p->n && budget; i++) {
		size_t number = (p->turn + i) % owners, most = budget < PENDING_OF_OWNER ? budget : PENDING_OF_OWNER;
		struct pending_owner *o = p->owner[number];

		if (!o || all_wait(o))
			continue;
		if (most > o->n)
			most = o->n;
		serve_owner(o, number, ops, most);
		budget -= most;
		if (!o->n && o->overflow)
			refill(o, number, ops);
		if (!o->n && !o->overflow) {
			p->owner[number] = NULL;
			p->n--;
			free(o);
		}
		if (!budget)
			p->turn = number + 1;
	}
	for (size_t i = 0; i < p->nowners && p->n; i++)
		more += p->owner[i] && !all_wait(p->owner[i]);
	return more ? PENDING_MORE : p->n ? PENDING_WAITS : PENDING_NOTHING;
}
