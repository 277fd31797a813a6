/* shim.c - harm from inside a process: LD_PRELOAD it into cee-runner or cee-submit
 *
 * CEE_HARM names a file of struct control, which the harness maps too and changes while the process runs:
 * slow or failing fsync, descriptors and memory that run out, a clock that steps. With kill_at = N the process
 * dies at its N-th call that changes the file system, and with power set it leaves what a power cut would leave on
 * a file system with a journal: of data that no fsync has covered a part is cut off, and of the names that changed
 * since the last fsync the latest are as they were before, as many as the seed says. (A journal keeps the order of
 * changes of names, and a fsync writes those before it; data comes when it likes.)
 *
 * With fail_at = N the N-th of these calls does not happen but fails with fail_errno, and with fail_more all that follow too,
 * but for removals: a disk that is full and stays so. fail_errno 0: a write writes a half. With count_opens each open
 * beneath counts as well (EMFILE, ENFILE).
 *
 * With count_memory each allocation since main began is counted in memory_count, also those of libraries; with memory_at = N
 * the N-th fails, and with memory_more all that follow.
 *
 * CEE_HARM_BOOT names a file with the boot id that the process sees, so that a power cut looks like one.
 * Only calls beneath the directory CEE_HARM_BELOW count, by the path of their descriptors.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct control {
	int32_t sync_delay_ms, sync_fail; /* fails: so many of 1000 calls */
	int32_t no_descriptor, no_memory; /* of 1000 */
	int64_t clock_step_us;		  /* added to CLOCK_REALTIME */
	int64_t kill_at, count;		  /* calls that change the file system below */
	int32_t power;
	uint32_t seed;
	int64_t fail_at;
	int32_t fail_errno, fail_more, count_opens;
	int32_t count_memory, memory_more;
	int64_t memory_at, memory_count;
};

enum { CHANGES = 4096, DIRTY = 512 };

/* A name that changed since the last fsync. */
struct change {
	char from[512], to[512]; /* from "": made */
};
/* A file with data that was not synced. */
struct dirty {
	char path[512];
	off_t synced;
};

static struct control *control;
static const char *below;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct change changes[CHANGES];
static int nchanges;
static struct dirty dirty[DIRTY];
static int ndirty;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("CEE_HARM");
	int fd;

	below = getenv("CEE_HARM_BELOW");
	if (!path || (fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC)) < 0)
		return;
	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (control == MAP_FAILED)
		control = NULL;
	syscall(SYS_close, fd);
}

/* CEE_HARM_LOG=FILE: a line for each call that counted, for who wants to know what a seed did. */
static void trace(const char *what, const char *a, const char *b)
{
	static int fd = -2;
	char line[1200];
	int n;

	if (fd == -2)
		fd = getenv("CEE_HARM_LOG") ? (int)syscall(SYS_openat, AT_FDCWD, getenv("CEE_HARM_LOG"),
							   O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)
					    : -1;
	if (fd < 0)
		return;
	n = snprintf(line, sizeof(line), "%d %lld %s %s %s\n", (int)getpid(), (long long)control->count, what, a, b);
	syscall(SYS_write, fd, line, (size_t)n);
}

static uint32_t draw(void)
{
	uint32_t x = __atomic_load_n(&control->seed, __ATOMIC_RELAXED);

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	__atomic_store_n(&control->seed, x ? x : 1, __ATOMIC_RELAXED);
	return x;
}

static int fails(int32_t of_1000)
{
	return control && of_1000 > 0 && (int32_t)(draw() % 1000) < of_1000;
}

/* The path of what a call names; false when it is not below. */
static int place(char out[512], int dirfd, const char *name)
{
	char link[64];
	ssize_t n = 0;

	if (!control || !below)
		return 0;
	if (name && name[0] == '/') {
		snprintf(out, 512, "%s", name);
	} else {
		if (dirfd == AT_FDCWD)
			snprintf(link, sizeof(link), "/proc/self/cwd");
		else
			snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
		n = readlink(link, out, 500);
		if (n < 0)
			return 0;
		out[n] = '\0';
		if (name && (size_t)n + strlen(name) + 2 < 512)
			snprintf(out + n, 512 - (size_t)n, "/%s", name);
	}
	return strncmp(out, below, strlen(below)) == 0;
}

/* ---- what a power cut leaves ------------------------------------------------------------------ */

static void undo(void)
{
	int n = nchanges > 0 ? (int)(draw() % (uint32_t)(nchanges + 1)) : 0;
	long r = 0;

	for (int i = nchanges - 1; i >= nchanges - n && r == 0; i--) {
		struct change *c = &changes[i];

		trace("undo", c->from, c->to);
		if (c->from[0])
			r = syscall(SYS_renameat2, AT_FDCWD, c->to, AT_FDCWD, c->from, 1 /* RENAME_NOREPLACE */);
		else
			r = syscall(SYS_unlinkat, AT_FDCWD, c->to, 0);
	}
	for (int i = 0; i < ndirty; i++) {
		struct stat st;

		if (stat(dirty[i].path, &st) == 0 && st.st_size > dirty[i].synced) {
			off_t more = st.st_size - dirty[i].synced;

			if (truncate(dirty[i].path, dirty[i].synced + (off_t)(draw() % (uint32_t)(more + 1))) < 0)
				continue;
		}
	}
}

/* Counts a call that is about to change something. At kill_at the process ends before it. 0; 1: the call has to fail, with
 * errno; 2: it has to do a half. */
static int counts(int removal)
{
	int64_t n = __atomic_add_fetch(&control->count, 1, __ATOMIC_SEQ_CST), at = control->fail_at;

	if (at > 0 && (n == at || (n > at && control->fail_more && !removal))) {
		errno = control->fail_errno;
		return control->fail_errno ? 1 : 2;
	}
	if (control->kill_at <= 0 || n != control->kill_at)
		return 0;
	if (control->power)
		undo();
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

static void note_change(const char *from, const char *to)
{
	struct change *c;

	if (nchanges == CHANGES) { /* the oldest is taken for written */
		memmove(changes, changes + 1, sizeof(changes[0]) * (CHANGES - 1));
		nchanges--;
	}
	c = &changes[nchanges++];
	trace(from ? "rename" : "create", from ? from : "", to);
	snprintf(c->from, sizeof(c->from), "%s", from ? from : "");
	snprintf(c->to, sizeof(c->to), "%s", to);
	for (int i = 0; from && i < ndirty; i++) /* its unsynced data has a new name */
		if (strcmp(dirty[i].path, from) == 0)
			snprintf(dirty[i].path, sizeof(dirty[i].path), "%s", to);
}

static void note_write(const char *path, off_t before)
{
	for (int i = 0; i < ndirty; i++)
		if (strcmp(dirty[i].path, path) == 0)
			return;
	if (ndirty == DIRTY)
		return;
	snprintf(dirty[ndirty].path, sizeof(dirty[ndirty].path), "%s", path);
	dirty[ndirty++].synced = before;
}

static void note_sync(const char *path)
{
	trace("sync", path, "");
	for (int i = 0; i < ndirty; i++)
		if (strcmp(dirty[i].path, path) == 0)
			dirty[i--] = dirty[--ndirty];
	nchanges = 0;
}

/* ---- the calls ------------------------------------------------------------------------------------ */

static int harmed_sync(int fd, int (*real)(int))
{
	char path[512];
	int r;

	if (control && control->sync_delay_ms > 0)
		usleep((useconds_t)control->sync_delay_ms * 1000);
	if (fails(control ? control->sync_fail : 0)) {
		errno = EIO;
		return -1;
	}
	if (place(path, fd, NULL)) {
		pthread_mutex_lock(&lock);
		r = counts(0) == 1 ? -1 : real(fd);
		if (r == 0)
			note_sync(path);
		pthread_mutex_unlock(&lock);
		return r;
	}
	return real(fd);
}

int fsync(int fd)
{
	return harmed_sync(fd, REAL(fsync));
}

int fdatasync(int fd)
{
	return harmed_sync(fd, REAL(fdatasync));
}

static int harmed_open(int dirfd, const char *name, int flags, mode_t mode)
{
	char path[512];
	struct stat st;
	int fd;

	if (fails(control ? control->no_descriptor : 0)) {
		errno = EMFILE;
		return -1;
	}
	if (strcmp(name, "/proc/sys/kernel/random/boot_id") == 0 && getenv("CEE_HARM_BOOT"))
		return (int)syscall(SYS_openat, AT_FDCWD, getenv("CEE_HARM_BOOT"), O_RDONLY | O_CLOEXEC);
	if ((!(flags & O_CREAT) && !(control && control->count_opens)) || !place(path, dirfd, name))
		return (int)syscall(SYS_openat, dirfd, name, flags, mode);
	pthread_mutex_lock(&lock);
	if (control->count_opens && counts(0) == 1) {
		fd = -1;
	} else if (!(flags & O_CREAT) || lstat(path, &st) == 0) {
		fd = (int)syscall(SYS_openat, dirfd, name, flags, mode);
	} else {
		fd = !control->count_opens && counts(0) == 1 ? -1 : (int)syscall(SYS_openat, dirfd, name, flags, mode);
		if (fd >= 0)
			note_change(NULL, path);
	}
	pthread_mutex_unlock(&lock);
	return fd;
}

#define OPEN_MODE(flags, mode)                                                                                         \
	if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                         \
		va_list ap;                                                                                            \
		va_start(ap, flags);                                                                                   \
		mode = va_arg(ap, mode_t);                                                                             \
		va_end(ap);                                                                                            \
	}

int openat(int dirfd, const char *name, int flags, ...)
{
	mode_t mode = 0;
	OPEN_MODE(flags, mode)
	return harmed_open(dirfd, name, flags, mode);
}

int openat64(int dirfd, const char *name, int flags, ...)
{
	mode_t mode = 0;
	OPEN_MODE(flags, mode)
	return harmed_open(dirfd, name, flags, mode);
}

int open(const char *name, int flags, ...)
{
	mode_t mode = 0;
	OPEN_MODE(flags, mode)
	return harmed_open(AT_FDCWD, name, flags, mode);
}

int open64(const char *name, int flags, ...)
{
	mode_t mode = 0;
	OPEN_MODE(flags, mode)
	return harmed_open(AT_FDCWD, name, flags, mode);
}

ssize_t write(int fd, const void *data, size_t n)
{
	char path[512];
	struct stat st;
	ssize_t r;

	if (!control || !place(path, fd, NULL) || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return syscall(SYS_write, fd, data, n);
	pthread_mutex_lock(&lock);
	switch (counts(0)) {
	case 1:
		r = -1;
		break;
	case 2:
		n = (n + 1) / 2;
		/* fall through */
	default:
		note_write(path, st.st_size);
		r = syscall(SYS_write, fd, data, n);
	}
	pthread_mutex_unlock(&lock);
	return r;
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	char path[512];
	struct stat st;
	ssize_t r = -1;
	int c;

	if (!control || !place(path, fd, NULL) || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return syscall(SYS_pwrite64, fd, data, n, at);
	pthread_mutex_lock(&lock);
	c = counts(0);
	if (c != 1) {
		note_write(path, st.st_size);
		r = syscall(SYS_pwrite64, fd, data, c == 2 ? (n + 1) / 2 : n, at);
	}
	pthread_mutex_unlock(&lock);
	return r;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	return pwrite64(fd, data, n, at);
}

/* Calls that change the size or the blocks of a file. */
static int harmed_size(int fd, long number, long a, long b, long c)
{
	char path[512];
	int r = -1;

	if (!place(path, fd, NULL))
		return (int)syscall(number, (long)fd, a, b, c);
	pthread_mutex_lock(&lock);
	if (counts(0) != 1)
		r = (int)syscall(number, (long)fd, a, b, c);
	pthread_mutex_unlock(&lock);
	return r;
}

int ftruncate64(int fd, off64_t size)
{
	return harmed_size(fd, SYS_ftruncate, (long)size, 0, 0);
}

int ftruncate(int fd, off_t size)
{
	return ftruncate64(fd, size);
}

int fallocate64(int fd, int mode, off64_t from, off64_t n)
{
	return harmed_size(fd, SYS_fallocate, mode, (long)from, (long)n);
}

int fallocate(int fd, int mode, off_t from, off_t n)
{
	return fallocate64(fd, mode, from, n);
}

static int harmed_rename(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	char a[512], b[512];
	int r;

	if (!place(a, from_dir, from) || !place(b, to_dir, to))
		return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
	pthread_mutex_lock(&lock);
	r = counts(0) == 1 ? -1 : (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
	if (r == 0)
		note_change(a, b);
	pthread_mutex_unlock(&lock);
	return r;
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	return harmed_rename(from_dir, from, to_dir, to, flags);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return harmed_rename(from_dir, from, to_dir, to, 0);
}

int rename(const char *from, const char *to)
{
	return harmed_rename(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlinkat(int dirfd, const char *name, int flags)
{
	char path[512];
	int r;

	if (!place(path, dirfd, name))
		return (int)syscall(SYS_unlinkat, dirfd, name, flags);
	pthread_mutex_lock(&lock);
	r = counts(1) == 1 ? -1 : (int)syscall(SYS_unlinkat, dirfd, name, flags);
	nchanges = 0; /* not undone here, and so nothing before it */
	pthread_mutex_unlock(&lock);
	return r;
}

int mkdirat(int dirfd, const char *name, mode_t mode)
{
	char path[512];
	int r;

	if (!place(path, dirfd, name))
		return (int)syscall(SYS_mkdirat, dirfd, name, mode);
	pthread_mutex_lock(&lock);
	r = counts(0) == 1 ? -1 : (int)syscall(SYS_mkdirat, dirfd, name, mode);
	nchanges = 0; /* not undone here, and so nothing before it */
	pthread_mutex_unlock(&lock);
	return r;
}

int socket(int domain, int type, int protocol)
{
	if (fails(control ? control->no_descriptor : 0)) {
		errno = EMFILE;
		return -1;
	}
	return (int)syscall(SYS_socket, domain, type, protocol);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, id, t);

	if (r == 0 && control && id == CLOCK_REALTIME && control->clock_step_us) {
		int64_t us = t->tv_sec * 1000000 + t->tv_nsec / 1000 + control->clock_step_us;

		t->tv_sec = us / 1000000;
		t->tv_nsec = us % 1000000 * 1000;
	}
	return r;
}

/* ---- memory ---------------------------------------------------------------------------------------- */

extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);

static int started; /* main has begun: what is before is the loader's and the libraries' own */

static int memory_fails(void)
{
	int64_t n;

	if (!control || !control->count_memory || !started)
		return 0;
	n = __atomic_add_fetch(&control->memory_count, 1, __ATOMIC_SEQ_CST);
	if (control->memory_at <= 0 || n < control->memory_at || (n > control->memory_at && !control->memory_more))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t n)
{
	return memory_fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return memory_fails() ? NULL : __libc_calloc(n, size);
}

/* no_memory: only large pieces, which are what a job or an answer makes the runner ask for. */
void *realloc(void *p, size_t n)
{
	if (n > 4096 && fails(control ? control->no_memory : 0)) {
		errno = ENOMEM;
		return NULL;
	}
	return memory_fails() ? NULL : __libc_realloc(p, n);
}

/* main of a program is called through this. */
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void), void *stack_end);

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void), void *stack_end)
{
	started = 1;
	return REAL(__libc_start_main)(main, argc, argv, init, fini, rtld_fini, stack_end);
}
