/* init_fixture.h - a session or a phase of cee-init with a fake executor, clock and cgroup
 *
 * The test plays all others: it writes the program's output, reports its end, and moves the time.
 * What would go to the runner is read back as frames; says() has their names in one line.
 */
#ifndef INIT_FIXTURE_H
#define INIT_FIXTURE_H

#include "init/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LOG_MAX = 512, EVENTS_MAX = 8 };

struct fake {
	struct executor x;
	const char *refuses; /* the operation that fails, or NULL */
	char log[LOG_MAX];   /* operations in order, each with a blank */
	struct executor_event event[EVENTS_MAX];
	unsigned nevents;
	int program[3]; /* the program's ends, -1 closed */
	struct start start;
	int signal;
	int walker; /* the pipe that a collect order got, or -1 */
	struct collect_request collect;
	struct disk_usage disk;
	bool not_ready;
};

struct fixture {
	struct fake cells, bare;
	int64_t now, own_cpu, waited;
	bool no_jobs; /* the box does not see the cgroup of its jobs */
	struct cgroup_sample sample;
	struct gauge gauge;
	struct session *s;
	int out; /* a file: frames that have been flushed */
	off_t read;
	char names[4096];
	struct frame_end end; /* the last END */
	uint32_t number;      /* of the last DONE, CREDIT */
	uint64_t gap;	      /* all of them */
	uint64_t room;	      /* of the last ROOM */
	char text[8192];      /* OUT and TROUBLE, one after the other, as far as there is room */
	size_t text_len;
	struct frame_parser parser;
};

/* ---- the fake executor -------------------------------------------------------- */

static struct fake *fake_of(struct executor *x)
{
	return (struct fake *)x;
}

static int did(struct executor *x, const char *what, char *text)
{
	struct fake *k = fake_of(x);
	size_t n = strlen(k->log);

	snprintf(k->log + n, sizeof k->log - n, "%s ", what);
	if (!k->refuses || strcmp(k->refuses, what) != 0)
		return 0;
	return text ? init_fail(text, "%s fails", what) : -1;
}

static int fake_prepare(struct executor *x, char *text)
{
	return did(x, "prepare", text) ? -1 : !fake_of(x)->not_ready;
}

static int fake_begin(struct executor *x, const struct disk_room *room, char *text)
{
	(void)room;
	return did(x, "begin", text);
}

static int fake_renew(struct executor *x, const struct disk_room *room, const struct snapshot *files, char *text)
{
	(void)room;
	(void)files;
	return did(x, "renew", text);
}

static int fake_frame(struct executor *x, unsigned type, const unsigned char *p, size_t len, char *text)
{
	(void)type;
	(void)p;
	(void)len;
	return did(x, "frame", text);
}

static int fake_start(struct executor *x, const struct start *s, const int fds[3], char *text)
{
	struct fake *k = fake_of(x);

	k->start = *s;
	for (int i = 0; i < 3; i++)
		k->program[i] = dup(fds[i]);
	return did(x, "start", text);
}

static void fake_signal(struct executor *x, int sig)
{
	fake_of(x)->signal = sig;
}

static void fake_kill(struct executor *x)
{
	did(x, "kill", NULL);
}

static void fake_destroy(struct executor *x)
{
	did(x, "destroy", NULL);
}

static int fake_collect(struct executor *x, const struct collect_request *what, const int pipe[2], char *text)
{
	struct fake *k = fake_of(x);

	k->collect = *what;
	k->walker = dup(pipe[1]);
	return did(x, "collect", text);
}

static void fake_disk(struct executor *x, struct disk_usage *d)
{
	*d = fake_of(x)->disk;
}

static void close_program(struct fake *k)
{
	for (int i = 0; i < 3; i++) {
		if (k->program[i] >= 0)
			close(k->program[i]);
		k->program[i] = -1;
	}
}

static void close_walker(struct fake *k)
{
	if (k->walker >= 0)
		close(k->walker);
	k->walker = -1;
}

static void fake_end(struct executor *x)
{
	did(x, "end", NULL);
	close_program(fake_of(x));
	close_walker(fake_of(x));
	fake_of(x)->nevents = 0;
}

static void fake_settle(struct executor *x)
{
	did(x, "settle", NULL);
}

static void fake_reap(struct executor *x)
{
	did(x, "reap", NULL);
}

static bool fake_next(struct executor *x, struct executor_event *e)
{
	struct fake *k = fake_of(x);

	if (!k->nevents)
		return false;
	*e = k->event[0];
	memmove(k->event, k->event + 1, --k->nevents * sizeof *k->event);
	return true;
}

static void fake_init(struct fake *k, bool one_job)
{
	static const struct executor_ops ops = {
		.prepare = fake_prepare,
		.begin = fake_begin,
		.renew = fake_renew,
		.frame = fake_frame,
		.start = fake_start,
		.signal = fake_signal,
		.kill = fake_kill,
		.destroy = fake_destroy,
		.collect = fake_collect,
		.disk = fake_disk,
		.end = fake_end,
		.settle = fake_settle,
		.reap = fake_reap,
		.next = fake_next,
	};

	*k = (struct fake){ .x = { .ops = &ops, .fd = -1, .one_job = one_job, .helpers = one_job ? 1 : 2 },
			    .program = { -1, -1, -1 },
			    .walker = -1 };
}

/* ---- the fake clock and cgroup -------------------------------------------------- */

static int64_t fake_now(void *arg)
{
	return ((struct fixture *)arg)->now;
}

static int64_t fake_own_cpu(void *arg)
{
	return ((struct fixture *)arg)->own_cpu;
}

static void fake_read(void *arg, struct cgroup_sample *now, const struct cgroup_sample *last)
{
	(void)last;
	*now = ((struct fixture *)arg)->sample;
}

static void fake_wait(void *arg, int64_t us)
{
	((struct fixture *)arg)->waited += us;
}

static bool fake_use_jobs(void *arg)
{
	return !((struct fixture *)arg)->no_jobs;
}

/* ---- what the runner would read --------------------------------------------------- */

static const char *frame_name(enum frame_type type)
{
	switch ((unsigned)type) {
#define F(id, number, stream, text, min, max)                                                                          \
	case FRAME_##id:                                                                                               \
		return #id;
		FRAMES(F)
#undef F
	default:
		return "?";
	}
}

static void note_frame(struct fixture *f, const struct frame *got)
{
	size_t n = strlen(f->names), len = got->len;
	uint64_t gap;

	snprintf(f->names + n, sizeof f->names - n, "%s%s", n ? " " : "", frame_name(got->type));
	if (got->type == FRAME_END && !frame_unpack_end(got->data, got->len, &f->end))
		snprintf(f->names, sizeof f->names, "malformed END");
	if (got->type == FRAME_DONE || got->type == FRAME_CREDIT)
		frame_unpack_number(got->data, got->len, &f->number);
	if (got->type == FRAME_ROOM)
		frame_unpack_gap(got->data, got->len, &f->room);
	if (got->type == FRAME_GAP && frame_unpack_gap(got->data, got->len, &gap))
		f->gap += gap;
	if (got->type != FRAME_OUT && got->type != FRAME_TROUBLE)
		return;
	if (len > sizeof f->text - 1 - f->text_len)
		len = sizeof f->text - 1 - f->text_len;
	memcpy(f->text + f->text_len, got->data, len);
	f->text_len += len;
	f->text[f->text_len] = '\0';
}

/* Reads what has been queued since the last call into names, text, gap. */
static void read_frames(struct fixture *f, struct outbox *out)
{
	static unsigned char bytes[1 << 16];
	struct frame got;
	size_t used;
	ssize_t n;

	f->names[0] = f->text[0] = '\0';
	f->text_len = f->gap = 0;
	outbox_flush(out);
	while ((n = pread(f->out, bytes, sizeof bytes, f->read)) > 0) {
		f->read += n;
		for (size_t at = 0; frame_feed(&f->parser, bytes + at, (size_t)n - at, &used, &got) > 0; at += used)
			note_frame(f, &got);
	}
}

static bool says(struct fixture *f, const char *names)
{
	read_frames(f, &f->s->out);
	if (!strcmp(f->names, names))
		return true;
	printf("# says \"%s\", not \"%s\"\n", f->names, names);
	return false;
}

static bool fake_did(struct fake *k, const char *log)
{
	bool same = !strcmp(k->log, log);

	if (!same)
		printf("# did \"%s\", not \"%s\"\n", k->log, log);
	k->log[0] = '\0';
	return same;
}

/* ---- a fixture ---------------------------------------------------------------------- */

static void fixture_begin(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	f->now = 1000000;
	f->gauge = (struct gauge){ .arg = f,
				   .processors = 2,
				   .now_us = fake_now,
				   .own_cpu_us = fake_own_cpu,
				   .read = fake_read,
				   .wait_us = fake_wait,
				   .use_jobs = fake_use_jobs,
				   .pids_max = -1,
				   .cgroup = true };
	fake_init(&f->cells, false);
	fake_init(&f->bare, true);
	f->out = memfd_create("frames", MFD_CLOEXEC);
	frame_parser_init(&f->parser);
	f->s = mmap(NULL, sizeof *f->s, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void fixture_end(struct fixture *f)
{
	session_release(f->s);
	fake_end(&f->cells.x);
	fake_end(&f->bare.x);
	close(f->out);
	munmap(f->s, sizeof *f->s);
}

#endif
