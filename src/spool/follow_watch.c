/* follow_watch.c - the inotify watches of one followed job (follow_watch.h) */
#include "spool/follow_watch.h"
#include "spool/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

void follow_unwatch(struct follow *f, int *wd)
{
	if (*wd >= 0)
		inotify_rm_watch(f->inotify, *wd);
	*wd = -1;
}

/* The last close of an inotify instance waits for a grace period of the kernel: a median of 15 ms and up to 50 ms in
 * our measurements, longer than many jobs run. So a child process closes it last, and no process waits for the child:
 * the child holds no other descriptor, and exits by itself. */
void follow_watch_end(int fd)
{
	int go[2];
	pid_t child;
	char byte;

	if (fd < 0)
		return;
	if (pipe2(go, O_CLOEXEC) < 0) {
		close(fd); /* no descriptor is free, or no memory: waits for the kernel instead */
		return;
	}
	child = fork();
	if (child == 0) {
		/* fd and the reading end of the pipe are closed last */
		int keep = dup2(fd, 0), wait = keep < 0 ? -1 : dup2(go[0], 1);

		close_range(2, ~0U, 0);
		while (wait >= 0 && read(wait, &byte, 1) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	close(fd);
	close(go[0]);
	close(go[1]);
}

/* A job that has ended needs no watch. */
bool follow_wants_watch(const struct follow *f)
{
	return f->watch && !f->blind && !f->result.data;
}

/* Watches the file that fd refers to. After any failure the job is checked by the clock instead. */
void follow_watch_fd(struct follow *f, int fd, uint32_t mask, int *wd)
{
	char path[32];

	if (!follow_wants_watch(f) || *wd >= 0)
		return;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	*wd = inotify_add_watch(f->inotify, path, mask);
	if (*wd < 0)
		f->blind = true;
}

void follow_watch_begin(struct follow *f)
{
	if (!follow_wants_watch(f) || f->inotify >= 0)
		return;
	f->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (f->inotify < 0)
		f->blind = true;
}

static void note_event(struct follow *f, const struct inotify_event *ev)
{
	const char *name = ev->len ? ev->name : "";

	if (ev->mask & IN_Q_OVERFLOW) {
		f->look_dir = f->look_index = true;
	} else if (ev->wd == f->wd_index || ev->wd == f->wd_tests || ev->wd == f->wd_taken) {
		f->look_index = true;
	} else if (ev->wd == f->wd_parent) {
		size_t n = strcspn(f->next, "/");

		if (strlen(name) == n && memcmp(name, f->next, n) == 0)
			f->look_dir = true;
	} else if (ev->wd == f->wd_dir || ev->wd == f->wd_attempt) {
		f->look_dir = true;
	}
}

void follow_read_events(struct follow *f)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while ((n = read(f->inotify, buf, sizeof buf)) > 0)
		for (char *p = buf; p < buf + n;) {
			const struct inotify_event *ev = (const struct inotify_event *)(const void *)p;

			note_event(f, ev);
			p += sizeof *ev + ev->len;
		}
}
