/* cell.c - the executor that makes a new cell for each job and each test (cell.h)
 *
 * A cell is a set of namespaces inside the box: user, pid, mount, ipc, uts. Its first process,
 * the supervisor, is a copy of init that takes orders on a socket (orders.h):
 *
 *   init ── clone ──> supervisor (process 1 of the cell) ── fork ──> program
 *
 * Where jobs have a cgroup of their own, a process beside init clones it (cell_maker.h).
 *
 * A cell is made ahead of its job, and killed in the background when its job has ended.
 *
 * What it relies on in the container:
 * - seccomp: etc/seccomp.json (the engine's default and clone with exactly the flags of
 *   cell_maker.c, mount). No AppArmor profile that denies mount or userns.
 * - MaskedPaths without anything below /proc and ReadonlyPaths empty: the kernel refuses
 *   a fresh procfs while any part of the box's is covered. The supervisor covers the same
 *   paths again (mounts.c).
 * - A user other than 0 with no capability; no-new-privileges; read-only root.
 * - /work and /tmp exist, each a tmpfs owned by that user (the cell covers them; a job
 *   without a cell uses them directly). /dev/shm exists (private IPC). The engine makes
 *   the folder /work when it mounts the tmpfs.
 * - /sys/fs/cgroup mounted (cgroup.c), ulimits not below what jobs may ask for, and
 *   nproc not below the job's either (it bounds the user namespace from outside).
 * - pids limit at least: the job's processes, the supervisor, init.
 */
#include "init/cell.h"

#include "base/clock.h"
#include "base/fd.h"
#include "init/failure.h"
#include "init/orders.h"
#include "init/snapshot.h"
#include "wire/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ORDER_SECONDS = 10, /* time limit for the supervisor to read an order */
	SMALL = 1 << 20,    /* largest snapshot that may be copied while the old cell still uses memory */
};

static struct cell *cell_of(struct executor *x)
{
	return (struct cell *)x;
}

/* ---- creating and destroying a cell ----------------------------------------- */

static void close_cell(struct cell *c)
{
	if (c->pid > 0)
		kill(c->pid, SIGKILL);
	close_ptr(&c->x.fd);
	close_ptr(&c->work);
}

static int open_cell(struct cell *c, char *text)
{
	struct timeval wait = { .tv_sec = ORDER_SECONDS };
	int pair[2];

	close_cell(c); /* of a cell whose supervisor has died */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return init_fail(text, "socketpair: %s", strerror(errno));
	setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	c->pid = c->maker ? cell_maker_clone(c->maker, pair[1]) : cell_clone(pair[1], 0);
	close(pair[1]);
	if (c->pid < 0) {
		c->pid = 0;
		close(pair[0]);
		return init_fail(text, "clone: %s", strerror(errno));
	}
	c->x.fd = pair[0];
	c->lost = false;
	return 0;
}

static void cell_settle(struct executor *x)
{
	struct cell *c = cell_of(x);

	if (c->dying > 0)
		waitpid(c->dying, NULL, 0);
	c->dying = 0;
}

static void cell_end(struct executor *x)
{
	struct cell *c = cell_of(x);

	c->lost = x->pending = false;
	if (c->pid > 0) {
		cell_settle(x);
		c->dying = c->pid;
	}
	close_cell(c);
	c->pid = 0;
}

static int cell_prepare(struct executor *x, char *text)
{
	struct cell *c = cell_of(x);

	if (c->dying > 0)
		return 0;
	return c->pid <= 0 && open_cell(c, text) ? -1 : 1;
}

/* ---- orders ------------------------------------------------------------------- */

static int give_order(struct cell *c, unsigned char kind, const void *p, size_t len, const int *fds, size_t nfds)
{
	struct packet packet = { .data = &kind, .len = 1, .more = p, .morelen = len, .fds = fds, .nfds = nfds };

	return packet_send(c->x.fd, &packet);
}

static int refused(char *text)
{
	return init_fail(text, "cannot write to the supervisor of the cell: %s", strerror(errno));
}

static int build(struct cell *c, const struct disk_room *room, char *text)
{
	unsigned char p[18];
	char why[INIT_TEXT];

	if (!c->pid && open_cell(c, why))
		return init_fail(text, "no cell: %.400s", why);
	frame_put64(p, room->disk);
	frame_put64(p + 8, room->inodes);
	p[16] = room->terminal;
	p[17] = room->layers;
	return give_order(c, ORDER_BUILD, p, sizeof p, NULL, 0) ? refused(text) : 0;
}

static int cell_begin(struct executor *x, const struct disk_room *room, char *text)
{
	cell_settle(x);
	return build(cell_of(x), room, text);
}

static int cell_renew(struct executor *x, const struct disk_room *room, const struct snapshot *files, char *text)
{
	struct cell *c = cell_of(x);

	cell_end(x);
	if (files->size > SMALL) /* the box's memory may have no room for two */
		cell_settle(x);
	if (build(c, room, text))
		return -1;
	return give_order(c, ORDER_FILL, "", 0, &files->fd, 1) ? refused(text) : 0;
}

static int cell_frame(struct executor *x, unsigned type, const unsigned char *p, size_t len, char *text)
{
	return give_order(cell_of(x), (unsigned char)type, p, len, NULL, 0) ? refused(text) : 0;
}

static int cell_start(struct executor *x, const struct start *s, const int fds[3], char *text)
{
	return give_order(cell_of(x), ORDER_START, s, sizeof *s, fds, 3) ? refused(text) : 0;
}

static void cell_destroy(struct executor *x)
{
	if (cell_of(x)->pid > 0)
		kill(cell_of(x)->pid, SIGKILL);
}

static void cell_kill(struct executor *x)
{
	if (give_order(cell_of(x), ORDER_KILL, "", 0, NULL, 0))
		cell_destroy(x);
}

static void cell_signal(struct executor *x, int sig)
{
	if (give_order(cell_of(x), ORDER_SIGNAL, &sig, sizeof sig, NULL, 0))
		cell_destroy(x);
}

static int cell_collect(struct executor *x, const struct collect_request *what, const int pipe[2], char *text)
{
	struct cell *c = cell_of(x);

	if (c->pid <= 0)
		return init_fail(text, "the cell has ended");
	return give_order(c, ORDER_COLLECT, what, sizeof *what, &pipe[1], 1) ? refused(text) : 0;
}

/* The whole disk is a single tmpfs (mounts.c). */
static void cell_disk(struct executor *x, struct disk_usage *d)
{
	struct statfs s;

	*d = (struct disk_usage){ 0 };
	if (cell_of(x)->work < 0 || fstatfs(cell_of(x)->work, &s))
		return;
	d->used = (int64_t)(s.f_blocks - s.f_bfree) * (int64_t)s.f_bsize;
	d->full = s.f_blocks && !s.f_bfree;
	d->inodes_full = s.f_files && !s.f_ffree;
}

/* ---- reports ------------------------------------------------------------------- */

/* 1 a report, 0 none now, -1 the supervisor has closed its end. */
static int receive_report(struct cell *c, struct report *r)
{
	int fds[3];
	ssize_t n;

	memset(r, 0, sizeof *r);
	n = packet_receive(c->x.fd, r, sizeof *r, MSG_DONTWAIT, fds);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n == sizeof *r && r->kind == REPORT_BUILT && c->work < 0) {
		c->work = fds[0];
		fds[0] = -1;
	}
	for (int i = 0; i < 3; i++)
		close_ptr(&fds[i]);
	r->text[INIT_TEXT - 1] = '\0';
	return n == sizeof *r ? 1 : -1;
}

static bool event_of(const struct report *r, struct executor_event *e)
{
	switch (r->kind) {
	case REPORT_BUILT:
		return false;
	case REPORT_FILLED:
		e->kind = EXECUTOR_FILLED;
		return true;
	case REPORT_STARTED:
		e->kind = EXECUTOR_STARTED;
		e->time_us = r->time_us;
		return true;
	case REPORT_FAILED:
		e->kind = EXECUTOR_FAILED;
		memcpy(e->text, r->text, sizeof e->text);
		return true;
	case REPORT_ENDED:
		e->kind = EXECUTOR_ENDED;
		e->ended = r->ended;
		return true;
	}
	return false;
}

static bool cell_next(struct executor *x, struct executor_event *e)
{
	struct cell *c = cell_of(x);
	struct report r;
	int n = 0;

	while (x->fd >= 0 && (n = receive_report(c, &r)) > 0)
		if (event_of(&r, e))
			return true;
	if (x->fd >= 0 && n < 0) { /* the supervisor's death is detected with wait4 */
		cell_destroy(x);
		close_ptr(&x->fd);
	}
	if (!c->lost)
		return false;
	c->lost = x->pending = false;
	e->kind = EXECUTOR_LOST;
	e->ended = c->end;
	return true;
}

/* The supervisor's socket stays open, because reports that it sent before it died must still be
 * read. */
static void supervisor_lost(struct cell *c, int status, const struct rusage *ru)
{
	close_ptr(&c->work); /* an open descriptor would keep the cell's disk in memory */
	c->pid = 0;
	c->lost = c->x.pending = true;
	c->end = (struct ended){ .status = status,
				 .cpu_us = (ru->ru_utime.tv_sec + ru->ru_stime.tv_sec) * INT64_C(1000000) +
					   ru->ru_utime.tv_usec + ru->ru_stime.tv_usec,
				 .maxrss = ru->ru_maxrss * INT64_C(1024) };
}

static void cell_reap(struct executor *x)
{
	struct cell *c = cell_of(x);
	struct rusage ru;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &ru)) > 0) {
		if (pid == c->dying)
			c->dying = 0;
		if (pid == c->pid)
			supervisor_lost(c, status, &ru);
	}
}

void cell_init(struct cell *c, const struct cell_maker *maker)
{
	static const struct executor_ops ops = {
		.prepare = cell_prepare,
		.begin = cell_begin,
		.renew = cell_renew,
		.frame = cell_frame,
		.start = cell_start,
		.signal = cell_signal,
		.kill = cell_kill,
		.destroy = cell_destroy,
		.collect = cell_collect,
		.disk = cell_disk,
		.end = cell_end,
		.settle = cell_settle,
		.reap = cell_reap,
		.next = cell_next,
	};

	*c = (struct cell){ .x = { .ops = &ops, .fd = -1, .helpers = maker ? 3 : 2 }, .maker = maker, .work = -1 };
}

/* ---- self-test: can this box make cells? ------------------------------------------ */

static int await_event(struct cell *c, enum executor_event_kind kind, struct executor_event *e, char *text)
{
	struct pollfd p = { .fd = c->x.fd, .events = POLLIN };
	int64_t until = mono_us() + ORDER_SECONDS * INT64_C(1000000);

	for (;;) {
		if (cell_next(&c->x, e))
			break;
		if (c->x.fd < 0 || mono_us() >= until || poll(&p, 1, ORDER_SECONDS * 1000) < 0)
			return init_fail(text, "the cell does not answer");
	}
	if (e->kind == kind)
		return 0;
	return init_fail(text, "%s", e->kind == EXECUTOR_FAILED ? e->text : "the cell ended early");
}

static int run_nothing(struct cell *c, char *text)
{
	struct start s = { .phase = PHASE_RUN, .test = 1 };
	struct disk_room room = { .disk = 1 << 20, .inodes = 64 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fds[3] = { null, null, null }, err = -1;
	struct executor_event e = { .kind = EXECUTOR_FAILED };

	if (!cell_begin(&c->x, &room, text) && !cell_start(&c->x, &s, fds, text) &&
	    !await_event(c, EXECUTOR_STARTED, &e, text) && !await_event(c, EXECUTOR_ENDED, &e, text))
		err = e.ended.status ? init_fail(text, "the test program ended with %d", e.ended.status) : 0;
	close(null);
	return err;
}

int cell_self_test(const struct cell_maker *maker, char *text)
{
	struct cell c;
	int err;

	cell_init(&c, maker);
	err = run_nothing(&c, text);
	cell_end(&c.x);
	cell_settle(&c.x);
	return err;
}
