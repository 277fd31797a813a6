/* cell.c - a cell, its keeper, and the programs in it
 *
 * A cell is a set of namespaces inside the box: user, pid, mount, ipc, uts. Its
 * first process, the keeper, is a copy of init that takes orders on a socket:
 *
 *   init ── clone ──> keeper (process 1 of the cell) ── fork ──> program
 *
 * The keeper maps one user (1000, who is the box's user outside), mounts, gives up
 * every capability, writes the job's files and then starts one program after the
 * other, reaps it, kills what it left behind, and adds up what all of them used. When
 * the keeper dies the kernel ends the cell with everything in it.
 *
 * Rules it keeps:
 * - Any failing step ends the job as our failure. Nothing runs with less isolation.
 * - The keeper never trusts a signal: what it believes is waitpid. It holds no
 *   descriptor of init's but its socket, cannot be dumped, and the filter keeps calls
 *   by process number away from it.
 * - Files are written through a descriptor of /work, a path part at a time, before any
 *   of the job's code has run. They are carried out (carry.c) when none runs any more.
 * - One tmpfs is the whole disk: /work, /tmp, /dev/shm and /dev/mqueue are folders of
 *   it, so that JOB_DISK and JOB_INODES bound them together.
 * - The program's oom_score_adj is the highest there is and /proc is read-only, so
 *   that the kernel takes the job before the keeper, and the keeper before init.
 *
 * What it relies on in the container:
 * - seccomp: etc/seccomp.json (the engine's default and clone with exactly CELL_FLAGS,
 *   mount). No AppArmor profile that denies mount or userns.
 * - MaskedPaths without anything below /proc and ReadonlyPaths empty: the kernel refuses
 *   a fresh procfs while any part of the box's is covered. The keeper covers the same
 *   paths again (masked[]).
 * - A user other than 0 with no capability; no-new-privileges; read-only root.
 * - /work and /tmp exist, each a tmpfs owned by that user (the cell covers them; a job
 *   without a cell works right in them). /dev/shm exists (private IPC). The image gets
 *   the folder /work from the engine when it is mounted.
 * - /sys/fs/cgroup mounted (usage.c), ulimits not below what jobs may ask for, and
 *   nproc not below the job's either (it bounds the user namespace from outside).
 * - pids limit at least: the job's processes, the keeper, init.
 */
#include "base/glob.h"
#include "base/limit.h"
#include "init/init.h"
#include "wire/frame.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CELL_FLAGS (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)

enum {
	CELL_UID = 1000,
	ARGS_MAX = 1 << 20, /* bytes of all arguments and environment of a phase */
	ARGC_MAX = 32768,
	NAME_MAX_ALL = 1024,
	DEPTH_MAX = 32,
	ORDER_SECONDS = 10,
	OWN_INODES = 6, /* of the disk's own: its root and make_folders() */
	WALK_MAX = 50000,
	WALK_DEPTH = 32,
	OOM_KEEPER = 500,
	OOM_PROGRAM = 1000,
};

static const char DEFAULT_PATH[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* Orders that are no forwarded frame (those have their frame's type). */
enum {
	ORDER_BUILD = 'b',
	ORDER_START = 's',
	ORDER_KILL = 'k',
	ORDER_SIGNAL = 'g',
	ORDER_CARRY = 'c',
	ORDER_FILL = 'f'
};

int init_fail(char *text, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, INIT_TEXT, fmt, ap);
	va_end(ap);
	return -1;
}

int64_t init_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t init_cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- files ------------------------------------------------------------ */

/* "a/b/c": no empty part, no "." or "..", no NUL (the caller's strlen saw to that). */
static bool name_valid(const char *name, size_t len)
{
	size_t part = 0, parts = 1;

	if (!len || len > NAME_MAX_ALL || strlen(name) != len)
		return false;
	for (const char *p = name, *start = name;; p++) {
		if (*p && *p != '/')
			continue;
		part = (size_t)(p - start);
		if (!part || part > 255 || (part == 1 && *start == '.') ||
		    (part == 2 && start[0] == '.' && start[1] == '.'))
			return false;
		if (!*p)
			return parts <= DEPTH_MAX;
		parts++;
		start = p + 1;
	}
}

/* Makes the folders above the file; returns a descriptor of the last one and
 * leaves the file's own name in *name. */
static int open_parents(int work, char **name)
{
	int dir = fcntl(work, F_DUPFD_CLOEXEC, 3), next;

	for (char *slash; dir >= 0 && (slash = strchr(*name, '/')); *name = slash + 1, dir = next) {
		*slash = '\0';
		if (mkdirat(dir, *name, 0755) && errno != EEXIST) {
			close(dir);
			return -1;
		}
		next = openat(dir, *name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(dir);
	}
	return dir;
}

struct link { /* a symbolic link whose target is coming */
	int dir;
	size_t have;
	char name[256], target[4096];
};

static int file_done(struct keeper *k, char *text)
{
	int r = 0;

	if (k->file_left)
		return 0;
	if (k->file >= 0)
		close(k->file);
	k->file = -1;
	if (k->link) {
		if (symlinkat(k->link->target, k->link->dir, k->link->name))
			r = init_fail(text, "%.200s: %s", k->link->name, strerror(errno));
		close(k->link->dir);
		free(k->link);
		k->link = NULL;
	}
	return r;
}

static int make_folder(int dir, const char *name, uint32_t mode, char *text)
{
	if ((mkdirat(dir, name, 0755) && errno != EEXIST) || fchmodat(dir, name, mode & 0777, 0))
		return init_fail(text, "%.200s: %s", name, strerror(errno));
	return 0;
}

static int begin_link(struct keeper *k, int dir, const char *name, uint64_t size, char *text)
{
	k->link = size && size < sizeof k->link->target ? calloc(1, sizeof *k->link) : NULL;
	if (!k->link)
		return init_fail(text, "%.200s: a link that cannot be made", name);
	k->link->dir = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	snprintf(k->link->name, sizeof k->link->name, "%s", name);
	k->file_left = size;
	return 0;
}

static int begin_regular(struct keeper *k, int dir, const char *name, uint32_t mode, uint64_t size, char *text)
{
	k->file = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (k->file < 0)
		return init_fail(text, "%.200s: %s", name, strerror(errno));
	if (fchmod(k->file, mode & 0777))
		return init_fail(text, "%.200s: mode: %s", name, strerror(errno));
	k->file_left = size;
	return file_done(k, text);
}

/* u32 mode, u64 size, name */
static int file_begin(struct keeper *k, const unsigned char *p, size_t len, char *text)
{
	char full[NAME_MAX_ALL + 1], *name = full;
	uint32_t mode;
	int dir, r;

	if (k->file >= 0 || k->link || len < 13 || len - 12 > NAME_MAX_ALL)
		return init_fail(text, "a file's frame is not understood");
	memcpy(full, p + 12, len - 12);
	full[len - 12] = '\0';
	if (!name_valid(full, len - 12))
		return init_fail(text, "a file's name is not one: relative, without empty, . or .. parts");
	mode = frame_get32(p);
	dir = open_parents(k->work, &name);
	if (dir < 0)
		return init_fail(text, "%.200s: %s", name, strerror(errno));
	if (S_ISDIR(mode))
		r = make_folder(dir, name, mode, text);
	else if (S_ISLNK(mode))
		r = begin_link(k, dir, name, frame_get64(p + 4), text);
	else
		r = begin_regular(k, dir, name, mode, frame_get64(p + 4), text);
	close(dir);
	return r;
}

static int write_file(int fd, const unsigned char *p, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, p + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

static int file_data(struct keeper *k, const unsigned char *p, size_t len, char *text)
{
	if ((k->file < 0 && !k->link) || len > k->file_left)
		return init_fail(text, "more data than the file's size");
	if (k->link) {
		memcpy(k->link->target + k->link->have, p, len);
		k->link->have += len;
	} else if (write_file(k->file, p, len)) {
		return init_fail(text, "the job's files: %s%s", strerror(errno),
				 errno == ENOSPC ? "; raise the limit disk" : "");
	}
	k->file_left -= len;
	return file_done(k, text);
}

/* A pattern of what is carried out at the end. */
static int add_pattern(struct keeper *k, const unsigned char *p, size_t len, char *text)
{
	struct pattern *more;
	const char *wrong;

	if (k->ncollect >= PATTERNS_MAX)
		return init_fail(text, "more than %d patterns of files to collect", PATTERNS_MAX);
	more = realloc(k->collect, (k->ncollect + 1) * sizeof *more);
	if (!more)
		return init_fail(text, "patterns: %s", strerror(errno));
	k->collect = more;
	wrong = pattern_compile(&more[k->ncollect], (const char *)p, len);
	if (wrong)
		return init_fail(text, "a pattern of files to collect must %s", wrong);
	k->ncollect++;
	return 0;
}

/* ---- phases ----------------------------------------------------------- */

static int plan_begin(struct keeper *k, const unsigned char *p, size_t len, char *text)
{
	uint32_t phase = len >= 4 ? frame_get32(p) : PHASE_COUNT;

	if (phase >= PHASE_COUNT || len != 4 + 8 * LIMIT_COUNT || k->plan[phase].set)
		return init_fail(text, "a phase's frame is not understood");
	for (int i = 0; i < LIMIT_COUNT; i++)
		k->plan[phase].limit[i] = frame_get64(p + 4 + 8 * i);
	k->plan[phase].set = true;
	k->phase = (int)phase;
	return 0;
}

/* Adds a string to a NULL-terminated vector. */
static int vector_add(char ***v, size_t *n, const unsigned char *p, size_t len)
{
	char **more, *s;

	if (!(*n & (*n + 1)) || !*v) { /* room for 1, 3, 7, ... and the NULL */
		more = realloc(*v, (*n * 2 + 2) * sizeof **v);
		if (!more)
			return -1;
		*v = more;
	}
	s = malloc(len + 1);
	if (!s)
		return -1;
	memcpy(s, p, len);
	s[len] = '\0';
	(*v)[(*n)++] = s;
	(*v)[*n] = NULL;
	return 0;
}

static int plan_string(struct keeper *k, bool env, const unsigned char *p, size_t len, char *text)
{
	struct plan *plan = k->phase < 0 ? NULL : &k->plan[k->phase];

	if (!plan || memchr(p, '\0', len) || (env && !memchr(p, '=', len)))
		return init_fail(text, "an argument or variable out of place, or with a NUL");
	plan->bytes += len + 1 + sizeof(char *);
	if (plan->bytes > ARGS_MAX || plan->argc + plan->envc >= ARGC_MAX)
		return init_fail(text, "arguments and environment are larger than %d bytes", ARGS_MAX);
	if (env ? vector_add(&plan->env, &plan->envc, p, len) : vector_add(&plan->argv, &plan->argc, p, len))
		return init_fail(text, "arguments: %s", strerror(errno));
	return 0;
}

int keeper_frame(struct keeper *k, unsigned type, const unsigned char *p, size_t len, char *text)
{
	switch (type) {
	case FRAME_FILE:
		return file_begin(k, p, len, text);
	case FRAME_DATA:
		return file_data(k, p, len, text);
	case FRAME_COLLECT:
		return add_pattern(k, p, len, text);
	case FRAME_PHASE:
		return plan_begin(k, p, len, text);
	case FRAME_ARG:
		return plan_string(k, false, p, len, text);
	case FRAME_ENV:
		return plan_string(k, true, p, len, text);
	default:
		return init_fail(text, "frame %u is out of place", type);
	}
}

/* ---- a program -------------------------------------------------------- */

struct failure { /* what a child says when it cannot become the program */
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

/* 0 and anything above 2^63 are "no limit". */
static bool limited(uint64_t v)
{
	return v && v <= INT64_MAX;
}

static int child_limits(const struct plan *p, uint32_t nproc, uint64_t disk)
{
	uint64_t cpu = p->limit[LIMIT_CPU] / 1000000 + 2; /* the ceiling and one: a backstop */
	uint64_t size = p->limit[LIMIT_FILE_SIZE], stack = p->limit[LIMIT_STACK];

	if (limited(p->limit[LIMIT_CPU]) && bound(RLIMIT_CPU, cpu, cpu + 1))
		return -1;
	if (nproc && bound(RLIMIT_NPROC, nproc, nproc))
		return -1;
	if (limited(p->limit[LIMIT_OPEN_FILES]) &&
	    bound(RLIMIT_NOFILE, p->limit[LIMIT_OPEN_FILES], p->limit[LIMIT_OPEN_FILES]))
		return -1;
	/* With a limit of the disk's size a full disk would be SIGXFSZ, not ENOSPC. */
	if (limited(size) && size < disk && bound(RLIMIT_FSIZE, size, size))
		return -1;
	if (limited(stack) && bound(RLIMIT_STACK, stack, stack))
		return -1;
	if (bound(RLIMIT_RTPRIO, 0, 0) || bound(RLIMIT_NICE, 0, 0))
		return -1;
	return bound(RLIMIT_CORE, 1, 1); /* 1, not 0: a piped core_pattern stays quiet */
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
			sigaction(s, &sa, NULL); /* fails for libc's own two */
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

/* execvpe with the program's own PATH, and never a shell for what is no program. */
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
			errno = ELIBBAD; /* there, but not its interpreter */
		if (errno != ENOENT && errno != ENOTDIR)
			err = errno;
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			break;
	}
	errno = err;
}

static void child_run(struct keeper *k, const struct start *s, const int fds[3], int status)
{
	struct plan *p = &k->plan[s->phase];

	if (setsid() < 0)
		child_fail(status, "setsid");
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			child_fail(status, "descriptors");
	if (isatty(0) && ioctl(0, TIOCSCTTY, 0)) /* a terminal of its own; else these are pipes */
		child_fail(status, "terminal");
	umask(022);
	if (fchdir(k->work))
		child_fail(status, "/work");
	if (!s->test && child_limits(p, s->nproc, k->disk))
		child_fail(status, "limits");
	if (reset_signals())
		child_fail(status, "signals");
	if (s->cpu && stay_on(s->cpu))
		child_fail(status, "its processor (pin = yes): the box may not use it");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || filter_load(!k->cell, s->cpu != 0))
		child_fail(status, "the filter of system calls");
	if (s->test)
		_exit(0);
	exec_path(p->argv, p->env);
	child_fail(status, "");
}

static int start_failed(const struct keeper *k, const struct start *s, const struct failure *f, char *text)
{
	const char *name = k->plan[s->phase].argv ? k->plan[s->phase].argv[0] : "";

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
		return init_fail(text, "%.200s: may not be executed; set its mode", name);
	return init_fail(text, "%.200s: %s", name, strerror(f->err));
}

static void set_oom(const struct keeper *k, int value)
{
	char s[16];
	int n = snprintf(s, sizeof s, "%d", value);

	if (k->oom >= 0 && pwrite(k->oom, s, (size_t)n, 0) < 0)
		return; /* a box without it still has its memory limit */
}

/* Forks. The status pipe closes on exec: an empty one means that the program runs. */
int keeper_start(struct keeper *k, const struct start *s, const int fds[3], char *text)
{
	struct failure f;
	int status[2];
	ssize_t n;

	if (s->phase >= PHASE_COUNT || (!s->test && !k->plan[s->phase].argc))
		return init_fail(text, "a phase without a program");
	if (k->file >= 0 || k->link)
		return init_fail(text, "the job's files are not complete");
	if (pipe2(status, O_CLOEXEC))
		return init_fail(text, "pipe: %s", strerror(errno));
	k->cpu_us = k->maxrss = 0;
	k->own_us = init_cpu_us();
	k->phase_now = s->phase;
	set_oom(k, OOM_PROGRAM);
	k->program = fork();
	if (!k->program)
		child_run(k, s, fds, status[1]);
	set_oom(k, k->cell ? OOM_KEEPER : 0);
	close(status[1]);
	if (k->program < 0) {
		close(status[0]);
		k->program = 0;
		return init_fail(text, "fork: %s", strerror(errno));
	}
	do
		n = read(status[0], &f, sizeof f);
	while (n < 0 && errno == EINTR);
	close(status[0]);
	if (n == sizeof f) {
		waitpid(k->program, NULL, 0);
		k->program = 0;
		return start_failed(k, s, &f, text);
	}
	k->started_us = init_now_us();
	return 0;
}

static void count(struct keeper *k, const struct rusage *ru)
{
	k->cpu_us += (ru->ru_utime.tv_sec + ru->ru_stime.tv_sec) * INT64_C(1000000) + ru->ru_utime.tv_usec +
		     ru->ru_stime.tv_usec;
	if (ru->ru_maxrss * INT64_C(1024) > k->maxrss)
		k->maxrss = ru->ru_maxrss * INT64_C(1024);
}

bool keeper_reap(struct keeper *k, int *status)
{
	bool ended = false;
	struct rusage ru;
	pid_t pid;
	int st;

	while ((pid = wait4(-1, &st, WNOHANG, &ru)) > 0) {
		count(k, &ru);
		if (pid != k->program)
			continue;
		*status = st;
		ended = true;
	}
	return ended;
}

/* A file as large as the limit allows: how a program that ignores SIGXFSZ (Python does)
 * shows that it met it. Nothing of the job runs any more. */
static bool walk_full(int dir, uint64_t size, int depth, int *left)
{
	DIR *d = fdopendir(dir);
	struct dirent *e;
	struct stat st;
	bool full = false;
	int sub;

	if (!d)
		close(dir);
	while (d && !full && --*left > 0 && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (S_ISREG(st.st_mode))
			full = (uint64_t)st.st_size >= size;
		if (!S_ISDIR(st.st_mode) || depth >= WALK_DEPTH)
			continue;
		sub = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		full = sub >= 0 && walk_full(sub, size, depth + 1, left);
	}
	if (d)
		closedir(d);
	return full;
}

static bool file_full(const struct keeper *k)
{
	uint64_t size = k->phase_now < PHASE_COUNT ? k->plan[k->phase_now].limit[LIMIT_FILE_SIZE] : 0;
	static const char *const folders[] = { "/work", "/tmp", "/dev/shm" };
	int left = WALK_MAX, dir;

	if (!limited(size) || size >= k->disk)
		return false;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		dir = open(folders[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (dir >= 0 && walk_full(dir, size, 0, &left))
			return true;
	}
	return false;
}

/* Shared memory that outlives its processes. The kernel would give it back some time
 * after the cell's end, and the next job's base line would have it. */
static void remove_shared(void)
{
	struct shm_info info;
	struct shmid_ds ds;
	int last = shmctl(0, SHM_INFO, (struct shmid_ds *)&info), id;

	for (int i = 0; i <= last && info.used_ids > 0; i++)
		if ((id = shmctl(i, SHM_STAT, &ds)) >= 0)
			shmctl(id, IPC_RMID, NULL);
}

/* kill(-1) reaches all but the caller (and process 1), in one step for the kernel: a
 * fork is either before it, and its child is hit, or sees the signal and fails. */
void keeper_end(struct keeper *k, int status, struct ended *e)
{
	int64_t now = init_now_us();
	struct rusage ru;
	int64_t left = 0;
	pid_t pid;
	int st;

	kill(-1, SIGKILL);
	for (;;) {
		pid = wait4(-1, &st, 0, &ru);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			break;
		count(k, &ru);
		left++;
		if (pid == k->program && status == -1)
			status = st;
	}
	if (k->cell)
		remove_shared();
	*e = (struct ended){ .status = status,
			     .wall_us = now - k->started_us,
			     .cpu_us = k->cpu_us,
			     .maxrss = k->maxrss,
			     .left = left,
			     .file_full = status != 0 && file_full(k) };
	e->own_us = k->cell ? init_cpu_us() - k->own_us : 0;
	k->program = 0;
}

void keeper_signal(const struct keeper *k, int sig)
{
	if (k->program > 0 && sig > 0 && sig < NSIG)
		kill(-k->program, sig);
}

void keeper_init(struct keeper *k, bool cell)
{
	memset(k, 0, sizeof *k);
	k->cell = cell;
	k->work = k->oom = k->file = k->phase = -1;
}

/* ---- building a cell (in its first process) ------------------------------ */

static int write_text(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), saved;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, value, strlen(value));
	saved = errno;
	close(fd);
	errno = saved;
	return n < 0 ? -1 : 0;
}

/* The three files belong to root while we cannot be dumped. Nobody else is here yet. */
static int map_user(uid_t uid, gid_t gid, char *text)
{
	char map[64];

	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (write_text("/proc/self/setgroups", "deny"))
		return init_fail(text, "setgroups: %s", strerror(errno));
	snprintf(map, sizeof map, "%d %u 1", CELL_UID, (unsigned)uid);
	if (write_text("/proc/self/uid_map", map))
		return init_fail(text, "uid_map: %s", strerror(errno));
	snprintf(map, sizeof map, "%d %u 1", CELL_UID, (unsigned)gid);
	if (write_text("/proc/self/gid_map", map))
		return init_fail(text, "gid_map: %s", strerror(errno));
	return 0;
}

/* Through the box's procfs, while /proc is still that: the second layer under the filter,
 * and the handle by which this process sets its own place in the kernel's choice. */
static int prepare_proc(struct keeper *k, char *text)
{
	k->oom = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	set_oom(k, OOM_KEEPER);
	if (write_text("/proc/sys/user/max_user_namespaces", "0"))
		return init_fail(text, "max_user_namespaces: %s", strerror(errno));
	return 0;
}

static int bind_to(const char *from, const char *to, bool may_lack, char *text)
{
	if (!mount(from, to, NULL, MS_BIND, NULL) || (may_lack && errno == ENOENT))
		return 0;
	return init_fail(text, "%s: %s", to, strerror(errno));
}

/* Makes a bound folder read-only: its owner could change its mode otherwise. */
static int seal(const char *path, char *text)
{
	if (!mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) ||
	    errno == ENOENT)
		return 0;
	return init_fail(text, "%s read-only: %s", path, strerror(errno));
}

struct masked {
	const char *path;
	bool folder;
};
static const struct masked masked[] = {
	{ "/proc/acpi", true },	       { "/proc/asound", true },	 { "/proc/scsi", true },
	{ "/proc/kcore", false },      { "/proc/keys", false },		 { "/proc/latency_stats", false },
	{ "/proc/timer_list", false }, { "/proc/timer_stats", false },	 { "/proc/sched_debug", false },
	{ "/proc/interrupts", false }, { "/proc/sysrq-trigger", false }, { "/proc/key-users", false },
};

/* Read-only as a whole, so /proc/sys too, and no oom_score_adj. */
static int mount_proc(const char *empty, char *text)
{
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, "hidepid=2"))
		return init_fail(text, "procfs: %s", strerror(errno));
	for (size_t i = 0; i < sizeof masked / sizeof *masked; i++)
		if (bind_to(masked[i].folder ? empty : "/dev/null", masked[i].path, true, text) ||
		    (masked[i].folder && seal(masked[i].path, text)))
			return -1;
	return 0;
}

static int make_folders(char *text)
{
	static const struct {
		const char *name;
		mode_t mode;
	} f[] = {
		{ "/tmp/work", 0755 },	  { "/tmp/tmp", 01777 }, { "/tmp/shm", 01777 },
		{ "/tmp/mqueue", 01777 }, { "/tmp/none", 0555 },
	};

	for (size_t i = 0; i < sizeof f / sizeof *f; i++)
		if (mkdir(f[i].name, 0700) || chmod(f[i].name, f[i].mode))
			return init_fail(text, "%s: %s", f[i].name, strerror(errno));
	return 0;
}

static int mount_disk(uint64_t disk, uint64_t inodes, char *text)
{
	char options[160];

	snprintf(options, sizeof options, "size=%llu,nr_inodes=%llu,mode=0755,uid=%d,gid=%d", (unsigned long long)disk,
		 (unsigned long long)(inodes + OWN_INODES), CELL_UID, CELL_UID);
	if (mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, options))
		return init_fail(text, "tmpfs: %s", strerror(errno));
	return make_folders(text);
}

static int mount_all(uint64_t disk, uint64_t inodes, char *text)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return init_fail(text, "private mounts: %s", strerror(errno));
	if (mount_disk(disk, inodes, text) || mount_proc("/tmp/none", text))
		return -1;
	/* Our own program is one file for all boxes, and so were locks on it: under its
	 * name lies something that is read-only and the cell's own. */
	if (bind_to("/proc/version", "/.cee/init", true, text))
		return -1;
	if (bind_to("/tmp/work", "/work", false, text) || bind_to("/tmp/shm", "/dev/shm", false, text) ||
	    bind_to("/tmp/mqueue", "/dev/mqueue", true, text))
		return -1;
	return bind_to("/tmp/tmp", "/tmp", false, text);
}

/* No capability in any set, and no way back to one. */
static int drop_all(char *text)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };

	for (int c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0))
			return init_fail(text, "bounding set: %s", strerror(errno));
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (prctl(PR_SET_SECUREBITS,
		  SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
			  SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
		  0, 0, 0))
		return init_fail(text, "securebits: %s", strerror(errno));
	if (syscall(SYS_capset, &h, none))
		return init_fail(text, "capset: %s", strerror(errno));
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return 0;
}

static int build(struct keeper *k, const unsigned char *p, size_t len, char *text)
{
	uint64_t disk, inodes;

	if (len != 16 || k->work >= 0)
		return init_fail(text, "the order to build is not understood");
	disk = frame_get64(p);
	inodes = frame_get64(p + 8);
	if (!limited(disk) || !limited(inodes)) /* 0 would be no bound at all */
		return init_fail(text, "a cell needs a bound for disk and inodes");
	if (mount_all(disk, inodes, text) || drop_all(text))
		return -1;
	k->disk = disk;
	k->work = open("/work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return k->work < 0 ? init_fail(text, "/work: %s", strerror(errno)) : 0;
}

/* ---- the keeper's loop ------------------------------------------------- */

union control { /* room for three descriptors, aligned */
	struct cmsghdr h;
	char space[CMSG_SPACE(3 * sizeof(int))];
};

static int send_packet(int sock, const void *data, size_t len, const void *more, size_t morelen, const int *fds,
		       size_t nfds)
{
	union control c = { .space = { 0 } };
	struct iovec v[2] = { { (void *)data, len }, { (void *)more, morelen } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = more ? 2 : 1 };
	ssize_t n;

	if (nfds) {
		m.msg_control = c.space;
		m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c.h.cmsg_level = SOL_SOCKET;
		c.h.cmsg_type = SCM_RIGHTS;
		c.h.cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(&c.h), fds, nfds * sizeof(int));
	}
	do
		n = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

/* Returns the length, 0 at the end, -1 and errno. fds are -1 where none came. */
static ssize_t receive_packet(int sock, void *data, size_t size, int flags, int fds[3])
{
	union control c;
	struct iovec v = { data, size };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = c.space, .msg_controllen = sizeof c.space };
	struct cmsghdr *h;
	ssize_t n;

	fds[0] = fds[1] = fds[2] = -1;
	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC | flags);
	while (n < 0 && errno == EINTR);
	h = n < 0 ? NULL : CMSG_FIRSTHDR(&m);
	if (h && h->cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(h),
		       h->cmsg_len - CMSG_LEN(0) < 3 * sizeof(int) ? h->cmsg_len - CMSG_LEN(0) : 3 * sizeof(int));
	return n;
}

static void report(int sock, const struct report *r, const int *fds, size_t nfds)
{
	if (send_packet(sock, r, sizeof *r, NULL, 0, fds, nfds))
		_exit(1); /* init is gone, and the box with it */
}

/* Says it once; what follows of that job is not listened to. */
static void report_failed(int sock, const char *text)
{
	struct report r = { .kind = REPORT_FAILED };

	snprintf(r.text, sizeof r.text, "%s", text);
	report(sock, &r, NULL, 0);
}

static void finish(struct keeper *k, int sock, int status)
{
	struct report r = { .kind = REPORT_ENDED };

	keeper_end(k, status, &r.ended);
	report(sock, &r, NULL, 0);
}

static int order_start(struct keeper *k, int sock, const unsigned char *p, size_t len, int fds[3], char *text)
{
	struct report r = { .kind = REPORT_STARTED };
	struct start s;

	if (len != sizeof s || fds[2] < 0 || k->program || k->work < 0)
		return init_fail(text, "the order to start is not understood");
	memcpy(&s, p, sizeof s);
	if (keeper_start(k, &s, fds, text))
		return -1;
	r.time_us = k->started_us;
	report(sock, &r, NULL, 0);
	return 0;
}

/* Waits for whoever reads the pipe; the job has ended, so nothing else is to be done. */
static int order_carry(const struct keeper *k, const unsigned char *p, size_t len, const int fds[3], char *text)
{
	struct carry c;

	if (len != sizeof c || fds[0] < 0 || k->program || k->work < 0)
		return init_fail(text, "the order to carry files out is not understood");
	memcpy(&c, p, sizeof c);
	carry_walk(k->work, &c, k->collect, k->ncollect, fds[0]);
	return 0;
}

static int order_fill(struct keeper *k, int sock, const int fds[3], char *text)
{
	struct report r = { .kind = REPORT_FILLED };

	if (fds[0] < 0 || k->program || k->work < 0)
		return init_fail(text, "the order to fill the cell is not understood");
	if (kept_fill(k, fds[0], text))
		return -1;
	report(sock, &r, NULL, 0);
	return 0;
}

static int order(struct keeper *k, int sock, const unsigned char *p, size_t len, int fds[3], char *text)
{
	struct report r = { .kind = REPORT_BUILT };
	int sig = 0;

	switch (p[0]) {
	case ORDER_BUILD:
		if (build(k, p + 1, len - 1, text))
			return -1;
		fds[0] = open("/work", O_PATH | O_DIRECTORY | O_CLOEXEC);
		report(sock, &r, fds, 1);
		return 0;
	case ORDER_START:
		return order_start(k, sock, p + 1, len - 1, fds, text);
	case ORDER_KILL:
		if (k->program)
			finish(k, sock, -1);
		return 0;
	case ORDER_SIGNAL:
		memcpy(&sig, p + 1, len == 1 + sizeof sig ? sizeof sig : 0);
		keeper_signal(k, sig);
		return 0;
	case ORDER_FILL:
		return order_fill(k, sock, fds, text);
	case ORDER_CARRY:
		return order_carry(k, p + 1, len - 1, fds, text);
	default:
		return keeper_frame(k, p[0], p + 1, len - 1, text);
	}
}

static void take_order(struct keeper *k, int sock, bool *failed)
{
	static unsigned char buf[1 + FRAME_MAX];
	char text[INIT_TEXT];
	int fds[3];
	ssize_t n = receive_packet(sock, buf, sizeof buf, 0, fds);

	if (n <= 0)
		_exit(0); /* init hung up: the cell ends */
	if (!*failed && order(k, sock, buf, (size_t)n, fds, text)) {
		report_failed(sock, text);
		*failed = true;
	}
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int watch_children(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void keeper_loop(struct keeper *k, int sock, bool failed)
{
	struct signalfd_siginfo info[8];
	struct pollfd fds[2] = { { .fd = sock, .events = POLLIN }, { .fd = watch_children(), .events = POLLIN } };
	int status;

	if (fds[1].fd < 0) {
		report_failed(sock, "signalfd refused");
		failed = true;
	}
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents) { /* a hint, also from the job: what counts is wait4 */
			while (read(fds[1].fd, info, sizeof info) > 0)
				;
			if (keeper_reap(k, &status))
				finish(k, sock, status);
		}
		if (fds[0].revents)
			take_order(k, sock, &failed);
	}
}

/* Nothing of init's stays open but the socket, which becomes 3; 0 to 2 are /dev/null. */
static int leave_descriptors(int sock)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		return -1;
	if (sock != 3 && dup3(sock, 3, O_CLOEXEC) < 0)
		return -1;
	if (!close_range(4, ~0u, 0))
		return 3;
	for (int fd = 4; fd < 4096; fd++)
		close(fd);
	return 3;
}

static void keeper_main(int sock, uid_t uid, gid_t gid)
{
	char text[INIT_TEXT];
	bool failed = false;
	struct keeper k;

	keeper_init(&k, true);
	sock = leave_descriptors(sock);
	if (sock < 0 || setsid() < 0)
		_exit(1);
	if (map_user(uid, gid, text) || prepare_proc(&k, text)) {
		report_failed(sock, text);
		failed = true;
	}
	keeper_loop(&k, sock, failed);
}

/* ---- from outside ------------------------------------------------------- */

int cell_open(struct cell *c, char *text)
{
	struct timeval wait = { .tv_sec = ORDER_SECONDS };
	uid_t uid = getuid();
	gid_t gid = getgid();
	int pair[2];

	*c = (struct cell){ .sock = -1, .work = -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return init_fail(text, "socketpair: %s", strerror(errno));
	setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	/* the raw call: libc's fork knows nothing of namespaces, and clone3 is refused */
	c->pid = (pid_t)syscall(SYS_clone, CELL_FLAGS | SIGCHLD, 0, 0, 0, 0);
	if (!c->pid) {
		keeper_main(pair[1], uid, gid);
		_exit(1);
	}
	close(pair[1]);
	if (c->pid < 0) {
		c->pid = 0;
		close(pair[0]);
		return init_fail(text, "clone: %s", strerror(errno));
	}
	c->sock = pair[0];
	return 0;
}

static int give_order(struct cell *c, unsigned char kind, const void *p, size_t len, const int *fds, size_t nfds)
{
	return send_packet(c->sock, &kind, 1, p, len, fds, nfds);
}

int cell_build(struct cell *c, uint64_t disk, uint64_t inodes)
{
	unsigned char p[16];

	frame_put64(p, disk);
	frame_put64(p + 8, inodes);
	return give_order(c, ORDER_BUILD, p, sizeof p, NULL, 0);
}

int cell_frame(struct cell *c, unsigned type, const unsigned char *p, size_t len)
{
	return give_order(c, (unsigned char)type, p, len, NULL, 0);
}

int cell_start(struct cell *c, const struct start *s, const int fds[3])
{
	return give_order(c, ORDER_START, s, sizeof *s, fds, 3);
}

int cell_fill(struct cell *c, int fd)
{
	return give_order(c, ORDER_FILL, "", 0, &fd, 1);
}

int cell_kill(struct cell *c)
{
	return give_order(c, ORDER_KILL, "", 0, NULL, 0);
}

int cell_signal(struct cell *c, int sig)
{
	return give_order(c, ORDER_SIGNAL, &sig, sizeof sig, NULL, 0);
}

int cell_carry(struct cell *c, const struct carry *what, int fd)
{
	return give_order(c, ORDER_CARRY, what, sizeof *what, &fd, 1);
}

int cell_report(struct cell *c, struct report *r)
{
	int fds[3];
	ssize_t n;

	memset(r, 0, sizeof *r);
	n = receive_packet(c->sock, r, sizeof *r, MSG_DONTWAIT, fds);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n == sizeof *r && r->kind == REPORT_BUILT && c->work < 0) {
		c->work = fds[0];
		fds[0] = -1;
	}
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	r->text[INIT_TEXT - 1] = '\0';
	return n == sizeof *r ? 1 : -1;
}

void cell_close(struct cell *c)
{
	if (c->pid > 0)
		kill(c->pid, SIGKILL);
	if (c->sock >= 0)
		close(c->sock);
	if (c->work >= 0)
		close(c->work);
	c->sock = c->work = -1;
}

static int test_wait(struct cell *c, enum report_kind kind, struct report *r, char *text)
{
	struct pollfd p = { .fd = c->sock, .events = POLLIN };

	if (poll(&p, 1, ORDER_SECONDS * 1000) != 1 || cell_report(c, r) != 1)
		return init_fail(text, "the cell does not answer");
	if (r->kind == kind)
		return 0;
	return init_fail(text, "%s", r->kind == REPORT_FAILED ? r->text : "the cell ended early");
}

static int test_run(struct cell *c, char *text)
{
	struct start s = { .phase = PHASE_RUN, .test = 1 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fds[3] = { null, null, null }, err = -1;
	struct report r = { .kind = REPORT_FAILED };

	if (!cell_build(c, 1 << 20, 64) && !test_wait(c, REPORT_BUILT, &r, text) && !cell_start(c, &s, fds) &&
	    !test_wait(c, REPORT_STARTED, &r, text) && !test_wait(c, REPORT_ENDED, &r, text))
		err = r.ended.status ? init_fail(text, "the test program ended with %d", r.ended.status) : 0;
	close(null);
	return err;
}

int cell_test(char *text)
{
	struct cell c;
	int err;

	snprintf(text, INIT_TEXT, "the cell takes no orders");
	if (cell_open(&c, text))
		return -1;
	err = test_run(&c, text);
	cell_close(&c);
	waitpid(c.pid, NULL, 0);
	return err;
}
