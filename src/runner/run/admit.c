/* admit.c - may this job run here, and with which limits?
 *
 * A job is read from a file written by its submitter, so all checks of the submitting program are repeated.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limit.h"
#include "conf/conf.h"
#include "job/job.h"
#include "job/job_check.h"
#include "job/job_disk.h"
#include "job/language_argv.h"
#include "job/language_image.h"
#include "job/languages.h"
#include "job/reasons.h"
#include "runner/box/boxes.h"
#include "runner/core/config.h"
#include "runner/run/run_internal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOG_LABELS = 256 }; /* bytes of labels in a line of the log, give or take one */

/* For a language without a compile phase, a check fits into the language's ordinary box. */
static void limit_check_as_run(struct run *r)
{
	const struct limits *run = &r->limits[PHASE_RUN];
	struct limits most;

	limits_init(&most);
	most.v[LIMIT_MEMORY] = run->v[LIMIT_MEMORY];
	most.v[LIMIT_PROCESSES] = run->v[LIMIT_PROCESSES];
	most.v[LIMIT_OPEN_FILES] = run->v[LIMIT_OPEN_FILES];
	limits_cap(&r->limits[PHASE_COMPILE], &most);
}

static void set_limits(struct run *r)
{
	r->slowness = run_slowness();
	for (int p = 0; p < PHASE_COUNT; p++)
		run_limits(r, (enum frame_phase)p, &r->job.limits[p], &r->limits[p]);
	if (r->job.check && r->lang && !r->lang->ncompile)
		limit_check_as_run(r);
	for (int p = 0; p < PHASE_COUNT; p++)
		r->result.phase[p].limits = r->limits[p];
}

/* The job's group, key and labels go into its result and into the log. */
static void take_names(struct run *r)
{
	struct buf b = { 0 };

	if (r->job.group) {
		free(r->result.group);
		r->result.group = strdup(r->job.group);
	}
	r->result.key = r->job.key ? strdup(r->job.key) : NULL;
	for (size_t i = 0; i < r->job.nlabels && b.len < LOG_LABELS; i++)
		if (buf_printf(&b, "%s%s=%s", i ? "," : "", r->job.labels[i].name, r->job.labels[i].value) < 0)
			break;
	r->labels = b.data;
	/* moved: the job no longer needs them */
	r->result.labels = r->job.labels;
	r->result.nlabels = r->job.nlabels;
	r->job.labels = NULL;
	r->job.nlabels = 0;
}

static int64_t least(int64_t a, int64_t b)
{
	return a >= 0 && a < b ? a : b;
}

static void set_collect(struct run *r)
{
	const struct conf *c = &r->all->parts.config->conf;

	r->collect_files = least(r->job.collect_files, c->collect_files);
	r->collect_bytes = least(r->job.collect_bytes, c->collect_bytes);
	r->collect_bytes = least(r->limits[PHASE_RUN].v[LIMIT_DISK], r->collect_bytes);
}

/* For programs that start a thread for each processor: the quota, else all processors. */
static int cpus_of_a_box(const struct conf *c)
{
	return c->cpus > 0 ? (int)(c->cpus < 1 ? 1 : c->cpus + 0.999) : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* Includes the language's files, whose sizes a submitter cannot know. */
static int own_files_fit(const struct run *r, struct cee_err *e)
{
	return job_disk_fits(&r->job,
			     &(struct disk_language){ .file = r->lang->file,
						      .files = r->lang->files,
						      .nfiles = r->lang->nfiles,
						      .nlinks = r->job.npackages ? r->lang->layer.nlinks : 0 },
			     &r->limits[PHASE_RUN], e);
}

static void set_language(struct run *r)
{
	lang_hashbang(r->lang, &r->job);
	r->result.language = strdup(r->lang->name);
	r->result.image = strdup(r->lang->image);
	r->result.runtime = lang_runtime(r->lang, lang_framework(r->lang, &r->job));
}

/* A refusal is the job's fault, except when memory or descriptors ran out. */
static const char *refused(enum reason *why, const struct cee_err *e)
{
	if (errno == ENOMEM || errno == EMFILE || errno == ENFILE)
		*why = REASON_INTERNAL_ERROR;
	return e->msg;
}

const char *run_admit(struct run *r, const struct buf *text, enum reason *why, struct cee_err *e)
{
	struct runs *rs = r->all;
	const struct config *c;
	struct published *known;

	*why = REASON_REFUSED;
	if (job_parse(&r->job, text->data ? text->data : "", text->len, e) < 0)
		return refused(why, e);
	take_names(r);
	if (!langs_find(&rs->parts.config->langs, r->job.language))
		rs->ops.unknown_language(rs->ops.arg);
	c = rs->parts.config;
	known = config_published(c);
	if (!known) {
		*why = REASON_INTERNAL_ERROR;
		return "out of memory";
	}
	if (job_check_network(&r->job, &c->conf, r->owner, e) < 0 || job_check(&r->job, &c->conf, known, e) < 0)
		return refused(why, e);
	if (r->job.network && !boxes_cells(rs->parts.boxes)) /* the job could reach the gate past what counts */
		return "network: needs cells, which this host does not allow (cee-doctor says why)";
	r->result.network.name = r->job.network ? strdup(r->job.network) : NULL;
	r->result.tests.total = (int)r->job.ntests;
	r->lang = langs_find(&c->langs, r->job.language);
	if (!r->lang)
		return "language: this runner does not have it (cee-lang list shows what it has)";
	set_language(r);
	r->job.cpus = cpus_of_a_box(&c->conf);
	set_limits(r);
	set_collect(r);
	if (own_files_fit(r, e) < 0)
		return e->msg;
	if (r->attempt > r->job.retries + 1) {
		*why = REASON_LOST;
		return "every attempt ended with its runner; not tried again";
	}
	if (r->job.start_within_us >= 0 && r->result.created_us + r->job.start_within_us < now_us()) {
		*why = REASON_EXPIRED;
		return "start_within was over before its turn came";
	}
	return NULL;
}
