/* child.h - child processes whose output is read: programs of the host, never run through a shell */
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
	int log; /* set by the caller: descriptor for its standard error, -1 the parent's */
};

/* Starts argv (looked up in PATH), standard input /dev/null. */
int child_exec(struct child *c, char *const *argv, struct cee_err *err);
/* The same with f instead of a program: it runs in the child, gets the descriptor to
 * write to, and returns the exit status. */
int child_fork(struct child *c, int (*f)(void *arg, int fd), void *arg, struct cee_err *err);
/* Waits until it ends: 0 if it exited with 0, else -1. May be called again, with the same result. */
int child_wait(struct child *c);
int child_finish(void *child); /* the same, as the callback of an upload */
/* Terminates it if it still runs, and waits. */
void child_stop(struct child *c);
/* Runs argv and appends its output to out, at most about max bytes; -1 unless it exits with 0. */
int child_capture(char *const *argv, size_t max, struct buf *out, struct cee_err *err);
/* Finds a program in PATH; path gets its path (PATH_MAX bytes). */
bool child_which(const char *name, char *path);

#endif
