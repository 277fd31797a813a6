/* attach_test.c - frames over a socket beside the attached stream: init is played by this test */
#include "check.h"
#include "fake_engine.h"
#include "engine/attach.h"
#include "engine/unix_channel.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { SECOND = 1000000 };

struct bench {
	struct loop loop;
	struct fake_engine fake;
	struct attach attach;
	char folder[200];
	int opened, connected, frames, closed, fd;
	size_t bytes;
	char reason[200], message[200];
	bool close_at_frame;
};

static void on_opened(void *arg)
{
	((struct bench *)arg)->opened++;
}

static void on_connected(void *arg)
{
	((struct bench *)arg)->connected++;
}

static void on_frame(void *arg, const struct frame *f)
{
	struct bench *t = arg;

	t->frames++;
	t->bytes += f->len;
	if (t->close_at_frame)
		attach_close(&t->attach);
}

static void on_message(void *arg, const char *line)
{
	snprintf(((struct bench *)arg)->message, 200, "%s", line);
}

static void on_closed(void *arg, const char *reason)
{
	struct bench *t = arg;

	t->closed++;
	snprintf(t->reason, sizeof t->reason, "%s", reason ? reason : "end");
}

static int come(const struct bench *t)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%.90s/" UNIX_CHANNEL_NAME, t->folder);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

static void rounds(struct bench *t)
{
	for (int i = 0; i < 20; i++)
		loop_once(&t->loop);
}

static void bench_start(struct bench *t)
{
	*t = (struct bench){ .folder = "/tmp/cee-attach-XXXXXX", .fd = -1 };
	CHECK(mkdtemp(t->folder) != NULL);
	loop_init(&t->loop);
	loop_hold(&t->loop);
	fake_init(&t->fake, &t->loop, NULL, NULL);
	t->attach = (struct attach){ .opened = on_opened,
				     .connected = on_connected,
				     .frame = on_frame,
				     .message = on_message,
				     .closed = on_closed,
				     .arg = t };
	CHECK(attach_listen(&t->attach, &t->loop, t->folder) == 0);
	CHECK(attach_start(&t->attach, &t->fake.engine, "c0ffee") == 0);
	fake_opened(fake_stream(&t->fake));
}

static void bench_connect(struct bench *t)
{
	bench_start(t);
	t->fd = come(t);
	CHECK(t->fd >= 0);
	rounds(t);
	CHECK(t->connected == 1 && !t->closed);
}

static void bench_end(struct bench *t)
{
	attach_close(&t->attach);
	if (t->fd >= 0)
		close(t->fd);
	CHECK(rmdir(t->folder) == 0); /* the socket is gone, used or not */
	rounds(t);
	fake_release(&t->fake);
	loop_release(&t->loop);
}

static void say(int fd, enum frame_type type, size_t len)
{
	static const char zeros[FRAME_MAX];
	unsigned char head[FRAME_HEADER];

	frame_header(head, type, type == FRAME_OUT ? STREAM_OUT : STREAM_NONE, len);
	CHECK(write(fd, head, sizeof head) == (ssize_t)sizeof head);
	CHECK(!len || write(fd, zeros, len) == (ssize_t)len);
}

/* ---- tests ------------------------------------------------------------------------------ */

static void both_ways(void)
{
	struct bench t;
	unsigned char got[64];

	bench_connect(&t);
	CHECK(come(&t) < 0); /* nobody else */
	say(t.fd, FRAME_READY, 0);
	say(t.fd, FRAME_OUT, 100);
	rounds(&t);
	CHECK(t.frames == 2 && t.bytes == 100);
	CHECK(attach_send(&t.attach, FRAME_KILL, NULL, 0) == 0);
	attach_flush(&t.attach);
	CHECK(recv(t.fd, got, sizeof got, MSG_DONTWAIT) == FRAME_HEADER);
	CHECK(fake_got(fake_stream(&t.fake), FRAME_KILL, NULL) == 0);
	fake_message(fake_stream(&t.fake), "a word");
	CHECK(strcmp(t.message, "a word") == 0 && !t.closed);
	bench_end(&t);
}

/* What the kernel does not take at once follows when the peer reads. */
static void a_full_socket(void)
{
	struct bench t;
	char *much = calloc(1, 4 << 20), *got = malloc(1 << 16);
	size_t sum = 0;
	ssize_t n;

	bench_connect(&t);
	CHECK(attach_send(&t.attach, FRAME_STDIN, much, 4 << 20) == 0);
	attach_flush(&t.attach);
	for (int i = 0; i < 10000 && sum < (4 << 20) + 64 * FRAME_HEADER; i++) {
		while ((n = recv(t.fd, got, 1 << 16, MSG_DONTWAIT)) > 0)
			sum += (size_t)n;
		loop_once(&t.loop);
	}
	CHECK(sum == (4 << 20) + 64 * FRAME_HEADER);
	free(much);
	free(got);
	bench_end(&t);
}

/* Before anybody has come, and where nobody comes, the stream has the frames. */
static void by_the_stream(void)
{
	struct bench t;

	bench_start(&t);
	CHECK(attach_send(&t.attach, FRAME_KILL, NULL, 0) == 0);
	attach_flush(&t.attach);
	CHECK(fake_got(fake_stream(&t.fake), FRAME_KILL, NULL) == 1);
	fake_frame(fake_stream(&t.fake), FRAME_READY, NULL, 0);
	CHECK(t.frames == 1 && !t.connected);
	bench_end(&t);

	bench_connect(&t);
	fake_frame(fake_stream(&t.fake), FRAME_READY, NULL, 0);
	CHECK(t.closed == 1 && strstr(t.reason, "beside its socket"));
	bench_end(&t);
}

/* The stream's end may be seen before the last bytes of the socket. */
static void stream_ends_first(void)
{
	struct bench t;

	bench_connect(&t);
	for (int i = 0; i < 3; i++)
		say(t.fd, FRAME_OUT, 60000);
	fake_end(fake_stream(&t.fake), NULL);
	CHECK(t.frames == 3 && t.closed == 1 && strcmp(t.reason, "end") == 0);
	bench_end(&t);

	bench_connect(&t);
	t.close_at_frame = true;
	say(t.fd, FRAME_READY, 0);
	fake_end(fake_stream(&t.fake), NULL);
	CHECK(t.frames == 1 && !t.closed);
	bench_end(&t);
}

/* The stream may still bring what init said last; it has a second. */
static void socket_ends_first(void)
{
	struct bench t;

	bench_connect(&t);
	say(t.fd, FRAME_OUT, 10);
	close(t.fd);
	t.fd = -1;
	rounds(&t);
	CHECK(t.frames == 1 && !t.closed);
	fake_message(fake_stream(&t.fake), "why");
	CHECK(strcmp(t.message, "why") == 0);
	fake_end(fake_stream(&t.fake), NULL);
	CHECK(t.closed == 1);
	loop_advance(&t.loop, 2 * SECOND);
	CHECK(t.closed == 1);
	bench_end(&t);

	bench_connect(&t);
	close(t.fd);
	t.fd = -1;
	rounds(&t);
	loop_advance(&t.loop, SECOND / 2);
	CHECK(!t.closed);
	loop_advance(&t.loop, SECOND);
	CHECK(t.closed == 1 && strcmp(t.reason, "end") == 0);
	bench_end(&t);
}

static void malformed(void)
{
	struct bench t;

	bench_connect(&t);
	CHECK(write(t.fd, "\377\377\377\377\377\377\377\377", 8) == 8);
	rounds(&t);
	CHECK(t.closed == 1 && strstr(t.reason, "malformed"));
	bench_end(&t);
}

static int descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* A descriptor that is sent along is never this process's. */
static void no_descriptors(void)
{
	struct bench t;
	int null = open("/dev/null", O_RDONLY), before;
	unsigned char head[FRAME_HEADER];
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec v = { head, sizeof head };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	bench_connect(&t);
	frame_header(head, FRAME_READY, STREAM_NONE, 0);
	*c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) };
	memcpy(CMSG_DATA(c), &null, sizeof null);
	before = descriptors();
	CHECK(sendmsg(t.fd, &m, 0) == (ssize_t)sizeof head);
	rounds(&t);
	CHECK(t.frames == 1 && descriptors() == before);
	close(null);
	bench_end(&t);
}

/* A process that has no descriptor left does not spin on the one who waits to be accepted. */
static void no_descriptor_left(void)
{
	struct bench t;
	struct rlimit all, none;

	bench_start(&t);
	t.fd = come(&t);
	CHECK(getrlimit(RLIMIT_NOFILE, &all) == 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = all.rlim_max };
	CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
	rounds(&t);
	CHECK(setrlimit(RLIMIT_NOFILE, &all) == 0);
	rounds(&t);
	CHECK(!t.connected && !t.closed);
	loop_advance(&t.loop, 2 * SECOND);
	CHECK(t.closed == 1);
	bench_end(&t);
}

int main(void)
{
	RUN(both_ways);
	RUN(a_full_socket);
	RUN(by_the_stream);
	RUN(stream_ends_first);
	RUN(socket_ends_first);
	RUN(malformed);
	RUN(no_descriptors);
	RUN(no_descriptor_left);
	return check_status();
}
