/* members.c - the jobs of the group that -g names, as they are added (members.h) */
#include "cli/members.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "spool/find.h"
#include "spool/group.h"
#include "spool/ids.h"

#include <stdbool.h>
#include <stdlib.h>

enum { MEMBER_UNKNOWN, MEMBER_REPORTED, MEMBER_MISSING };
enum { MISSING_US = 10000000 };

static void members_grow(struct members *m)
{
	unsigned char *known = m->ids.cap > m->cap ? realloc(m->known, m->ids.cap) : m->known;

	if (!known)
		prog_die(EX_OSERR, "out of memory");
	m->known = known;
	for (; m->cap < m->ids.cap; m->cap++)
		m->known[m->cap] = MEMBER_UNKNOWN;
}

/* Does its job exist? An id is written before its job is submitted, and may never be used. */
static bool member_there(struct members *m, struct client *c, size_t i)
{
	struct spool_where w;

	if (spool_find(&c->spool, c->owner, m->ids.v[i], &w, NULL) == 0)
		return true;
	if (now_us() - id_time_us(m->ids.v[i]) > MISSING_US)
		m->known[i] = MEMBER_MISSING;
	return false;
}

int members_look(struct members *m, struct client *c, bool last, client_id_fn fn, void *arg, int *failed)
{
	struct cee_err e = { 0 };
	int n = 0;

	if (group_load(&c->spool, c->owner, c->group, &m->ids, &e) < 0) {
		prog_error("%s", e.msg);
		return -1;
	}
	members_grow(m);
	for (size_t i = 0; i < m->ids.n; i++) {
		if (m->known[i] == MEMBER_REPORTED || (m->known[i] == MEMBER_MISSING && !last) ||
		    !member_there(m, c, i))
			continue;
		m->known[i] = MEMBER_REPORTED;
		m->found++;
		n++;
		*failed |= fn(arg, m->ids.v[i]) != 0;
	}
	return n;
}

void members_release(struct members *m)
{
	ids_release(&m->ids);
	free(m->known);
	*m = (struct members){ 0 };
}
