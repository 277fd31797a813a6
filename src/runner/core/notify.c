/* notify.c - the protocol of sd_notify(3) */
#include "runner/core/notify.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { STATUS_MAX = 400 };

/* A path, or with '@' in front an abstract name; the address may fill all of sun_path. */
static int manager_socket(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = name ? strlen(name) : 0;
	int fd;

	if (n < 2 || n > sizeof(a.sun_path) || (*name != '/' && *name != '@'))
		return -1;
	memcpy(a.sun_path, name, n);
	if (*name == '@')
		a.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		close_ptr(&fd);
	return fd;
}

static void tell(struct notify *n, const char *text)
{
	if (n->fd >= 0)
		send(n->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void alive(struct timer *t)
{
	struct notify *n = (struct notify *)((char *)t - offsetof(struct notify, alive));

	tell(n, "WATCHDOG=1");
	loop_after(t, n->every_us);
}

static void late(struct timer *t)
{
	notify_ready((struct notify *)((char *)t - offsetof(struct notify, late)));
}

/* 0: none is wanted of this process. Whoever started us may have been given the variables itself. */
static int64_t interval(const char *us, const char *pid)
{
	long long n = us ? strtoll(us, NULL, 10) : 0;

	return n <= 1 || (pid && strtoll(pid, NULL, 10) != getpid()) ? 0 : n / 2;
}

void notify_init(struct notify *n, struct loop *l)
{
	*n = (struct notify){ .fd = manager_socket(getenv("NOTIFY_SOCKET")),
			      .every_us = interval(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID")) };
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	timer_init(&n->alive, l, alive);
	timer_init(&n->late, l, late);
	if (n->fd >= 0 && n->every_us)
		loop_after(&n->alive, 0);
}

void notify_release(struct notify *n)
{
	if (n->alive.loop) {
		loop_timer(&n->alive, 0);
		loop_timer(&n->late, 0);
	}
	close_ptr(&n->fd);
	n->fd = -1;
}

void notify_ready(struct notify *n)
{
	if (n->ready)
		return;
	n->ready = true;
	loop_timer(&n->late, 0);
	tell(n, "READY=1");
}

void notify_ready_within(struct notify *n, int64_t us)
{
	if (!n->ready)
		loop_after(&n->late, us);
}

void notify_reloading(struct notify *n)
{
	char text[80];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64, mono_us());
	if (n->ready)
		tell(n, text);
}

void notify_reloaded(struct notify *n)
{
	if (n->ready)
		tell(n, "READY=1");
}

void notify_stopping(struct notify *n)
{
	tell(n, "STOPPING=1");
}

void notify_status(struct notify *n, const char *fmt, ...)
{
	char text[sizeof("STATUS=") + STATUS_MAX] = "STATUS=";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + strlen(text), STATUS_MAX, fmt, ap);
	va_end(ap);
	text_clean(text); /* a line break would begin another variable */
	tell(n, text);
}
