/* verdict.c - a phase's end in a result
 *
 * Figures and the reason are taken from FRAME_END as they are, within the ranges
 * of the protocol. No I/O, and this file does not change a job's state: the callers do.
 */
#include "runner/run/verdict.h"
#include "base/limit.h"
#include "job/reasons.h"
#include "job/result.h"
#include "wire/frame.h"
#include "wire/frame_types.h"
#include "wire/payload.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>


bool verdict_program_failed(const struct result_phase *p)
{
	return p->signal != 0 || p->exit_code != 0;
}

static enum reason reason_of(enum frame_how how)
{
	switch (how) {
	case END_EXITED:
		return REASON_EXITED;
	case END_SIGNALLED:
		return REASON_SIGNALLED;
	case END_CPU_LIMIT:
	case END_WALL_LIMIT:
		return REASON_TIME_LIMIT;
	case END_MEMORY_LIMIT:
		return REASON_MEMORY_LIMIT;
	case END_OUTPUT_LIMIT:
		return REASON_OUTPUT_LIMIT;
	case END_PROCESS_LIMIT:
		return REASON_PROCESS_LIMIT;
	case END_DISK_LIMIT:
	case END_FILE_SIZE_LIMIT:
		return REASON_DISK_LIMIT;
	case END_KILLED:
		return REASON_CANCELLED;
	case END_TROUBLE:
		break;
	}
	return REASON_INTERNAL_ERROR;
}

static void phase_of(const struct frame_end *e, struct result_phase *p)
{
	p->ran = true;
	p->exit_code = frame_end_exit_code(e);
	p->signal = frame_end_signal(e);
	p->cpu_us = (int64_t)e->cpu_us;
	p->wall_us = (int64_t)e->wall_us;
	p->peak_bytes = (int64_t)e->peak;
	p->peak_how = e->peak_how == 1;
	p->oom_kills = (int64_t)e->oom_kills;
	p->exceeded = e->exceeded & ((1u << LIMIT_COUNT) - 1);
	p->out_bytes = (int64_t)e->out_bytes;
	p->err_bytes = (int64_t)e->err_bytes;
	p->dropped = (int64_t)e->dropped;
}

bool verdict_phase(const struct frame *f, enum frame_phase *phase, struct result_phase *p, enum reason *why)
{
	struct frame_end e;

	if (!frame_unpack_end(f->data, f->len, &e))
		return false;
	*phase = (enum frame_phase)e.phase;
	*why = reason_of((enum frame_how)e.how);
	phase_of(&e, p);
	return true;
}

void verdict_ended(struct result *r, const struct frame_end *e)
{
	enum frame_phase phase = (enum frame_phase)e->phase;
	struct result_phase p;

	phase_of(e, &p);
	p.limits = r->phase[phase].limits;
	r->phase[phase] = p;
	r->exit_code = p.exit_code;
	r->signal = p.signal;
	r->why = reason_of((enum frame_how)e->how);
}

bool verdict_end(struct result *r, const struct frame *f, enum frame_phase *phase)
{
	struct frame_end e;

	if (!frame_unpack_end(f->data, f->len, &e))
		return false;
	verdict_ended(r, &e);
	*phase = (enum frame_phase)e.phase;
	return true;
}

static int explain_disk(const struct result_phase *p, char *text, size_t size)
{
	if (p->exceeded & 1u << LIMIT_INODES && !(p->exceeded & 1u << LIMIT_DISK))
		return snprintf(text, size, "made more than its %lld files and folders (inodes)",
				(long long)p->limits.v[LIMIT_INODES]);
	if (p->exceeded & 1u << LIMIT_DISK && !(p->exceeded & 1u << LIMIT_FILE_SIZE))
		return snprintf(text, size, "filled its disk of %lld MiB", (long long)p->limits.v[LIMIT_DISK] >> 20);
	return snprintf(text, size, "filled its disk or a file's size limit");
}

void verdict_explain(const struct result *r, char *text, size_t size)
{
	const struct result_phase *p = &r->phase[r->phase[PHASE_RUN].ran ? PHASE_RUN : PHASE_COMPILE];
	enum reason why = r->why;
	int n = 0;

	text[0] = 0;
	if (why == REASON_TIME_LIMIT && p->exceeded & 1u << LIMIT_CPU)
		n = snprintf(text, size, "used its %.3g s of cpu time", (double)p->limits.v[LIMIT_CPU] / 1e6);
	else if (why == REASON_TIME_LIMIT)
		n = snprintf(text, size, "ran for its %.3g s of wall time", (double)p->limits.v[LIMIT_WALL] / 1e6);
	else if (why == REASON_MEMORY_LIMIT)
		n = snprintf(text, size, "needed more than its %lld MiB of memory",
			     (long long)p->limits.v[LIMIT_MEMORY] >> 20);
	else if (why == REASON_OUTPUT_LIMIT)
		n = snprintf(text, size, "wrote more than %lld bytes", (long long)p->limits.v[LIMIT_OUTPUT]);
	else if (why == REASON_PROCESS_LIMIT)
		n = snprintf(text, size, "wanted more than %lld processes", (long long)p->limits.v[LIMIT_PROCESSES]);
	else if (why == REASON_DISK_LIMIT)
		n = explain_disk(p, text, size);
	else if (p->oom_kills)
		n = snprintf(text, size, "%lld of its processes were killed for memory", (long long)p->oom_kills);
	if (!n && r->files.left_count)
		snprintf(text, size, "%lld files could not be collected (cee-stat lists them)",
			 (long long)r->files.left_count);
	if (n > 0 && why != REASON_CANCELLED && !r->phase[PHASE_RUN].ran)
		snprintf(text + n, size - (size_t)n, " while compiling");
}
