/* session_loop.c - waiting: the one poll of cee-init (session_loop.h) */
#include "init/session_loop.h"

#include "init/failure.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { P_IN, P_OUT, P_CHILD, P_EXECUTOR, P_STDIN, P_FILES, P_OUTPUT, P_COUNT = P_OUTPUT + 2 };

struct loop {
	struct session *s;
	int input, children;
	struct pollfd p[P_COUNT];
};

static struct pollfd watched(bool wanted, int fd, short events)
{
	return (struct pollfd){ .fd = wanted ? fd : -1, .events = events };
}

static void choose(struct loop *l)
{
	struct session *s = l->s;
	const struct program_input *in = &s->phase.input;
	bool reads = phase_reads(&s->phase, s->gauge->now_us(s->gauge->arg));

	l->p[P_IN] = watched(true, l->input, POLLIN);
	l->p[P_OUT] = watched(s->out.len && !s->held_until, s->out.fd, POLLOUT);
	l->p[P_CHILD] = watched(true, l->children, POLLIN);
	l->p[P_EXECUTOR] = watched(true, s->x->fd, POLLIN);
	l->p[P_STDIN] = watched(in->len, in->fd, POLLOUT);
	l->p[P_FILES] = watched(session_reads_files(s), s->collector.fd, POLLIN);
	for (int i = 0; i < 2; i++)
		l->p[P_OUTPUT + i] = watched(reads, s->phase.output.pipe[i].fd, POLLIN);
}

static struct timespec *until(const struct session *s, struct timespec *ts)
{
	int64_t t = session_deadline(s), left;

	if (t == INT64_MAX)
		return NULL;
	left = t - s->gauge->now_us(s->gauge->arg);
	if (left < 0)
		left = 0;
	*ts = (struct timespec){ .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 };
	return ts;
}

static void read_children(struct loop *l)
{
	struct signalfd_siginfo info[8];

	while (read(l->children, info, sizeof info) > 0)
		; /* only a hint; the executor finds ended children with wait */
	l->s->x->ops->reap(l->s->x);
	session_events(l->s);
}

static void read_input(struct loop *l)
{
	ssize_t n = read(l->input, l->s->bytes, sizeof l->s->bytes);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		l->s->runner_gone = true;
	else
		session_bytes(l->s, l->s->bytes, (size_t)n);
}

/* Order: the program's output, then its end, then frames from the runner. */
static void act(struct loop *l)
{
	struct session *s = l->s;

	session_read_output(s, l->p[P_OUTPUT].revents, l->p[P_OUTPUT + 1].revents);
	if (l->p[P_FILES].revents)
		session_read_files(s);
	if (l->p[P_EXECUTOR].revents)
		session_events(s);
	if (l->p[P_CHILD].revents)
		read_children(l);
	if (l->p[P_IN].revents)
		read_input(l);
	session_tick(s);
}

static void turn(struct loop *l)
{
	struct timespec ts;

	session_get_ready(l->s);
	session_flush(l->s);
	if (!session_busy(l->s)) {
		choose(l);
		if (ppoll(l->p, P_COUNT, until(l->s, &ts), NULL) >= 0)
			act(l);
		else if (errno != EINTR)
			init_fail(l->s->fatal, "poll: %s", strerror(errno));
	}
	session_step(l->s);
}

int session_loop(struct session *s, int input, int children)
{
	struct loop l = { .s = s, .input = input, .children = children };

	while (!*s->fatal && !s->runner_gone)
		turn(&l);
	return *s->fatal ? -1 : 0;
}
