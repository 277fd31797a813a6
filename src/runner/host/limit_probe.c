/* limit_probe.c - internal jobs that exceed a limit on purpose, to see that it holds
 *
 * send_job.c sends the job and verdict.c reads how it ended, as for a job from the spool:
 * a limit that holds here holds there. The program is part of this binary (not of bin/cee-init:
 * process 1 of every box does nothing else).
 *
 * An engine may accept a limit and not keep it: a rootless one without cgroups does so
 * silently. cee-init samples memory itself, so limit_probe_bounds gives the job far more than
 * its box has: only the engine's own limit can stop it.
 */
#include "runner/host/limit_probe.h"
#include "base/limit.h"
#include "base/loop.h"
#include "base/text.h"
#include "job/job.h"
#include "job/job_files.h"
#include "job/language.h"
#include "job/reasons.h"
#include "job/result.h"
#include "runner/box/box.h"
#include "runner/box/box_limit.h"
#include "runner/box/boxes.h"
#include "runner/run/send_job.h"
#include "runner/run/verdict.h"
#include "wire/frame.h"
#include "wire/payload.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


/* The static program src/probe/probe.c, as linked into this binary. */
extern const unsigned char limit_probe_program[], limit_probe_program_end[];
__asm__(".section .rodata\n"
	".balign 16\n"
	".global limit_probe_program, limit_probe_program_end\n"
	"limit_probe_program:\n"
	".incbin \"" LIMIT_PROBE_PROGRAM "\"\n"
	"limit_probe_program_end:\n"
	".byte 0\n"
	".previous\n");

#define MIB ((int64_t)1 << 20)
enum { BOX_MEMORY_MIB = 128, BOX_PROCESSES = 32, PATIENCE_US = 30000000, LOOK_US = 50000, LOOKS = 60 };

static const struct limits wide = { .v = { [LIMIT_CPU] = 10000000,
					   [LIMIT_WALL] = 20000000,
					   [LIMIT_MEMORY] = 1024 * MIB,
					   [LIMIT_PROCESSES] = 512,
					   [LIMIT_OUTPUT] = MIB,
					   [LIMIT_FILE_SIZE] = 64 * MIB,
					   [LIMIT_DISK] = 16 * MIB,
					   [LIMIT_INODES] = 1024,
					   [LIMIT_OPEN_FILES] = 256,
					   [LIMIT_STACK] = 8 * MIB } };

const struct limit_probe limit_probe_bounds = { .what = "bounds",
						.far = 3 * BOX_MEMORY_MIB,
						.limit = -1,
						.box_memory = BOX_MEMORY_MIB * MIB,
						.box_processes = BOX_PROCESSES };

const struct limit_probe limit_probe_of[LIMIT_COUNT] = {
	[LIMIT_CPU] = { .what = "cpu", .far = 5, .limit = 200000 },
	[LIMIT_WALL] = { .what = "wall", .far = 5, .limit = 300000 },
	[LIMIT_MEMORY] = { .what = "memory", .far = 200, .limit = 32 * MIB },
	[LIMIT_PROCESSES] = { .what = "processes", .far = 100, .limit = 16 },
	[LIMIT_OUTPUT] = { .what = "output", .far = 1024, .limit = 65536, .stop_on_output = true },
	[LIMIT_FILE_SIZE] = { .what = "file_size", .far = 8192, .limit = 2 * MIB },
	[LIMIT_DISK] = { .what = "disk", .far = 32768, .limit = 8 * MIB },
	[LIMIT_INODES] = { .what = "inodes", .far = 2000, .limit = 64 },
	[LIMIT_OPEN_FILES] = { .what = "open_files", .far = 2000, .limit = 32 },
	[LIMIT_STACK] = { .what = "stack", .far = 65536, .limit = MIB },
};

struct probe_run {
	struct limit_probes *probes;
	struct job job;
	struct limits limits[PHASE_COUNT];
	struct result result;
	struct box *box;
	char *trouble; /* cee-init's message, or NULL */
	struct lang lang;
	struct job_file file;
	char *argv[2], *args[1 + LIMIT_PROBE_URLS], far[24];
	struct limit_probe_end end;
	bool ended, gone; /* the result is known; the box no longer exists */
	int looks;	  /* left for the message of a box that has no cells */
	struct timer late;
	void (*done)(void *arg, const struct limit_probe_end *e);
	void *arg;
	struct probe_run *next;
};

static void probe_run_free(void *p)
{
	struct probe_run *f = p;

	result_release(&f->result);
	free(f->trouble);
	free(f);
}

static void probe_run_drop(struct probe_run *f)
{
	struct probe_run **p = &f->probes->first;

	loop_timer(&f->late, 0);
	while (*p != f)
		p = &(*p)->next;
	*p = f->next;
	loop_doom(f->probes->boxes->loop, probe_run_free, f);
}

/* Reports when the result is known and the box is gone: a box that was never made is gone before its reason is
 * known. */
static void maybe_report(struct probe_run *f)
{
	if (!f->ended || !f->gone)
		return;
	probe_run_drop(f);
	if (f->done)
		f->done(f->arg, &f->end);
}

static void box_gone(void *arg)
{
	struct probe_run *f = arg;

	f->gone = true;
	maybe_report(f);
}

/* box_gone reports the end: a probe leaves nothing behind. */
static void stop(struct probe_run *f)
{
	if (f->ended)
		return;
	f->ended = true;
	loop_timer(&f->late, 0);
	box_remove(f->box);
}

static void fail(struct probe_run *f, enum box_end how, const char *reason)
{
	f->end.how = how;
	snprintf(f->end.reason, sizeof(f->end.reason), "%s", reason);
	text_clean(f->end.reason);
}

static void take_out(struct probe_run *f, const struct frame *fr)
{
	size_t have = strlen(f->end.out), room = sizeof(f->end.out) - 1 - have;

	if (fr->stream != STREAM_OUT)
		return;
	f->end.out_len += (int64_t)fr->len;
	memcpy(f->end.out + have, fr->data, fr->len < room ? fr->len : room);
}

static void take_done(struct probe_run *f, const struct frame *fr)
{
	uint32_t failed;

	f->end.ran = f->result.phase[PHASE_RUN].ran && frame_unpack_number(fr->data, fr->len, &failed) && !failed;
	f->end.why = f->result.why;
	f->end.phase = f->result.phase[PHASE_RUN];
	if (!f->end.ran)
		fail(f, BOX_OURS, f->trouble ? f->trouble : "cee-init could not run the limit probe");
	stop(f);
}

static void box_frame(void *arg, const struct frame *fr)
{
	struct probe_run *f = arg;
	enum frame_phase phase;

	if (fr->type == FRAME_OUT) {
		take_out(f, fr);
	} else if (fr->type == FRAME_END) {
		verdict_end(&f->result, fr, &phase);
	} else if (fr->type == FRAME_TROUBLE) {
		free(f->trouble);
		f->trouble = strndup((const char *)fr->data, fr->len < 300 ? fr->len : 300);
	} else if (fr->type == FRAME_DONE) {
		take_done(f, fr);
	}
}

/* The engine does not keep the order of a box's two streams: READY may come before the line that says why there are no
 * cells. */
static void no_cells(struct probe_run *f)
{
	snprintf(f->end.said, sizeof(f->end.said), "%s", f->box->said);
	if (!f->end.said[0] && f->looks++ < LOOKS) {
		loop_after(&f->late, LOOK_US);
		return;
	}
	fail(f, BOX_OURS, f->end.said[0] ? f->end.said : "its box could not build a cell");
	stop(f);
}

static void box_ready(void *arg)
{
	struct probe_run *f = arg;
	struct send_job order = { .attach = &f->box->attach,
				  .job = &f->job,
				  .lang = &f->lang,
				  .limits = f->limits,
				  .cell = f->box->cells,
				  .processor = -1 };

	f->end.ready = true;
	f->end.cells = f->box->cells;
	snprintf(f->end.build, sizeof(f->end.build), "%s", f->box->build);
	snprintf(f->end.said, sizeof(f->end.said), "%s", f->box->said);
	if (!f->end.cells && boxes_cells(f->box->boxes)) { /* without cells the box is made differently */
		no_cells(f);
	} else if (send_job(&order) < 0) {
		fail(f, BOX_OURS, "out of memory");
		stop(f);
	} else {
		box_limit_set(f->box, PHASE_RUN, f->limits[PHASE_RUN].v[LIMIT_MEMORY], send_job_bytes(&order));
		attach_flush(&f->box->attach);
	}
}

static void box_ended(void *arg, enum box_end how, const char *reason)
{
	struct probe_run *f = arg;

	fail(f, how, reason);
	snprintf(f->end.said, sizeof(f->end.said), "%s", f->box->said);
	f->ended = true; /* box.c removes the box */
	loop_timer(&f->late, 0);
	maybe_report(f);
}

static void too_late(struct timer *t)
{
	struct probe_run *f = (struct probe_run *)((char *)t - offsetof(struct probe_run, late));

	if (f->looks) {
		no_cells(f);
		return;
	}
	fail(f, BOX_OURS, "the limit probe did not end within 30 s");
	stop(f);
}

static void make_job(struct probe_run *f, const struct limit_probe *c)
{
	f->file = (struct job_file){ .name = (char *)"probe",
				     .data = (unsigned char *)limit_probe_program,
				     .len = (uintptr_t)limit_probe_program_end - (uintptr_t)limit_probe_program,
				     .mode = 0755 };
	snprintf(f->far, sizeof(f->far), "%ld", c->far);
	f->argv[0] = (char *)"./probe";
	f->argv[1] = (char *)"{args}";
	f->args[0] = (char *)c->what;
	f->args[1] = f->far;
	f->lang = (struct lang){ .name = (char *)"probe", .file = (char *)"probe", .run = f->argv, .nrun = 2 };
	f->job.files = &f->file;
	f->job.nfiles = 1;
	f->job.arguments = f->args;
	f->job.narguments = 2;
	for (size_t i = 0; c->urls && c->urls[i] && i < LIMIT_PROBE_URLS; i++) {
		f->args[1 + i] = (char *)c->urls[i];
		f->job.narguments = 2 + i;
	}
	f->job.stop_on_output = c->stop_on_output;
	for (int p = 0; p < PHASE_COUNT; p++) {
		limits_init(&f->job.limits[p]);
		limits_init(&f->limits[p]);
		if (c >= limit_probe_of && c < limit_probe_of + LIMIT_COUNT)
			f->limits[p].v[c - limit_probe_of] = c->limit;
		limits_default(&f->limits[p], &wide);
		f->result.phase[p].limits = f->limits[p];
	}
}

void limit_probes_init(struct limit_probes *ps, struct boxes *bs)
{
	*ps = (struct limit_probes){ .boxes = bs };
}

int limit_probe_start(struct limit_probes *ps, const struct limit_probe *c, const char *image,
		      void (*done)(void *, const struct limit_probe_end *), void *arg)
{
	struct probe_run *f = calloc(1, sizeof(*f));
	struct box_spec s = { .image = image,
			      .probe = true,
			      .memory = c->box_memory ? c->box_memory : 256 * MIB,
			      .processes = c->box_processes ? c->box_processes : 256,
			      .open_files = 256,
			      .job_cgroup = !c->box_memory && !c->box_processes && !c->gate,
			      .gate = c->gate,
			      .gate_connections = 100,
			      .gate_bytes = MIB };

	if (!f)
		return -1;
	f->probes = ps;
	result_init(&f->result);
	make_job(f, c);
	s.disk = f->limits[PHASE_RUN].v[LIMIT_DISK];
	s.inodes = f->limits[PHASE_RUN].v[LIMIT_INODES];
	f->box = box_new(ps->boxes, &s);
	if (!f->box) {
		probe_run_free(f);
		return -1;
	}
	box_use(f->box, box_ready, box_frame, box_ended, f);
	f->box->gone = box_gone;
	timer_init(&f->late, ps->boxes->loop, too_late);
	loop_after(&f->late, 60000000 + PATIENCE_US);
	f->done = done;
	f->arg = arg;
	f->next = ps->first;
	ps->first = f;
	return 0;
}

void limit_probes_stop(struct limit_probes *ps)
{
	for (struct probe_run *f = ps->first, *next; f; f = next) {
		next = f->next;
		f->done = NULL;
		stop(f);
	}
}

/* ---- expected results --------------------------------------------------------- */

int64_t limit_probe_number(const struct limit_probe_end *e, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = e->out; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL)
		if (strncmp(p, word, n) == 0 && p[n] == ' ')
			return strtoll(p + n + 1, NULL, 10);
	return -1;
}

bool limit_probe_memory_bound(const struct limit_probe_end *e)
{
	/* it printed its number of processes, so it was stopped in the next step, memory */
	return limit_probe_number(e, "processes") >= 0 && limit_probe_number(e, "memory") < limit_probe_bounds.far;
}

bool limit_probe_processes_bound(const struct limit_probe_end *e)
{
	int64_t n = limit_probe_number(e, "processes");

	return n >= 0 && n < limit_probe_bounds.box_processes;
}

/* Is the number that it printed at most the limit, in the same unit? */
static bool counted(const struct limit_probe_end *e, const char *word, int64_t most, char *why, size_t size)
{
	int64_t n = limit_probe_number(e, word);

	snprintf(why, size, "%lld of %lld allowed", (long long)n, (long long)most);
	return n >= 0 && n <= most;
}

bool limit_probe_held(enum limit_id id, const struct limit_probe_end *e, char *why, size_t size)
{
	const struct limit_probe *c = &limit_probe_of[id];
	int64_t limit = c->limit;
	uint64_t hit = e->phase.exceeded & 1u << id;
	char text[LIMIT_TEXT_MAX];

	limit_format(text, id, limit);
	snprintf(why, size, "ended at %s: %s", text, reason_name[e->why]);
	switch (id) {
	case LIMIT_CPU:
	case LIMIT_WALL:
		return e->why == REASON_TIME_LIMIT && hit;
	case LIMIT_MEMORY:
		return e->why == REASON_MEMORY_LIMIT;
	case LIMIT_OUTPUT:
		/* it may have ended before it was stopped: only the stored output is checked */
		snprintf(why, size, "%lld bytes of %ld stored, %s allowed", (long long)e->out_len, c->far << 10, text);
		return e->out_len <= limit && (e->why == REASON_OUTPUT_LIMIT || e->phase.dropped > 0);
	case LIMIT_FILE_SIZE:
		return e->why == REASON_DISK_LIMIT && hit;
	case LIMIT_STACK:
		return e->phase.signal == 11;
	case LIMIT_PROCESSES:
	case LIMIT_INODES:
	case LIMIT_OPEN_FILES:
		return counted(e, c->what, limit, why, size);
	case LIMIT_DISK:
		return counted(e, c->what, limit / 1024, why, size);
	case LIMIT_COUNT:
		break;
	}
	return false;
}
