/* box_sweep.c - removes boxes left behind by a dead runner or by an engine that was away
 *
 *     list -> remove each -> list again, until the list has only this runner's boxes
 *
 * A job may begin again only when its old box can no longer run. An accepted removal is therefore not enough: the
 * list must be empty.
 *
 * An engine may also make a container long after the runner that asked for it has ended, when its name is in no
 * directory of the spool any more. Those are found by the label of the spool alone.
 */
#include "runner/box/box_sweep.h"
#include "base/loop.h"
#include "engine/engine.h"
#include "runner/box/boxes.h"
#include "runner/core/log.h"
#include "spool/owner_name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGAIN_US = 50000 };

struct sweep {
	struct boxes *boxes;
	char runner[OWNER_MAX];
	void (*done)(void *arg, int result);
	void *arg;
	int open; /* removals under way */
	bool failed;
	struct timer again;
};

static void end(struct sweep *s, int result)
{
	s->done(s->arg, result);
	loop_timer(&s->again, 0);
	loop_doom(s->boxes->loop, free, s);
}

static void removed(void *arg, const struct engine_answer *a)
{
	struct sweep *s = arg;

	s->failed |= a->result == ENGINE_AWAY;
	if (--s->open > 0)
		return;
	if (s->failed)
		end(s, -1);
	else
		loop_after(&s->again, AGAIN_US);
}

static void listed(void *arg, const struct engine_answer *a)
{
	struct sweep *s = arg;
	int left = 0;

	if (a->result != ENGINE_OK) {
		end(s, -1);
		return;
	}
	s->open = 0;
	s->failed = false;
	for (size_t i = 0; i < a->ncontainers; i++) {
		const char *id = a->containers[i].id;

		if (boxes_have(s->boxes, id))
			continue;
		log_event("sweep", "runner", s->runner, "box", id, NULL);
		left++;
		if (engine_ask(s->boxes->engine, &(struct engine_request){ .op = ENGINE_REMOVE, .name = id }, removed,
			       s))
			s->open++;
	}
	if (s->open != 0)
		return;
	if (!left && strcmp(s->runner, s->boxes->runner) != 0)
		boxes_sweep_folders(s->boxes, s->runner);
	end(s, left ? -1 : 0);
}

static void list(struct timer *t)
{
	struct sweep *s = (struct sweep *)((char *)t - offsetof(struct sweep, again));
	const struct engine_label labels[] = { { "cee.spool", s->boxes->spool }, { "cee.runner", s->runner } };
	const struct engine_request r = { .op = ENGINE_LIST, .labels = labels, .nlabels = 2 };

	if (!engine_ask(s->boxes->engine, &r, listed, s))
		end(s, -1);
}

void boxes_sweep(struct boxes *bs, const char *runner, void (*done)(void *, int), void *arg)
{
	struct sweep *s = calloc(1, sizeof(*s));

	if (!s) {
		done(arg, -1);
		return;
	}
	s->boxes = bs;
	snprintf(s->runner, sizeof(s->runner), "%s", runner);
	s->done = done;
	s->arg = arg;
	timer_init(&s->again, bs->loop, list);
	list(&s->again);
}

/* ---- containers whose runner is forgotten ------------------------------------------------------ */

static void forgotten_removed(void *arg, const struct engine_answer *a)
{
	struct boxes *bs = arg;

	(void)a; /* what is left is looked for again */
	bs->forgotten.asked--;
}

static void forgotten_listed(void *arg, const struct engine_answer *a)
{
	struct boxes *bs = arg;

	bs->forgotten.asked--;
	for (size_t i = 0; a->result == ENGINE_OK && i < a->ncontainers; i++) {
		const struct engine_container *c = &a->containers[i];
		const struct engine_request remove = { .op = ENGINE_REMOVE, .name = c->id };
		const char *runner = engine_label(c->labels, c->nlabels, "cee.runner");

		if (strcmp(engine_label(c->labels, c->nlabels, "cee.site"), bs->site) != 0 ||
		    strcmp(runner, bs->runner) == 0 || bs->forgotten.lives(bs->forgotten.arg, runner))
			continue;
		log_event("sweep", "runner", runner, "box", c->id, NULL);
		if (engine_ask(bs->engine, &remove, forgotten_removed, bs))
			bs->forgotten.asked++;
	}
}

void boxes_sweep_forgotten(struct boxes *bs, bool (*lives)(void *arg, const char *runner), void *arg)
{
	const struct engine_label site = { "cee.site", bs->site };
	const struct engine_request r = { .op = ENGINE_LIST, .labels = &site, .nlabels = 1 };

	if (!*bs->site || bs->forgotten.asked)
		return;
	bs->forgotten.lives = lives;
	bs->forgotten.arg = arg;
	if (engine_ask(bs->engine, &r, forgotten_listed, bs))
		bs->forgotten.asked++;
}
