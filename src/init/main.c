/* cee-init - process 1 of a box: takes jobs as frames, runs them in cells, reports
 *
 * One thread, one poll. Frames come in on standard input and are acted on at once;
 * what goes out is queued and written as standard output takes it. The job's programs
 * run under a keeper (cell.c); init holds their pipes, their clock and their limits.
 *
 *   idle ── JOB ──> loading ── GO ──> phase: running ──> draining ──> flushing ──> next phase
 *     ^                                                                               │
 *     └───── DONE, the cell is killed <── carrying files out <── no more phases ──────┘
 *
 * A job of many tests: when its files are compiled they are taken out of the cell (taking),
 * and then NEXT, loading, run phase, NEXT ... each in a cell of its own with those files.
 *
 * Rules it keeps:
 * - Memory is bounded: the queue out, the queue to the program's stdin, the tail of
 *   the output. When the queue out is full the program's pipes are not read; what comes
 *   in is always read, so KILL and the end of the connection are always seen.
 * - Handlers record what happened; advance() is the one place that moves a job on.
 * - Every job that was begun (JOB) ends with exactly one DONE.
 * - It believes waitpid and the keeper's reports, never a signal. All signals are
 *   blocked; it cannot be dumped, and it holds nothing that a job may not have but
 *   the two ends of the protocol, which no job can reach.
 * - A peer that breaks the protocol is not understood any further: init exits, and the
 *   kernel ends the box. So it does when its input ends.
 *
 * Environment: CEE_CELLS=never runs programs in the box itself, one job in all.
 */
#include "base/limit.h"
#include "init/init.h"
#include "wire/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>


enum {
	OUT_SOFT = 256 << 10,		  /* above this the program's pipes wait */
	OUT_MAX = OUT_SOFT + (512 << 10), /* room for everything that does not wait */
	STDIN_FIRST = 64 << 10,		  /* credit with START */
	SMALL = 1 << 20,		  /* bytes of kept files that find room beside a cell that is going */
	HOLD = 3000,			  /* us that what a test says may wait for more, see held */
	STDIN_MAX = 256 << 10,		  /* credit and what is queued, together */
	PIECE_MAX = 1024,		  /* a smaller piece of output counts as one ... */
	PIECES_FREE = 200,
	GATHER_US = 1000,     /* ... of which so many may come faster than one a millisecond */
	BATCH = 32 << 10,     /* read from a pipe at once ... */
	BATCH_BOTH = 4 << 10, /* ... while the other has something too */
	TAIL_MAX = 8 << 20,   /* a larger tail goes to the head instead */
	TAIL_RECORDS = 1 << 17,
	TTY_ENDS = 16,
	TICK = 20 * 1000,
	TICK_IDLE = 50 * 1000,
	TICK_LEAST = 1000,	      /* us */
	KILL_GRACE = 5 * 1000 * 1000, /* us until the keeper itself is killed */
	BASE_SLACK = 2 << 20,
	BASE_WAITS = 20,  /* see read_base */
	CPU_SLACK = 2000, /* us by which the cgroup's figure and the processes' may differ */
};

/* What passes through init is no part of a keeper, which is a copy of it, nor of a program,
 * which is a copy of that until its exec: not to be found there, and not in its peak. */
static void keep_from_children(void *p, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)p + page - 1) / page * page, to = ((uintptr_t)p + len) / page * page;

	if (to > from)
		madvise((void *)from, to - from, MADV_DONTFORK);
}

/* ---- the queue out ------------------------------------------------------- */

static struct {
	int fd;
	size_t start, len;
	unsigned char data[OUT_MAX];
} out = { .fd = -1 };

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
static void die(const char *fmt, ...)
{
	char text[INIT_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	dprintf(2, "cee-init: %s\n", text);
	_exit(1);
}

static void out_flush(void)
{
	while (out.len) {
		ssize_t n = write(out.fd, out.data + out.start, out.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			_exit(0); /* nobody listens any more */
		out.start += (size_t)n;
		out.len -= (size_t)n;
	}
	out.start = 0;
}

static void out_bytes(const void *p, size_t len)
{
	if (out.start + out.len + len > OUT_MAX) {
		memmove(out.data, out.data + out.start, out.len);
		out.start = 0;
	}
	if (out.len + len > OUT_MAX)
		die("the queue out overflows: a bug, or a peer that does not read");
	memcpy(out.data + out.start + out.len, p, len);
	out.len += len;
}

static void send_frame(enum frame_type type, enum frame_stream stream, const void *p, size_t len)
{
	unsigned char head[FRAME_HEADER];

	frame_header(head, type, stream, len);
	out_bytes(head, sizeof head);
	out_bytes(p, len);
}

static void send_payload(enum frame_type type, const struct payload *p)
{
	send_frame(type, STREAM_NONE, p->data, p->len);
}

static void send_number(enum frame_type type, uint32_t number)
{
	struct payload p;

	frame_pack_number(&p, number);
	send_payload(type, &p);
}

static void send_gap(enum frame_stream stream, uint64_t n)
{
	struct payload p;

	frame_pack_gap(&p, n);
	if (n)
		send_frame(FRAME_GAP, stream, p.data, p.len);
}

static bool out_room(void)
{
	return out.len < OUT_SOFT;
}

/* ---- the tail: the last part of the output, kept until the end ------------ */

struct record {
	uint32_t stream : 2, len : 30;
};

static struct {
	unsigned char *data; /* TAIL_MAX, touched only as far as it is used */
	struct record *rec;
	size_t cap, start, len; /* bytes */
	size_t rstart, rlen;
	size_t touched; /* bytes of memory it has taken */
} tail;

static void tail_reset(size_t cap)
{
	if (!tail.data) {
		tail.data = mmap(NULL, TAIL_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				 -1, 0);
		tail.rec = mmap(NULL, TAIL_RECORDS * sizeof *tail.rec, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (tail.data == MAP_FAILED || tail.rec == MAP_FAILED)
			die("no memory for the output's tail");
		keep_from_children(tail.data, TAIL_MAX);
		keep_from_children(tail.rec, TAIL_RECORDS * sizeof *tail.rec);
	}
	if (tail.touched) {
		madvise(tail.data, TAIL_MAX, MADV_DONTNEED);
		madvise(tail.rec, TAIL_RECORDS * sizeof *tail.rec, MADV_DONTNEED);
	}
	tail.cap = cap;
	tail.start = tail.len = tail.rstart = tail.rlen = tail.touched = 0;
}

/* Forgets up to n bytes of the oldest record; returns how many, their stream in *s. */
static size_t tail_forget(size_t n, enum frame_stream *s)
{
	struct record *r = &tail.rec[tail.rstart];

	if (n > r->len)
		n = r->len;
	*s = (enum frame_stream)r->stream;
	r->len -= n & 0x3fffffff;
	tail.start = (tail.start + n) % tail.cap;
	tail.len -= n;
	if (!r->len) {
		tail.rstart = (tail.rstart + 1) % TAIL_RECORDS;
		tail.rlen--;
	}
	return n;
}

static void tail_put(enum frame_stream stream, const unsigned char *p, size_t n)
{
	size_t at = (tail.start + tail.len) % tail.cap, first = tail.cap - at < n ? tail.cap - at : n;
	struct record *last = &tail.rec[(tail.rstart + tail.rlen + TAIL_RECORDS - 1) % TAIL_RECORDS];

	memcpy(tail.data + at, p, first);
	memcpy(tail.data, p + first, n - first);
	tail.len += n;
	if (tail.touched < tail.cap)
		tail.touched += n;
	if (tail.rlen && last->stream == (unsigned)stream) {
		last->len += n & 0x3fffffff;
		return;
	}
	tail.rec[(tail.rstart + tail.rlen) % TAIL_RECORDS] =
		(struct record){ .stream = (unsigned)stream & 3, .len = n & 0x3fffffff };
	tail.rlen++;
}

/* ---- the job -------------------------------------------------------------- */

enum state { IDLE, LOADING, RUNNING, DRAINING, FLUSHING, CARRYING, TAKING };
enum { NO_REASON = -1 };

struct pipe_in { /* a pipe that the program writes */
	int fd;
	enum frame_stream stream;
	uint64_t bytes; /* written by the program */
	uint64_t gap;	/* of them not kept, and not yet said */
};

static struct job {
	enum state state;
	uint64_t flags, disk, inodes, cpu, collect_files, collect_bytes;
	bool cell;		      /* it has one */
	bool killed;		      /* by KILL: no more phases */
	bool stdin_end;		      /* STDIN_END came */
	bool taken;		      /* JOB_TESTS: its files are kept; tests come */
	bool test, go, filled;	      /* TEST came; its GO did; its cell has the files */
	unsigned short rows, columns; /* of its terminal; 0 as it comes */
	int next_phase;
	struct keeper plan; /* the phases as sent; without a cell also the keeper */
} job;

static struct phase {
	uint32_t id;
	const uint64_t *limit;
	struct pipe_in pipe[2];
	size_t npipes;
	int tty; /* the program's side of its terminal, held so that it never hangs up; or -1 */
	uint64_t kept, head_max, dropped;
	int reason;				/* enum frame_how for which it was killed, or NO_REASON */
	int64_t started_us;			/* 0: not yet */
	int64_t next_tick, kill_by;		/* 0: none */
	int64_t pieces, piece_at, gather_until; /* see count_piece */
	uint64_t hit;
	struct usage_now base, last;
	int64_t base_own_us, base_disk;
	int64_t peak, cpu_us; /* as sampled */
	bool exact_pids;      /* the cgroup bounds the processes, so it counts refusals */
	struct ended ended;
} phase = { .tty = -1 };

static struct { /* on its way to the program */
	int fd;
	size_t start, len;
	uint64_t credit; /* given and not used */
	size_t window;
	bool eof; /* a terminal's end of file is in data */
	unsigned char data[STDIN_MAX];
} in = { .fd = -1 };

static struct cell cell = { .sock = -1, .work = -1 };
static struct carrying carrying = { .fd = -1 };
static struct kept kept = { .fd = -1 };
static pid_t dying; /* the last job's cell, until it is reaped */
static struct usage usage;
static bool have_cells, box_used, ready_sent, greeted;

static uint64_t limit_of(enum limit_id id)
{
	return phase.limit[id] && phase.limit[id] <= INT64_MAX ? phase.limit[id] : 0;
}

static void hit(enum limit_id id)
{
	phase.hit |= UINT64_C(1) << id;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- the end of a job ------------------------------------------------------ */

static void plan_release(struct keeper *k)
{
	for (int p = 0; p < PHASE_COUNT; p++) {
		for (size_t i = 0; i < k->plan[p].argc; i++)
			free(k->plan[p].argv[i]);
		for (size_t i = 0; i < k->plan[p].envc; i++)
			free(k->plan[p].env[i]);
		free(k->plan[p].argv);
		free(k->plan[p].env);
	}
	close_fd(&k->work);
	close_fd(&k->oom);
	close_fd(&k->file);
	free(k->collect);
	free(k->link);
	keeper_init(k, false);
}

static void pipes_close(void)
{
	for (size_t i = 0; i < phase.npipes; i++)
		close_fd(&phase.pipe[i].fd);
	close_fd(&in.fd);
	close_fd(&phase.tty);
	in.start = in.len = 0;
	in.credit = 0;
}

static void wait_dying(void)
{
	if (dying > 0)
		waitpid(dying, NULL, 0);
	dying = 0;
}

static void cell_leave(void)
{
	if (!job.cell || cell.pid <= 0)
		return;
	wait_dying();
	dying = cell.pid;
	cell_close(&cell);
	cell.pid = 0;
}

static void job_done(uint32_t failed)
{
	pipes_close();
	carrying_close(&carrying);
	kept_close(&kept);
	cell_leave();
	plan_release(&job.plan);
	job.state = IDLE;
	send_number(FRAME_DONE, failed);
}

static void send_end(enum frame_how how, uint64_t status)
{
	struct frame_end e = { .phase = phase.id, .how = how, .status = status };
	struct payload p;

	e.cpu_us = (uint64_t)phase.ended.cpu_us;
	e.wall_us = (uint64_t)phase.ended.wall_us;
	e.peak = (uint64_t)(phase.peak > phase.ended.maxrss ? phase.peak : phase.ended.maxrss);
	e.peak_how = phase.peak > phase.ended.maxrss;
	e.oom_kills = (uint64_t)phase.base.oom_kills; /* by now the difference */
	e.hit = phase.hit;
	e.out_bytes = phase.pipe[0].bytes;
	e.err_bytes = phase.npipes > 1 ? phase.pipe[1].bytes : 0;
	e.dropped = phase.dropped;
	frame_pack_end(&p, &e);
	send_payload(FRAME_END, &p);
}

/* A failure of ours ends the job, wherever it is. */
static void trouble(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void trouble(const char *fmt, ...)
{
	char text[INIT_TEXT];
	struct ended e;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	send_frame(FRAME_TROUBLE, STREAM_NONE, text, strlen(text));
	if (job.state > LOADING) {
		if (!job.cell)
			keeper_end(&job.plan, -1, &e);
		phase.base.oom_kills = 0;
		send_end(END_TROUBLE, 0);
	}
	job_done(1);
}

/* ---- output --------------------------------------------------------------- */

static void drop(struct pipe_in *p, uint64_t n)
{
	p->gap += n;
	phase.dropped += n;
	if (n)
		hit(LIMIT_OUTPUT);
}

static void drop_stream(enum frame_stream stream, uint64_t n)
{
	drop(&phase.pipe[phase.npipes > 1 && phase.pipe[1].stream == stream], n);
}

/* Into the tail; what no longer fits is forgotten from its front. */
static void keep_tail(struct pipe_in *p, const unsigned char *data, size_t n)
{
	enum frame_stream s;
	size_t gone;

	if (n > tail.cap) {
		while (tail.len) {
			gone = tail_forget(tail.len, &s);
			drop_stream(s, gone);
		}
		drop(p, n - tail.cap);
		data += n - tail.cap;
		n = tail.cap;
	}
	while (tail.len + n > tail.cap || tail.rlen + 1 >= TAIL_RECORDS) {
		gone = tail_forget(tail.rlen + 1 >= TAIL_RECORDS ? tail.len : tail.len + n - tail.cap, &s);
		drop_stream(s, gone);
	}
	if (n)
		tail_put(p->stream, data, n);
}

static void phase_kill(int reason);

static void keep(struct pipe_in *p, const unsigned char *data, size_t n)
{
	size_t live = n;

	p->bytes += n;
	if (limit_of(LIMIT_OUTPUT) && phase.kept + n > phase.head_max)
		live = (size_t)(phase.head_max - phase.kept);
	if (live)
		send_frame(FRAME_OUT, p->stream, data, live);
	phase.kept += live;
	if (live == n)
		return;
	if (job.flags & JOB_STOP_ON_OUTPUT) {
		drop(p, n - live);
		phase_kill(END_OUTPUT_LIMIT);
	} else {
		keep_tail(p, data + live, n - live);
	}
}

/* A program that writes each line by itself, without end, would wake us for each of them, which
 * costs it ten times as much as the writing. So its first pieces are read as they come, and so
 * is what comes at leisure; beyond that, what it writes within a millisecond is read together. */
static void count_piece(size_t n)
{
	int64_t now;

	if (n >= PIECE_MAX)
		return;
	now = init_now_us();
	phase.pieces -= (now - phase.piece_at) / GATHER_US;
	if (phase.pieces < 0)
		phase.pieces = 0;
	phase.piece_at = now;
	if (++phase.pieces > PIECES_FREE) {
		phase.pieces = PIECES_FREE;
		phase.gather_until = now + GATHER_US;
	}
}

/* One batch. false: nothing there now (all writers gone, when the phase is over). */
static bool pipe_read(struct pipe_in *p, size_t batch)
{
	unsigned char data[BATCH];
	ssize_t n = p->fd < 0 ? 0 : read(p->fd, data, batch);

	if (n > 0) {
		keep(p, data, (size_t)n);
		count_piece((size_t)n);
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	close_fd(&p->fd);
	return false;
}

/* What is missing is said first, then what was kept comes, as room allows. */
static bool tail_send(void)
{
	enum frame_stream s;
	size_t n, first;

	for (size_t i = 0; i < phase.npipes; i++) {
		send_gap(phase.pipe[i].stream, phase.pipe[i].gap);
		phase.pipe[i].gap = 0;
	}
	while (tail.rlen && out_room()) {
		n = tail.rec[tail.rstart].len;
		if (n > FRAME_MAX)
			n = FRAME_MAX;
		first = tail.cap - tail.start < n ? tail.cap - tail.start : n;
		send_frame(FRAME_OUT, (enum frame_stream)tail.rec[tail.rstart].stream, tail.data + tail.start, first);
		tail_forget(first, &s);
	}
	return !tail.rlen;
}

/* ---- the program's standard input ------------------------------------------ */

/* Gives back what has been consumed; from the first time on the window is whole. A
 * program that has closed its input is given no more: a producer without end stops there. */
static void give_credit(void)
{
	uint64_t room = in.window - in.len;

	if (in.fd < 0 || !phase.started_us)
		return;
	if (job.state != RUNNING || phase.id != PHASE_RUN || job.stdin_end || !out_room())
		return;
	if (room <= in.credit || (room - in.credit < in.window / 4 && in.credit))
		return;
	send_number(FRAME_CREDIT, (uint32_t)(room - in.credit));
	in.credit = room;
}

/* A terminal has no end: there is a character for it, which ends one read, or a line that
 * was not ended. Whoever reads again at the end of a pipe finds it again, so there are some
 * more of them. Only a program that reads lines wants it. */
static bool tty_end(void)
{
	struct termios t;

	if (phase.tty < 0 || in.eof || in.fd < 0 || tcgetattr(phase.tty, &t) || !(t.c_lflag & ICANON))
		return false;
	in.eof = true;
	in.len = TTY_ENDS;
	memset(in.data, t.c_cc[VEOF], in.len);
	return true;
}

static void stdin_write(void)
{
	while (in.fd >= 0 && in.len) {
		ssize_t n = write(in.fd, in.data + in.start, in.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) { /* the program has closed it: the rest is lost, as at home */
			close_fd(&in.fd);
			break;
		}
		in.start += (size_t)n;
		in.len -= (size_t)n;
		in.window = STDIN_MAX;
	}
	if (in.fd < 0)
		in.len = 0;
	if (!in.len) {
		in.start = 0;
		if (job.stdin_end && tty_end()) {
			stdin_write();
			return;
		}
		if (job.stdin_end)
			close_fd(&in.fd);
	}
	give_credit();
}

static void stdin_frame(const struct frame *f)
{
	if (job.state == IDLE || job.state >= DRAINING || (job.taken && !job.test))
		return; /* too late: the program has ended */
	if (f->len > in.credit)
		die("stdin beyond the credit");
	in.credit -= f->len;
	if (in.fd < 0 && job.state != LOADING)
		return;
	if (in.start + in.len + f->len > STDIN_MAX) {
		memmove(in.data, in.data + in.start, in.len);
		in.start = 0;
	}
	memcpy(in.data + in.start + in.len, f->data, f->len);
	in.len += f->len;
	if (job.state != LOADING)
		stdin_write();
}

/* ---- a phase ---------------------------------------------------------------- */

/* Kills all of the cell's programs, once; the end is then reported by the keeper. */
static void phase_kill(int reason)
{
	if (job.state != RUNNING || phase.reason != NO_REASON)
		return;
	phase.reason = reason;
	phase.kill_by = init_now_us() + KILL_GRACE;
	if (job.cell) {
		if (cell_kill(&cell))
			kill(cell.pid, SIGKILL);
		return;
	}
	keeper_end(&job.plan, -1, &phase.ended);
	job.state = DRAINING;
}

/* The size takes effect at once; the kernel tells the program with SIGWINCH. */
static void tty_resize(void)
{
	struct winsize size = { .ws_row = job.rows, .ws_col = job.columns };

	if (phase.tty >= 0 && size.ws_row && size.ws_col)
		ioctl(phase.tty, TIOCSWINSZ, &size);
}

/* One terminal for all three: what it shows is read where a pipe is otherwise. The box's
 * devpts has it, so that the program finds it under its name; nobody else is in the box. */
static int make_tty(int theirs[3])
{
	int zero = 0, master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios t;

	phase.pipe[0].fd = master;
	if (master < 0 || ioctl(master, TIOCSPTLCK, &zero))
		return -1;
	phase.tty = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	in.fd = fcntl(master, F_DUPFD_CLOEXEC, 3);
	if (phase.tty < 0 || in.fd < 0 || tcgetattr(phase.tty, &t))
		return -1;
	t.c_iflag |= IUTF8;
	if (tcsetattr(phase.tty, TCSANOW, &t))
		return -1;
	tty_resize();
	for (int i = 0; i < 3; i++)
		if ((theirs[i] = fcntl(phase.tty, F_DUPFD_CLOEXEC, 3)) < 0)
			return -1;
	return 0;
}

static int make_pipes(int theirs[3])
{
	int p[2];

	theirs[0] = theirs[1] = theirs[2] = -1;
	if (phase.id == PHASE_RUN && (job.flags & JOB_TTY))
		return make_tty(theirs);
	if (phase.id == PHASE_RUN) {
		if (pipe2(p, O_CLOEXEC))
			return -1;
		theirs[0] = p[0];
		in.fd = p[1];
		fcntl(in.fd, F_SETFL, O_NONBLOCK);
	} else if ((theirs[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0) {
		return -1;
	}
	for (size_t i = 0; i < phase.npipes; i++) {
		if (pipe2(p, O_CLOEXEC))
			return -1;
		phase.pipe[i].fd = p[0];
		theirs[1 + i] = p[1];
		fcntl(p[0], F_SETFL, O_NONBLOCK);
	}
	if (phase.npipes == 1)
		theirs[2] = fcntl(theirs[1], F_DUPFD_CLOEXEC, 3);
	return theirs[2] < 0 ? -1 : 0;
}

/* Compiling gives one stream, so one pipe, and its order is exact. */
static void phase_init(uint32_t id)
{
	uint64_t max;

	phase = (struct phase){ .id = id,
				.reason = NO_REASON,
				.tty = -1,
				.limit = job.plan.plan[id].limit,
				.npipes = id == PHASE_COMPILE || (job.flags & (JOB_MERGE | JOB_TTY)) ? 1 : 2,
				.pipe = { { .fd = -1, .stream = id == PHASE_COMPILE ? STREAM_COMPILE : STREAM_OUT },
					  { .fd = -1, .stream = STREAM_ERR } } };
	max = limit_of(LIMIT_OUTPUT) / 4;
	if (max > TAIL_MAX)
		max = TAIL_MAX;
	if (job.flags & JOB_STOP_ON_OUTPUT)
		max = 0;
	phase.head_max = limit_of(LIMIT_OUTPUT) - max;
	tail_reset(max);
	in.window = STDIN_FIRST;
	in.eof = false;
	if (job.test)
		return; /* some of its stdin may be there already */
	in.start = in.len = 0;
	in.credit = 0;
}

static int64_t disk_used(struct statfs *s)
{
	int fd = job.cell ? cell.work : job.plan.work;

	if (fd < 0 || fstatfs(fd, s))
		return 0;
	return (int64_t)(s->f_blocks - s->f_bfree) * (int64_t)s->f_bsize;
}

/* Where the box's pids limit is the job's, it refuses and counts exactly; the
 * process's own limit then stands a little higher. Ours in it: init, the keeper. */
static uint32_t process_limit(void)
{
	uint64_t n = limit_of(LIMIT_PROCESSES);

	if (!n || n > INT32_MAX - 64)
		return 0;
	phase.exact_pids = usage.pids_max > 0 && (uint64_t)usage.pids_max <= n + 2;
	return (uint32_t)(n + 1 + (phase.exact_pids ? 16 : 0));
}

static void phase_started(int64_t at)
{
	phase.started_us = at;
	phase.next_tick = at + 2000;
	stdin_write();
}

static int phase_launch(const int theirs[3])
{
	struct start s = { .phase = phase.id,
			   .nproc = process_limit(),
			   .cpu = (uint32_t)(job.cpu < UINT32_MAX ? job.cpu : UINT32_MAX) };
	char text[INIT_TEXT];

	if (job.cell) {
		if (!cell_start(&cell, &s, theirs))
			return 0;
		trouble("the cell takes no orders: %s", strerror(errno));
		return -1;
	}
	if (keeper_start(&job.plan, &s, theirs, text)) {
		trouble("%s", text);
		return -1;
	}
	phase_started(job.plan.started_us);
	return 0;
}

/* The figures that the phase's own are counted from. Shared memory that no file holds is
 * of programs that are gone: the kernel gives it back late when its last holder was a
 * message between sockets. It is waited for a little, or it would hide as much of this
 * phase's. */
static void read_base(void)
{
	struct timespec wait = { .tv_nsec = 1000000 };
	struct statfs s;

	for (int i = 0; i < BASE_WAITS; i++) {
		usage_read(&usage, &phase.base, NULL);
		phase.base_disk = disk_used(&s);
		if (phase.base.shmem - phase.base_disk - (int64_t)kept.size < BASE_SLACK)
			break;
		nanosleep(&wait, NULL);
	}
	phase.last = phase.base;
	phase.base_own_us = init_cpu_us();
}

static void phase_start(uint32_t id)
{
	int theirs[3];
	bool ok;

	phase_init(id);
	job.state = RUNNING;
	send_number(FRAME_START, id);
	ok = !make_pipes(theirs);
	read_base();
	if (job.test && ok)
		stdin_write(); /* what there is of it: the program need not wait for it */
	if (!ok)
		trouble("%s: %s", job.flags & JOB_TTY ? "terminal" : "pipes", strerror(errno));
	else
		phase_launch(theirs);
	for (int i = 0; i < 3; i++)
		close_fd(&theirs[i]);
}

/* ---- files that are carried out ---------------------------------------------- */

/* Without a cell a child of init walks: nothing of the job is left that could reach it. */
static int carry_order(const struct carry *what, int pipe)
{
	pid_t pid;

	if (job.cell && cell.pid > 0)
		return cell_carry(&cell, what, pipe);
	if (job.cell)
		return -1;
	pid = fork();
	if (!pid) {
		carrying_close(&carrying);
		carry_walk(job.plan.work, what, job.plan.collect, job.plan.ncollect, pipe);
		_exit(0);
	}
	return pid < 0 ? -1 : 0;
}

static void carry_end(void)
{
	struct payload p;

	frame_pack_left(&p, &(struct frame_left){ .reason = LEFT_SEARCH });
	if (!carrying.done)
		send_payload(FRAME_LEFT, &p);
	job_done(0);
}

/* Every process of the job is dead, and its cell still there. */
static void job_end(void)
{
	struct carry what = { .files = job.collect_files, .bytes = job.collect_bytes };
	int pipe;

	if (!job.plan.ncollect) {
		job_done(0);
		return;
	}
	job.state = CARRYING;
	if (carrying_open(&carrying, &pipe) || carry_order(&what, pipe))
		carry_end();
	close_fd(&pipe);
}

static void carry_frame(void *arg, const struct frame *f)
{
	(void)arg;
	send_frame(f->type, STREAM_NONE, f->data, f->len);
}

/* ---- many tests ------------------------------------------------------------------ */

static int open_bare(void);
static int open_cell(void);

static void cell_of_test(void)
{
	if (open_cell())
		return;
	if (cell_fill(&cell, kept.fd))
		trouble("the cell takes no orders: %s", strerror(errno));
}

static void box_of_test(void)
{
	char text[INIT_TEXT];

	if (box_clean(text)) {
		trouble("the box is not clean for the next test: %s", text);
		return;
	}
	if (open_bare())
		return;
	if (kept_fill(&job.plan, kept.fd, text))
		trouble("files: %s", text);
	job.filled = true;
}

/* The last cell goes and the next one is made, while the runner hears of it and answers. */
static void next_test(void)
{
	send_frame(FRAME_NEXT, STREAM_NONE, "", 0);
	out_flush();
	cell_leave();
	plan_release(&job.plan);
	job.state = LOADING;
	job.test = job.go = job.filled = false;
	if (job.cell)
		cell_of_test();
	else
		box_of_test();
}

/* Nothing of what compiled runs any more; its END waits until its files are kept. */
static void take_files(void)
{
	struct carry what = { .everything = 1, .files = job.inodes, .bytes = job.disk };
	int pipe;

	if (!job.plan.plan[PHASE_COMPILE].set)
		phase_init(PHASE_RUN);
	job.state = TAKING;
	if (kept_open(&kept) || carrying_open(&carrying, &pipe)) {
		trouble("keeping the files: %s", strerror(errno));
		return;
	}
	if (carry_order(&what, pipe))
		trouble("keeping the files: %s", strerror(errno));
	close_fd(&pipe);
}

static void take_frame(void *arg, const struct frame *f)
{
	kept_add(arg, f);
}

/* What cannot be kept is the compiler's doing, or that of what it ran: it has failed. */
static void files_lost(void)
{
	char text[INIT_TEXT + 64];
	int n = snprintf(text, sizeof text, "cee: cannot be kept for the tests: %s\n", kept.lost);

	send_frame(FRAME_OUT, STREAM_COMPILE, text, (size_t)n);
	send_end(END_DISK_LIMIT, 0);
	job_done(0);
}

static void files_taken(void)
{
	kept_seal(&kept);
	if (!carrying.done)
		trouble("the cell ended while its files were taken");
	else if (*kept.lost && job.plan.plan[PHASE_COMPILE].set)
		files_lost();
	else if (*kept.lost)
		trouble("the job's files: %s", kept.lost);
	if (job.state != TAKING)
		return;
	if (job.plan.plan[PHASE_COMPILE].set)
		send_end(END_EXITED, 0);
	job.taken = true;
	next_test();
}

static void on_carried(void)
{
	if (job.state == TAKING && !carrying_read(&carrying, take_frame, &kept))
		files_taken();
	if (job.state == CARRYING && !carrying_read(&carrying, carry_frame, NULL))
		carry_end();
}

/* After a phase of such a job. */
static void tests_on(enum frame_how how, uint64_t number)
{
	bool good = how == END_EXITED && !number;

	if (phase.id == PHASE_COMPILE && good && !job.killed) {
		take_files();
		return;
	}
	send_end(how, number);
	if (job.killed || phase.id == PHASE_COMPILE)
		job_done(0);
	else
		next_test();
}

static void on_test(const struct frame *f)
{
	if (job.state == IDLE)
		return;
	if (job.state != LOADING || !job.taken || job.test || f->len != 4)
		die("a test out of place");
	job.test = true;
	job.stdin_end = false;
	in.credit = TEST_STDIN;
}

static void on_finish(void)
{
	if (job.state == IDLE)
		return;
	if (job.state != LOADING || !job.taken || job.test)
		die("the end of the tests out of place");
	job_done(0);
}

/* Its program starts when it is known, and its cell has done all else. */
static void maybe_start_test(void)
{
	if (job.state != LOADING || !job.taken || !job.go || !job.filled)
		return;
	wait_dying();
	phase_start(PHASE_RUN);
}

/* The next phase that there is, or the end. */
static void next_phase(void)
{
	while (job.next_phase < PHASE_COUNT && !job.plan.plan[job.next_phase].set)
		job.next_phase++;
	if (job.next_phase >= PHASE_COUNT) {
		job_end();
		return;
	}
	if (job.killed) {
		phase_init((uint32_t)job.next_phase);
		send_end(END_KILLED, 0);
		job_end();
		return;
	}
	phase_start((uint32_t)job.next_phase++);
}

static void on_go(void)
{
	if (job.state != LOADING)
		return;
	if (!(job.flags & JOB_TESTS))
		next_phase();
	else if (!job.taken && job.plan.plan[PHASE_COMPILE].set)
		phase_start(PHASE_COMPILE);
	else if (!job.taken)
		take_files();
	else if (!job.test || job.go)
		die("GO out of place");
	job.go = job.taken;
	maybe_start_test();
}

/* ---- limits -------------------------------------------------------------------- */

static void look_at(const struct statfs *s)
{
	if (s->f_blocks && !s->f_bfree)
		hit(LIMIT_DISK);
	if (s->f_files && !s->f_ffree)
		hit(LIMIT_INODES);
}

/* A cell has one disk; without one the box's three tmpfs are it. */
static void look_at_disk(void)
{
	static const char *const folders[] = { "/work", "/tmp", "/dev/shm" };
	struct statfs s;

	if (job.cell) {
		if (cell.work >= 0 && !fstatfs(cell.work, &s))
			look_at(&s);
		return;
	}
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (!statfs(folders[i], &s) && s.f_type == TMPFS_MAGIC)
			look_at(&s);
}

/* Memory that is the job's: anonymous, and shared memory that is no file of the disk. */
static int64_t memory_used(const struct usage_now *now)
{
	struct statfs s;
	int64_t anon = now->anon - phase.base.anon - (int64_t)tail.touched;
	int64_t shared = now->shmem - phase.base.shmem - (disk_used(&s) - phase.base_disk);

	return (anon > 0 ? anon : 0) + (shared > 0 ? shared : 0);
}

static void look_at_processes(const struct usage_now *now)
{
	uint64_t max = limit_of(LIMIT_PROCESSES), own = job.cell ? 2 : 1;

	if (!max)
		return;
	if (now->pids_hits > phase.base.pids_hits)
		hit(LIMIT_PROCESSES);
	if (!phase.exact_pids && now->pids > 0 && (uint64_t)now->pids >= max + own)
		hit(LIMIT_PROCESSES);
}

/* Returns the reason to kill, or NO_REASON. */
static int look(const struct usage_now *now)
{
	int64_t memory = memory_used(now);
	int64_t cpu = now->cpu_us - phase.base.cpu_us - (init_cpu_us() - phase.base_own_us);
	int reason = NO_REASON;

	phase.cpu_us = cpu;
	if (memory > phase.peak)
		phase.peak = memory;
	look_at_disk();
	look_at_processes(now);
	if (limit_of(LIMIT_MEMORY) && memory > (int64_t)limit_of(LIMIT_MEMORY)) {
		hit(LIMIT_MEMORY);
		reason = END_MEMORY_LIMIT;
	}
	if (limit_of(LIMIT_CPU) && cpu > (int64_t)limit_of(LIMIT_CPU)) {
		hit(LIMIT_CPU);
		reason = END_CPU_LIMIT;
	}
	return reason;
}

/* Close together at a program's start, further apart while it does nothing; sooner when
 * little cpu time is left, of which a job can use each processor's at once. */
static int64_t tick_length(int64_t now, int64_t cpu_before)
{
	int64_t run = now - phase.started_us, left;
	int64_t t = run < 20000 ? 2000 : run < 100000 ? 5000 : run < 1000000 ? 10000 : TICK;

	if (t == TICK && phase.cpu_us - cpu_before < TICK / 20)
		t = TICK_IDLE;
	if (limit_of(LIMIT_CPU)) {
		left = ((int64_t)limit_of(LIMIT_CPU) - phase.cpu_us) / sysconf(_SC_NPROCESSORS_ONLN);
		if (left < t)
			t = left;
	}
	return t < TICK_LEAST ? TICK_LEAST : t;
}

static void tick(int64_t now)
{
	int64_t cpu_before = phase.cpu_us;
	struct usage_now u;
	int reason;

	if (phase.reason != NO_REASON) {
		if (phase.kill_by && now >= phase.kill_by && job.cell) {
			kill(cell.pid, SIGKILL);
			phase.kill_by = now + KILL_GRACE;
		}
		return;
	}
	if (!phase.started_us)
		return;
	if (limit_of(LIMIT_WALL) && now - phase.started_us >= (int64_t)limit_of(LIMIT_WALL)) {
		hit(LIMIT_WALL);
		phase_kill(END_WALL_LIMIT);
		return;
	}
	if (now < phase.next_tick)
		return;
	usage_read(&usage, &u, &phase.last);
	phase.last = u;
	reason = look(&u);
	phase.next_tick = now + tick_length(now, cpu_before);
	if (reason != NO_REASON)
		phase_kill(reason);
}

/* ---- the end of a phase ---------------------------------------------------------- */

/* What was alive at the end counts too: a program that fails at its first refused fork
 * is gone before a sample sees it. */
static void count_left(void)
{
	uint64_t max = limit_of(LIMIT_PROCESSES);

	if (max && !phase.exact_pids && (uint64_t)phase.ended.left + 1 >= max)
		hit(LIMIT_PROCESSES);
	if (phase.ended.file_full)
		hit(LIMIT_FILE_SIZE);
}

/* Last figures, while the cell's disk is still there. */
static void last_look(void)
{
	struct usage_now u;

	usage_read(&usage, &u, NULL);
	look_at_disk();
	look_at_processes(&u);
	count_left();
	phase.base.oom_kills = u.oom_kills > phase.base.oom_kills ? u.oom_kills - phase.base.oom_kills : 0;
	if (phase.base.oom_kills)
		hit(LIMIT_MEMORY);
	/* Children of a parent that ignores SIGCHLD are reaped by the kernel and are
	 * missing from rusage; the cgroup has them. */
	phase.cpu_us = u.cpu_us - phase.base.cpu_us - (init_cpu_us() - phase.base_own_us) - phase.ended.own_us;
	if (usage.version && phase.cpu_us > phase.ended.cpu_us + phase.ended.cpu_us / 50 + CPU_SLACK)
		phase.ended.cpu_us = phase.cpu_us;
	if (limit_of(LIMIT_MEMORY) && phase.ended.maxrss > (int64_t)limit_of(LIMIT_MEMORY))
		hit(LIMIT_MEMORY);
	if (limit_of(LIMIT_CPU) && phase.ended.cpu_us > (int64_t)limit_of(LIMIT_CPU))
		hit(LIMIT_CPU);
}

static bool touched(enum limit_id id)
{
	return phase.hit & (UINT64_C(1) << id);
}

static enum frame_how signalled(int sig)
{
	if (sig == SIGKILL && phase.reason != NO_REASON)
		return (enum frame_how)phase.reason;
	if (phase.base.oom_kills)
		return END_MEMORY_LIMIT;
	if (sig == SIGXCPU || (sig == SIGKILL && touched(LIMIT_CPU)))
		return END_CPU_LIMIT;
	if (sig == SIGXFSZ)
		return END_FILE_SIZE_LIMIT;
	return END_SIGNALLED;
}

static enum frame_how verdict(int status, uint64_t *number)
{
	enum frame_how how = END_EXITED;

	*number = (uint64_t)(WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	if (WIFSIGNALED(status))
		how = signalled(WTERMSIG(status));
	if (how == END_FILE_SIZE_LIMIT)
		hit(LIMIT_FILE_SIZE);
	if (how != END_SIGNALLED && (how != END_EXITED || !*number))
		return how;
	if (touched(LIMIT_PROCESSES))
		return END_PROCESS_LIMIT;
	if (touched(LIMIT_FILE_SIZE))
		return END_FILE_SIZE_LIMIT;
	if (touched(LIMIT_DISK) || touched(LIMIT_INODES))
		return END_DISK_LIMIT;
	return how;
}

static void phase_finish(void)
{
	uint64_t number;
	enum frame_how how;

	last_look();
	how = verdict(phase.ended.status, &number);
	pipes_close();
	if (job.flags & JOB_TESTS) {
		tests_on(how, number);
		return;
	}
	send_end(how, number);
	if (how != END_EXITED || number) {
		if (phase.id == PHASE_COMPILE)
			job.next_phase = PHASE_COUNT;
	}
	next_phase();
}

/* ---- what happened ----------------------------------------------------------------- */

static void keeper_gone(int status, int64_t cpu_us, int64_t maxrss)
{
	if (job.state == LOADING) {
		trouble("the cell ended before its program (status %d): is the box's memory limit too small?", status);
	} else if (job.state == RUNNING) {
		/* The program died with its cell: by the kernel's choice, or by its own doing. */
		phase.ended = (struct ended){ .status = SIGKILL,
					      .cpu_us = cpu_us,
					      .maxrss = maxrss,
					      .wall_us = phase.started_us ? init_now_us() - phase.started_us : 0 };
		/* ... and a test's cell is nobody's but its own */
		job.killed = job.killed || !job.taken;
		job.state = DRAINING;
	}
}

static void reap_cells(void)
{
	struct rusage ru;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &ru)) > 0) {
		if (pid == dying)
			dying = 0;
		if (pid != cell.pid)
			continue;
		cell_close(&cell);
		cell.pid = 0;
		keeper_gone(status,
			    (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * INT64_C(1000000) + ru.ru_utime.tv_usec +
				    ru.ru_stime.tv_usec,
			    ru.ru_maxrss * INT64_C(1024));
	}
}

static void on_child(int fd)
{
	struct signalfd_siginfo info[8];
	int status;

	while (read(fd, info, sizeof info) > 0)
		;
	if (job.state == IDLE || job.cell) {
		reap_cells();
	} else if (keeper_reap(&job.plan, &status) && job.state == RUNNING) {
		keeper_end(&job.plan, status, &phase.ended);
		job.state = DRAINING;
	}
}

static void on_report(void)
{
	struct report r = { .kind = REPORT_FAILED };
	int n = 0;

	while (cell.sock >= 0 && (n = cell_report(&cell, &r)) > 0) {
		if (r.kind == REPORT_FAILED && job.state != IDLE && job.state != CARRYING) {
			trouble("%s", r.text);
		} else if (r.kind == REPORT_FILLED && job.state == LOADING) {
			job.filled = true;
			maybe_start_test();
		} else if (r.kind == REPORT_STARTED && job.state == RUNNING) {
			phase_started(r.time_us);
		} else if (r.kind == REPORT_ENDED && job.state == RUNNING) {
			phase.ended = r.ended;
			job.state = DRAINING;
		}
	}
	if (cell.sock >= 0 && n < 0) { /* it hung up; its end comes by waitpid */
		kill(cell.pid, SIGKILL);
		close_fd(&cell.sock);
	}
}

/* ---- frames -------------------------------------------------------------------------- */

static void on_hello(const struct frame *f)
{
	struct frame_hello h;

	if (!frame_unpack_hello(f->data, f->len, &h) || h.version != FRAME_VERSION)
		die("the runner speaks another version of the protocol than %d: restart it, or replace cee-init",
		    FRAME_VERSION);
	greeted = true;
}

/* Without a cell: init is the keeper, in the box's own tmpfs. */
static int open_bare(void)
{
	keeper_init(&job.plan, false);
	if (cell.pid > 0) { /* made ahead, and not wanted */
		cell_close(&cell);
		waitpid(cell.pid, NULL, 0);
		cell.pid = 0;
	}
	job.plan.disk = job.disk;
	job.plan.work = open("/work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (job.plan.work < 0) {
		trouble("/work: %s; give the box a tmpfs there", strerror(errno));
		return -1;
	}
	box_used = true;
	return 0;
}

static int open_cell(void)
{
	char text[INIT_TEXT];

	keeper_init(&job.plan, true);
	if (kept.size == 0 || kept.size > SMALL) /* there may be no room for two */
		wait_dying();
	if (!cell.pid && cell_open(&cell, text)) {
		trouble("no cell: %s", text);
		return -1;
	}
	if (cell_build(&cell, job.disk, job.inodes)) {
		trouble("the cell takes no orders: %s", strerror(errno));
		return -1;
	}
	return 0;
}

static void on_job(const struct frame *f)
{
	struct frame_job j;

	if (!greeted || job.state != IDLE || !frame_unpack_job(f->data, f->len, &j))
		die("a job out of place");
	job.state = LOADING;
	job.flags = j.flags;
	job.disk = j.disk;
	job.inodes = j.inodes;
	job.cpu = j.cpu;
	job.collect_files = j.collect_files;
	job.collect_bytes = j.collect_bytes;
	job.cell = have_cells && !(job.flags & JOB_NO_CELL);
	job.killed = job.stdin_end = job.taken = job.test = job.go = job.filled = false;
	job.rows = job.columns = 0;
	job.next_phase = 0;
	ready_sent = false;
	if (box_used)
		trouble("a box without cells serves one job; take a new box");
	else if (job.cell)
		open_cell();
	else
		open_bare();
}

/* Files go to where they are written, phases also into our own copy: the limits; and
 * patterns: whether there are any. */
static void on_load(const struct frame *f)
{
	bool file = f->type == FRAME_FILE || f->type == FRAME_DATA;
	char text[INIT_TEXT];

	if (job.state == IDLE)
		return; /* the rest of a job that has ended in trouble */
	if (job.state != LOADING || (job.taken && (!job.test || job.go || file || f->type == FRAME_COLLECT)))
		die("frame %d out of place", (int)f->type);
	if (job.cell && cell_frame(&cell, f->type, f->data, f->len)) {
		trouble("the cell takes no orders: %s", strerror(errno));
		return;
	}
	if (job.cell && f->type != FRAME_PHASE && f->type != FRAME_COLLECT)
		return;
	if (keeper_frame(&job.plan, f->type, f->data, f->len, text))
		trouble("%s%s", file ? "files: " : "", text);
}

static void on_kill(void)
{
	job.killed = true;
	if (job.state == LOADING) {
		phase_init(PHASE_RUN);
		send_end(END_KILLED, 0);
		job_done(0);
	} else if (job.state == RUNNING) {
		phase_kill(END_KILLED);
	} else if (job.state == CARRYING) { /* the rest stays behind */
		carry_end();
	} else if (job.state == TAKING) {
		send_end(END_KILLED, 0);
		job_done(0);
	}
}

static void on_signal(const struct frame *f)
{
	uint32_t sig;

	if (job.state != RUNNING || !frame_unpack_number(f->data, f->len, &sig) || sig < 1 || sig >= NSIG)
		return;
	if (!job.cell)
		keeper_signal(&job.plan, (int)sig);
	else if (cell_signal(&cell, (int)sig))
		kill(cell.pid, SIGKILL);
}

static void on_window(const struct frame *f)
{
	struct frame_window w;

	if (job.state == IDLE || !frame_unpack_window(f->data, f->len, &w) || w.rows > UINT16_MAX ||
	    w.columns > UINT16_MAX)
		return;
	job.rows = (unsigned short)w.rows;
	job.columns = (unsigned short)w.columns;
	if (job.state == RUNNING)
		tty_resize();
}

static void on_frame(const struct frame *f)
{
	switch (f->type) {
	case FRAME_HELLO:
		on_hello(f);
		break;
	case FRAME_JOB:
		on_job(f);
		break;
	case FRAME_FILE:
	case FRAME_DATA:
	case FRAME_COLLECT:
	case FRAME_PHASE:
	case FRAME_ARG:
	case FRAME_ENV:
		on_load(f);
		break;
	case FRAME_GO:
		on_go();
		break;
	case FRAME_TEST:
		on_test(f);
		break;
	case FRAME_FINISH:
		on_finish();
		break;
	case FRAME_STDIN:
		stdin_frame(f);
		break;
	case FRAME_STDIN_END:
		job.stdin_end = true;
		if (job.state == RUNNING)
			stdin_write();
		break;
	case FRAME_SIGNAL:
		on_signal(f);
		break;
	case FRAME_WINDOW:
		on_window(f);
		break;
	case FRAME_KILL:
		if (job.state != IDLE)
			on_kill();
		break;
	case FRAME_READY:
	case FRAME_START:
	case FRAME_OUT:
	case FRAME_GAP:
	case FRAME_END:
	case FRAME_DONE:
	case FRAME_CREDIT:
	case FRAME_TROUBLE:
	case FRAME_LEFT:
	case FRAME_NEXT:
	default:
		die("frame %d is not for cee-init", (int)f->type);
	}
}

static struct frame_parser parser;
static unsigned char input_data[64 << 10];

static void on_input(int fd)
{
	size_t used;
	struct frame f;
	ssize_t n = read(fd, input_data, sizeof input_data);
	int got;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		_exit(0); /* the runner is gone: the kernel ends the box with us */
	for (size_t at = 0;; at += used) {
		got = frame_feed(&parser, input_data + at, (size_t)n - at, &used, &f);
		if (got < 0)
			die("what came in is no frame");
		if (!got)
			return;
		on_frame(&f);
	}
}

/* ---- the loop -------------------------------------------------------------------------- */

/* Moves the job on as far as it goes. */
static void advance(void)
{
	bool more = true;

	if (job.state == RUNNING)
		stdin_write();
	while (more && job.state == DRAINING && out_room()) {
		more = false;
		for (size_t i = 0; i < phase.npipes; i++)
			if (pipe_read(&phase.pipe[i], BATCH_BOTH))
				more = true;
	}
	if (job.state == DRAINING && !more)
		job.state = FLUSHING;
	if (job.state == FLUSHING && tail_send())
		phase_finish();
}

/* With the next cell's namespaces made, the next job may come. */
static void get_ready(void)
{
	char text[INIT_TEXT];

	if (job.state != IDLE || ready_sent || dying > 0 || box_used)
		return;
	if (have_cells && !cell.pid && cell_open(&cell, text))
		die("no cell: %s", text);
	ready_sent = true;
	send_frame(FRAME_READY, STREAM_NONE, "", 0);
}

/* A test's START, its output, its END and NEXT are mostly one message, if the first waits
 * a moment for the others: each costs the engine as much as all. */
static int64_t held_until; /* 0: nothing waits */

static bool held(void)
{
	if (!out.len || !job.taken || job.state != RUNNING || !out_room()) {
		held_until = 0;
		return false;
	}
	if (!held_until)
		held_until = init_now_us() + HOLD;
	if (init_now_us() < held_until)
		return true;
	held_until = 0;
	return false;
}

static int64_t deadline(void)
{
	int64_t t = phase.gather_until ? phase.gather_until : INT64_MAX;

	if (held_until && held_until < t)
		t = held_until;
	if (job.state != RUNNING)
		return INT64_MAX;
	if (phase.reason != NO_REASON)
		return phase.kill_by && phase.kill_by < t ? phase.kill_by : t;
	if (!phase.started_us)
		return t;
	if (phase.next_tick < t)
		t = phase.next_tick;
	if (limit_of(LIMIT_WALL) && phase.started_us + (int64_t)limit_of(LIMIT_WALL) < t)
		t = phase.started_us + (int64_t)limit_of(LIMIT_WALL);
	return t;
}

static struct timespec *until(int64_t t, struct timespec *ts)
{
	int64_t left = t - init_now_us();

	if (t == INT64_MAX)
		return NULL;
	if (left < 0)
		left = 0;
	*ts = (struct timespec){ .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 };
	return ts;
}

enum { P_IN, P_OUT, P_CHILD, P_CELL, P_STDIN, P_CARRY, P_PIPE, P_COUNT = P_PIPE + 2 };

static void watch(struct pollfd p[P_COUNT], int input, int children)
{
	bool read_pipes;

	if (phase.gather_until && init_now_us() >= phase.gather_until)
		phase.gather_until = 0;
	read_pipes = job.state == RUNNING && out_room() && !phase.gather_until;

	p[P_IN] = (struct pollfd){ .fd = input, .events = POLLIN };
	p[P_OUT] = (struct pollfd){ .fd = out.len && !held_until ? out.fd : -1, .events = POLLOUT };
	p[P_CHILD] = (struct pollfd){ .fd = children, .events = POLLIN };
	p[P_CELL] = (struct pollfd){ .fd = cell.sock, .events = POLLIN };
	p[P_STDIN] = (struct pollfd){ .fd = in.len ? in.fd : -1, .events = POLLOUT };
	p[P_CARRY] =
		(struct pollfd){ .fd = (job.state == CARRYING && out_room()) || job.state == TAKING ? carrying.fd : -1,
				 .events = POLLIN };
	for (int i = 0; i < 2; i++)
		p[P_PIPE + i] = (struct pollfd){ .events = POLLIN,
						 .fd = read_pipes && i < (int)phase.npipes ? phase.pipe[i].fd : -1 };
}

static void loop(int input, int children)
{
	struct pollfd p[P_COUNT];
	struct timespec ts;
	bool both;

	for (;;) {
		get_ready();
		if (!held())
			out_flush();
		if ((job.state == DRAINING || job.state == FLUSHING) && out_room()) { /* nothing to wait for */
			advance();
			continue;
		}
		watch(p, input, children);
		if (ppoll(p, P_COUNT, until(deadline(), &ts), NULL) < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		/* the program's output before its end, its end before what the runner wants */
		both = p[P_PIPE].revents && p[P_PIPE + 1].revents;
		for (int i = 0; i < 2; i++)
			if (p[P_PIPE + i].revents && job.state == RUNNING)
				pipe_read(&phase.pipe[i], both ? BATCH_BOTH : BATCH);
		if (p[P_CARRY].revents)
			on_carried();
		if (p[P_CELL].revents)
			on_report();
		if (p[P_CHILD].revents)
			on_child(children);
		if (p[P_IN].revents)
			on_input(input);
		if (job.state == RUNNING)
			tick(init_now_us());
		advance();
	}
}

static void send_hello(void)
{
	struct frame_hello h = { .version = FRAME_VERSION,
				 .flags = have_cells ? HELLO_CELLS : 0,
				 .build = CEE_VERSION,
				 .build_len = sizeof CEE_VERSION - 1 };
	struct payload p;

	frame_pack_hello(&p, &h);
	send_payload(FRAME_HELLO, &p);
}

static void test_cells(void)
{
	const char *how = getenv("CEE_CELLS");
	char text[INIT_TEXT];

	if (how && !strcmp(how, "never"))
		return;
	have_cells = !cell_test(text);
	if (!have_cells)
		dprintf(2, "cee-init: no cells in this box: %s\n", text);
}

static int block_signals(void)
{
	sigset_t set;
	int fd;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		die("signalfd: %s", strerror(errno));
	return fd;
}

/* The protocol moves away from 0 and 1, which /dev/null takes. */
static int take_descriptors(void)
{
	int input = fcntl(0, F_DUPFD_CLOEXEC, 3), null = open("/dev/null", O_RDWR | O_CLOEXEC);

	out.fd = fcntl(1, F_DUPFD_CLOEXEC, 3);
	if (input < 0 || out.fd < 0 || null < 0)
		die("descriptors: %s", strerror(errno));
	dup2(null, 0);
	dup2(null, 1);
	close(null);
	fcntl(input, F_SETFL, fcntl(input, F_GETFL) | O_NONBLOCK);
	fcntl(out.fd, F_SETFL, fcntl(out.fd, F_GETFL) | O_NONBLOCK);
	return input;
}

/* Not process 1: somebody looks what this is. */
static int by_hand(const char *option)
{
	static const char version[] = "cee-init (cee) " CEE_VERSION "\n",
			  help[] = "usage: process 1 of every box of cee, started by cee-runner; not to be run by "
				   "hand\n\n  --help, --version\n";
	const char *text = strcmp(option, "--version") == 0 ? version : strcmp(option, "--help") == 0 ? help : NULL;

	if (!text) {
		dprintf(2, "cee-init: is process 1 of a box, started by cee-runner; not to be run by hand\n");
		return 64;
	}
	if (write(1, text, strlen(text)) == (ssize_t)strlen(text))
		return 0;
	dprintf(2, "cee-init: standard output: %s\n", strerror(errno));
	return 74;
}

int main(int argc, char **argv)
{
	int input, children;

	if (getpid() != 1) { /* it kills every process that it can reach */
		int r = argc > 1 ? layer_program(argc - 1, argv + 1) : -1;

		return r >= 0 ? r : by_hand(argc > 1 ? argv[1] : "");
	}
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	close_range(3, ~0u, 0); /* what a container runtime may have left open */
	children = block_signals();
	input = take_descriptors();
	usage_open(&usage);
	keeper_init(&job.plan, false);
	frame_parser_init(&parser);
	keep_from_children(&out.data, sizeof out.data);
	keep_from_children(&in.data, sizeof in.data);
	keep_from_children(&parser.buf, sizeof parser.buf);
	keep_from_children(&input_data, sizeof input_data);
	test_cells();
	send_hello();
	loop(input, children);
}
