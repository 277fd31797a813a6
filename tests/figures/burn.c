/* burn.c - programs whose cpu time and memory are known, for 91-figures
 *
 *   hello                        prints hello
 *   short MB                     touches MB, gives them back at once, ends
 *   many N MB MS [shared]        N children with MB each, all of them alive for MS
 *   spin MS                      uses MS of cpu time
 *   orphan N MS                  N grandchildren use MS each and outlive parent and program
 *   ignore N MS                  N children use MS each; nobody waits (SIGCHLD ignored)
 *   shared KIND MB MS [leave]    anon, memfd or sysv: MB for MS; sysv may leave them behind
 *   flight MB                    leaves MB of memfd on its way between sockets nobody holds
 *   file DIR MB                  a file of MB, kept
 *   output KB                    prints KB
 *   affinity                     prints the processors it may use, and tries to change them
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void spin(long ms)
{
	struct timespec t;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < ms);
}

static char *touch(char *p, size_t n)
{
	if (p == MAP_FAILED || !p)
		fail("memory");
	for (size_t i = 0; i < n; i += 4096)
		p[i] = (char)i + 1;
	return p;
}

static char *map(size_t n, int flags, int fd)
{
	return touch(mmap(NULL, n, PROT_READ | PROT_WRITE, flags, fd, 0), n);
}

static void many(int n, size_t bytes, long ms, int kind)
{
	int ready[2], go[2];
	char c;

	if (pipe(ready) || pipe(go))
		fail("pipe");
	for (int i = 0; i < n; i++)
		if (!fork()) {
			close(go[1]);
			map(bytes, kind | MAP_ANONYMOUS, -1);
			_exit(write(ready[1], "", 1) != 1 || read(go[0], &c, 1) != 0);
		}
	for (int i = 0; i < n; i++)
		if (read(ready[0], &c, 1) != 1)
			fail("read");
	pause_ms(ms);
	close(go[1]);
	while (wait(NULL) > 0)
		;
}

/* Grandchildren whose parent has gone, and who are still there when the program ends. */
static void orphans(int n, long ms)
{
	int done[2];
	char c;

	if (pipe(done))
		fail("pipe");
	for (int i = 0; i < n; i++) {
		if (!fork()) {
			if (fork())
				_exit(0);
			spin(ms);
			if (write(done[1], "", 1) == 1)
				pause();
			_exit(1);
		}
		wait(NULL);
	}
	for (int i = 0; i < n; i++)
		if (read(done[0], &c, 1) != 1)
			fail("read");
}

static void children(int n, long ms)
{
	for (int i = 0; i < n; i++)
		if (!fork()) {
			spin(ms);
			_exit(0);
		}
}

static void shared(const char *kind, size_t bytes, long ms, int leave)
{
	int id = -1, fd = -1;

	if (!strcmp(kind, "anon")) {
		map(bytes, MAP_SHARED | MAP_ANONYMOUS, -1);
	} else if (!strcmp(kind, "memfd")) {
		fd = memfd_create("burn", 0);
		if (fd < 0 || ftruncate(fd, (off_t)bytes))
			fail("memfd");
		map(bytes, MAP_SHARED, fd);
	} else {
		id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
		if (id < 0)
			fail("shmget");
		touch(shmat(id, NULL, 0), bytes);
		if (!leave)
			shmctl(id, IPC_RMID, NULL);
	}
	pause_ms(ms);
}

/* A ring of sockets that hold each other's descriptors: only the kernel's collector
 * gets at them, in its own time. */
static void flight(size_t bytes)
{
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(3 * sizeof(int))];
	} c = { .space = { 0 } };
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = c.space, .msg_controllen = sizeof c.space };
	int pair[2], fds[3];

	fds[2] = memfd_create("burn", 0);
	if (fds[2] < 0 || ftruncate(fds[2], (off_t)bytes) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		fail("flight");
	map(bytes, MAP_SHARED, fds[2]);
	fds[0] = pair[0];
	fds[1] = pair[1];
	c.h.cmsg_level = SOL_SOCKET;
	c.h.cmsg_type = SCM_RIGHTS;
	c.h.cmsg_len = CMSG_LEN(sizeof fds);
	memcpy(CMSG_DATA(&c.h), fds, sizeof fds);
	if (sendmsg(pair[0], &m, 0) < 0)
		fail("sendmsg");
}

static void file(const char *dir, size_t bytes)
{
	static char block[1 << 16];
	int fd;

	if (chdir(dir) || (fd = open("burn", O_CREAT | O_WRONLY, 0600)) < 0)
		fail(dir);
	for (size_t i = 0; i < bytes; i += sizeof block)
		if (write(fd, block, sizeof block) < 0)
			fail("write");
	pause_ms(100);
}

static void affinity(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set))
		fail("sched_getaffinity");
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			printf("%d ", i);
	for (int i = 0; i < CPU_SETSIZE; i++)
		CPU_SET(i, &set);
	printf("%s\n", sched_setaffinity(0, sizeof set, &set) ? strerror(errno) : "changed");
}

static long number(int argc, char **argv, int i)
{
	return i < argc ? atol(argv[i]) : 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long a = number(argc, argv, 2), b = number(argc, argv, 3), c = number(argc, argv, 4);

	if (!strcmp(what, "hello"))
		puts("hello");
	else if (!strcmp(what, "short"))
		munmap(map((size_t)a << 20, MAP_PRIVATE | MAP_ANONYMOUS, -1), (size_t)a << 20);
	else if (!strcmp(what, "many"))
		many((int)a, (size_t)b << 20, c, argc > 5 ? MAP_SHARED : MAP_PRIVATE);
	else if (!strcmp(what, "spin"))
		spin(a);
	else if (!strcmp(what, "orphan"))
		orphans((int)a, b);
	else if (!strcmp(what, "ignore") && signal(SIGCHLD, SIG_IGN) != SIG_ERR)
		children((int)a, b), wait(NULL); /* until all have gone: there is nothing to wait for */
	else if (!strcmp(what, "shared"))
		shared(argv[2], (size_t)b << 20, c, argc > 5);
	else if (!strcmp(what, "flight"))
		flight((size_t)a << 20);
	else if (!strcmp(what, "file"))
		file(argv[2], (size_t)b << 20);
	else if (!strcmp(what, "output"))
		for (long i = 0; i < a * 1024; i += 64)
			printf("%063ld\n", i);
	else if (!strcmp(what, "affinity"))
		affinity();
	else
		return 64;
	return 0;
}
