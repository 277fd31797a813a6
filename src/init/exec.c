/* exec.c - a child process that becomes the job's program (exec.h)
 *
 * Rules it keeps:
 * - Each step that fails ends the start, and the parent learns which: nothing runs with
 *   less than all of its limits and the filter.
 * - The program is looked up in the PATH of its own environment; no shell is involved.
 */
#include "init/exec.h"

#include "init/failure.h"
#include "init/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>


static const char DEFAULT_PATH[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct failure { /* why a child could not become the program */
	int err;
	char what[64];
};

static void child_fail(int status, const char *what)
{
	struct failure f = { .err = errno };

	snprintf(f.what, sizeof f.what, "%s", what);
	if (write(status, &f, sizeof f) < 0)
		_exit(126);
	_exit(127);
}

/* Sets a limit, or the hard one where that is lower. */
static int bound(int resource, uint64_t soft, uint64_t hard)
{
	struct rlimit now, want = { .rlim_cur = soft, .rlim_max = hard };

	if (getrlimit((__rlimit_resource_t)resource, &now))
		return -1;
	if (want.rlim_max > now.rlim_max)
		want.rlim_max = now.rlim_max;
	if (want.rlim_cur > want.rlim_max)
		want.rlim_cur = want.rlim_max;
	return setrlimit((__rlimit_resource_t)resource, &want);
}

static int child_limits(const struct plan_phase *p, uint32_t nproc, uint64_t disk)
{
	uint64_t cpu = p->limit[LIMIT_CPU] / 1000000 + 2; /* rounded up, plus one second: only a backstop */
	uint64_t size = p->limit[LIMIT_FILE_SIZE], stack = p->limit[LIMIT_STACK], memory = p->limit[LIMIT_MEMORY];

	if (limit_in_force(p->limit[LIMIT_CPU]) && bound(RLIMIT_CPU, cpu, cpu + 1))
		return -1;
	if (nproc && bound(RLIMIT_NPROC, nproc, nproc))
		return -1;
	if (limit_in_force(p->limit[LIMIT_OPEN_FILES]) &&
	    bound(RLIMIT_NOFILE, p->limit[LIMIT_OPEN_FILES], p->limit[LIMIT_OPEN_FILES]))
		return -1;
	/* With a limit of the disk's size a full disk would be SIGXFSZ, not ENOSPC. */
	if (limit_in_force(size) && size < disk && bound(RLIMIT_FSIZE, size, size))
		return -1;
	/* a program may raise it, as at home, as far as its memory goes */
	if (limit_in_force(stack) && bound(RLIMIT_STACK, stack, memory > stack ? memory : stack))
		return -1;
	if (bound(RLIMIT_RTPRIO, 0, 0) || bound(RLIMIT_NICE, 0, 0))
		return -1;
	return bound(RLIMIT_CORE, 1, 1); /* 1, not 0: also stops a piped core_pattern from running its handler */
}

static int stay_on(uint32_t cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu > CPU_SETSIZE) {
		errno = EINVAL;
		return -1;
	}
	CPU_SET(cpu - 1, &set);
	return sched_setaffinity(0, sizeof set, &set);
}

static int reset_signals(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		if (s != SIGKILL && s != SIGSTOP)
			sigaction(s, &sa, NULL); /* fails for the two signals that libc reserves */
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

static const char *search_path(char *const *env)
{
	for (; env && *env; env++)
		if (!strncmp(*env, "PATH=", 5))
			return *env + 5;
	return DEFAULT_PATH;
}

/* execvpe with the program's own PATH, without the shell that execvpe starts for a text file. */
static void exec_path(char **argv, char **env)
{
	static char *const none[] = { NULL };
	char path[4096];
	int err = ENOENT;

	if (strchr(argv[0], '/')) {
		execve(argv[0], argv, env ? env : (char **)none);
		if (errno == ENOENT && !access(argv[0], F_OK))
			errno = ELIBBAD;
		return;
	}
	for (const char *p = search_path(env), *end; p; p = *end ? end + 1 : NULL) {
		end = strchrnul(p, ':');
		if (snprintf(path, sizeof path, "%.*s/%s", (int)(end - p), end == p ? "." : p, argv[0]) >=
		    (int)sizeof path)
			continue;
		execve(path, argv, env ? env : (char **)none);
		if (errno == ENOENT && !access(path, F_OK))
			errno = ELIBBAD; /* the file exists, but its interpreter does not */
		if (errno != ENOENT && errno != ENOTDIR)
			err = errno;
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			break;
	}
	errno = err;
}

static void child_run(const struct exec_place *where, const struct plan_phase *p, const struct start *s,
		      const int fds[3], int status)
{
	if (setsid() < 0)
		child_fail(status, "setsid");
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			child_fail(status, "descriptors");
	if (isatty(0) && ioctl(0, TIOCSCTTY, 0)) /* a terminal of its own; otherwise these are pipes */
		child_fail(status, "terminal");
	umask(022);
	/* the phase before may have taken the rights to its folder, which must not look like a failure of cee */
	if (fchdir(where->folder) && (errno != EACCES || fchmod(where->folder, 0755) || fchdir(where->folder)))
		child_fail(status, "/work");
	if (!s->test && child_limits(p, s->nproc, where->disk))
		child_fail(status, "limits");
	if (reset_signals())
		child_fail(status, "signals");
	if (s->cpu && stay_on(s->cpu))
		child_fail(status, "its processor (pin = yes): not available to the box");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || filter_load(!where->cell, s->cpu != 0))
		child_fail(status, "the system call filter");
	if (s->test)
		_exit(0);
	exec_path(p->argv, p->env);
	child_fail(status, "");
}

static int start_failed(const struct plan_phase *p, const struct failure *f, char *text)
{
	const char *name = p->argv ? p->argv[0] : "";

	if (*f->what)
		return init_fail(text, "the program could not be started: %.60s: %s", f->what, strerror(f->err));
	if (f->err == ENOENT)
		return init_fail(text, strchr(name, '/') ? "%.200s: not found" : "%.200s: not found in the image",
				 name);
	if (f->err == ELIBBAD)
		return init_fail(text, "%.200s: its interpreter or loader is not in the image", name);
	if (f->err == ENOEXEC)
		return init_fail(text, "%.200s: not a program for this machine", name);
	if (f->err == EACCES)
		return init_fail(text, "%.200s: not executable (set its mode)", name);
	return init_fail(text, "%.200s: %s", name, strerror(f->err));
}

int exec_fork(struct exec_child *c, const struct exec_place *where, const struct plan_phase *p, const struct start *s,
	      const int fds[3], char *text)
{
	int status[2];

	if (pipe2(status, O_CLOEXEC))
		return init_fail(text, "pipe: %s", strerror(errno));
	c->pid = fork();
	if (!c->pid)
		child_run(where, p, s, fds, status[1]);
	close(status[1]);
	if (c->pid < 0) {
		close(status[0]);
		return init_fail(text, "fork: %s", strerror(errno));
	}
	c->status = status[0];
	return 0;
}

/* The status pipe closes on exec: if it closes empty, the program runs. */
int exec_wait(struct exec_child *c, const struct plan_phase *p, char *text)
{
	struct failure f;
	ssize_t n;

	do
		n = read(c->status, &f, sizeof f);
	while (n < 0 && errno == EINTR);
	close(c->status);
	c->status = -1;
	if (n != sizeof f)
		return 0;
	waitpid(c->pid, NULL, 0);
	return start_failed(p, &f, text);
}
