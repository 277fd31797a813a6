/* layer_build.c - the building of one layer of packages
 *
 *     ELSEWHERE ⇄ WAITING → FETCHING → UNPACKING → WHOLE
 *         └──────────┴─────────┴───────────┴─────→ FAILED, ABANDONED
 *
 *     WAITING    for its turn
 *     ELSEWHERE  another runner that shares the layers has the lock: polled until the layer exists or the lock is
 * free
 *     FETCHING   a package box with a network resolves and packs the packages; the stream is counted, hashed
 *                and written to layers/tmp
 *     UNPACKING  a package box without a network writes the stream into a new folder
 *     WHOLE      that folder was renamed to the layer's final name (src/layers/store.c): only this
 *               rename makes the layer valid
 *     FAILED     the host was given the reason
 *     ABANDONED  no job waits for the layer any more
 *
 * Only enter writes a state: it logs the step, ends the old state's timer and starts the new one's.
 * The end of a state also ends its package box.
 */
#include "runner/layers/layer_build.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/testhook.h"
#include "base/text.h"
#include "base/state_step.h"
#include "conf/conf.h"
#include "job/language.h"
#include "layers/store.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "runner/layers/layer_answer.h"
#include "runner/layers/package_box.h"
#include "runner/layers/package_report.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 65536, LOOK_AGAIN_US = 200000 };

#define TO(s) (1u << LAYER_BUILD_##s)
#define ENDS (TO(FAILED) | TO(ABANDONED))
static const struct {
	const char *name;
	int64_t deadline_us;
	bool and_wall;	  /* and in addition packages.wall */
	const char *late; /* NULL: poll again */
	unsigned next;	  /* the states that may follow */
} states[LAYER_BUILD_STATE_COUNT] = {
	[LAYER_BUILD_WAITING] = { "waiting", 0, false, NULL, TO(ELSEWHERE) | TO(FETCHING) | ENDS },
	[LAYER_BUILD_ELSEWHERE] = { "made by another runner", LOOK_AGAIN_US, false, NULL,
				    TO(WAITING) | TO(WHOLE) | ENDS },
	[LAYER_BUILD_FETCHING] = { "fetching", PACKAGE_UNPACK_US + PACKAGE_BOX_SLACK_US, true,
				   "the package box did not end in time and was removed", TO(UNPACKING) | ENDS },
	[LAYER_BUILD_UNPACKING] = { "unpacking", PACKAGE_UNPACK_US + PACKAGE_BOX_SLACK_US, false,
				    "the layer could not be unpacked in time", TO(WHOLE) | ENDS },
	[LAYER_BUILD_WHOLE] = { "whole", 0, false, NULL, 0 },
	[LAYER_BUILD_FAILED] = { "failed", 0, false, NULL, 0 },
	[LAYER_BUILD_ABANDONED] = { "abandoned", 0, false, NULL, 0 },
};
#undef TO

static int64_t time_now(const struct layer_build *b)
{
	return loop_now(b->host->boxes->loop);
}

static void enter(struct layer_build *b, enum layer_build_state s)
{
	int64_t wall = states[s].and_wall ? b->host->config->conf.package_wall_us : 0;
	bool known = state_step("layer build", states[b->state].next, b->state, s);

	log_event("layer", "id", b->name, "from", states[b->state].name, "to", states[s].name, "language",
		  b->lang->name, "bytes", b->received ? log_number(b->received) : NULL, "ms",
		  log_number((time_now(b) - b->started) / 1000), "trouble",
		  known ? NULL : "this step is not in the table", NULL);
	package_box_drop(&b->box);
	b->state = s;
	loop_timer(&b->timer, states[s].deadline_us ? time_now(b) + states[s].deadline_us + wall : 0);
}

/* ---- the end ------------------------------------------------------------------------------ */

static void layer_build_free(void *p)
{
	struct layer_build *b = p;

	layer_release(&b->layer);
	package_report_release(&b->box.report);
	free(b->request);
	free(b);
}

static bool ended(const struct layer_build *b)
{
	return b->state >= LAYER_BUILD_WHOLE;
}

static void leave(struct layer_build *b, enum layer_build_state s)
{
	enter(b, s);
	if (b->fd >= 0)
		layer_make_end(b->host->store, b->name, b->fd);
	b->fd = -1;
	loop_doom(b->host->boxes->loop, layer_build_free, b);
}

static void fail(struct layer_build *b, enum layer_answer a, const char *message)
{
	char text[512];

	if (ended(b))
		return;
	snprintf(text, sizeof text, "packages: %.480s", message);
	text_clean(text);
	log_event("layer", "id", b->name, "trouble", text, "fault", a == LAYER_REFUSED ? "the job" : "the host", NULL);
	leave(b, LAYER_BUILD_FAILED);
	b->host->ended(b->host->arg, b, a, text);
}

static void whole(struct layer_build *b)
{
	leave(b, LAYER_BUILD_WHOLE);
	b->host->ended(b->host->arg, b, LAYER_READY, "");
}

void layer_build_fail(struct layer_build *b, const char *message)
{
	fail(b, LAYER_FAILED, message);
}

void layer_build_abandon(struct layer_build *b)
{
	if (!ended(b))
		leave(b, LAYER_BUILD_ABANDONED);
}

/* ---- unpacking ------------------------------------------------------------------------------- */

/* Sends as much more of the tree as the box accepts. */
static void send_tree(void *arg, uint32_t credit)
{
	struct layer_build *b = arg;
	unsigned char bytes[PIECE];

	while (credit && b->sent < b->received) {
		ssize_t n = pread(b->fd, bytes, credit < PIECE ? credit : PIECE, b->sent);

		if (n <= 0) {
			fail(b, LAYER_FAILED, n < 0 ? strerror(errno) : "the packed tree is shorter than it was");
			return;
		}
		sha256_update(&b->hash, (size_t)n, bytes);
		b->sent += n;
		credit -= (uint32_t)n;
		if (package_box_send(&b->box, bytes, (size_t)n, b->sent == b->received) < 0) {
			fail(b, LAYER_FAILED, "out of memory");
			return;
		}
	}
	package_box_flush(&b->box);
}

static void make_whole(struct layer_build *b)
{
	const struct buf *lock = &b->box.report.lock, *manifest = &b->box.report.manifest;
	struct cee_err e = { "out of memory" };

	if (layer_lock_parse(lock->data ? lock->data : "", lock->len, &b->layer.packages, &b->layer.npackages, &e) <
		    0 ||
	    layer_make_whole(b->host->store, b->name, &b->layer, manifest->data ? manifest->data : "", manifest->len,
			     &e) < 0)
		fail(b, LAYER_FAILED, e.msg);
	else
		whole(b);
}

static void unpacked(struct layer_build *b)
{
	unsigned char digest[SHA256_DIGEST_SIZE];
	char message[400];
	enum layer_answer a = package_unpack_answer(&b->box.report, message, sizeof message);

	sha256_digest(&b->hash, sizeof digest, digest);
	if (a != LAYER_READY)
		fail(b, a, message);
	else if (b->sent != b->received || memcmp(digest, b->digest, sizeof digest) != 0)
		fail(b, LAYER_FAILED, "the packages that were unpacked are not those that were fetched");
	else
		make_whole(b);
}

/* ---- fetching ---------------------------------------------------------------------------------- */

static void take_tree(void *arg, const void *data, size_t len)
{
	struct layer_build *b = arg;

	if (write_full(b->fd, data, len) < 0) {
		fail(b, LAYER_FAILED, strerror(errno));
		return;
	}
	b->received += (int64_t)len;
	sha256_update(&b->hash, len, data);
}

static void start_box(struct layer_build *b, const struct package_task *task)
{
	struct cee_err e;

	sha256_init(&b->hash); /* a hash of the tree as received, then as sent */
	if (package_box_start(&b->box, b->host->boxes, task, &e) < 0)
		fail(b, LAYER_FAILED, e.msg);
}

static void unpack(struct layer_build *b)
{
	char folder[PATH_MAX];
	const struct package_task task = { .conf = &b->host->config->conf, .lang = b->lang, .folder = folder };

	spool_hook("packages-fetched");
	enter(b, LAYER_BUILD_UNPACKING);
	if (layer_make_unpack(b->host->store, b->name, folder, sizeof folder) < 0)
		fail(b, LAYER_FAILED, strerror(errno));
	else
		start_box(b, &task);
}

static void fetched(struct layer_build *b)
{
	char message[400];
	enum layer_answer a = package_fetch_answer(&b->box.report, message, sizeof message);

	sha256_digest(&b->hash, sizeof b->digest, b->digest);
	if (a != LAYER_READY)
		fail(b, a, message);
	else
		unpack(b);
}

static void fetch(struct layer_build *b)
{
	const struct package_task task = {
		.conf = &b->host->config->conf, .lang = b->lang, .framework = b->layer.framework, .request = b->request
	};

	enter(b, LAYER_BUILD_FETCHING);
	start_box(b, &task);
	spool_hook("packages-fetching");
}

static void box_done(void *arg)
{
	struct layer_build *b = arg;

	if (b->state == LAYER_BUILD_FETCHING)
		fetched(b);
	else
		unpacked(b);
}

static void box_failed(void *arg, const char *reason)
{
	fail(arg, LAYER_FAILED, reason);
}

/* ---- start -------------------------------------------------------------------------------- */

static bool lock(struct layer_build *b)
{
	b->fd = layer_make_begin(b->host->store, b->name);
	return b->fd >= 0;
}

void layer_build_begin(struct layer_build *b)
{
	if (lock(b))
		fetch(b);
	else if (errno == EWOULDBLOCK)
		enter(b, LAYER_BUILD_ELSEWHERE);
	else
		fail(b, LAYER_FAILED, strerror(errno));
}

/* The other runner has made the layer, has given it up or died, or is still building. */
static void look_again(struct layer_build *b)
{
	int64_t most = b->host->config->conf.package_wall_us + PACKAGE_UNPACK_US;
	struct layer y;
	int fd = layer_use(b->host->store, b->name, &y, NULL);

	if (fd >= 0) {
		layer_release(&y);
		close(fd);
		whole(b);
	} else if (time_now(b) - b->started > most) {
		fail(b, LAYER_FAILED, "another runner has been making this layer for too long");
	} else if (lock(b)) {
		layer_make_end(b->host->store, b->name, b->fd); /* locked again when the build's turn has come */
		b->fd = -1;
		enter(b, LAYER_BUILD_WAITING);
		b->host->waiting(b->host->arg, b);
	} else {
		loop_after(&b->timer, LOOK_AGAIN_US);
	}
}

static void timer_fired(struct timer *t)
{
	struct layer_build *b = (struct layer_build *)((char *)t - offsetof(struct layer_build, timer));

	if (b->state == LAYER_BUILD_ELSEWHERE)
		look_again(b);
	else
		fail(b, LAYER_FAILED, states[b->state].late);
}

struct layer_build *layer_build_new(const struct layer_build_host *host, const char *name, const struct lang *lang,
				    struct layer *layer, char *request)
{
	static const struct package_box_ops ops = { take_tree, send_tree, box_done, box_failed };
	struct layer_build *b = calloc(1, sizeof *b);

	if (!b || !request || !layer->language || !layer->image || !layer->framework) {
		layer_release(layer);
		free(request);
		free(b);
		return NULL;
	}
	b->host = host;
	b->fd = -1;
	b->lang = lang;
	b->layer = *layer;
	b->request = request;
	b->started = loop_now(host->boxes->loop);
	b->box.ops = &ops;
	b->box.arg = b;
	snprintf(b->name, sizeof b->name, "%s", name);
	timer_init(&b->timer, host->boxes->loop, timer_fired);
	return b;
}
