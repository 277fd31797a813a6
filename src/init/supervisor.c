/* supervisor.c - starts the job's programs and reaps them (supervisor.h)
 *
 * It never trusts a signal: only wait4 shows that a program has ended. The processes that a
 * program left behind are killed before its end is reported.
 */
#include "init/supervisor.h"

#include "base/clock.h"
#include "base/fd.h"
#include "init/cpu_time.h"
#include "init/failure.h"
#include "init/leftovers.h"
#include "init/shown_limit.h"
#include "wire/frame.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

void supervisor_init(struct supervisor *s, bool cell)
{
	*s = (struct supervisor){ .cell = cell, .oom = -1, .shown = -1 };
	intake_init(&s->intake);
	plan_init(&s->plan);
}

void supervisor_release(struct supervisor *s)
{
	intake_release(&s->intake);
	plan_release(&s->plan);
	close_ptr(&s->oom);
	close_ptr(&s->shown);
	supervisor_init(s, s->cell);
}

int supervisor_frame(struct supervisor *s, unsigned type, const unsigned char *p, size_t len, char *text)
{
	switch (type) {
	case FRAME_FILE:
		return intake_file(&s->intake, p, len, text);
	case FRAME_DATA:
		return intake_data(&s->intake, p, len, text);
	case FRAME_COLLECT:
		return plan_add_pattern(&s->plan, p, len, text);
	case FRAME_PHASE:
		return plan_add_phase(&s->plan, p, len, text);
	case FRAME_ARG:
		return plan_add_argument(&s->plan, p, len, text);
	case FRAME_ENV:
		return plan_add_variable(&s->plan, p, len, text);
	default:
		return init_fail(text, "unexpected frame of type %u", type);
	}
}

void supervisor_set_oom(const struct supervisor *s, int value)
{
	char text[16];
	int n = snprintf(text, sizeof text, "%d", value);

	if (s->oom >= 0 && pwrite(s->oom, text, (size_t)n, 0) < 0)
		return; /* a box without it still has its memory limit */
}

int supervisor_start(struct supervisor *s, const struct start *how, const int fds[3], char *text)
{
	struct exec_place where = { .folder = s->intake.folder, .cell = s->cell, .disk = s->disk };
	const struct plan_phase *p = how->phase < PHASE_COUNT ? &s->plan.phase[how->phase] : NULL;
	struct exec_child child;
	int r;

	if (!p || (!how->test && !p->argc))
		return init_fail(text, "a phase without a program");
	if (!intake_complete(&s->intake))
		return init_fail(text, "the job's files are not complete");
	s->program = (struct program){ .phase = how->phase, .own_us = own_cpu_us() };
	shown_limit_set(s->shown, p->limit[LIMIT_MEMORY]);
	supervisor_set_oom(s, OOM_PROGRAM); /* inherited: it cannot be raised from outside later */
	r = exec_fork(&child, &where, p, how, fds, text);
	supervisor_set_oom(s, s->cell ? OOM_SUPERVISOR : 0);
	if (r || exec_wait(&child, p, text))
		return -1;
	s->program.pid = child.pid;
	s->program.started_us = mono_us();
	return 0;
}

static void count(struct program *p, const struct rusage *ru)
{
	p->cpu_us += (ru->ru_utime.tv_sec + ru->ru_stime.tv_sec) * INT64_C(1000000) + ru->ru_utime.tv_usec +
		     ru->ru_stime.tv_usec;
	if (ru->ru_maxrss * INT64_C(1024) > p->maxrss)
		p->maxrss = ru->ru_maxrss * INT64_C(1024);
}

bool supervisor_reap(struct supervisor *s, int *status)
{
	bool ended = false;
	struct rusage ru;
	pid_t pid;
	int st;

	while ((pid = wait4(-1, &st, WNOHANG, &ru)) > 0) {
		count(&s->program, &ru);
		if (pid != s->program.pid)
			continue;
		*status = st;
		ended = true;
	}
	return ended;
}

/* A program that ignores SIGXFSZ (Python does) can be seen to have reached the limit only by the
 * file's size; one that died from it may have tried without success to make a file that large. Where
 * exec.c sets no limit only the program itself can have sent the signal. */
static bool file_full(const struct supervisor *s, int status)
{
	uint64_t size = s->plan.phase[s->program.phase].limit[LIMIT_FILE_SIZE];

	if (!status || !limit_in_force(size) || size >= s->disk)
		return false;
	return (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) || leftovers_full_file(size);
}

/* kill(-1) reaches all but the caller and process 1 in one step for the kernel: a fork comes
 * either before it, and its child is killed, or sees the signal and fails. */
void supervisor_end(struct supervisor *s, int status, struct ended *e)
{
	int64_t now = mono_us(), left = 0;
	struct rusage ru;
	pid_t pid;
	int st;

	kill(-1, SIGKILL);
	for (;;) {
		pid = wait4(-1, &st, 0, &ru);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			break;
		count(&s->program, &ru);
		left++;
		if (pid == s->program.pid && status == -1)
			status = st;
	}
	if (s->cell) /* otherwise the kernel would free it after the cell's end, while the next job runs */
		leftovers_remove_shared_memory();
	*e = (struct ended){ .status = status,
			     .wall_us = now - s->program.started_us,
			     .cpu_us = s->program.cpu_us,
			     .maxrss = s->program.maxrss,
			     .own_us = s->cell ? own_cpu_us() - s->program.own_us : 0,
			     .left = left,
			     .file_full = file_full(s, status) };
	s->program.pid = 0;
}

void supervisor_signal(const struct supervisor *s, int sig)
{
	if (s->program.pid > 0 && sig > 0 && sig < NSIG)
		kill(-s->program.pid, sig);
}
