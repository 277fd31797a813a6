/* packages.c - a claimed job's packages: its layer asked for, what comes of it, and what the job is told
 *
 * A layer that is there costs a look and the job goes on at once. Else it waits for layers.c in
 * PACKAGES, and that is said in its log. Either way it ends in PACKED with the layer held in use, or
 * with a verdict: packages that do not exist are the job's failure, with the package client's words
 * as its compiler output; what a registry or we did is ours, and rerun.
 */
#include "base/clock.h"
#include "job/result.h"
#include "layers/store.h"
#include "runner/layers/layer_builds.h"
#include "runner/run/output.h"
#include "runner/run/run_internal.h"
#include "spool/index.h"
#include "wire/frame_types.h"

#include <stdbool.h>
#include <string.h>

static void packages_refused(struct run *r, const struct layer_got *got)
{
	bool log = got->nwords && (r->files.index >= 0 || run_begin_log(r) == 0);

	if (log)
		output_mark(&r->output, MARK_PACKAGES); /* also where it is remembered: these are its words */
	if (log)
		output_add(&r->output, STREAM_COMPILE, (const unsigned char *)got->words, got->nwords);
	run_verdict(r, WHY_PACKAGE_ERROR, got->message);
}

static void packages_answered(struct run *r, enum layer_answer a, struct layer_got *got)
{
	r->wish = NULL;
	if (a == LAYER_REFUSED) {
		packages_refused(r, got);
	} else if (a == LAYER_OURS) {
		run_failed(r, WHY_INTERNAL_ERROR, got->message);
	} else {
		r->layer = got->fd;
		r->job.layer = strdup(got->path);
		r->result.packages = got->layer.packages;
		r->result.npackages = got->layer.npackages;
		got->layer.packages = NULL;
		got->layer.npackages = 0;
		layer_release(&got->layer);
		run_enter(r, RUN_PACKED);
	}
}

static void packages_came(void *arg, enum layer_answer a, struct layer_got *got)
{
	struct run *r = arg;

	packages_answered(r, a, got);
	if (r->state == RUN_PACKED)
		run_resumable();
}

void packages_ask(struct run *r)
{
	struct layer_order o = { .lang = r->lang, .job = &r->job, .done = packages_came, .arg = r };
	struct layer_got got;
	enum layer_answer a;

	run_enter(r, RUN_PACKAGES);
	a = layers_ask(&o, &got, &r->wish);
	if (a != LAYER_LATER) {
		packages_answered(r, a, &got);
		return;
	}
	r->result.started_us = now_us();
	if (run_begin_log(r) < 0)
		run_failed(r, WHY_INTERNAL_ERROR, "the spool has no room for the job's log");
	else
		output_mark(&r->output, MARK_PACKAGES);
}
