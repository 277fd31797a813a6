/* bare.c - the box itself as the executor, for boxes that cannot make cells; takes one job only (bare.h) */
#include "init/bare.h"

#include "base/fd.h"
#include "init/failure.h"
#include "init/leftovers.h"
#include "init/snapshot.h"
#include "init/snapshot_fill.h"
#include "wire/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

static struct bare *bare_of(struct executor *x)
{
	return (struct bare *)x;
}

static struct executor_event *add_event(struct bare *b, enum executor_event_kind kind)
{
	struct executor_event *e = &b->due[b->ndue < 2 ? b->ndue++ : 1];

	e->kind = kind;
	b->x.pending = true;
	return e;
}

static bool bare_next(struct executor *x, struct executor_event *e)
{
	struct bare *b = bare_of(x);

	if (!b->ndue)
		return false;
	*e = b->due[0];
	b->due[0] = b->due[1];
	x->pending = --b->ndue > 0;
	return true;
}

static int bare_prepare(struct executor *x, char *text)
{
	(void)x;
	(void)text;
	return 1;
}

static int open_work(struct bare *b, const struct disk_room *room, char *text)
{
	supervisor_release(&b->s);
	b->ndue = 0;
	b->s.disk = room->disk;
	b->s.intake.folder = open("/work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->s.intake.folder < 0)
		return init_fail(text, "/work: %s; give the box a tmpfs there", strerror(errno));
	return 0;
}

static int bare_begin(struct executor *x, const struct disk_room *room, char *text)
{
	return open_work(bare_of(x), room, text);
}

static int bare_renew(struct executor *x, const struct disk_room *room, const struct snapshot *files, char *text)
{
	struct bare *b = bare_of(x);
	char why[INIT_TEXT];

	if (leftovers_clean_box(why))
		return init_fail(text, "the box could not be cleaned for the next test: %.400s", why);
	if (open_work(b, room, text))
		return -1;
	if (snapshot_fill(&b->s.intake, files->fd, why))
		return init_fail(text, "files: %.400s", why);
	add_event(b, EXECUTOR_FILLED);
	return 0;
}

static int bare_frame(struct executor *x, unsigned type, const unsigned char *p, size_t len, char *text)
{
	return supervisor_frame(&bare_of(x)->s, type, p, len, text);
}

static int bare_start(struct executor *x, const struct start *s, const int fds[3], char *text)
{
	struct bare *b = bare_of(x);

	if (supervisor_start(&b->s, s, fds, text))
		return -1;
	add_event(b, EXECUTOR_STARTED)->time_us = b->s.program.started_us;
	return 0;
}

static void bare_signal(struct executor *x, int sig)
{
	supervisor_signal(&bare_of(x)->s, sig);
}

static void bare_kill(struct executor *x)
{
	struct bare *b = bare_of(x);

	if (b->s.program.pid)
		supervisor_end(&b->s, -1, &add_event(b, EXECUTOR_ENDED)->ended);
}

static void bare_destroy(struct executor *x)
{
	bare_kill(x); /* init kills directly, no supervisor has to answer */
}

/* A child process walks the folder; no process of the job is left that could interfere. */
static int bare_collect(struct executor *x, const struct collect_request *what, const int pipe[2], char *text)
{
	const struct supervisor *s = &bare_of(x)->s;
	pid_t pid = fork();

	if (!pid) {
		close(pipe[0]); /* so that the child gets EPIPE when init stops reading */
		collect_walk(s->intake.folder, what, s->plan.collect, s->plan.ncollect, pipe[1]);
		_exit(0);
	}
	return pid < 0 ? init_fail(text, "fork: %s", strerror(errno)) : 0;
}

/* Without a cell the disk is the box's three tmpfs. */
static void bare_disk(struct executor *x, struct disk_usage *d)
{
	static const char *const folders[] = { "/work", "/tmp", "/dev/shm" };
	struct statfs s;

	*d = (struct disk_usage){ 0 };
	if (bare_of(x)->s.intake.folder >= 0 && !fstatfs(bare_of(x)->s.intake.folder, &s))
		d->used = (int64_t)(s.f_blocks - s.f_bfree) * (int64_t)s.f_bsize;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		if (statfs(folders[i], &s) || s.f_type != TMPFS_MAGIC)
			continue;
		d->full |= s.f_blocks && !s.f_bfree;
		d->inodes_full |= s.f_files && !s.f_ffree;
	}
}

static void bare_end(struct executor *x)
{
	struct bare *b = bare_of(x);
	struct ended e;

	if (b->s.program.pid)
		supervisor_end(&b->s, -1, &e);
	supervisor_release(&b->s);
	b->ndue = 0;
	x->pending = false;
}

static void bare_settle(struct executor *x)
{
	(void)x; /* without cells nothing continues in the background */
}

static void bare_reap(struct executor *x)
{
	struct bare *b = bare_of(x);
	int status;

	if (supervisor_reap(&b->s, &status))
		supervisor_end(&b->s, status, &add_event(b, EXECUTOR_ENDED)->ended);
}

void bare_init(struct bare *b)
{
	static const struct executor_ops ops = {
		.prepare = bare_prepare,
		.begin = bare_begin,
		.renew = bare_renew,
		.frame = bare_frame,
		.start = bare_start,
		.signal = bare_signal,
		.kill = bare_kill,
		.destroy = bare_destroy,
		.collect = bare_collect,
		.disk = bare_disk,
		.end = bare_end,
		.settle = bare_settle,
		.reap = bare_reap,
		.next = bare_next,
	};

	*b = (struct bare){ .x = { .ops = &ops, .fd = -1, .one_job = true, .helpers = 1 } };
	supervisor_init(&b->s, false);
}
