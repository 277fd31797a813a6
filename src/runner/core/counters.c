/* counters.c - counts of one runner, in the Prometheus text format, version 0.0.4
 *
 * No label contains text that a user chose: ends, phases and states come from fixed lists, and the
 * runner's name is the host's. Counting is one addition; the slow timer makes the text.
 */
#include "runner/core/counters.h"
#include "base/buf.h"
#include "base/limit.h"
#include "job/result.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>

/* Upper bounds in seconds; longer times are counted in +Inf only. */
static const double bounds[] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300 };
_Static_assert(sizeof bounds / sizeof *bounds == COUNTERS_BUCKETS, "a bound for each bucket");

static const char *const phase_label[PHASE_COUNT] = { [PHASE_COMPILE] = "compile", [PHASE_RUN] = "run" };
static const char *const from_label[] = {
	[BOX_NONE] = "none", [BOX_COLD] = "cold", [BOX_WARM] = "warm", [BOX_SHARED] = "shared"
};

/* ---- counting ----------------------------------------------------------------------- */

static void observe(struct histogram *h, int64_t us)
{
	int i = 0;

	if (us < 0)
		us = 0;
	while (i < COUNTERS_BUCKETS && (double)us / 1e6 > bounds[i])
		i++;
	h->in[i]++;
	h->sum_us += us;
}

void counters_init(struct counters *c)
{
	*c = (struct counters){ 0 };
}

void counters_job(struct counters *c, const struct result *r, int64_t output)
{
	c->jobs[r->why]++;
	c->boxes[r->box_from]++;
	c->output += output;
	c->dropped += r->dropped_by_disk;
	for (int p = 0; p < PHASE_COUNT; p++) {
		if (!r->phase[p].ran)
			continue;
		c->phases[p]++;
		c->cpu_us[p] += r->phase[p].cpu_us;
		c->wall_us[p] += r->phase[p].wall_us;
		c->dropped += r->phase[p].dropped;
		c->oom_kills += r->phase[p].oom_kills;
	}
	observe(&c->queued, r->queued_us);
	observe(&c->whole, r->ended_us - r->created_us);
}

void counters_rerun(struct counters *c)
{
	c->reruns++;
}

/* ---- the text ------------------------------------------------------------------------ */

struct out {
	struct buf *b;
	const char *runner;
	int failed;
};

static void family(struct out *o, const char *name, const char *type, const char *help)
{
	o->failed |= buf_printf(o->b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put(struct out *o, const char *name, const char *label, const char *value, int64_t n)
{
	o->failed |=
		label ? buf_printf(o->b, "%s{runner=\"%s\",%s=\"%s\"} %" PRId64 "\n", name, o->runner, label, value, n)
		      : buf_printf(o->b, "%s{runner=\"%s\"} %" PRId64 "\n", name, o->runner, n);
}

static void put_seconds(struct out *o, const char *name, const char *label, const char *value, int64_t us)
{
	o->failed |= buf_printf(o->b, "%s{runner=\"%s\"%s%s%s%s%s} %" PRId64 ".%06" PRId64 "\n", name, o->runner,
				label ? "," : "", label ? label : "", label ? "=\"" : "", label ? value : "",
				label ? "\"" : "", us / 1000000, us % 1000000);
}

static void one(struct out *o, const char *name, const char *type, const char *help, int64_t n)
{
	family(o, name, type, help);
	put(o, name, NULL, NULL, n);
}

static void put_histogram(struct out *o, const char *name, const char *help, const struct histogram *h)
{
	int64_t n = 0;

	family(o, name, "histogram", help);
	for (int i = 0; i <= COUNTERS_BUCKETS; i++) {
		char le[32];

		n += h->in[i];
		snprintf(le, sizeof le, i < COUNTERS_BUCKETS ? "%g" : "+Inf",
			 i < COUNTERS_BUCKETS ? bounds[i] : INFINITY);
		o->failed |=
			buf_printf(o->b, "%s_bucket{runner=\"%s\",le=\"%s\"} %" PRId64 "\n", name, o->runner, le, n);
	}
	o->failed |=
		buf_printf(o->b,
			   "%s_sum{runner=\"%s\"} %" PRId64 ".%06" PRId64 "\n%s_count{runner=\"%s\"} %" PRId64 "\n",
			   name, o->runner, h->sum_us / 1000000, h->sum_us % 1000000, name, o->runner, n);
}

static void put_phases(struct out *o, const struct counters *c)
{
	const struct {
		const char *name, *help;
		const int64_t *v;
	} seconds[] = {
		{ "cee_phase_cpu_seconds_total", "Processor time of the phases of jobs.", c->cpu_us },
		{ "cee_phase_wall_seconds_total", "Wall time of the phases of jobs.", c->wall_us },
	};

	family(o, "cee_phases_total", "counter", "Phases that were run.");
	for (int p = 0; p < PHASE_COUNT; p++)
		put(o, "cee_phases_total", "phase", phase_label[p], c->phases[p]);
	for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
		family(o, seconds[i].name, "counter", seconds[i].help);
		for (int p = 0; p < PHASE_COUNT; p++)
			put_seconds(o, seconds[i].name, "phase", phase_label[p], seconds[i].v[p]);
	}
}

static void put_boxes(struct out *o, const struct counters *c, const struct counters_now *now)
{
	family(o, "cee_boxes", "gauge", "Boxes by state; ready has a job, idle waits for one.");
	for (size_t i = 0; i < now->nboxes; i++)
		put(o, "cee_boxes", "state", now->boxes[i].state, now->boxes[i].n);
	family(o, "cee_boxes_used_total", "counter",
	       "Jobs by their box: cold was made for the job, warm ahead of time, shared was used by its owner "
	       "before.");
	for (int i = 0; i <= BOX_SHARED; i++)
		put(o, "cee_boxes_used_total", "from", from_label[i], c->boxes[i]);
}

int counters_format(const struct counters *c, struct buf *b, const char *runner, const struct counters_now *now)
{
	struct out o = { .b = b, .runner = runner };

	one(&o, "cee_queue_jobs", "gauge", "Queued jobs.", now->queued);
	one(&o, "cee_running_jobs", "gauge", "Jobs that were claimed and have no result yet.", now->running);
	one(&o, "cee_places", "gauge", "Maximum number of concurrent jobs.", now->places);
	one(&o, "cee_engine_up", "gauge", "Whether the container engine answers.", now->engine_up);
	if (now->kept.bytes >= 0) { /* of several runners, one counts */
		one(&o, "cee_kept_bytes", "gauge", "Bytes on the disk of finished jobs.", now->kept.bytes);
		one(&o, "cee_kept_jobs", "gauge", "Finished jobs that are kept.", now->kept.jobs);
	}
	family(&o, "cee_jobs_total", "counter", "Jobs that have ended, by why.");
	for (int w = 0; w < REASON_COUNT; w++)
		put(&o, "cee_jobs_total", "end", reason_name[w], c->jobs[w]);
	one(&o, "cee_reruns_total", "counter", "Attempts that failed through no fault of the job and were requeued.",
	    c->reruns);
	put_phases(&o, c);
	put_boxes(&o, c, now);
	one(&o, "cee_output_bytes_total", "counter", "Bytes of output that were stored.", c->output);
	one(&o, "cee_output_dropped_bytes_total", "counter", "Bytes of output that were dropped.", c->dropped);
	one(&o, "cee_oom_kills_total", "counter", "Processes of jobs that the kernel killed for memory.", c->oom_kills);
	one(&o, "cee_engine_errors_total", "counter", "Requests that the engine failed or did not answer.",
	    now->engine_errors);
	put_histogram(&o, "cee_queued_seconds", "From the submit of a job to its claim.", &c->queued);
	put_histogram(&o, "cee_job_seconds", "From the submit of a job to its end.", &c->whole);
	return o.failed ? -1 : 0;
}
