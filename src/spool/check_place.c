/* check_place.c - that each job is in exactly one place (check_place.h) */
#include "spool/check_place.h"
#include "base/dir.h"
#include "base/fd.h"
#include "spool/check.h"
#include "spool/check_entry.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "spool/places.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

enum { LOOKS = 10, LOOK_MS = 20 };

struct places {
	int new, cur;
	bool dir, job, result;
};

static void look_new(struct spool_check *ck, const char *owner, const char *id, struct places *p)
{
	AUTO_CLOSE int new = place_part(ck->s, owner, PART_NEW);
	char name[LAYOUT_NAME_MAX];

	if (new < 0)
		return;
	for (int i = 0; i <= 9; i++) {
		layout_new_name(name, id, i, 0);
		p->new += dir_has(new, name);
	}
	for (int i = 1; i <= LAYOUT_ATTEMPTS; i++) {
		layout_new_name(name, id, 0, i);
		p->new += dir_has(new, name);
	}
}

static void look_cur(struct spool_check *ck, const char *owner, const char *id, struct places *p)
{
	DIR *d = dir_list(ck->s->fd, LAYOUT_CUR);
	struct dirent *e;

	while (d && (e = dir_next(d))) {
		char path[2 * OWNER_MAX], name[LAYOUT_NAME_MAX];
		AUTO_CLOSE int dir = -1;

		layout_claims_path(path, e->d_name, owner);
		if ((dir = dir_open(dirfd(d), path)) < 0)
			continue;
		for (int i = 1; i <= LAYOUT_ATTEMPTS; i++) {
			layout_claim_name(name, id, i);
			p->cur += dir_has(dir, name);
		}
	}
	if (d)
		closedir(d);
}

static void look(struct spool_check *ck, const char *owner, const char *id, struct places *p)
{
	AUTO_CLOSE int out = -1;

	*p = (struct places){ 0 };
	look_new(ck, owner, id, p);
	look_cur(ck, owner, id, p);
	if ((out = place_out(ck->s, owner, id)) >= 0) {
		p->dir = true;
		p->job = dir_has(out, LAYOUT_JOB);
		p->result = dir_has(out, LAYOUT_RESULT);
	}
}

/* Describes the problem; NULL if there is none. */
static const char *judge(const struct places *p)
{
	if (p->new > 1)
		return "waits under two names in new";
	if (p->cur > 1)
		return "is claimed twice in cur";
	if (p->new && p->cur)
		return "is in new and in cur";
	if (p->job && (p->new || p->cur))
		return "has ended and is in new or cur as well";
	if (p->new && p->result)
		return "waits in new though it has a result";
	if (p->job && !p->result)
		return "has its job file in out, but no result";
	if (p->dir && !p->new && !p->cur && !p->job)
		return p->result ? "has a result, but no job file"
				 : "is lost: begun, without a result, in neither new nor cur";
	return NULL;
}

void check_places(struct spool_check *ck, const char *owner, const char *id)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	const char *wrong = NULL;
	char path[CHECK_PATH_MAX];
	struct places p;

	for (int i = 0; i < LOOKS; i++) {
		look(ck, owner, id, &p);
		if (!(wrong = judge(&p)))
			return;
		if (ck->runners == 0 && i > 0)
			break;
		nanosleep(&pause, NULL);
	}
	check_join(path, owner, id);
	check_problem(ck, path, "%s", wrong);
}
