/* relay.c - see the header
 *
 * One thread, one poll. A way is a pair of sockets, one to the program and one to the gate, with a buffer for each
 * direction. When the sum of bytes has reached its bound, all ways are cut and no new one is made.
 */
#include "init/relay.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { WAYS = 64, PIECE = 32 << 10, PROGRAM = 0, GATE = 1 };
/* squid's word for a request that it does not pass on, in the head of its answer */
#define DENIED "X-Squid-Error: ERR_ACCESS_DENIED"

struct half { /* bytes read from one side, for the other one */
	size_t start, len;
	bool ended;	/* no more come */
	bool passed_on; /* the other side was shut down for writing */
	char data[PIECE];
};

struct way {
	int fd[2]; /* -1: free */
	bool answered;
	struct half from[2];
};

struct relay {
	int listener;
	struct sockaddr_un gate;
	struct relay_bounds bounds;
	struct relay_counts *counts;
	struct way way[WAYS];
	struct pollfd p[1 + 2 * WAYS];
};

bool relay_bounds_read(struct relay_bounds *b, const char *text)
{
	unsigned long long connections, bytes;
	char rest;

	if (sscanf(text, "%llu %llu%c", &connections, &bytes, &rest) != 2)
		return false;
	*b = (struct relay_bounds){ connections, bytes };
	return true;
}

static void close_way(struct way *w)
{
	for (int i = 0; i < 2; i++) {
		if (w->fd[i] >= 0)
			close(w->fd[i]);
		w->fd[i] = -1;
	}
}

static bool spent(const struct relay *r)
{
	return r->counts->in + r->counts->out >= r->bounds.bytes;
}

static struct way *free_way(struct relay *r)
{
	for (int i = 0; i < WAYS; i++)
		if (r->way[i].fd[PROGRAM] < 0)
			return &r->way[i];
	return NULL;
}

static void open_way(struct relay *r, struct way *w)
{
	int fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (spent(r) || r->counts->connections >= r->bounds.connections) {
		r->counts->refused++;
		close(fd);
		return;
	}
	w->answered = false;
	for (int i = 0; i < 2; i++)
		w->from[i].start = w->from[i].len = w->from[i].ended = w->from[i].passed_on = 0;
	w->fd[PROGRAM] = fd;
	w->fd[GATE] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (w->fd[GATE] < 0 || connect(w->fd[GATE], (struct sockaddr *)&r->gate, sizeof r->gate) < 0) {
		close_way(w);
		return;
	}
	r->counts->connections++;
}

/* What the gate has refused is not a connection. */
static void look_at_answer(struct relay *r, struct way *w)
{
	const struct half *h = &w->from[GATE];

	if (w->answered)
		return;
	w->answered = true;
	if (!memmem(h->data, h->len, DENIED, sizeof DENIED - 1))
		return;
	r->counts->connections--;
	r->counts->refused++;
}

/* Reads from side i. false: the way is broken. */
static bool take(struct relay *r, struct way *w, int i)
{
	struct half *h = &w->from[i];
	ssize_t n = recv(w->fd[i], h->data, sizeof h->data, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	h->start = 0;
	h->len = (size_t)n;
	h->ended = !n;
	if (i == PROGRAM) {
		r->counts->out += (uint64_t)n;
	} else {
		r->counts->in += (uint64_t)n;
		look_at_answer(r, w);
	}
	return true;
}

/* Writes to the other side what was read from side i. */
static bool give(struct way *w, int i)
{
	struct half *h = &w->from[i];
	ssize_t n;

	while (h->len) {
		n = send(w->fd[!i], h->data + h->start, h->len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		h->start += (size_t)n;
		h->len -= (size_t)n;
	}
	if (h->ended && !h->passed_on) {
		h->passed_on = true;
		shutdown(w->fd[!i], SHUT_WR);
	}
	return true;
}

static void serve_way(struct relay *r, struct way *w, const struct pollfd p[2])
{
	bool whole = true;

	for (int i = 0; whole && i < 2; i++) {
		if (p[i].revents & (POLLIN | POLLHUP | POLLERR) && !w->from[i].len && !w->from[i].ended)
			whole = take(r, w, i);
		whole = whole && give(w, i);
	}
	/* a side that is gone for both directions gets no more, whatever waits for it */
	for (int i = 0; i < 2; i++)
		if (p[i].revents & (POLLERR | POLLHUP) && w->from[i].ended && !w->from[i].len)
			whole = false;
	if (!whole || (w->from[0].passed_on && w->from[1].passed_on))
		close_way(w);
}

static void choose(struct relay *r)
{
	r->p[0] = (struct pollfd){ .fd = free_way(r) ? r->listener : -1, .events = POLLIN };
	for (int k = 0; k < WAYS; k++)
		for (int i = 0; i < 2; i++) {
			const struct way *w = &r->way[k];
			short events = (short)((w->from[i].len || w->from[i].ended ? 0 : POLLIN) |
					       (w->from[!i].len ? POLLOUT : 0));

			/* a side that is waited for in no way is left out: one that is gone would wake us again and again */
			r->p[1 + 2 * k + i] = (struct pollfd){ .fd = events ? w->fd[i] : -1, .events = events };
		}
}

static void cut_all(struct relay *r)
{
	for (int k = 0; k < WAYS; k++)
		close_way(&r->way[k]);
}

static void serve(struct relay *r)
{
	for (;;) {
		struct way *w;

		choose(r);
		if (poll(r->p, sizeof r->p / sizeof *r->p, -1) < 0 && errno != EINTR)
			return;
		for (int k = 0; k < WAYS; k++)
			if (r->way[k].fd[PROGRAM] >= 0)
				serve_way(r, &r->way[k], &r->p[1 + 2 * k]);
		if (r->p[0].revents & (POLLERR | POLLHUP | POLLNVAL))
			return;
		w = free_way(r);
		if (r->p[0].revents & POLLIN && w)
			open_way(r, w);
		if (spent(r))
			cut_all(r);
	}
}

void relay_serve(int listener, const char *socket_path, const struct relay_bounds *b, struct relay_counts *c)
{
	struct relay *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (r == MAP_FAILED)
		return;
	r->listener = listener;
	r->bounds = *b;
	r->counts = c;
	r->gate.sun_family = AF_UNIX;
	snprintf(r->gate.sun_path, sizeof r->gate.sun_path, "%s", socket_path);
	for (int k = 0; k < WAYS; k++)
		r->way[k].fd[0] = r->way[k].fd[1] = -1;
	serve(r);
	cut_all(r);
	munmap(r, sizeof *r);
}

static int listen_here(void)
{
	const struct sockaddr_in a = { .sin_family = AF_INET,
				       .sin_port = htons(RELAY_PORT),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !bind(fd, (const struct sockaddr *)&a, sizeof a) && !listen(fd, WAYS))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

const struct relay_counts *relay_start(const struct relay_bounds *b)
{
	struct relay_counts *c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = listen_here();
	pid_t pid = fd < 0 || c == MAP_FAILED ? -1 : fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		dup2(fd, 0); /* the protocol's descriptors are not for this process */
		close_range(1, ~0u, 0);
		relay_serve(0, RELAY_FOLDER "/socket", b, c);
		_exit(1);
	}
	if (fd >= 0)
		close(fd);
	return pid < 0 ? NULL : c;
}

bool relay_gate_answers(const char *socket_path)
{
	static const char request[] = "GET http://gate.invalid/ HTTP/1.0\r\n\r\n";
	const struct timeval patience = { .tv_sec = 2 };
	struct sockaddr_un gate = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char c;
	bool answers;

	snprintf(gate.sun_path, sizeof gate.sun_path, "%s", socket_path);
	answers = fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) &&
		  !setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) &&
		  !connect(fd, (struct sockaddr *)&gate, sizeof gate) &&
		  send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == (ssize_t)sizeof request - 1 &&
		  recv(fd, &c, 1, 0) == 1;
	if (fd >= 0)
		close(fd);
	return answers;
}

void relay_report(const struct relay_counts *c, struct frame_network *n)
{
	*n = (struct frame_network){ .connections = c->connections,
				     .in = c->in,
				     .out = c->out,
				     .refused = c->refused,
				     .dead = !relay_gate_answers(RELAY_FOLDER "/socket") };
}
