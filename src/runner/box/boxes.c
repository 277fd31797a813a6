/* boxes.c - all boxes of one runner, and their common data */
#include "runner/box/boxes.h"
#include "base/limit.h"
#include "base/loop.h"
#include "conf/conf.h"
#include "engine/attach.h"
#include "engine/engine.h"
#include "runner/box/box.h"
#include "runner/box/box_limit.h"
#include "runner/box/box_socket.h"
#include "runner/box/gate.h"
#include "runner/box/shared_folder.h"
#include "runner/core/config.h"
#include "runner/core/counters.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *box_state_name(enum box_state s)
{
	static const char *const name[BOX_STATE_COUNT] = {
#define S(id, text) [BOX_##id] = text,
		BOX_STATES(S)
#undef S
	};

	return name[s];
}

/* ---- creation and release ---------------------------------------------------------------------- */

void boxes_init(struct boxes *bs, struct loop *l, struct engine *en, const struct config *c)
{
	*bs = (struct boxes){ .loop = l, .engine = en, .cells = !c->conf.cells_never };
	boxes_reconfigure(bs, c);
}

void boxes_on_gone(struct boxes *bs, void (*gone)(void *arg), void *arg)
{
	bs->gone = gone;
	bs->arg = arg;
}

void boxes_label(struct boxes *bs, const char *spool, const char *site, const char *runner)
{
	snprintf(bs->site, sizeof(bs->site), "%s", site);
	snprintf(bs->spool, sizeof(bs->spool), "%s", spool);
	snprintf(bs->runner, sizeof(bs->runner), "%s", runner);
}

void boxes_reconfigure(struct boxes *bs, const struct config *c)
{
	bs->config = c;
	if (!conf_auto(c->conf.apparmor)) /* with auto the self-test has chosen it, or will */
		bs->apparmor = conf_named(c->conf.apparmor);
	if (!conf_auto(c->conf.runtime)) /* likewise */
		bs->runtime = conf_named(c->conf.runtime);
}

void boxes_release(struct boxes *bs)
{
	while (bs->first) {
		struct box *b = bs->first;

		bs->first = b->next;
		engine_forget(b->call);
		attach_close(&b->attach);
		box_socket_done(b);
		loop_timer(&b->deadline, 0);
		loop_timer(&b->idle.timer, 0);
		box_limit_rest(b);
		job_cgroup_close(&b->limit.cgroup);
		free(b->doubt);
		free((char *)b->spec.image);
		free(b);
	}
	while (bs->gates) {
		struct gate *g = bs->gates;

		bs->gates = g->next;
		engine_forget(g->call);
		attach_close(&g->attach);
		loop_timer(&g->deadline, 0);
		free(g->folder); /* the next runner of this name removes it from the disk: boxes_sweep_folders */
		free(g);
	}
	boxes_set_layers(bs, NULL);
}

/* ---- lookup and counts ---------------------------------------------------------------------- */

struct box *boxes_first(const struct boxes *bs)
{
	return bs->first;
}

bool boxes_have(const struct boxes *bs, const char *container)
{
	for (const struct box *b = bs->first; b; b = b->next)
		if (strcmp(b->container, container) == 0)
			return true;
	for (const struct gate *g = bs->gates; g; g = g->next)
		if (strcmp(g->container, container) == 0)
			return true;
	return false;
}

static bool slot_taken(const struct boxes *bs, unsigned slot)
{
	for (const struct box *b = bs->first; b; b = b->next)
		if (b->slot == slot)
			return true;
	for (const struct gate *g = bs->gates; g; g = g->next)
		if (g->slot == slot)
			return true;
	return false;
}

unsigned boxes_free_slot(const struct boxes *bs)
{
	unsigned slot = 0;

	while (slot_taken(bs, slot))
		slot++;
	return slot;
}

/* Different runners of a host start at different places in the range. */
unsigned boxes_uid(const struct boxes *bs, unsigned slot)
{
	const struct conf *c = &bs->config->conf;
	unsigned h = 5381;

	for (const char *p = bs->runner; *p; p++)
		h = h * 33 ^ (unsigned char)*p;
	return c->uid_base + (h + slot) % (c->uid_count ? c->uid_count : 1);
}

static int count_from_to(const struct boxes *bs, enum box_state from, enum box_state to)
{
	int n = 0;

	for (struct box *b = bs->first; b; b = b->next)
		n += b->state >= from && b->state <= to;
	return n;
}

int boxes_count(const struct boxes *bs)
{
	return count_from_to(bs, BOX_NEW, BOX_GONE);
}

int boxes_coming(const struct boxes *bs)
{
	return count_from_to(bs, BOX_NEW, BOX_GATING);
}

int boxes_going(const struct boxes *bs)
{
	return count_from_to(bs, BOX_REMOVING, BOX_REMOVING);
}

size_t boxes_by_state(const struct boxes *bs, struct counters_boxes rows[BOX_STATE_COUNT])
{
	int n[BOX_STATE_COUNT] = { 0 }, idle = 0;
	size_t nrows = 0;

	for (struct box *b = bs->first; b; b = b->next)
		if (b->state == BOX_RESTING || (b->state == BOX_READY && b->idle.state != BOX_IN_USE))
			idle++;
		else
			n[b->state]++;
	for (int s = 0; s < BOX_GONE; s++)
		if (s != BOX_RESTING)
			rows[nrows++] = (struct counters_boxes){ box_state_name((enum box_state)s), n[s] };
	rows[nrows++] = (struct counters_boxes){ "idle", idle };
	return nrows;
}

/* ---- settings for new boxes ----------------------------------------------------------- */

bool boxes_cells(const struct boxes *bs)
{
	return bs->cells;
}

void boxes_set_cells(struct boxes *bs, bool cells)
{
	bs->cells = cells;
}

void boxes_set_apparmor(struct boxes *bs, const char *profile)
{
	bs->apparmor = profile;
}

void boxes_set_runtime(struct boxes *bs, const char *runtime)
{
	bs->runtime = runtime;
}

void boxes_set_gates(struct boxes *bs, const char *path)
{
	free(bs->gates_path);
	bs->gates_path = path ? strdup(path) : NULL;
}

void boxes_set_layers(struct boxes *bs, const char *path)
{
	free(bs->layers);
	free(bs->gates_path);
	free(bs->sockets_path);
	bs->layers = bs->gates_path = bs->sockets_path = NULL;
	if (path && asprintf(&bs->layers, "%s/whole", path) < 0)
		bs->layers = NULL;
	if (path && asprintf(&bs->gates_path, "%s/gates", path) < 0)
		bs->gates_path = NULL;
	if (path && asprintf(&bs->sockets_path, "%s/sockets", path) < 0)
		bs->sockets_path = NULL;
}

void boxes_sweep_folders(const struct boxes *bs, const char *runner)
{
	shared_folders_sweep(bs->gates_path, runner);
	shared_folders_sweep(bs->sockets_path, runner);
}

int64_t box_memory(const struct conf *c, const struct limits *l)
{
	int64_t output = l->v[LIMIT_OUTPUT] == LIMIT_NONE
				 ? 0
				 : l->v[LIMIT_OUTPUT] / 4; /* cee-init keeps the tail of the output */
	int64_t want = l->v[LIMIT_MEMORY] + l->v[LIMIT_DISK] + output + c->box_reserve;
	int64_t step = 64LL << 20;

	while (step * 8 < want) /* about eight steps per doubling */
		step *= 2;
	return (want + step - 1) / step * step;
}

bool box_file_there(const char *path)
{
	return *path && access(path, R_OK) == 0;
}
