/* service_test.c - what the service manager and the journal are told, at sockets of the test */
#include "base/buf.h"
#include "base/loop.h"
#include "check.h"
#include "runner/core/journal.h"
#include "runner/core/notify.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/cee-service-test.XXXXXX", path[64];

static int listener(const struct sockaddr_un *a, size_t len)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	CHECK(fd >= 0 && bind(fd, (const struct sockaddr *)a, (socklen_t)len) == 0);
	return fd;
}

static int listen_at_path(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	unlink(path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	return listener(&a, sizeof(a));
}

/* The next datagram; "" if there is none. */
static const char *heard(int fd)
{
	static char text[2048];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void start(struct notify *n, struct loop *l, const char *socket, const char *us)
{
	loop_init(l);
	loop_hold(l);
	setenv("NOTIFY_SOCKET", socket, 1);
	if (us)
		setenv("WATCHDOG_USEC", us, 1);
	notify_init(n, l);
}

static void stop(struct notify *n, struct loop *l)
{
	notify_release(n);
	loop_release(l);
}

static void a_life(void)
{
	struct notify n;
	struct loop l;
	int fd = listen_at_path();

	start(&n, &l, path, NULL);
	CHECK(!getenv("NOTIFY_SOCKET"));
	notify_reloading(&n); /* before it is ready there is nothing to reload */
	notify_reloaded(&n);
	CHECK(strcmp(heard(fd), "") == 0);
	notify_ready(&n);
	notify_ready(&n);
	CHECK(strcmp(heard(fd), "READY=1") == 0);
	CHECK(strcmp(heard(fd), "") == 0);
	notify_status(&n, "%d jobs\nREADY=0", 3);
	CHECK(strcmp(heard(fd), "STATUS=3 jobs?READY=0") == 0);
	notify_reloading(&n);
	CHECK(strncmp(heard(fd), "RELOADING=1\nMONOTONIC_USEC=", 27) == 0);
	notify_reloaded(&n);
	CHECK(strcmp(heard(fd), "READY=1") == 0);
	notify_stopping(&n);
	CHECK(strcmp(heard(fd), "STOPPING=1") == 0);
	loop_advance(&l, 100000000);
	CHECK(strcmp(heard(fd), "") == 0); /* no signs of life were asked for */
	stop(&n, &l);
	close(fd);
}

static void ready_late(void)
{
	struct notify n;
	struct loop l;
	int fd = listen_at_path();

	start(&n, &l, path, NULL);
	notify_ready_within(&n, 1000);
	loop_advance(&l, 999);
	CHECK(strcmp(heard(fd), "") == 0);
	loop_advance(&l, 1);
	CHECK(strcmp(heard(fd), "READY=1") == 0);
	stop(&n, &l);
	start(&n, &l, path, NULL);
	notify_ready_within(&n, 1000);
	notify_ready(&n);
	CHECK(strcmp(heard(fd), "READY=1") == 0);
	loop_advance(&l, 2000);
	CHECK(strcmp(heard(fd), "") == 0);
	stop(&n, &l);
	close(fd);
}

static int signs(int fd)
{
	int n = 0;

	while (strcmp(heard(fd), "WATCHDOG=1") == 0)
		n++;
	return n;
}

static void signs_of_life(void)
{
	struct notify n;
	struct loop l;
	char pid[32];
	int fd = listen_at_path();

	start(&n, &l, path, "2000");
	CHECK(!getenv("WATCHDOG_USEC"));
	loop_advance(&l, 10500);
	CHECK(signs(fd) == 11); /* at once, then each 1000 us */
	stop(&n, &l);
	snprintf(pid, sizeof(pid), "%d", (int)getpid() + 1);
	setenv("WATCHDOG_PID", pid, 1); /* another process is watched */
	start(&n, &l, path, "2000");
	loop_advance(&l, 10500);
	CHECK(signs(fd) == 0);
	CHECK(!getenv("WATCHDOG_PID"));
	stop(&n, &l);
	close(fd);
}

static void abstract_name(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct notify n;
	struct loop l;
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "@cee-service-test-%d", (int)getpid());
	memcpy(a.sun_path + 1, name + 1, strlen(name) - 1);
	fd = listener(&a, offsetof(struct sockaddr_un, sun_path) + strlen(name));
	start(&n, &l, name, NULL);
	notify_ready(&n);
	CHECK(strcmp(heard(fd), "READY=1") == 0);
	stop(&n, &l);
	close(fd);
}

static void nobody_listens(void)
{
	static const char *const names[] = { "", "/", "@", "relative", "/nowhere/at/all", "vsock:2:1234", NULL };
	char longer[200];
	struct notify n;
	struct loop l;

	memset(longer, 'a', sizeof(longer));
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	for (size_t i = 0;; i++) {
		start(&n, &l, names[i] ? names[i] : longer, "2000");
		CHECK(n.fd == -1);
		notify_ready(&n);
		notify_status(&n, "unheard");
		loop_advance(&l, 5000);
		stop(&n, &l);
		if (!names[i])
			break;
	}
}

static void full_socket(void)
{
	struct notify n;
	struct loop l;
	int fd = listen_at_path();

	start(&n, &l, path, NULL);
	for (int i = 0; i < 100000; i++)
		notify_status(&n, "%d", i); /* a manager that never reads does not hold the runner up */
	CHECK(strcmp(heard(fd), "STATUS=0") == 0);
	stop(&n, &l);
	close(fd);
}

static void entries(void)
{
	static const char expected[] = "MESSAGE=job id=1\nCEE_ID=1\nCEE_EXIT_CODE\n\3\0\0\0\0\0\0\0a\nb\n";
	char name[JOURNAL_NAME_MAX];
	AUTO_BUF struct buf b = { 0 };
	int fd = listen_at_path(), to = journal_open(path);

	journal_field(&b, "MESSAGE", "job id=1", 8);
	journal_name(name, "id");
	journal_field(&b, name, "1", 1);
	journal_name(name, "exit-code");
	journal_field(&b, name, "a\nb", 3);
	CHECK(b.len == sizeof(expected) - 1 && memcmp(b.data, expected, b.len) == 0);
	CHECK(to >= 0 && journal_send(to, &b) == 0);
	CHECK(memcmp(heard(fd), expected, sizeof(expected) - 1) == 0);
	close(to);
	close(fd);
	CHECK(journal_open("/nowhere/at/all") < 0);
}

static void whose_stderr(void)
{
	char stream[64];
	struct stat st;

	unsetenv("JOURNAL_STREAM");
	CHECK(!journal_has_stderr());
	setenv("JOURNAL_STREAM", "0:0", 1);
	CHECK(!journal_has_stderr());
	setenv("JOURNAL_STREAM", "nonsense", 1);
	CHECK(!journal_has_stderr());
	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	CHECK(journal_has_stderr());
	unsetenv("JOURNAL_STREAM");
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/socket", folder);
	RUN(a_life);
	RUN(ready_late);
	RUN(signs_of_life);
	RUN(abstract_name);
	RUN(nobody_listens);
	RUN(full_socket);
	RUN(entries);
	RUN(whose_stderr);
	unlink(path);
	rmdir(folder);
	return check_status();
}
