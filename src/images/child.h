/* child.h - a child process whose output is read: programs of the host, never through a shell */
#ifndef CEE_LANG_CHILD_H
#define CEE_LANG_CHILD_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	int fd;	 /* its standard output; closed by child_wait */
	int log; /* set before: where its standard error goes, -1 ours */
};

/* Starts argv (looked up in PATH), standard input /dev/null. */
int child_exec(struct child *c, char *const *argv, struct cee_err *err);
/* The same with a function of ours in a process of its own, given its output's
 * descriptor; what it returns is the exit status. */
int child_fork(struct child *c, int (*f)(void *arg, int fd), void *arg, struct cee_err *err);
/* Waits for its end: 0 when it exited with 0, else -1. Once more is fine, and says the same. */
int child_wait(struct child *c);
int child_finish(void *child); /* the same, as the callback of an upload */
/* Ends it if it still runs. */
void child_stop(struct child *c);
/* Runs argv and takes what it prints, at most max bytes; -1 unless it exits with 0. */
int child_capture(char *const *argv, size_t max, struct buf *out, struct cee_err *err);
/* Is there such a program in PATH? path gets its name (PATH_MAX bytes). */
bool child_which(const char *name, char *path);

#endif
