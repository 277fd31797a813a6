/* compile_step.c - gets a box for the program, and at the same time a compile box for its sources
 *
 * For languages with a resident compiler (compile/compiler.c): a compile box compiles the sources while the job's own
 * box is being requested. If the compile box fails, the job is compiled in its own box.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/limit.h"
#include "conf/conf.h"
#include "conf/conf_networks.h"
#include "job/job_disk.h"
#include "job/reasons.h"
#include "job/result.h"
#include "runner/box/box.h"
#include "runner/box/gate_config.h"
#include "runner/core/config.h"
#include "runner/compile/compile.h"
#include "runner/compile/compilers.h"
#include "runner/pool/pool.h"
#include "runner/run/output.h"
#include "runner/run/run_internal.h"
#include "runner/run/run_state.h"
#include "runner/run/test_runs.h"
#include "runner/run/verdict.h"
#include "spool/index.h"
#include "wire/payload.h"

#include <stdbool.h>

/* A job with a network has a box of its own, made for it, with a gate that knows the network's hosts. */
static void add_gate(struct run *r, struct box_spec *spec, struct gate_rules *rules)
{
	const struct conf *c = &r->all->parts.config->conf;
	const struct conf_network *n = conf_network_find(c, r->job.network);

	if (!n)
		return; /* the configuration has changed since the job was admitted: no network */
	*rules = (struct gate_rules){ .hosts = n->hosts,
				      .nhosts = n->nhosts,
				      .proxy = "",
				      .dns = c->gate_dns,
				      .network = c->gate_network,
				      .image = c->gate_image };
	spec->gate = rules;
	spec->gate_connections = n->connections;
	spec->gate_bytes = n->bytes;
	spec->authorities = box_file_there(c->package_certificates) ? c->package_certificates : NULL;
}

static void get_box(struct run *r)
{
	struct limits limits[PHASE_COUNT];
	struct gate_rules rules;
	struct box_spec spec;
	struct box *b;

	tests_limits(r, limits);
	pool_spec(r->all->parts.pool, &spec, r->lang, limits, !r->compile);
	r->result.box_memory = spec.memory;
	if (r->job.network)
		add_gate(r, &spec, &rules);
	b = pool_take(r->all->parts.pool, &spec, r->owner, &r->result.box_from);
	if (!b) {
		run_failed(r, REASON_INTERNAL_ERROR, "out of memory");
		return;
	}
	run_enter(r, r->compile ? RUN_COMPILING : RUN_BOXED);
	run_use_box(r, b);
}

/* ---- the compile box's answer ---------------------------------------------------------- */

static void add_diagnostics(struct run *r, const struct compile *c)
{
	size_t first = c->gap ? c->gap_at : c->output.len;

	if (first)
		output_add(&r->output, STREAM_COMPILE, c->output.data, first);
	if (c->gap)
		output_gap(&r->output, STREAM_COMPILE, c->gap);
	if (c->output.len > first)
		output_add(&r->output, STREAM_COMPILE, c->output.data + first, c->output.len - first);
}

/* Replaces the waiting box: compiling in it needs another size. */
static void compile_plainly(struct run *r)
{
	struct box *b = r->box;

	r->result.compiler = COMPILER_PLAIN;
	r->box = NULL;
	run_drop_compile(r);
	if (b)
		pool_unused(r->all->parts.pool, b);
	get_box(r);
}

/* Whether the compiler's output files, which are sent like the job's files, fit on the box's disk. */
static bool products_fit(const struct run *r, struct cee_err *e)
{
	return job_disk_fits(&r->job,
			     &(struct disk_language){ .file = r->lang->file,
						      .files = r->compile->product,
						      .nfiles = r->compile->nproducts },
			     &r->limits[PHASE_RUN], e) == 0;
}

static void compile_done(void *arg, const struct frame_end *end)
{
	struct run *r = arg;
	struct cee_err e;
	char text[160];

	if (!end) {
		compile_plainly(r);
		return;
	}
	verdict_ended(&r->result, end);
	add_diagnostics(r, r->compile);
	if (verdict_program_failed(&r->result.phase[PHASE_COMPILE])) {
		verdict_explain(&r->result, text, sizeof(text));
		run_verdict(r, REASON_COMPILE_ERROR, text[0] ? text : COMPILER_OUTPUT);
	} else if (!products_fit(r, &e)) {
		run_verdict(r, REASON_DISK_LIMIT, e.msg);
	} else if (r->state == RUN_COMPILING_READY) {
		run_execute(r);
	} else {
		run_enter(r, RUN_BOXED);
	}
}

/* ---- the step ------------------------------------------------------------------------------ */

void run_compile_and_run(struct run *r)
{
	struct compile_request o = { .lang = r->lang,
				     .job = &r->job,
				     .limits = &r->limits[PHASE_COMPILE],
				     .owner = r->owner,
				     .shares = pool_shares(r->all->parts.pool, r->owner),
				     .done = compile_done,
				     .arg = r };

	if (r->lang->resident.ncommand && !r->job.check)
		r->result.compiler = COMPILER_PLAIN;
	if (r->result.compiler && compilers_suit(r->all->parts.compilers, r->lang, o.limits))
		r->compile = compilers_compile(r->all->parts.compilers, &o);
	if (r->compile) {
		r->result.compiler = COMPILER_RESIDENT;
		if (!r->result.started_us)
			r->result.started_us = now_us();
		if (r->files.index < 0 && run_begin_log(r) < 0) {
			run_failed(r, REASON_INTERNAL_ERROR, "the spool has no room for the job's log");
			return;
		}
		output_mark(&r->output, MARK_COMPILING);
	}
	get_box(r);
}
