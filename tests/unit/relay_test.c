/* relay_test.c - cee-init's relay between a box's loopback and its gate: bytes, ends, counts and bounds */
#include "check.h"
#include "init/relay.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define REFUSAL "HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n"

struct bench {
	char path[60];
	int listener, gate; /* the relay's, the gate's */
	struct sockaddr_in address;
	struct relay_counts *counts;
	pid_t relay;
};

static void bench_start(struct bench *t, uint64_t connections, uint64_t bytes)
{
	const struct relay_bounds b = { connections, bytes };
	struct sockaddr_un gate = { .sun_family = AF_UNIX };
	socklen_t len = sizeof t->address;

	snprintf(t->path, sizeof t->path, "/tmp/relay_test.%d", getpid());
	snprintf(gate.sun_path, sizeof gate.sun_path, "%s", t->path);
	unlink(t->path);
	t->gate = socket(AF_UNIX, SOCK_STREAM, 0);
	t->listener = socket(AF_INET, SOCK_STREAM, 0);
	t->address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	CHECK(bind(t->gate, (struct sockaddr *)&gate, sizeof gate) == 0 && listen(t->gate, 9) == 0);
	CHECK(bind(t->listener, (struct sockaddr *)&t->address, len) == 0 && listen(t->listener, 9) == 0);
	CHECK(getsockname(t->listener, (struct sockaddr *)&t->address, &len) == 0);
	t->counts = mmap(NULL, sizeof *t->counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	t->relay = fork();
	if (t->relay == 0) {
		close(t->gate);
		relay_serve(t->listener, t->path, &b, t->counts);
		_exit(0);
	}
	close(t->listener);
}

static void bench_end(struct bench *t)
{
	kill(t->relay, SIGKILL);
	waitpid(t->relay, NULL, 0);
	close(t->gate);
	unlink(t->path);
	munmap(t->counts, sizeof *t->counts);
}

static int program(struct bench *t)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(connect(fd, (struct sockaddr *)&t->address, sizeof t->address) == 0);
	return fd;
}

static bool gets(int fd, const char *text)
{
	char got[200] = "";

	return recv(fd, got, strlen(text), MSG_WAITALL) == (ssize_t)strlen(text) && !strcmp(got, text);
}

static bool ended(int fd)
{
	char c;

	return recv(fd, &c, 1, 0) <= 0;
}

static void both_ways(void)
{
	struct bench t;
	struct frame_network n;
	int a, b;

	bench_start(&t, 10, 1000);
	a = program(&t);
	CHECK(send(a, "GET", 3, 0) == 3);
	b = accept(t.gate, NULL, NULL);
	CHECK(gets(b, "GET") && send(b, "answer", 6, 0) == 6 && gets(a, "answer"));
	shutdown(a, SHUT_WR); /* the other direction goes on */
	CHECK(ended(b) && send(b, "more", 4, 0) == 4 && gets(a, "more"));
	close(b);
	CHECK(ended(a));
	relay_report(t.counts, &n);
	CHECK(n.connections == 1 && n.out == 3 && n.in == 10 && n.refused == 0);
	close(a);
	bench_end(&t);
}

static void refusals(void)
{
	struct bench t;
	struct frame_network n;
	int a, b;

	bench_start(&t, 10, 1000);
	a = program(&t);
	CHECK(send(a, "x", 1, 0) == 1);
	b = accept(t.gate, NULL, NULL);
	CHECK(send(b, REFUSAL, sizeof REFUSAL - 1, 0) > 0 && gets(a, REFUSAL));
	relay_report(t.counts, &n);
	CHECK(n.connections == 0 && n.refused == 1);
	close(a);
	close(b);
	CHECK(relay_gate_answers("/tmp/no-such-socket") == false);
	close(t.gate); /* without a gate a connection ends */
	unlink(t.path);
	a = program(&t);
	CHECK(ended(a));
	close(a);
	relay_report(t.counts, &n);
	CHECK(n.connections == 0 && n.refused == 1);
	bench_end(&t);
}

static void connection_bound(void)
{
	struct bench t;
	int a, b, c;

	bench_start(&t, 1, 1000);
	a = program(&t);
	CHECK(send(a, "x", 1, 0) == 1);
	b = accept(t.gate, NULL, NULL);
	CHECK(gets(b, "x"));
	c = program(&t);
	CHECK(ended(c) && t.counts->refused == 1 && t.counts->connections == 1);
	CHECK(send(b, "y", 1, 0) == 1 && gets(a, "y")); /* the first one goes on */
	close(a);
	close(b);
	close(c);
	bench_end(&t);
}

static void byte_bound(void)
{
	struct bench t;
	static char much[100000];
	int a, b, c;

	bench_start(&t, 10, 50000);
	a = program(&t);
	CHECK(send(a, "x", 1, 0) == 1);
	b = accept(t.gate, NULL, NULL);
	CHECK(send(b, much, sizeof much, MSG_NOSIGNAL) > 0);
	while (!ended(a))
		;
	CHECK(t.counts->in >= 50000 - 1 && t.counts->in < 50000 + (64 << 10));
	c = program(&t);
	CHECK(ended(c) && t.counts->refused == 1);
	close(a);
	close(b);
	close(c);
	bench_end(&t);
}

/* A reader that does not read holds its own connection, no other one. */
static void slow_reader(void)
{
	struct bench t;
	static char much[1 << 20];
	int a, b, c, d;

	bench_start(&t, 10, 1 << 30);
	a = program(&t);
	CHECK(send(a, "x", 1, 0) == 1);
	b = accept(t.gate, NULL, NULL);
	for (int i = 0; i < 100; i++)
		if (send(b, much, sizeof much, MSG_DONTWAIT | MSG_NOSIGNAL) <= 0)
			break;
	c = program(&t);
	CHECK(send(c, "y", 1, 0) == 1);
	d = accept(t.gate, NULL, NULL);
	CHECK(gets(d, "y") && send(d, "z", 1, 0) == 1 && gets(c, "z"));
	close(a);
	close(b);
	close(c);
	close(d);
	bench_end(&t);
}

static void bounds(void)
{
	struct relay_bounds b;

	CHECK(relay_bounds_read(&b, "5 1000") && b.connections == 5 && b.bytes == 1000);
	CHECK(!relay_bounds_read(&b, "5") && !relay_bounds_read(&b, "") && !relay_bounds_read(&b, "5 1000x"));
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	RUN(bounds);
	RUN(both_ways);
	RUN(refusals);
	RUN(connection_bound);
	RUN(byte_bound);
	RUN(slow_reader);
	return check_status();
}
