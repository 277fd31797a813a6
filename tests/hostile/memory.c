/* memory.c - more memory than there may be, of every kind that the kernel hands out
 *
 * Goal: MUCH of it at once, twice what the job may have. Each takes another way, since a limit that
 * counts one kind may not count another.
 */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the kernel keeps for a program (pipes, sockets, queues, tables) is bounded by the box's memory, which is the
 * job's with its disk and a reserve: FAR_MORE is more than that too. */
enum { MUCH = 128 * MB, FAR_MORE = 320 * MB, STEP = MB };

static void heap(void)
{
	for (size_t n = 0; n < MUCH; n += STEP) {
		char *p = malloc(STEP);

		refused_if(!p, "malloc");
		memset(p, 1, STEP);
	}
	got("%d MiB of heap", MUCH / MB);
}

static void shared_mapping(void)
{
	char *p = mmap(NULL, MUCH, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	refused_if(p == MAP_FAILED, "mmap");
	for (size_t n = 0; n < MUCH; n += STEP)
		memset(p + n, 1, STEP);
	got("%d MiB shared", MUCH / MB);
}

static void memfd(void)
{
	int fd = memfd_create("m", MFD_CLOEXEC);

	refused_if(fd < 0 || ftruncate(fd, MUCH), "memfd_create");
	char *p = mmap(NULL, MUCH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	refused_if(p == MAP_FAILED, "mmap of a memfd");
	for (size_t n = 0; n < MUCH; n += STEP)
		memset(p + n, 1, STEP);
	got("%d MiB in a memfd", MUCH / MB);
}

/* Written and not mapped: no process has it in its size. */
static void memfd_written(void)
{
	static char block[STEP];

	for (size_t n = 0; n < MUCH / (8 * MB); n++) {
		int fd = memfd_create("m", MFD_CLOEXEC);

		refused_if(fd < 0, "memfd_create");
		for (int i = 0; i < 8; i++)
			refused_if(write(fd, block, STEP) != STEP, "write to a memfd");
	}
	got("%d MiB in memfds", MUCH / MB);
}

static void huge_pages(void)
{
	char *p = mmap(NULL, MUCH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	refused_if(p == MAP_FAILED || madvise(p, MUCH, MADV_HUGEPAGE), "madvise");
	for (size_t n = 0; n < MUCH; n += 2 * MB)
		p[n] = 1;
	got("%d MiB in huge pages", MUCH / MB);
}

static void fork_and_fill(void)
{
	int full[2];
	char c;

	refused_if(pipe(full), "pipe");
	fcntl(full[0], F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 16; i++) {
		pid_t pid = fork();

		refused_if(pid < 0, "fork");
		if (!pid) {
			memset(malloc(MUCH / 16), 1, MUCH / 16);
			refused_if(write(full[1], "f", 1) != 1, "write");
			pause();
		}
	}
	for (int n = 0; n < 16; pause_ms(5)) {
		if (waitpid(-1, NULL, WNOHANG) > 0)
			_exit(REFUSED); /* one was killed */
		while (read(full[0], &c, 1) == 1)
			n++;
	}
	got("%d MiB in 16 processes", MUCH / MB);
}

/* A page table for each page: 4 KiB are touched of each 2 MiB. */
static void page_tables(void)
{
	size_t far = (size_t)FAR_MORE / 8 / KB * (2 * MB);
	char *p = mmap(NULL, far, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char sum = 0;

	refused_if(p == MAP_FAILED, "mmap");
	madvise(p, far, MADV_NOHUGEPAGE);
	for (int i = 0; i < 2; i++) { /* the second mapping has tables of its own */
		for (size_t n = 0; n < far; n += 2 * MB)
			sum |= p[n];
		p = mmap(NULL, far, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		refused_if(p == MAP_FAILED, "mmap");
		madvise(p, far, MADV_NOHUGEPAGE);
	}
	got("page tables for %zu MiB%s", far / MB, sum ? "!" : "");
}

/* A kernel object for each of many small mappings. */
static void small_mappings(void)
{
	int n;

	for (n = 0; n < 60000; n++) {
		void *p = mmap(NULL, 4 * KB, n & 1 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		refused_if(p == MAP_FAILED, "mmap");
		if (!(n & 1))
			*(char *)p = 1;
	}
	for (int i = 0; i < 15; i++) {
		pid_t pid = stay(NULL);

		refused_if(pid < 0, "fork of many mappings");
	}
	got("%d mappings in 16 processes", n);
}

static void pipes(void)
{
	static char block[STEP];
	int p[2];

	for (size_t n = 0; n < FAR_MORE; n += STEP) {
		refused_if(pipe2(p, O_NONBLOCK), "pipe");
		refused_if(fcntl(p[1], F_SETPIPE_SZ, STEP) < 0, "a pipe of 1 MiB");
		refused_if(write(p[1], block, STEP) != STEP, "write to a pipe");
	}
	got("%d MiB in pipes", FAR_MORE / MB);
}

static void fill_pair(int domain, int type)
{
	static char block[64 * KB];
	int p[2], size = 8 * MB;
	size_t n = 0;

	while (n < FAR_MORE) {
		refused_if(socketpair(domain, type | SOCK_NONBLOCK, 0, p), "socketpair");
		setsockopt(p[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
		setsockopt(p[1], SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
		for (ssize_t w; (w = send(p[0], block, sizeof block, 0)) > 0;)
			n += (size_t)w;
		refused_if(errno != EAGAIN && errno != ENOBUFS, "send");
	}
	got("%d MiB in Unix sockets", FAR_MORE / MB);
}

static void unix_streams(void)
{
	fill_pair(AF_UNIX, SOCK_STREAM);
}
static void unix_datagrams(void)
{
	fill_pair(AF_UNIX, SOCK_DGRAM);
}

static void locked(void)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &r);
	char *p = mmap(NULL, MUCH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	refused_if(p == MAP_FAILED || mlock(p, MUCH), "mlock");
	got("%d MiB locked", MUCH / MB);
}

static void sysv_shm(void)
{
	for (size_t n = 0; n < MUCH; n += 8 * MB) {
		int id = shmget(IPC_PRIVATE, 8 * MB, IPC_CREAT | 0600);
		char *p = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

		refused_if(p == (void *)-1, "shmget");
		shmctl(id, IPC_RMID, NULL); /* goes with this process: the control must leave nothing */
		memset(p, 1, 8 * MB);
	}
	got("%d MiB in System V segments", MUCH / MB);
}

static void sysv_messages(void)
{
	struct {
		long type;
		char text[8000];
	} m = { .type = 1 };

	for (int q = 0; q < 20000; q++) {
		int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

		refused_if(id < 0, "msgget");
		for (int i = 0; i < 2; i++)
			refused_if(msgsnd(id, &m, sizeof m.text, IPC_NOWAIT), "msgsnd");
	}
	got("320 MiB in System V queues");
}

static void file_in(const char *path)
{
	static char block[STEP];
	int fd = open(path, O_CREAT | O_RDWR, 0600);

	refused_if(fd < 0, path);
	unlink(path); /* open, and nowhere to be seen */
	for (size_t n = 0; n < MUCH; n += STEP)
		refused_if(write(fd, block, STEP) != STEP, path);
	got("%d MiB in a deleted file of %s", MUCH / MB, path);
}

static void dev_shm(void)
{
	file_in("/dev/shm/f");
}
static void deleted_file(void)
{
	file_in("/tmp/f");
}

/* Pages of a sparse file that are written through a mapping: no write fails, a signal comes. */
static void sparse_mapping(void)
{
	int fd = open("/tmp/sparse", O_CREAT | O_RDWR, 0600);

	refused_if(fd < 0 || ftruncate(fd, MUCH), "a sparse file");
	unlink("/tmp/sparse");
	char *p = mmap(NULL, MUCH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	refused_if(p == MAP_FAILED, "mmap");
	for (size_t n = 0; n < MUCH; n += STEP)
		memset(p + n, 1, STEP);
	got("%d MiB through a mapping", MUCH / MB);
}

static int deeper(int n)
{
	volatile char block[64 * KB];

	block[0] = (char)n;
	return (n ? deeper(n - 1) : 0) + block[0];
}

static void stack(void)
{
	deeper(1000);
	got("62 MiB of stack");
}

/* Makes the kernel look for a victim, and is the least likely one itself. */
static void other_victim(void)
{
	refused_if(can_write("/proc/self/oom_score_adj", "-1000"), "");
	if (!can_write("/proc/1/oom_score_adj", "1000"))
		can_write("/proc/self/oom_score_adj", "0");
	heap();
}

#define OPEN "limits memory=600M disk=256M file_size=256M stack=64M open_files=4096"
const struct hostile memory_rows[] = {
	{ "heap", "malloc, written", "memory=64M", "memory limit", OPEN, heap, 0 },
	{ "shared-mapping", "a shared mapping", "memory=64M", "memory limit", OPEN, shared_mapping, 0 },
	{ "memfd", "a memfd, mapped", "memory=64M", "memory limit", OPEN, memfd, 0 },
	{ "memfd-written", "memfds, written and not mapped", "memory=64M", "memory limit", OPEN, memfd_written, 0 },
	{ "huge-pages", "huge pages", "memory=64M", "memory limit", OPEN, huge_pages, 0 },
	{ "fork-and-fill", "a little in each of many processes", "memory=64M", "memory limit", OPEN, fork_and_fill, 0 },
	{ "page-tables", "page tables for mappings of nothing", "memory=32M", "memory limit", OPEN, page_tables, 0 },
	{ "small-mappings", "60,000 mappings in 16 processes", "memory=64M", "memory limit", OPEN, small_mappings, 0 },
	{ "pipes", "pipes of 1 MiB, full", "memory=64M", "memory limit|exited 3", "host", pipes, 0 },
	{ "unix-streams", "Unix sockets, full", "memory=64M", "memory limit", OPEN, unix_streams, 0 },
	{ "unix-datagrams", "Unix datagram sockets, full", "memory=64M", "memory limit", OPEN, unix_datagrams, 0 },
	{ "locked", "locked memory", "memory=64M", "memory limit|exited 3", "container", locked, 0 },
	{ "sysv-shm", "System V segments", "memory=64M", "memory limit|exited 3", "host", sysv_shm, 0 },
	{ "sysv-messages", "System V queues, full", "memory=24M", "memory limit|exited 3", OPEN, sysv_messages, 0 },
	{ "dev-shm", "a deleted file of /dev/shm", "memory=64M disk=8M", "disk limit 3|exited 3", OPEN, dev_shm, 0 },
	{ "deleted-file", "a deleted file of /tmp", "memory=64M disk=8M", "disk limit 3|exited 3", OPEN, deleted_file,
	  0 },
	{ "sparse-mapping", "a sparse file, written through a mapping", "memory=64M disk=8M",
	  "disk limit 7|signalled 7", OPEN, sparse_mapping, 0 },
	{ "stack", "a deep recursion", "stack=1M", "signalled 11", OPEN, stack, 0 },
	{ "other-victim", "has the kernel kill somebody else for its memory", "memory=64M", "memory limit", OPEN,
	  other_victim, 0 },
	{ 0 }
};
