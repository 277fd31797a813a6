/* cee-init - process 1 of a box: takes jobs as frames, runs them in cells, reports
 *
 * One thread, one poll. Frames come in on standard input and are acted on at once; output is
 * queued and written when standard output accepts it. An executor (executor.h) runs the job's
 * programs; the session (session.h) holds their pipes, their clock and their limits.
 *
 *   main.c ── session_loop.c ── session.c ── job_steps.c, test_session.c ── phase.c ── executor.h
 *                                                                                   │       │
 *                                  cell.c ── socket ── supervisor_main.c        bare.c      │
 *                                                          └── supervisor.c ──────┴─────────┘
 *
 * All signals are blocked; it cannot be dumped, and the only things in it to protect are the two
 * protocol descriptors, which jobs cannot reach.
 *
 * Environment: CEE_CELLS=never runs programs in the box itself, which then takes only one job. CEE_GATE has the bounds
 * of a box that has a gate to a network (relay.h). CEE_CGROUP: the runner is going to place the maker of cells
 * (cell_maker.h) into a cgroup of the jobs', and no cell is made before. CEE_SOCKET: the runner waits on runner_socket.h's.
 */
#include "init/bare.h"
#include "init/cell.h"
#include "init/cell_maker.h"
#include "init/failure.h"
#include "init/gauge.h"
#include "init/layer_tar.h"
#include "init/relay.h"
#include "init/runner_socket.h"
#include "init/session.h"
#include "init/session_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what, const char *why) __attribute__((noreturn));
static void die(const char *what, const char *why)
{
	dprintf(2, "cee-init: %s%s%s\n", what, *why ? ": " : "", why);
	_exit(1);
}

/* A profile that denies signals among the box's own processes, as AppArmor's do under a runtime whose label they do not
 * know, would let no program be ended: a job of such a box could run for ever. */
static void must_signal(void)
{
	pid_t pid = fork();

	if (!pid) {
		poll(NULL, 0,
		     10000); /* a signal that only asks whether a process is there is not refused, so a real one */
		_exit(0);
	}
	if (pid < 0)
		die("fork", strerror(errno));
	if (kill(pid, SIGKILL))
		die("signals to its own programs are denied", strerror(errno));
	waitpid(pid, NULL, 0);
}

static bool box_has_cells(const struct cell_maker *maker)
{
	const char *how = getenv("CEE_CELLS");
	char text[INIT_TEXT];

	if (how && !strcmp(how, "never"))
		return false;
	if (!cell_self_test(maker, text))
		return true;
	dprintf(2, "cee-init: no cells in this box: %s\n", text);
	return false;
}

/* NULL: this box has no gate. */
static const struct relay_counts *start_relay(void)
{
	const char *text = getenv("CEE_GATE");
	const struct relay_counts *counts;
	struct relay_bounds b;

	if (!text)
		return NULL;
	if (!relay_bounds_read(&b, text))
		die("CEE_GATE", "must be two numbers");
	counts = relay_start(&b);
	if (!counts)
		die("the way to the gate", strerror(errno));
	return counts;
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
		die("signalfd", strerror(errno));
	return fd;
}

/* Moves the protocol's descriptors away from 0 and 1, and opens /dev/null there. With a socket to the runner, the box's
 * input and output are its life alone: the engine ends it when they end. */
static void take_descriptors(int *input, int *output)
{
	int runner = runner_socket(), null = open("/dev/null", O_RDWR | O_CLOEXEC);

	*input = fcntl(0, F_DUPFD_CLOEXEC, 3);
	*output = fcntl(1, F_DUPFD_CLOEXEC, 3);
	if (*input < 0 || *output < 0 || null < 0)
		die("descriptors", strerror(errno));
	dup2(null, 0);
	dup2(null, 1);
	close(null);
	if (runner >= 0) /* the others stay open */
		*input = *output = runner;
	fcntl(*input, F_SETFL, fcntl(*input, F_GETFL) | O_NONBLOCK);
	fcntl(*output, F_SETFL, fcntl(*output, F_GETFL) | O_NONBLOCK);
}

/* Not PID 1, so started by hand. */
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

static int serve(void)
{
	struct session *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int children = block_signals(), input, output;
	const struct relay_counts *relay;
	struct cell_maker maker = { .pid = 0 };
	struct gauge_sources sources;
	struct gauge gauge;
	struct cell cells;
	struct bare bare;
	bool cgroup = getenv("CEE_CGROUP");

	if (s == MAP_FAILED)
		die("memory", strerror(errno));
	must_signal();
	if (cgroup && cell_maker_start(&maker))
		die("the process that makes cells", strerror(errno));
	relay = start_relay();
	take_descriptors(&input, &output);
	gauge_init(&gauge, &sources);
	cell_init(&cells, cgroup ? &maker : NULL);
	bare_init(&bare);
	session_init(s, output, &gauge, box_has_cells(cells.maker) ? &cells.x : NULL, &bare.x, (uint32_t)maker.pid);
	s->relay = relay;
	if (session_loop(s, input, children))
		die(s->fatal, "");
	return 0; /* the runner is gone: the kernel ends the box with this process */
}

int main(int argc, char **argv)
{
	int r;

	if (getpid() != 1) { /* must be PID 1: it kills every process that it can reach */
		r = argc > 1 ? layer_program(argc - 1, argv + 1) : -1;
		return r >= 0 ? r : by_hand(argc > 1 ? argv[1] : "");
	}
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	close_range(3, ~0u, 0); /* what a container runtime may have left open */
	return serve();
}
