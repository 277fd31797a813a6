/* phase_test.c - a phase of cee-init: every transition, each limit, its output, its input
 *
 * No engine, no privileges, no program: the executor, the clock and the cgroup are the test's.
 */
#include "check.h"
#include "steps.h"
#include "init/phase.h"
#include "init_fixture.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

static uint64_t limits[LIMIT_COUNT];

/* A fixture whose session's phase and outbox are used without the session. */
static struct phase *begin(struct fixture *f)
{
	fixture_begin(f);
	memset(limits, 0xff, sizeof limits); /* none */
	f->s->collector.fd = f->s->snapshot.fd = -1;
	f->s->out.fd = f->out;
	phase_init(&f->s->phase, &f->s->out, &f->gauge);
	return &f->s->phase;
}

static struct phase_plan plan_of(struct fixture *f, uint64_t flags)
{
	return (struct phase_plan){ .id = PHASE_RUN, .x = &f->cells.x, .limit = limits, .flags = flags };
}

static int start(struct fixture *f, uint64_t flags)
{
	struct phase_plan plan = plan_of(f, flags);
	char text[INIT_TEXT];

	return phase_start(&f->s->phase, &plan, text);
}

static struct phase *running(struct fixture *f, uint64_t flags)
{
	struct phase *p = &f->s->phase;

	CHECK(!start(f, flags));
	phase_started(p, f->now);
	return p;
}

static void ends(struct fixture *f, int status)
{
	struct ended e = { .status = status, .wall_us = 5, .cpu_us = 7, .maxrss = 4096 };

	close_program(&f->cells);
	phase_ended(&f->s->phase, &e);
	for (int i = 0; i < 1000 && f->s->phase.state != PHASE_OVER; i++) {
		phase_step(&f->s->phase);
		outbox_flush(&f->s->out);
	}
}

/* Its END, as the runner reads it. */
static const struct frame_end *end_of(struct fixture *f)
{
	uint64_t status;
	enum frame_how how = phase_close(&f->s->phase, &status);

	phase_send_end(&f->s->phase, how, status);
	read_frames(f, &f->s->out);
	return &f->end;
}

static bool exceeded(const struct fixture *f, enum limit_id id)
{
	return f->end.exceeded == UINT64_C(1) << id;
}

enum { EXIT_0 = 0, EXIT_7 = 7 << 8, KILLED = SIGKILL };

static void from_start_to_end(void)
{
	struct fixture f;
	struct phase *p = begin(&f);

	CHECK(p->state == PHASE_OVER && !phase_live(p));
	CHECK(!start(&f, 0));
	CHECK(p->state == PHASE_STARTING && phase_live(p));
	CHECK(says(&f, "START"));
	phase_started(p, f.now);
	CHECK(p->state == PHASE_RUNNING);
	CHECK(says(&f, "CREDIT"));
	CHECK(f.number == 64 << 10);
	CHECK(write(f.cells.program[1], "out", 3) == 3);
	phase_read(p, 0, false);
	CHECK(says(&f, "OUT") && !strcmp(f.text, "out"));
	CHECK(write(f.cells.program[2], "late", 4) == 4);
	ends(&f, EXIT_7);
	CHECK(p->state == PHASE_OVER);
	end_of(&f);
	CHECK(!strcmp(f.names, "OUT END") && !strcmp(f.text, "late"));
	CHECK(f.end.how == END_EXITED && f.end.status == 7 && f.end.phase == PHASE_RUN);
	CHECK(f.end.out_bytes == 3 && f.end.err_bytes == 4 && f.end.wall_us == 5 && f.end.peak == 4096);
	CHECK(p->input.fd < 0 && p->output.pipe[0].fd < 0);
	fixture_end(&f);
}

static void transitions_that_are_refused(void)
{
	struct fixture f;
	struct phase *p = begin(&f);
	struct ended e = { 0 };

	phase_ended(p, &e); /* without a program */
	phase_lost(p, &e);
	phase_kill(p, END_KILLED);
	phase_started(p, 5);
	CHECK(p->state == PHASE_OVER && !p->started_us && fake_did(&f.cells, ""));
	running(&f, 0);
	ends(&f, EXIT_0);
	phase_kill(p, END_KILLED); /* too late */
	CHECK(p->state == PHASE_OVER && p->reason == NO_REASON);
	fixture_end(&f);
}

static void start_that_fails(void)
{
	struct fixture f;
	struct phase *p = begin(&f);
	struct phase_plan plan = plan_of(&f, 0);
	char text[INIT_TEXT];

	f.cells.refuses = "start";
	CHECK(phase_start(p, &plan, text) < 0 && !strcmp(text, "start fails"));
	phase_abort(p);
	CHECK(p->state == PHASE_OVER && p->output.pipe[0].fd < 0);
	fixture_end(&f);
}

/* The end may be reported before the start is. */
static void ended_while_starting(void)
{
	struct fixture f;
	struct phase *p = begin(&f);

	CHECK(!start(&f, 0));
	ends(&f, EXIT_7);
	CHECK(p->state == PHASE_OVER && end_of(&f)->how == END_EXITED && f.end.status == 7);
	phase_started(p, f.now); /* too late */
	CHECK(p->state == PHASE_OVER && !p->started_us);
	fixture_end(&f);
}

/* The connection is over, or the job failed: the phase ends at once, whatever its program does. */
static void aborted_in_each_state(void)
{
	for (int how = 0; how < 4; how++) {
		struct fixture f;
		struct phase *p = begin(&f);
		struct ended e = { 0 };

		if (how == 0)
			CHECK(!start(&f, 0));
		else
			running(&f, 0);
		if (how == 2)
			phase_kill(p, END_KILLED);
		if (how == 3)
			phase_ended(p, &e);
		CHECK(p->state == (how == 0   ? PHASE_STARTING
				   : how == 1 ? PHASE_RUNNING
				   : how == 2 ? PHASE_KILLED
					      : PHASE_DRAINING));
		phase_abort(p);
		CHECK(p->state == PHASE_OVER && p->input.fd < 0 && p->output.pipe[0].fd < 0);
		phase_ended(p, &e); /* what comes later finds no phase */
		CHECK(p->state == PHASE_OVER);
		close_program(&f.cells);
		fixture_end(&f);
	}
}

static void killed_while_starting(void)
{
	struct fixture f;
	struct phase *p = begin(&f);

	CHECK(!start(&f, 0));
	phase_kill(p, END_KILLED);
	CHECK(p->state == PHASE_KILLED && fake_did(&f.cells, "start kill "));
	phase_started(p, f.now); /* the report was on its way */
	CHECK(p->state == PHASE_KILLED);
	phase_kill(p, END_WALL_LIMIT); /* once, for one reason */
	CHECK(fake_did(&f.cells, "") && p->reason == END_KILLED);
	ends(&f, KILLED);
	CHECK(end_of(&f)->how == END_KILLED);
	fixture_end(&f);
}

static void kill_that_is_not_answered(void)
{
	struct fixture f;
	struct phase *p = begin(&f);
	struct ended e = { .status = 0, .cpu_us = 3 };

	running(&f, 0);
	phase_kill(p, END_KILLED);
	fake_did(&f.cells, "start kill ");
	CHECK(phase_deadline(p) == f.now + 5000000);
	f.now += 4999999;
	phase_tick(p, f.now);
	CHECK(fake_did(&f.cells, ""));
	f.now += 1;
	phase_tick(p, f.now);
	CHECK(fake_did(&f.cells, "destroy "));
	phase_lost(p, &e);
	CHECK(p->state == PHASE_DRAINING);
	ends(&f, 0);
	CHECK(end_of(&f)->how == END_KILLED && f.end.wall_us == 5000000 && f.end.cpu_us == 3);
	fixture_end(&f);
}

static void exit_before_the_kill_counts(void)
{
	struct fixture f;

	begin(&f);
	phase_kill(running(&f, 0), END_KILLED);
	ends(&f, EXIT_7);
	CHECK(end_of(&f)->how == END_EXITED && f.end.status == 7);
	fixture_end(&f);
}

/* ---- limits ------------------------------------------------------------------------ */

/* A tick, and the end of a program that it has killed. */
static void tick_and_end(struct fixture *f)
{
	phase_tick(&f->s->phase, f->now);
	CHECK(f->s->phase.state == PHASE_KILLED);
	ends(f, KILLED);
	end_of(f);
}

static void limit_wall(void)
{
	struct fixture f;
	struct phase *p = begin(&f);

	limits[LIMIT_WALL] = 1000;
	running(&f, 0);
	CHECK(phase_deadline(p) == f.now + 1000);
	f.now += 999;
	phase_tick(p, f.now);
	CHECK(p->state == PHASE_RUNNING);
	f.now += 1;
	tick_and_end(&f);
	CHECK(f.end.how == END_WALL_LIMIT && exceeded(&f, LIMIT_WALL));
	fixture_end(&f);
}

static void limit_cpu(void)
{
	struct fixture f;

	begin(&f);
	limits[LIMIT_CPU] = 100000;
	f.sample.cpu_us = 555;
	running(&f, 0);
	f.now += 2000;
	f.sample.cpu_us = 555 + 100001 + 40;
	f.own_cpu = 40; /* init's own is not the job's */
	tick_and_end(&f);
	CHECK(f.end.how == END_CPU_LIMIT && exceeded(&f, LIMIT_CPU) && f.end.cpu_us == 100001);
	fixture_end(&f);
}

static void limit_cpu_of_reaped_children(void)
{
	struct fixture f;
	struct ended e = { .status = SIGXCPU, .cpu_us = 200000 };

	begin(&f);
	limits[LIMIT_CPU] = 100000;
	phase_ended(running(&f, 0), &e);
	f.s->phase.state = PHASE_OVER;
	CHECK(end_of(&f)->how == END_CPU_LIMIT && exceeded(&f, LIMIT_CPU));
	fixture_end(&f);
}

/* Signals that the kernel sends for a limit, sent by the program to itself while it is far from one. */
static void signals_that_look_like_limits(void)
{
	static const int sig[] = { SIGXCPU, SIGXFSZ, SIGKILL };
	struct fixture f;

	begin(&f);
	limits[LIMIT_CPU] = 100000;
	for (size_t i = 0; i < sizeof sig / sizeof *sig; i++) {
		struct ended e = { .status = sig[i], .cpu_us = 50000 };

		phase_ended(running(&f, 0), &e);
		f.s->phase.state = PHASE_OVER;
		CHECK(end_of(&f)->how == END_SIGNALLED && !f.end.exceeded);
		CHECK(f.end.status == (uint64_t)(END_SIGNAL + sig[i]));
	}
	fixture_end(&f);
}

static void limit_memory(void)
{
	struct fixture f;

	begin(&f);
	limits[LIMIT_MEMORY] = 10 << 20;
	f.sample.anon = 5 << 20;
	f.cells.disk.used = 1 << 20;
	running(&f, 0);
	f.now += 2000;
	f.sample.anon = 14 << 20;
	f.sample.shmem = 2 << 20; /* of which one is a file that was written meanwhile */
	f.cells.disk.used = 2 << 20;
	phase_tick(&f.s->phase, f.now);
	CHECK(f.s->phase.state == PHASE_RUNNING && f.s->phase.limits.peak == 10 << 20);
	f.sample.shmem += 4096;
	f.now += 5000;
	tick_and_end(&f);
	CHECK(f.end.how == END_MEMORY_LIMIT && exceeded(&f, LIMIT_MEMORY) && f.end.peak_how == 1);
	fixture_end(&f);
}

static void limit_memory_of_sockets(void)
{
	struct fixture f;

	begin(&f);
	limits[LIMIT_MEMORY] = 10 << 20;
	f.sample.sockets = 1 << 20; /* cee-init's own */
	running(&f, 0);
	f.now += 2000;
	f.sample.anon = 4 << 20;
	f.sample.sockets = 7 << 20;
	phase_tick(&f.s->phase, f.now);
	CHECK(f.s->phase.state == PHASE_RUNNING && f.s->phase.limits.peak == 10 << 20);
	f.sample.sockets += 4096;
	f.now += 5000;
	tick_and_end(&f);
	CHECK(f.end.how == END_MEMORY_LIMIT && exceeded(&f, LIMIT_MEMORY) && f.end.peak == (10 << 20) + 4096);
	fixture_end(&f);
}

/* Memory that grows fast is looked at every 2 ms, also of a program that has run for long. */
static void samples_while_memory_grows(void)
{
	struct fixture f;
	struct phase *p;

	begin(&f);
	p = running(&f, 0);
	f.now += 5000000;
	f.sample.cpu_us = 5000000;
	phase_tick(p, f.now);
	CHECK(p->limits.next_at == f.now + 20000);
	f.now += 20000;
	f.sample.cpu_us += 20000;
	f.sample.sockets = 5 << 20;
	phase_tick(p, f.now);
	CHECK(p->limits.next_at == f.now + 2000);
	ends(&f, EXIT_0);
	fixture_end(&f);
}

static void limit_memory_by_the_kernel(void)
{
	struct fixture f;

	begin(&f);
	f.sample.oom_kills = 2;
	running(&f, 0);
	f.sample.oom_kills = 3;
	ends(&f, KILLED);
	CHECK(end_of(&f)->how == END_MEMORY_LIMIT && f.end.oom_kills == 1 && exceeded(&f, LIMIT_MEMORY));
	fixture_end(&f);
}

/* A shell whose program was killed for memory. */
static void limit_memory_of_a_child(void)
{
	struct fixture f;

	begin(&f);
	running(&f, 0);
	f.sample.oom_kills = 1;
	ends(&f, EXIT_7);
	CHECK(end_of(&f)->how == END_MEMORY_LIMIT && f.end.status == 7);
	f.sample.oom_kills = 0;
	running(&f, 0);
	f.sample.oom_kills = 1;
	ends(&f, EXIT_0); /* it has coped with that */
	CHECK(end_of(&f)->how == END_EXITED && exceeded(&f, LIMIT_MEMORY));
	fixture_end(&f);
}

/* A program that is gone before it is looked at. */
static void highest_reading(void)
{
	static const struct {
		int64_t peak, total, disk;
		enum frame_how how;
		uint64_t said;
	} c[] = {
		{ 30 << 20, 4 << 20, 0, END_EXITED, 26 << 20 },	      /* the page cache is still there */
		{ 45 << 20, 4 << 20, 0, END_MEMORY_LIMIT, 41 << 20 }, /* more than its 40 */
		{ 10 << 20, 4 << 20, 0, END_EXITED, 4096 },	      /* of a job before it: nothing is known */
		{ 60 << 20, 34 << 20, 30 << 20, END_EXITED, 26 << 20 },
	};

	for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
		struct fixture f;

		begin(&f);
		limits[LIMIT_MEMORY] = 40 << 20;
		f.sample.peak = 10 << 20;
		running(&f, 0);
		f.sample.peak = c[i].peak;
		f.sample.total = c[i].total;
		f.cells.disk.used = c[i].disk;
		ends(&f, EXIT_0);
		CHECK(end_of(&f)->how == c[i].how && f.end.peak == c[i].said);
		CHECK(exceeded(&f, LIMIT_MEMORY) == (c[i].how == END_MEMORY_LIMIT));
		fixture_end(&f);
	}
}

static struct phase *in_its_cgroup(struct fixture *f)
{
	struct phase_plan plan = plan_of(f, 0);
	char text[INIT_TEXT];

	plan.job_cgroup = true;
	CHECK(!phase_start(&f->s->phase, &plan, text));
	phase_started(&f->s->phase, f->now);
	return &f->s->phase;
}

static void tick_after(struct fixture *f, int64_t us)
{
	f->now += us;
	phase_tick(&f->s->phase, f->now);
}

/* There the kernel keeps the limit, which is a little higher; init's own figures are not in it. */
static void limit_in_its_own_cgroup(void)
{
	struct fixture f;

	begin(&f);
	limits[LIMIT_MEMORY] = 40 << 20;
	in_its_cgroup(&f);
	f.own_cpu = 5000;
	f.sample.cpu_us = 9000;
	f.sample.anon = (40 << 20) + (300 << 10);
	tick_after(&f, 2000);
	CHECK(f.s->phase.state == PHASE_RUNNING && f.s->phase.limits.cpu_us == 9000);
	f.sample.anon = 50 << 20; /* sockets on v1 */
	tick_after(&f, 2000);
	CHECK(f.s->phase.state == PHASE_KILLED && f.s->phase.reason == END_MEMORY_LIMIT);
	fixture_end(&f);
}

static void room_for_files(void)
{
	struct fixture f;

	begin(&f);
	f.cells.disk.used = 4096;
	in_its_cgroup(&f);
	CHECK(says(&f, "START CREDIT")); /* the runner knows of the job's own files */
	f.cells.disk.used = 128 << 10;
	tick_after(&f, 2000);
	CHECK(says(&f, "ROOM") && f.room == 128 << 10);
	tick_after(&f, 2000);
	CHECK(says(&f, ""));
	f.cells.disk.used += 2 << 20; /* fast: room for what comes until the next sample */
	tick_after(&f, 2000);
	CHECK(says(&f, "ROOM") && f.room == (10 << 20) + (128 << 10));
	tick_after(&f, 2000);
	CHECK(says(&f, "ROOM") && f.room == (2 << 20) + (128 << 10));
	f.cells.disk.used = 0;
	ends(&f, EXIT_0);
	CHECK(end_of(&f) && says(&f, "") && f.room == 0);
	fixture_end(&f);
}

static void memory_that_others_left_is_waited_for(void)
{
	struct fixture f;

	begin(&f);
	f.sample.shmem = 8 << 20;
	running(&f, 0);
	CHECK(f.waited == 20 * 1000);
	fixture_end(&f);
}

static void limit_processes(void)
{
	struct fixture f;

	begin(&f);
	limits[LIMIT_PROCESSES] = 4;
	f.gauge.pids_max = 6;
	running(&f, 0);
	CHECK(f.cells.start.nproc == 4 + 1 + 16); /* the cgroup refuses, and counts */
	f.sample.pids_refused = 1;
	ends(&f, EXIT_7);
	CHECK(end_of(&f)->how == END_PROCESS_LIMIT && f.end.status == 7 && exceeded(&f, LIMIT_PROCESSES));
	fixture_end(&f);
}

static void limit_processes_without_the_cgroups(void)
{
	struct fixture f;
	struct ended e = { .status = EXIT_7, .left = 3 };

	begin(&f);
	limits[LIMIT_PROCESSES] = 4;
	running(&f, 0);
	CHECK(f.cells.start.nproc == 5);
	phase_ended(&f.s->phase, &e); /* three were alive, and the program */
	f.s->phase.state = PHASE_OVER;
	CHECK(end_of(&f)->how == END_PROCESS_LIMIT);

	running(&f, 0);
	f.sample.pids = 4 + 2; /* with init and the supervisor */
	f.now += 2000;
	phase_tick(&f.s->phase, f.now);
	f.sample.pids = 2;
	ends(&f, EXIT_0);
	CHECK(end_of(&f)->how == END_EXITED && exceeded(&f, LIMIT_PROCESSES)); /* it has coped with that */
	fixture_end(&f);
}

static void limit_disk(void)
{
	struct fixture f;

	begin(&f);
	running(&f, 0);
	f.cells.disk.full = true;
	ends(&f, EXIT_7);
	CHECK(end_of(&f)->how == END_DISK_LIMIT && f.end.status == 7 && exceeded(&f, LIMIT_DISK));
	running(&f, 0);
	f.cells.disk = (struct disk_usage){ .inodes_full = true };
	ends(&f, SIGABRT);
	CHECK(end_of(&f)->how == END_DISK_LIMIT && exceeded(&f, LIMIT_INODES));
	CHECK(f.end.status == END_SIGNAL + SIGABRT);
	fixture_end(&f);
}

static void limit_file_size(void)
{
	struct fixture f;
	struct ended e = { .status = SIGXFSZ, .file_full = true };

	begin(&f);
	phase_ended(running(&f, 0), &e);
	f.s->phase.state = PHASE_OVER;
	CHECK(end_of(&f)->how == END_FILE_SIZE_LIMIT && exceeded(&f, LIMIT_FILE_SIZE));
	CHECK(f.end.status == END_SIGNAL + SIGXFSZ);
	e.status = EXIT_7;
	phase_ended(running(&f, 0), &e);
	f.s->phase.state = PHASE_OVER;
	CHECK(end_of(&f)->how == END_FILE_SIZE_LIMIT && f.end.status == 7);
	fixture_end(&f);
}

static void limit_output_stops(void)
{
	struct fixture f;
	struct phase *p = begin(&f);

	limits[LIMIT_OUTPUT] = 5;
	running(&f, JOB_STOP_ON_OUTPUT);
	CHECK(write(f.cells.program[1], "1234567", 7) == 7);
	phase_read(p, 0, false);
	CHECK(p->state == PHASE_KILLED && p->reason == END_OUTPUT_LIMIT);
	ends(&f, KILLED);
	CHECK(end_of(&f)->how == END_OUTPUT_LIMIT && exceeded(&f, LIMIT_OUTPUT));
	CHECK(!strcmp(f.text, "12345") && f.gap == 2 && f.end.out_bytes == 7 && f.end.dropped == 2);
	fixture_end(&f);
}

static void limits_that_are_none(void)
{
	struct fixture f;
	struct phase *p = begin(&f);

	for (int i = 0; i < LIMIT_COUNT; i++)
		limits[i] = i & 1 ? LIMIT_NONE : UINT64_MAX;
	running(&f, 0);
	f.now += INT64_C(1000000000);
	f.sample.cpu_us = f.sample.anon = INT64_C(1) << 50;
	phase_tick(p, f.now);
	CHECK(p->state == PHASE_RUNNING && f.cells.start.nproc == 0);
	fixture_end(&f);
}

static void limit_output_of_zero(void)
{
	struct fixture f;

	for (int stop = 0; stop < 2; stop++) {
		begin(&f);
		limits[LIMIT_OUTPUT] = 0;
		running(&f, stop ? JOB_STOP_ON_OUTPUT : 0);
		CHECK(write(f.cells.program[1], "1", 1) == 1);
		phase_read(&f.s->phase, 0, false);
		CHECK((f.s->phase.state == PHASE_KILLED) == stop);
		ends(&f, stop ? KILLED : 0);
		CHECK(end_of(&f)->how == (stop ? END_OUTPUT_LIMIT : END_EXITED) && exceeded(&f, LIMIT_OUTPUT));
		CHECK(!*f.text && f.gap == 1 && f.end.out_bytes == 1 && f.end.dropped == 1);
		fixture_end(&f);
	}
}

static void samples_get_rarer(void)
{
	struct fixture f;
	struct phase *p = begin(&f);
	static const int64_t after[] = { 2000, 2000, 5000, 10000, 50000 }, at[] = { 0, 2000, 20000, 100000, 1000000 };

	running(&f, 0);
	CHECK(phase_deadline(p) == f.now + 2000);
	for (int i = 1; i < 5; i++) {
		int64_t now = f.now + at[i];
		p->limits.next_at = 0;
		phase_tick(p, now);
		CHECK(phase_deadline(p) == now + after[i]);
	}
	fixture_end(&f);
}

/* ---- output ---------------------------------------------------------------------------- */

static void put(struct fixture *f, int stream, const char *text)
{
	CHECK(write(f->cells.program[stream], text, strlen(text)) == (ssize_t)strlen(text));
	phase_read(&f->s->phase, (size_t)stream - 1, false);
}

static void output_gap_and_tail(void)
{
	struct fixture f;

	begin(&f);
	limits[LIMIT_OUTPUT] = 16; /* twelve at once, four at the end */
	running(&f, 0);
	put(&f, 1, "0123456789");
	put(&f, 2, "abcd"); /* two of them are the tail's */
	CHECK(says(&f, "START CREDIT OUT OUT") && !strcmp(f.text, "0123456789ab"));
	put(&f, 1, "XY");
	put(&f, 2, "Z");  /* c goes */
	put(&f, 1, "12"); /* d and X go */
	CHECK(says(&f, ""));
	ends(&f, EXIT_0);
	end_of(&f);
	CHECK(!strcmp(f.names, "GAP GAP OUT OUT OUT END"));
	CHECK(!strcmp(f.text, "YZ12") && f.gap == 3 && f.end.dropped == 3);
	CHECK(f.end.out_bytes == 14 && f.end.err_bytes == 5 && f.end.how == END_EXITED && exceeded(&f, LIMIT_OUTPUT));
	fixture_end(&f);
}

static void piece_larger_than_the_tail(void)
{
	struct fixture f;

	begin(&f);
	limits[LIMIT_OUTPUT] = 16;
	running(&f, JOB_MERGE);
	CHECK(f.s->phase.output.npipes == 1);
	put(&f, 1, "0123456789abcdefghijklmnopqrstuvwxyz");
	ends(&f, EXIT_0);
	end_of(&f);
	CHECK(!strcmp(f.text, "0123456789abwxyz") && f.gap == 20);
	fixture_end(&f);
}

static void full_outbox_makes_the_program_wait(void)
{
	static char block[32 << 10];
	struct fixture f;
	struct phase *p = begin(&f);

	running(&f, 0);
	fcntl(f.cells.program[1], F_SETFL, O_NONBLOCK);
	while (phase_reads(p, f.now) && write(f.cells.program[1], block, sizeof block) > 0)
		phase_read(p, 0, false);
	CHECK(!outbox_room(&f.s->out) && !phase_reads(p, f.now) && !f.s->out.overflow);
	read_frames(&f, &f.s->out);
	CHECK(phase_reads(p, f.now));
	fixture_end(&f);
}

static void small_pieces_are_gathered(void)
{
	struct fixture f;
	struct phase *p = begin(&f);

	running(&f, 0);
	for (int i = 0; i < 200; i++)
		put(&f, 1, "x");
	CHECK(phase_reads(p, f.now));
	put(&f, 1, "x");
	CHECK(!phase_reads(p, f.now) && phase_deadline(p) == f.now + 1000);
	f.now += 1000;
	CHECK(phase_reads(p, f.now));
	fixture_end(&f);
}

/* Puts a piece of that size on stream fd at the end of a wait. Returns how long the next one is. */
static int64_t next_wait(struct fixture *f, int fd, const char *piece)
{
	struct phase *p = &f->s->phase;

	f->now = p->output.gather_until;
	CHECK(phase_reads(p, f->now));
	put(f, fd, piece);
	CHECK(!phase_reads(p, f->now));
	return p->output.gather_until - f->now;
}

static void waits_follow_what_they_bring(void)
{
	static char block[40 << 10];
	struct fixture f;
	struct phase *p = begin(&f);

	memset(block, 'y', sizeof block - 1);
	running(&f, 0);
	for (int i = 0; i < 201; i++)
		put(&f, 1, "x");
	CHECK(next_wait(&f, 1, "x") == 2000);
	CHECK(next_wait(&f, 1, "x") == 4000);
	CHECK(next_wait(&f, 1, "x") == 8000);
	CHECK(next_wait(&f, 1, "x") == 16000);
	CHECK(next_wait(&f, 1, "x") == 16000); /* the longest */
	put(&f, 2, "z");
	CHECK(p->output.gather_until - f.now == 16000); /* the other pipe's part of that wait */
	f.now = p->output.gather_until;
	CHECK(phase_reads(p, f.now));
	block[10 << 10] = '\0';
	put(&f, 1, block); /* neither few nor many */
	read_frames(&f, &f.s->out);
	CHECK(next_wait(&f, 1, "x") == 16000);
	block[10 << 10] = 'y';
	f.now = p->output.gather_until;
	CHECK(phase_reads(p, f.now));
	put(&f, 1, block);
	phase_read(p, 0, false); /* the rest of it */
	read_frames(&f, &f.s->out);
	put(&f, 1, "x");
	CHECK(p->output.gather_until - f.now == 1000); /* it could have been kept from writing */
	f.now += 2000000;
	put(&f, 1, "x");
	CHECK(phase_reads(p, f.now)); /* calm again: what comes is read at once */
	fixture_end(&f);
}

static void compiler_has_one_stream(void)
{
	struct fixture f;
	struct phase *p = begin(&f);
	struct phase_plan plan = plan_of(&f, 0);
	char text[INIT_TEXT];

	plan.id = PHASE_COMPILE;
	CHECK(!phase_start(p, &plan, text));
	CHECK(p->output.npipes == 1 && p->output.pipe[0].stream == STREAM_COMPILE && p->input.fd < 0);
	phase_started(p, f.now);
	CHECK(says(&f, "START")); /* no credit */
	put(&f, 2, "error");
	fixture_end(&f);
}

/* ---- input ------------------------------------------------------------------------------- */

static void input_and_credit(void)
{
	static char block[64 << 10], got[64 << 10];
	struct fixture f;
	struct phase *p = begin(&f);

	running(&f, 0);
	CHECK(says(&f, "START CREDIT"));
	CHECK(phase_input(p, block, sizeof block)); /* fills the pipe: all of it is taken */
	CHECK(says(&f, "CREDIT") && f.number == 256 << 10);
	CHECK(phase_input(p, block, 1000));
	CHECK(says(&f, "")); /* the program has not read it */
	CHECK(read(f.cells.program[0], got, sizeof got) == sizeof got);
	phase_step(p);
	CHECK(says(&f, "")); /* less than a quarter of the window */
	CHECK(!phase_input(p, block, 257 << 10));
	phase_input_end(p);
	CHECK(p->input.fd < 0);
	CHECK(read(f.cells.program[0], got, sizeof got) == 1000 && read(f.cells.program[0], got, 1) == 0);
	fixture_end(&f);
}

static void input_that_the_program_has_closed(void)
{
	struct fixture f;
	struct phase *p = begin(&f);

	signal(SIGPIPE, SIG_IGN);
	running(&f, 0);
	CHECK(says(&f, "START CREDIT"));
	close(f.cells.program[0]);
	f.cells.program[0] = -1;
	CHECK(phase_input(p, "abc", 3) && p->input.fd < 0 && p->input.len == 0);
	CHECK(phase_input(p, "abc", 3) && p->input.len == 0);
	CHECK(says(&f, "")); /* and an endless producer gets no more credit */
	fixture_end(&f);
}

static void input_before_the_start(void)
{
	struct fixture f;
	struct phase *p = begin(&f);
	struct phase_plan plan = plan_of(&f, 0);
	char text[INIT_TEXT], got[8] = "";

	input_reset_early(&p->input, 5);
	CHECK(phase_input(p, "abcde", 5));
	CHECK(!phase_input(p, "f", 1));
	plan.early_input = true;
	CHECK(!phase_start(p, &plan, text));
	CHECK(read(f.cells.program[0], got, sizeof got) == 5 && !strcmp(got, "abcde"));
	fixture_end(&f);
}

static void terminal(void)
{
	struct fixture f;
	struct phase *p = begin(&f);
	struct phase_plan plan = plan_of(&f, JOB_TTY);
	char text[INIT_TEXT], got[64];
	struct tty_size size = { .rows = 33, .columns = 44 };
	struct winsize w;

	plan.size = (struct tty_size){ .rows = 11, .columns = 22 };
	if (phase_start(p, &plan, text)) {
		printf("# no terminals here: %s\n", text);
		fixture_end(&f);
		return;
	}
	phase_started(p, f.now);
	CHECK(isatty(f.cells.program[0]) && isatty(f.cells.program[1]) && isatty(f.cells.program[2]));
	CHECK(!ioctl(f.cells.program[0], TIOCGWINSZ, &w) && w.ws_row == 11 && w.ws_col == 22);
	phase_resize(p, &size);
	CHECK(!ioctl(f.cells.program[0], TIOCGWINSZ, &w) && w.ws_row == 33 && w.ws_col == 44);
	CHECK(phase_input(p, "line\n", 5));
	CHECK(read(f.cells.program[0], got, sizeof got) == 5);
	phase_input_end(p);
	CHECK(read(f.cells.program[0], got, sizeof got) == 0); /* a terminal's end of file */
	CHECK(write(f.cells.program[1], "x", 1) == 1);
	f.text[0] = '\0';
	for (int i = 0; i < 100 && !strchr(f.text, 'x'); i++) { /* the kernel passes it on in its own time */
		struct pollfd readable = { .fd = p->output.pipe[0].fd, .events = POLLIN };
		poll(&readable, 1, 10);
		phase_read(p, 0, false);
		read_frames(&f, &f.s->out);
	}
	CHECK(strchr(f.text, 'x'));
	ends(&f, EXIT_0);
	CHECK(end_of(&f)->how == END_EXITED && p->tty < 0);
	fixture_end(&f);
}

int main(void)
{
	RUN(from_start_to_end);
	RUN(transitions_that_are_refused);
	RUN(start_that_fails);
	RUN(ended_while_starting);
	RUN(aborted_in_each_state);
	RUN(killed_while_starting);
	RUN(kill_that_is_not_answered);
	RUN(exit_before_the_kill_counts);
	RUN(limit_wall);
	RUN(limit_cpu);
	RUN(limit_cpu_of_reaped_children);
	RUN(signals_that_look_like_limits);
	RUN(limit_memory);
	RUN(limit_memory_of_sockets);
	RUN(samples_while_memory_grows);
	RUN(limit_memory_by_the_kernel);
	RUN(limit_memory_of_a_child);
	RUN(highest_reading);
	RUN(limit_in_its_own_cgroup);
	RUN(room_for_files);
	RUN(memory_that_others_left_is_waited_for);
	RUN(limit_processes);
	RUN(limit_processes_without_the_cgroups);
	RUN(limit_disk);
	RUN(limit_file_size);
	RUN(limit_output_stops);
	RUN(limits_that_are_none);
	RUN(limit_output_of_zero);
	RUN(samples_get_rarer);
	RUN(output_gap_and_tail);
	RUN(piece_larger_than_the_tail);
	RUN(full_outbox_makes_the_program_wait);
	RUN(small_pieces_are_gathered);
	RUN(waits_follow_what_they_bring);
	RUN(compiler_has_one_stream);
	RUN(input_and_credit);
	RUN(input_that_the_program_has_closed);
	RUN(input_before_the_start);
	RUN(terminal);
	return check_steps("phase", 0) || check_status();
}
