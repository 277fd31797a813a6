/* job_text.c - a result for people: in full, or as a line of a table (job_text.h) */
#include "cmd/cee-stat/job_text.h"
#include "base/limit.h"
#include "cmd/cee-stat/stat_print.h"
#include "cmd/cee-stat/stat_prog.h"
#include "job/reasons.h"
#include "job/result.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void put_limit(const struct result_phase *p, enum limit_id id)
{
	char text[LIMIT_TEXT_MAX];

	if (p->limits.v[id] < 0)
		return;
	limit_format(text, id, p->limits.v[id]);
	out(" of %s", text);
}

static void put_phase(const char *name, const struct result_phase *p)
{
	char text[LIMIT_TEXT_MAX];

	if (!p->ran)
		return;
	out("%-9s cpu %.3f s", name, seconds(p->cpu_us));
	put_limit(p, LIMIT_CPU);
	out(", wall %.3f s", seconds(p->wall_us));
	put_limit(p, LIMIT_WALL);
	size_text(text, p->peak_bytes);
	out(", memory %s", text);
	put_limit(p, LIMIT_MEMORY);
	out(" (%s)\n", p->peak_how == 1 ? "cgroup" : "largest process");
	out("%-9s stdout %" PRId64 " bytes, stderr %" PRId64 " bytes", "", p->out_bytes, p->err_bytes);
	if (p->dropped)
		out(", %" PRId64 " not kept", p->dropped);
	if (p->oom_kills)
		out(", %" PRId64 " processes killed for memory", p->oom_kills);
	for (int i = 0, first = 1; i < LIMIT_COUNT; i++)
		if (p->exceeded & 1ull << i) {
			out("%s%s", first ? "; touched: " : ", ", limit_name[i]);
			first = 0;
		}
	out("\n");
}

static void put_files(struct result_files *f)
{
	if (!f->wanted)
		return;
	out("%-9s %" PRId64 ", %" PRId64 " bytes", "files", f->count, f->bytes);
	if (f->left_count)
		out("; %" PRId64 " not collected", f->left_count);
	out("\n");
	for (size_t i = 0; i < f->nleft; i++)
		out("%-9s %s: %s\n", "", left_name[f->left[i].why], clean(f->left[i].name));
}

void put_result(struct result *r)
{
	out("%-9s %s\n", "id", r->id);
	out("%-9s %s\n", "state", state_name[reason_state[r->why]]);
	out("%-9s %s%s%s\n", "why", reason_name[r->why], r->message ? ": " : "", clean(r->message));
	if (r->exit_code >= 0)
		out("%-9s %d\n", "exit code", r->exit_code);
	if (r->signal > 0)
		out("%-9s %d (%s)\n", "signal", r->signal, strsignal(r->signal));
	out("%-9s %d\n", "status", result_exit_status(r));
	if (r->language)
		out("%-9s %s\n", "language", clean(r->language));
	if (r->image)
		out("%-9s %s\n", "image", clean(r->image));
	if (r->runtime)
		out("%-9s %s\n", "runtime", clean(r->runtime));
	if (r->attempt)
		out("%-9s %d%s%s%s\n", "attempt", r->attempt, r->runner ? " by " : "", clean(r->runner),
		    r->cells ? ", in a cell" : "");
	if (r->group && strcmp(r->group, r->id) != 0)
		out("%-9s %s\n", "group", clean(r->group));
	if (r->key)
		out("%-9s %s\n", "key", clean(r->key));
	for (size_t i = 0; i < r->nlabels; i++)
		out("%-9s %s=%s\n", i ? "" : "labels", clean(r->labels[i].name), clean(r->labels[i].value));
	put_clock("created", r->created_us);
	put_clock("ended", r->ended_us);
	put_clock("expires", r->expires_us);
	out("%-9s %.3f s\n", "queued", seconds(r->queued_us));
	put_phase("compile", &r->phase[PHASE_COMPILE]);
	put_phase("run", &r->phase[PHASE_RUN]);
	put_files(&r->files);
	if (r->network.name)
		out("%-9s %s: %" PRId64 " connections, %" PRId64 " bytes in, %" PRId64 " out; %" PRId64 " refused\n",
		    "network", clean(r->network.name), r->network.connections, r->network.in, r->network.out,
		    r->network.refused);
	if (r->dropped_by_disk)
		out("%-9s %" PRId64 " bytes of output: the spool's disk was full\n", "lost", r->dropped_by_disk);
}

void put_head(struct stat_prog *p)
{
	if (!p->headed)
		out("%-36s  %-9s  %-14s  %6s  %9s  %9s  %10s\n", "ID", "STATE", "WHY", "STATUS", "CPU", "WALL",
		    "MEMORY");
	p->headed = true;
}

void put_result_line(struct stat_prog *p, const struct result *r)
{
	const struct result_phase *run = &r->phase[PHASE_RUN];
	char memory[LIMIT_TEXT_MAX] = "-";

	put_head(p);
	out("%-36s  %-9s  %-14s  %6d", r->id, state_name[reason_state[r->why]], reason_name[r->why],
	    result_exit_status(r));
	if (run->ran) {
		size_text(memory, run->peak_bytes);
		out("  %7.3f s  %7.3f s  %10s\n", seconds(run->cpu_us), seconds(run->wall_us), memory);
	} else {
		out("  %9s  %9s  %10s\n", "-", "-", "-");
	}
}
