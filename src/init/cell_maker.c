/* cell_maker.c - the process of a box that clones the supervisors of cells (cell_maker.h)
 *
 *   init ── a socket ──> maker ── clone ──> supervisor (init's child)
 *        <── its number ──
 *
 * It ends with init, whose end of the socket it reads, and so with the box.
 */
#include "init/cell_maker.h"

#include "base/fd.h"
#include "init/orders.h"
#include "init/supervisor_main.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define CELL_FLAGS (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)

enum { ANSWER_SECONDS = 10, SOCKET = 3 };

struct answer {
	int64_t pid;
	int32_t err;
};

/* The raw call: libc's fork does not take flags of namespaces, and clone3 is refused. */
pid_t cell_clone(int theirs, unsigned long flags)
{
	uid_t uid = getuid();
	gid_t gid = getgid();
	pid_t pid = (pid_t)syscall(SYS_clone, CELL_FLAGS | flags | SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		supervisor_main(theirs, uid, gid);
	return pid;
}

/* Nothing of init's stays open but the socket. */
static void leave_descriptors(int sock)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < SOCKET; fd++)
		if (dup2(null, fd) < 0)
			_exit(1);
	if (sock != SOCKET && dup3(sock, SOCKET, O_CLOEXEC) < 0)
		_exit(1);
	close_range(SOCKET + 1, ~0u, 0);
}

static void serve(int sock) __attribute__((noreturn));
static void serve(int sock)
{
	unsigned char order;
	int fds[3];

	while (packet_receive(sock, &order, sizeof order, 0, fds) > 0) {
		struct answer a = { .pid = cell_clone(fds[0], CLONE_PARENT), .err = errno };
		struct packet p = { .data = &a, .len = sizeof a };

		for (int i = 0; i < 3; i++)
			close_ptr(&fds[i]);
		if (packet_send(sock, &p))
			break;
	}
	_exit(0);
}

int cell_maker_start(struct cell_maker *m)
{
	struct timeval wait = { .tv_sec = ANSWER_SECONDS };
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	pid = fork();
	if (!pid) {
		leave_descriptors(pair[1]);
		serve(SOCKET);
	}
	close(pair[1]);
	if (pid < 0) {
		close_ptr(&pair[0]);
		return -1;
	}
	m->pid = pid;
	m->sock = pair[0];
	return 0;
}

pid_t cell_maker_clone(const struct cell_maker *m, int theirs)
{
	struct packet p = { .data = "c", .len = 1, .fds = &theirs, .nfds = 1 };
	struct answer a = { 0 };
	int fds[3];

	if (packet_send(m->sock, &p))
		return -1;
	if (packet_receive(m->sock, &a, sizeof a, 0, fds) != sizeof a) {
		errno = ECHILD;
		return -1;
	}
	errno = a.err;
	return (pid_t)a.pid;
}
