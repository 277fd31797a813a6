/* child.c - a child process whose output is read (child.h) */
#include "images/child.h"
#include "base/buf.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void child_set_up(int out, int log)
{
	int null = open("/dev/null", O_RDONLY);

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL); /* apt misbehaves if it is ignored */
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	if (log >= 0)
		dup2(log, STDERR_FILENO);
	/* libcurl's descriptors too: mmdebstrap's hooks run in shells that accept one-digit descriptors only */
	close_range(3, ~0U, 0);
}

/* Runs argv if it is given, else f */
static int start(struct child *c, char *const *argv, int (*f)(void *, int), void *arg, struct cee_err *err)
{
	int p[2];

	c->pid = -1;
	c->fd = -1;
	if (pipe2(p, O_CLOEXEC) < 0)
		return cee_fail(err, errno, "pipe: %s", strerror(errno));
	c->pid = fork();
	if (c->pid == 0) {
		child_set_up(p[1], c->log);
		if (argv) {
			execvp(argv[0], argv);
			dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
			_exit(127);
		}
		_exit(f(arg, STDOUT_FILENO)); /* analyzer: without argv there is f */
	}
	close(p[1]);
	if (c->pid < 0) {
		close(p[0]);
		return cee_fail(err, errno, "fork: %s", strerror(errno));
	}
	c->fd = p[0];
	return 0;
}

int child_exec(struct child *c, char *const *argv, struct cee_err *err)
{
	return start(c, argv, NULL, NULL, err);
}

int child_fork(struct child *c, int (*f)(void *arg, int fd), void *arg, struct cee_err *err)
{
	return start(c, NULL, f, arg, err);
}

int child_wait(struct child *c)
{
	int status = -1;

	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (c->pid <= 0)
		return c->pid == 0 ? 0 : -1;
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	/* from here on 0 means that it succeeded, -1 that it failed */
	c->pid = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
	return (int)c->pid;
}

int child_finish(void *child)
{
	return child_wait(child);
}

void child_stop(struct child *c)
{
	if (c->pid > 0)
		kill(c->pid, SIGTERM);
	child_wait(c);
}

int child_capture(char *const *argv, size_t max, struct buf *out, struct cee_err *err)
{
	struct child c = { .log = -1 };
	char block[4096];
	ssize_t got = 0;

	if (child_exec(&c, argv, err) < 0)
		return -1;
	while (out->len < max && (got = read(c.fd, block, sizeof block)) > 0)
		if (buf_add(out, block, (size_t)got) < 0)
			break;
	if (child_wait(&c) < 0)
		return cee_fail(err, EIO, "%s: failed", argv[0]);
	return 0;
}

bool child_which(const char *name, char *path)
{
	const char *dirs = getenv("PATH");

	if (!dirs || !*dirs)
		dirs = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	while (*dirs) {
		size_t len = strcspn(dirs, ":");
		int n = snprintf(path, PATH_MAX, "%.*s/%s", (int)len, dirs, name);

		if (len && n > 0 && n < PATH_MAX && access(path, X_OK) == 0)
			return true;
		dirs += len + (dirs[len] == ':');
	}
	return false;
}
