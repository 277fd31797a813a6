/* docker_http_test.c - requests by libcurl, each of whose allocations fails once: all are answered, and later ones succeed */
#include "base/loop.h"
#include "check.h"
#include "engine/docker_http.h"

#include <curl/curl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static long count, fail_at; /* of libcurl's allocations */

static int fails(void)
{
	return ++count == fail_at;
}

static void *my_malloc(size_t n)
{
	return fails() ? NULL : malloc(n);
}

static void *my_calloc(size_t n, size_t size)
{
	return fails() ? NULL : calloc(n, size);
}

static void *my_realloc(void *p, size_t n)
{
	return fails() ? NULL : realloc(p, n);
}

static char *my_strdup(const char *s)
{
	return fails() ? NULL : strdup(s);
}

/* Answers each request of a connection; a child for each, which ends with it. */
static void serve(int listening)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	char request[4096];
	int fd;

	signal(SIGCHLD, SIG_IGN);
	while ((fd = accept(listening, NULL, NULL)) >= 0) {
		if (fork() == 0) {
			while (read(fd, request, sizeof request) > 0)
				if (write(fd, answer, sizeof answer - 1) < 0)
					break;
			_exit(0);
		}
		close(fd);
	}
	_exit(0);
}

struct answers {
	int all, good;
};

static void done(void *arg, int status, const char *body, size_t len)
{
	struct answers *a = arg;

	a->all++;
	a->good += status == 200 && len == 2 && memcmp(body, "ok", 2) == 0;
}

/* How many of n requests at once were sent; all of these are answered. */
static int send_and_wait(struct loop *l, struct docker_http *h, int n, struct answers *a)
{
	struct http_request r = { .method = "GET", .path = "/x", .timeout_ms = 5000, .done = done, .arg = a };
	int sent = 0;

	*a = (struct answers){ 0 };
	for (int i = 0; i < n; i++)
		sent += docker_http_send(h, &r) != NULL;
	for (int64_t end = loop_now(l) + 10000000; a->all < sent && loop_now(l) < end;)
		loop_once(l);
	return sent;
}

static char path[64];

static void each_allocation_fails(void)
{
	struct answers a;
	struct loop l;
	long total = 0;

	curl_global_init_mem(CURL_GLOBAL_DEFAULT, my_malloc, free, my_realloc, my_strdup, my_calloc);
	loop_init(&l);
	for (long n = 0; n <= total; n++) {
		struct docker_http *h;
		int sent;

		count = fail_at = 0;
		h = docker_http_new(&l, path, NULL, NULL);
		CHECK(h != NULL);
		count = 0;
		fail_at = n; /* 0: none */
		sent = send_and_wait(&l, h, 2, &a);
		CHECK(a.all == sent && (n ? a.good <= sent : a.good == 2));
		sent = send_and_wait(&l, h, 2, &a); /* as a rule on a connection that was used before */
		CHECK(a.all == sent && (n ? a.good <= sent : a.good == 2));
		if (n == 0)
			total = count;
		fail_at = 0;
		sent = send_and_wait(&l, h, 2, &a); /* there is memory again */
		CHECK(sent == 2 && a.all == 2 && a.good == 2);
		docker_http_free(h);
	}
	CHECK(total > 50);
	loop_release(&l);
	curl_global_cleanup();
}

int main(void)
{
	struct sockaddr_un u = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t server;

	snprintf(path, sizeof path, "/tmp/cee-http-%ld.sock", (long)getpid());
	snprintf(u.sun_path, sizeof u.sun_path, "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&u, sizeof u) < 0 || listen(fd, 64) < 0)
		return 1;
	if ((server = fork()) == 0)
		serve(fd);
	RUN(each_allocation_fails);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	unlink(path);
	return check_status();
}
