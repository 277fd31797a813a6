/* box_limit.c - the memory limit of a box's job (box_limit.h) */
#include "runner/box/box_limit.h"

#include "base/error.h"
#include "base/loop.h"
#include "engine/attach.h"
#include "runner/box/boxes.h"
#include "runner/core/log.h"
#include "wire/frame_types.h"
#include "wire/payload.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { AGAIN_US = 1000, MOST_TRIES = 2000 };

static void send_number(struct box *b, enum frame_type type, uint32_t number)
{
	struct payload p;

	frame_pack_number(&p, number);
	attach_send(&b->attach, type, p.data, p.len);
}

static void try_again(struct timer *t);

void box_limit_place(struct box *b, uint32_t maker)
{
	struct boxes *bs = b->boxes;
	struct cee_err e;

	timer_init(&b->limit.again, bs->loop, try_again);
	if (job_cgroup_place(&b->limit.cgroup, &bs->cgroup_places, b->container, maker, &e) < 0) {
		job_cgroup_close(&b->limit.cgroup);
		snprintf(bs->no_job_cgroup, sizeof(bs->no_job_cgroup), "%s", e.msg);
		log_event("box", "id", b->container, "trouble", "no cgroup for its jobs", "reason", e.msg, NULL);
	}
	send_number(b, FRAME_PLACED, b->limit.cgroup.version > 0);
	attach_flush(&b->attach);
}

static void failed(struct box *b, const char *reason)
{
	char text[200];

	snprintf(text, sizeof(text), "the memory limit of its job cannot be set: %s", reason);
	if (b->ended)
		b->ended(b->arg, BOX_OURS, text);
}

/* true: LIMIT is queued. */
static bool set(struct box *b)
{
	if (job_cgroup_limit(&b->limit.cgroup, b->limit.memory, b->limit.files) == 0) {
		send_number(b, FRAME_LIMIT, b->limit.phase);
		return true;
	}
	if (errno != EBUSY || ++b->limit.tries > MOST_TRIES)
		failed(b, errno == EBUSY ? "programs that have ended do not give theirs back" : strerror(errno));
	else
		loop_after(&b->limit.again, AGAIN_US);
	return false;
}

static void try_again(struct timer *t)
{
	struct box *b = (struct box *)((char *)t - offsetof(struct box, limit.again));

	if (set(b))
		attach_flush(&b->attach);
}

void box_limit_set(struct box *b, enum frame_phase phase, int64_t memory, int64_t files)
{
	if (!b->limit.cgroup.version)
		return;
	b->limit.phase = phase;
	b->limit.memory = memory;
	b->limit.files = files < 0 ? b->limit.cgroup.room : files;
	b->limit.tries = 0;
	set(b);
}

void box_limit_room(struct box *b, const struct frame *f)
{
	uint64_t bytes;

	if (!b->limit.cgroup.version || !frame_unpack_gap(f->data, f->len, &bytes))
		return;
	b->limit.files = bytes < (uint64_t)b->spec.disk ? (int64_t)bytes : b->spec.disk;
	job_cgroup_room(&b->limit.cgroup, b->limit.files);
}

void box_limit_rest(struct box *b)
{
	if (b->limit.cgroup.version)
		loop_timer(&b->limit.again, 0);
}
