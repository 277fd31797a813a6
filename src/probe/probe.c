/* probe.c - the program of the self-test's jobs: it exceeds one limit, on purpose
 *
 *     probe LIMIT N
 *     probe network URL ...    asks a box's gate for each
 *
 * uses up to N of what LIMIT counts, far more than the job's limit allows, and prints how
 * far it got. Where the limit holds, the program is ended, an operation is refused, or its output
 * is cut; src/runner/host knows which of these is right. Static, libc only: it runs in any image.
 * N bounds everything it does: where a limit does not hold, it must not harm the host either.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1 << 20, TMPFS = 0x01021994, GATE_PORT = 3128 };

static int say(const char *what, long n)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "%s %ld\n", what, n);

	return write(1, line, (size_t)len) == len ? 0 : 1;
}

/* N processes that wait; prints how many could be started. */
static int processes(long n)
{
	pid_t pid = 0;
	long made = 0;
	int refused;

	while (made < n && (pid = fork()) > 0)
		made++;
	if (pid == 0 && made < n) {
		pause();
		_exit(0);
	}
	refused = made < n;
	signal(SIGTERM, SIG_IGN);
	kill(-1, SIGTERM);
	while (wait(NULL) > 0)
		;
	say("processes", made);
	return refused; /* the verdict "process limit" is only given to a program that failed */
}

/* N MiB, each page written to. */
static int memory(long n)
{
	for (long i = 0; i < n; i++) {
		unsigned char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			return say("memory", i) | 1;
		for (long at = 0; at < MIB; at += 4096)
			p[at] = (unsigned char)i;
	}
	return say("memory", n);
}

/* Computes for N seconds, in two processes. */
static int cpu(long n)
{
	volatile unsigned long spin = 0;
	time_t end = time(NULL) + n;

	if (fork() < 0)
		return 1;
	while (time(NULL) < end)
		spin++;
	return say("cpu", n);
}

static int wall(long n)
{
	sleep((unsigned)n);
	return say("wall", n);
}

/* N KiB on standard output. */
static int output(long n)
{
	char block[1024];

	memset(block, 'x', sizeof(block));
	block[sizeof(block) - 1] = '\n';
	for (long i = 0; i < n; i++)
		if (write(1, block, sizeof(block)) < 0)
			return 1;
	return 0;
}

/* Writes N KiB into one file; returns how many were written. */
static long fill(const char *path, long n)
{
	static char block[1024];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	long i = 0;

	while (fd >= 0 && i < n && write(fd, block, sizeof(block)) == sizeof(block))
		i++;
	if (fd >= 0)
		close(fd);
	return i;
}

static int file_size(long n)
{
	long went = fill("/work/file", n);

	say("file_size", went);
	return went < n;
}

static int disk(long n)
{
	long went = fill("/work/disk", n) + fill("/tmp/disk", n) + fill("/dev/shm/disk", n);

	say("disk", went);
	return went < n;
}

static int inodes(long n)
{
	static const char *const dirs[] = { "/work", "/tmp", "/dev/shm" };
	long made = 0;
	char path[64];

	for (int d = 0; d < 3; d++)
		for (long i = 0; i < n; i++) {
			int fd;

			snprintf(path, sizeof(path), "%s/inode%ld", dirs[d], i);
			fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
			if (fd < 0)
				break;
			close(fd);
			made++;
		}
	say("inodes", made);
	return made < n;
}

static int open_files(long n)
{
	long have = 0;

	while (have < n && open("/proc/self/exe", O_RDONLY) >= 0)
		have++;
	say("open_files", have + 3);
	return have < n;
}

__attribute__((noinline)) static long deeper(long n)
{
	volatile char frame[1024];

	frame[0] = (char)n;
	frame[sizeof(frame) - 1] = (char)n;
	return n > 0 ? deeper(n - 1) + frame[0] : frame[0];
}

static int stack(long n)
{
	deeper(n);
	return say("stack", n);
}

/* Whether the folders that can be written are tmpfs, and the rest is read-only. */
static int tmpfs(long n)
{
	static const char *const dirs[] = { "/work", "/tmp", "/dev/shm" };
	struct statfs s;

	(void)n;
	for (int i = 0; i < 3; i++) {
		if (statfs(dirs[i], &s) < 0 || s.f_type != TMPFS)
			return say(dirs[i], -1) | 1;
		say(dirs[i], (long)(s.f_blocks * (unsigned long)s.f_bsize / 1024));
	}
	if (open("/probe", O_WRONLY | O_CREAT, 0600) >= 0 || errno != EROFS)
		return say("/", errno) | 1;
	return 0;
}

static int clock_now(long n)
{
	struct timespec t;

	(void)n;
	clock_gettime(CLOCK_REALTIME, &t);
	return say("clock", (long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

/* The limits that the engine enforces without cee-init: processes, then memory. */
static int bounds(long n)
{
	processes(n);
	return memory(n);
}

/* The status that the gate's proxy answers to a request for that address; 0: none. */
static long status_of(const char *url)
{
	struct sockaddr_in gate = { .sin_family = AF_INET,
				    .sin_port = htons(GATE_PORT),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval patience = { .tv_sec = 4 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char text[400];
	ssize_t n;

	snprintf(text, sizeof(text), "GET %.300s HTTP/1.0\r\n\r\n", url);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&gate, sizeof(gate)) < 0 || write(fd, text, strlen(text)) < 0) {
		close(fd);
		return 0;
	}
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strncmp(text, "HTTP/1.", 7) == 0 ? atol(text + 8) : 0;
}

/* 1 if a connection past the gate succeeds; address is "A.B.C.D:PORT". */
static long direct(const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	const struct timeval patience = { .tv_sec = 2 };
	char host[64];
	int fd = socket(AF_INET, SOCK_STREAM, 0), reached;

	snprintf(host, sizeof(host), "%.*s", (int)strcspn(address, ":"), address);
	to.sin_port = htons((unsigned short)atoi(address + strcspn(address, ":") + 1));
	inet_pton(AF_INET, host, &to.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	reached = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
	close(fd);
	return reached;
}

/* Asks the gate for each address; the first one is asked without it too. */
static int network(int n, char **urls)
{
	char name[32];

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "status%d", i);
		say(name, status_of(urls[i]));
	}
	return say("direct", n > 0 ? direct(urls[0] + strlen("http://")) : 0);
}

static const struct {
	const char *name;
	int (*go)(long n);
} all[] = {
	{ "bounds", bounds },	{ "memory", memory },	      { "processes", processes }, { "cpu", cpu },
	{ "wall", wall },	{ "output", output },	      { "file_size", file_size }, { "disk", disk },
	{ "inodes", inodes },	{ "open_files", open_files }, { "stack", stack },	  { "tmpfs", tmpfs },
	{ "clock", clock_now },
};

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "network") == 0)
		return network(argc - 2, argv + 2);
	for (size_t i = 0; argc == 3 && i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(argv[1], all[i].name) == 0)
			return all[i].go(atol(argv[2]));
	return 64;
}
