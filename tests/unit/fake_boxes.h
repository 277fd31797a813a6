/* fake_boxes.h - boxes without an engine, for the modules that use boxes
 *
 * A test program that includes it links these functions instead of those of src/runner/box/box.c. A box does nothing by
 * itself: the test says what its engine and its cee-init would do (box_comes_up, box_says, box_dies …), and
 * reads what was sent to it (box_sent).
 */
#ifndef FAKE_BOXES_H
#define FAKE_BOXES_H

#include "base/buf.h"
#include "base/loop.h"
#include "runner/box/box.h"
#include "wire/frame.h"
#include "wire/payload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool no_boxes; /* memory is out */

struct box *box_new(struct boxes *bs, const struct box_spec *spec)
{
	struct box *b = no_boxes ? NULL : calloc(1, sizeof *b);

	if (!b)
		return NULL;
	b->boxes = bs;
	b->state = BOX_CREATING;
	b->cells = bs->cells;
	b->spec = *spec;
	b->spec.image = strdup(spec->image);
	b->spec.gate = NULL;
	b->spec.writable = b->spec.index = b->spec.authorities = NULL;
	b->born = loop_now(bs->loop);
	snprintf(b->container, sizeof b->container, "%u", ++bs->serial);
	b->next = bs->first;
	bs->first = b;
	return b;
}

void box_use(struct box *b, void (*ready)(void *), void (*frame)(void *, const struct frame *),
	     void (*ended)(void *, enum box_end, const char *), void *arg)
{
	b->ready = ready;
	b->frame = frame;
	b->ended = ended;
	b->arg = arg;
}

void box_rest(struct box *b)
{
	b->state = BOX_RESTING;
}

void box_remove(struct box *b)
{
	b->ready = NULL;
	b->frame = NULL;
	b->ended = NULL;
	b->state = BOX_REMOVING;
}

void box_remove_then(struct box *b, void (*gone)(void *), void *arg)
{
	bool is_gone = b->state == BOX_GONE;

	box_remove(b);
	b->gone = gone;
	b->arg = arg;
	if (is_gone)
		gone(arg);
}

static int count(const struct boxes *bs, enum box_state from, enum box_state to)
{
	int n = 0;

	for (struct box *b = bs->first; b; b = b->next)
		n += b->state >= from && b->state <= to;
	return n;
}

/* ---- the engine's and cee-init's part ------------------------------------------------- */

/* Boxes that are not on their way out. */
static inline int live_boxes(const struct boxes *bs)
{
	return count(bs, BOX_NEW, BOX_DOUBTED);
}

/* The youngest of them, or NULL. */
static inline struct box *last_box(const struct boxes *bs)
{
	struct box *b = bs->first;

	while (b && b->state >= BOX_REMOVING)
		b = b->next;
	return b;
}

static inline void box_comes_up(struct box *b)
{
	b->state = BOX_READY;
	b->hello = b->greeted = true;
	if (b->ready)
		b->ready(b->arg);
}

static inline void box_says(struct box *b, enum frame_type type, enum frame_stream stream, const void *data, size_t len)
{
	const struct frame f = { .type = type, .stream = stream, .data = data, .len = len };

	if (b->frame)
		b->frame(b->arg, &f);
}

static inline void box_dies(struct box *b, enum box_end how, const char *reason)
{
	void (*ended)(void *, enum box_end, const char *) = b->ended;
	void *arg = b->arg;

	box_remove(b);
	if (ended)
		ended(arg, how, reason);
}

/* Its container could not be created: there is nothing to remove, and so it is gone before its user hears of it. */
static inline void box_never_was(struct box *b, enum box_end how, const char *reason)
{
	void (*ended)(void *, enum box_end, const char *) = b->ended;
	void *arg = b->arg;

	box_remove(b);
	b->state = BOX_GONE;
	if (b->gone)
		b->gone(b->arg);
	if (ended)
		ended(arg, how, reason);
	b->state = BOX_REMOVING; /* for boxes_go */
}

/* Frees the boxes that were removed. */
static inline void boxes_go(struct boxes *bs)
{
	for (struct box **p = &bs->first; *p;) {
		struct box *b = *p;

		if (b->state != BOX_REMOVING) {
			p = &b->next;
			continue;
		}
		*p = b->next;
		buf_release(&b->attach.out);
		free((char *)b->spec.image);
		free(b);
	}
}

static inline void boxes_end(struct boxes *bs)
{
	for (struct box *b = bs->first; b; b = b->next)
		b->state = BOX_REMOVING;
	boxes_go(bs);
	free(bs->layers);
	free(bs->gates_path);
	bs->layers = bs->gates_path = NULL;
}

/* How many frames of that type were sent to it; the last one's payload in *data. */
static inline int box_sent(const struct box *b, enum frame_type type, struct buf *data)
{
	struct frame_parser *parser = malloc(sizeof *parser);
	const char *p = b->attach.out.data;
	size_t len = b->attach.out.len, used;
	struct frame f;
	int n = 0;

	frame_parser_init(parser);
	for (; len; p += used, len -= used) {
		if (frame_feed(parser, p, len, &used, &f) <= 0 || f.type != type)
			continue;
		n++;
		if (data) {
			buf_release(data);
			buf_add(data, f.data, f.len);
		}
	}
	free(parser);
	return n;
}

#endif
