/* supervisor_main.c - process 1 of a cell: orders in, reports out
 *
 * A copy of init that init has cloned into new namespaces. It maps one user (1000, who is
 * the box's user outside), mounts, gives up every capability, writes the job's files and
 * then starts one program after the other, reaps it, kills what it left behind, and adds up
 * what all of them used. When it dies the kernel ends the cell with everything in it.
 *
 * Rules it keeps:
 * - Any step that fails ends the job as a failure of cee's: after a REPORT_FAILED no order is
 *   acted on. Nothing runs with less isolation.
 * - It keeps no descriptor of init's but its socket, cannot be dumped, and the job's filter
 *   refuses calls that would reach it by its process number.
 * - The program's oom_score_adj is the highest there is and /proc is read-only, so that
 *   the kernel kills the job before the supervisor, and the supervisor before init.
 */
#include "init/supervisor_main.h"

#include "base/fd.h"
#include "init/collect_walk.h"
#include "init/failure.h"
#include "init/mounts.h"
#include "init/orders.h"
#include "init/snapshot_fill.h"
#include "init/supervisor.h"
#include "wire/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct post { /* a supervisor and its socket */
	struct supervisor s;
	int sock;
	bool failed; /* a failure was reported: orders are ignored */
	unsigned char packet[1 + FRAME_MAX];
};

static void send_report(const struct post *post, const struct report *r, const int *fds, size_t nfds)
{
	struct packet p = { .data = r, .len = sizeof *r, .fds = fds, .nfds = nfds };

	if (packet_send(post->sock, &p))
		_exit(1); /* init is gone, and the box with it */
}

static void report_failed(struct post *post, const char *text)
{
	struct report r = { .kind = REPORT_FAILED };

	snprintf(r.text, sizeof r.text, "%s", text);
	send_report(post, &r, NULL, 0);
	post->failed = true;
}

static void report_ended(struct post *post, int status)
{
	struct report r = { .kind = REPORT_ENDED };

	supervisor_end(&post->s, status, &r.ended);
	send_report(post, &r, NULL, 0);
}

/* ---- orders ---------------------------------------------------------------- */

/* The cell is built, and no program runs. */
static bool between_programs(const struct supervisor *s)
{
	return !s->program.pid && s->intake.folder >= 0;
}

static int order_build(struct post *post, const unsigned char *p, size_t len, int fds[3], char *text)
{
	struct report r = { .kind = REPORT_BUILT };
	struct supervisor *s = &post->s;
	struct disk_room room;

	if (len != 18 || s->intake.folder >= 0)
		return init_fail(text, "malformed order to build the cell");
	room = (struct disk_room){
		.disk = frame_get64(p), .inodes = frame_get64(p + 8), .terminal = p[16], .layers = p[17]
	};
	if (!room.disk || !room.inodes || !limit_in_force(room.disk) ||
	    !limit_in_force(room.inodes)) /* 0 would be an unbounded tmpfs */
		return init_fail(text, "a cell requires limits of disk and inodes");
	if (mounts_make(&room, &s->shown, text) || mounts_drop_privileges(text))
		return -1;
	s->disk = room.disk;
	s->intake.folder = open("/work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->intake.folder < 0)
		return init_fail(text, "/work: %s", strerror(errno));
	fds[0] = open("/work", O_PATH | O_DIRECTORY | O_CLOEXEC);
	send_report(post, &r, fds, 1);
	return 0;
}

static int order_start(struct post *post, const unsigned char *p, size_t len, const int fds[3], char *text)
{
	struct report r = { .kind = REPORT_STARTED };
	struct start how;

	if (len != sizeof how || fds[2] < 0 || !between_programs(&post->s))
		return init_fail(text, "malformed order to start a program");
	memcpy(&how, p, sizeof how);
	if (supervisor_start(&post->s, &how, fds, text))
		return -1;
	r.time_us = post->s.program.started_us;
	send_report(post, &r, NULL, 0);
	return 0;
}

/* Waits for the reader of the pipe: the job has ended, so there is nothing else to do. */
static int order_collect(const struct supervisor *s, const unsigned char *p, size_t len, const int fds[3], char *text)
{
	struct collect_request c;

	if (len != sizeof c || fds[0] < 0 || !between_programs(s))
		return init_fail(text, "malformed order to collect files");
	memcpy(&c, p, sizeof c);
	collect_walk(s->intake.folder, &c, s->plan.collect, s->plan.ncollect, fds[0]);
	return 0;
}

static int order_fill(struct post *post, const int fds[3], char *text)
{
	struct report r = { .kind = REPORT_FILLED };

	if (fds[0] < 0 || !between_programs(&post->s))
		return init_fail(text, "malformed order to fill the cell");
	if (snapshot_fill(&post->s.intake, fds[0], text))
		return -1;
	send_report(post, &r, NULL, 0);
	return 0;
}

static int carry_out_order(struct post *post, size_t n, int fds[3], char *text)
{
	const unsigned char *p = post->packet + 1;
	size_t len = n - 1;
	int sig = 0;

	switch (post->packet[0]) {
	case ORDER_BUILD:
		return order_build(post, p, len, fds, text);
	case ORDER_START:
		return order_start(post, p, len, fds, text);
	case ORDER_KILL:
		if (post->s.program.pid)
			report_ended(post, -1);
		return 0;
	case ORDER_SIGNAL:
		memcpy(&sig, p, len == sizeof sig ? sizeof sig : 0);
		supervisor_signal(&post->s, sig);
		return 0;
	case ORDER_FILL:
		return order_fill(post, fds, text);
	case ORDER_COLLECT:
		return order_collect(&post->s, p, len, fds, text);
	default:
		return supervisor_frame(&post->s, post->packet[0], p, len, text);
	}
}

static void take_order(struct post *post)
{
	char text[INIT_TEXT];
	int fds[3];
	ssize_t n = packet_receive(post->sock, post->packet, sizeof post->packet, 0, fds);

	if (n <= 0)
		_exit(0); /* init has closed the socket: the cell ends */
	if (!post->failed && carry_out_order(post, (size_t)n, fds, text))
		report_failed(post, text);
	for (int i = 0; i < 3; i++)
		close_ptr(&fds[i]);
}

/* ---- main loop --------------------------------------------------------------- */

static int watch_children(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void loop(struct post *post) __attribute__((noreturn));
static void loop(struct post *post)
{
	struct pollfd fds[2] = { { .fd = post->sock, .events = POLLIN }, { .fd = watch_children(), .events = POLLIN } };
	struct signalfd_siginfo info[8];
	int status;

	if (fds[1].fd < 0)
		report_failed(post, "signalfd refused");
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents) { /* a hint, and the job can send it too: wait4 decides */
			while (read(fds[1].fd, info, sizeof info) > 0)
				;
			if (supervisor_reap(&post->s, &status))
				report_ended(post, status);
		}
		if (fds[0].revents)
			take_order(post);
	}
}

/* Nothing of init's stays open but the socket, which becomes 3; 0 to 2 are /dev/null. */
static int leave_descriptors(int sock)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		return -1;
	if (sock != 3 && dup3(sock, 3, O_CLOEXEC) < 0)
		return -1;
	if (!close_range(4, ~0u, 0))
		return 3;
	for (int fd = 4; fd < 4096; fd++)
		close(fd);
	return 3;
}

/* Written through the box's procfs, while it is still mounted at /proc: this process's
 * oom_score_adj, and a limit of 0 further user namespaces (in addition to the filter). */
static int prepare_proc(struct supervisor *s, char *text)
{
	s->oom = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	supervisor_set_oom(s, OOM_SUPERVISOR);
	if (mounts_write("/proc/sys/user/max_user_namespaces", "0"))
		return init_fail(text, "max_user_namespaces: %s", strerror(errno));
	return 0;
}

void supervisor_main(int sock, uid_t uid, gid_t gid)
{
	char text[INIT_TEXT];
	struct post post; /* not cleared: memory that is touched here counts in the programs' peaks */

	post.failed = false;
	post.sock = leave_descriptors(sock);
	supervisor_init(&post.s, true);
	if (post.sock < 0 || setsid() < 0)
		_exit(1);
	if (mounts_map_user(uid, gid, text) || prepare_proc(&post.s, text) || mounts_prepare(text))
		report_failed(&post, text);
	loop(&post);
}
