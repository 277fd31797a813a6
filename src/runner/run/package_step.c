/* package_step.c - a claimed job's packages: the request for its layer, and the answer
 *
 * If the layer exists, the job continues at once. Otherwise the job waits in PACKAGES for its layer build, and its
 * log says so. Either way it ends in PACKED with the layer held in use, or with a verdict:
 * packages that do not exist are the job's failure, with the package client's messages as compiler output; a
 * failure of the registry or of cee is rerun.
 */
#include "base/clock.h"
#include "layers/store.h"
#include "runner/layers/layer_answer.h"
#include "runner/layers/layer_builds.h"
#include "runner/run/output.h"
#include "runner/run/run_internal.h"
#include "runner/run/run_state.h"
#include "spool/index.h"

#include <stdbool.h>
#include <string.h>

static void packages_refused(struct run *r, const struct layer_reply *reply)
{
	bool log = reply->noutput && (r->files.index >= 0 || run_begin_log(r) == 0);

	if (log) {
		output_mark(&r->output, MARK_PACKAGES); /* also if the failure was remembered from an earlier job */
		output_add(&r->output, STREAM_COMPILE, (const unsigned char *)reply->output, reply->noutput);
	}
	run_verdict(r, REASON_PACKAGE_ERROR, reply->message);
}

static void packages_answered(struct run *r, enum layer_answer a, struct layer_reply *reply)
{
	r->layer_waiter = NULL;
	if (a == LAYER_REFUSED) {
		packages_refused(r, reply);
	} else if (a == LAYER_FAILED) {
		run_failed(r, REASON_INTERNAL_ERROR, reply->message);
	} else {
		r->layer = reply->fd;
		r->job.layer = strdup(reply->path);
		r->result.packages = reply->layer.packages;
		r->result.npackages = reply->layer.npackages;
		reply->layer.packages = NULL;
		reply->layer.npackages = 0;
		layer_release(&reply->layer);
		run_enter(r, RUN_PACKED);
	}
}

static void packages_came(void *arg, enum layer_answer a, struct layer_reply *reply)
{
	struct run *r = arg;

	packages_answered(r, a, reply);
	if (r->state == RUN_PACKED)
		r->all->ops.resumable(r->all->ops.arg);
}

void run_ask_packages(struct run *r)
{
	struct layer_request q = {
		.lang = r->lang, .job = &r->job, .owner = r->owner, .done = packages_came, .arg = r
	};
	struct layer_reply reply;
	enum layer_answer a;

	run_enter(r, RUN_PACKAGES);
	a = layer_builds_ask(r->all->parts.layer_builds, &q, &reply, &r->layer_waiter);
	if (a != LAYER_PENDING) {
		packages_answered(r, a, &reply);
		return;
	}
	r->result.started_us = now_us();
	if (run_begin_log(r) < 0)
		run_failed(r, REASON_INTERNAL_ERROR, "the spool has no room for the job's log");
	else
		output_mark(&r->output, MARK_PACKAGES);
}
