/* reader_test - the end of an answer where the server speaks to the program over one socket */
#include "http/reader.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* An answer to a request whose body is not read: how it ends for the server, 0 as it should. A server that gets an error
 * instead takes the answer for incomplete. */
static int end_of_answer(bool end)
{
	struct reader r = { .signals = -1 };
	char body[1000] = { 0 }, got[100];
	int pair[2];
	ssize_t n;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	CHECK(write(pair[0], body, sizeof body) == sizeof body);
	shutdown(pair[0], SHUT_WR);
	r.fd = pair[1];
	CHECK(reader_write(&r, "answer", 6) == 0);
	if (end)
		reader_end(&r, pair[1]);
	close(pair[1]);
	n = recv(pair[0], got, sizeof got, 0);
	CHECK(n == 6);
	n = recv(pair[0], got, sizeof got, 0);
	close(pair[0]);
	return n < 0 ? errno : (int)n;
}

static void unread_body(void)
{
	CHECK(end_of_answer(true) == 0);
	CHECK(end_of_answer(false) == ECONNRESET); /* so this test can find it */
}

/* Pipes have nothing to lose, and are not waited for. */
static void pipes(void)
{
	struct reader r = { .signals = -1 };
	int fds[2];

	CHECK(pipe(fds) == 0);
	r.fd = fds[1];
	reader_end(&r, fds[0]); /* would last for READER_LINGER_MS */
	CHECK(write(fds[1], "x", 1) == 1);
	close(fds[0]);
	close(fds[1]);
}

struct slow {
	int fd;
	size_t piece;
	atomic_bool over;
};
static void *take_pieces(void *arg)
{
	struct slow *s = arg;
	char block[65536];

	while (!s->over && read(s->fd, block, s->piece) > 0)
		usleep(1000);
	return NULL;
}

/* Is all of an answer that is larger than a pipe taken by a reader of such pieces, one in a millisecond? */
static bool all_taken(size_t piece)
{
	static const char answer[1 << 20];
	struct reader r = { .signals = -1, .patience_us = 300000 };
	pthread_t thread;
	struct slow s = { .piece = piece };
	int fds[2], result;

	CHECK(pipe(fds) == 0);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	s.fd = fds[0];
	r.fd = fds[1];
	pthread_create(&thread, NULL, take_pieces, &s);
	result = reader_write(&r, answer, sizeof answer);
	CHECK(r.gone == (result < 0));
	s.over = true;
	close(fds[1]);
	pthread_join(thread, NULL);
	close(fds[0]);
	return result == 0;
}

static void slow_readers(void)
{
	CHECK(all_taken(65536));
	CHECK(!all_taken(1)); /* some room comes from time to time, and too little of it */
}

int main(void)
{
	RUN(unread_body);
	RUN(pipes);
	RUN(slow_readers);
	return check_status();
}
