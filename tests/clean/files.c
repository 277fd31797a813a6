/* files.c - files in every writable place, full disks, mounts */
#include "clean.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME ".planted"
static const char *const disks[] = { "/work", "/tmp", "/dev/shm" };
enum { DISKS = 3, DEPTH = 24 };

/* ---- every writable place, found by a walk of the whole tree -------------------- */

static int planted;

static void plant_in(int dir)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = NAME "-socket" };
	int fd = openat(dir, NAME, O_CREAT | O_WRONLY | O_CLOEXEC, 0600), sock;

	if (fd < 0)
		return;
	planted++;
	if (write(fd, "planted\n", 8) == 8)
		linkat(dir, NAME, dir, NAME "-link", 0);
	fchmod(fd, 06777);
	close(fd);
	mkdirat(dir, NAME "-folder", 0);
	mkfifoat(dir, NAME "-fifo", 0666);
	symlinkat("/proc/self/root", dir, NAME "-symlink");
	fd = openat(dir, NAME "-hole\n\x01\xff", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0 && !ftruncate(fd, 1 << 20))
		close(fd);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock >= 0 && !fchdir(dir) && !bind(sock, (struct sockaddr *)&a, sizeof a))
		close(sock);
}

/* /proc is endless, and what of it can be written is the affair of init.c and net.c. */
static void walk(int parent, const char *name, int depth, void (*visit)(int dir))
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d)
		return;
	visit(fd);
	rewinddir(d);
	while ((e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || depth >= DEPTH)
			continue;
		if (depth == 0 && !strcmp(e->d_name, "proc"))
			continue;
		if (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN)
			walk(fd, e->d_name, depth + 1, visit);
	}
	closedir(d);
}

static void plant_files(void)
{
	walk(AT_FDCWD, "/", 0, plant_in);
	if (!planted)
		denied("no place can be written");
}

static void look_in(int dir)
{
	int fd = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (!strncmp(e->d_name, NAME, strlen(NAME)))
			found("the file %s", e->d_name);
	if (d)
		closedir(d);
}

static void probe_files(void)
{
	walk(AT_FDCWD, "/", 0, look_in);
}

/* ---- disks that are full --------------------------------------------------------- */

static void plant_full(void)
{
	static char block[1 << 16];
	char path[64];
	int full = 0;

	for (int i = 0; i < DISKS; i++) {
		snprintf(path, sizeof path, "%s/" NAME "-full", disks[i]);
		int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		while (fd >= 0 && write(fd, block, sizeof block) > 0)
			;
		full += errno == ENOSPC;
	}
	if (!full)
		denied("fill");
}

static void probe_full(void)
{
	static char block[1 << 19];
	char path[64];

	for (int i = 0; i < DISKS; i++) {
		snprintf(path, sizeof path, "%s/probe", disks[i]);
		int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, block, sizeof block) != sizeof block)
			found("%s is full", disks[i]);
		close(fd);
		unlink(path);
	}
}

static void plant_inodes(void)
{
	char path[64];

	for (int i = 0; i < DISKS; i++)
		for (int n = 0; n < 100000; n++) {
			snprintf(path, sizeof path, "%s/" NAME "-%d", disks[i], n);
			int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
			if (fd < 0)
				break;
			close(fd);
		}
}

static void probe_inodes(void)
{
	char path[64];

	for (int i = 0; i < DISKS; i++)
		for (int n = 0; n < 50; n++) {
			snprintf(path, sizeof path, "%s/probe-%d", disks[i], n);
			int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
			if (fd < 0)
				found("%s has no files left", disks[i]);
			close(fd);
			unlink(path);
		}
}

/* A file without a name, kept by a process. */
static void with_unlinked(void)
{
	static char block[1 << 16];
	int fd = open("/work/" NAME, O_CREAT | O_RDWR, 0600);

	unlink("/work/" NAME);
	for (int i = 0; i < 128; i++)
		if (fd < 0 || write(fd, block, sizeof block) < 0)
			denied("write");
}

static void plant_unlinked(void)
{
	leave_daemon(with_unlinked);
}

static void probe_unlinked(void)
{
	struct statvfs s;

	if (statvfs("/work", &s))
		broken("/work");
	if ((s.f_blocks - s.f_bfree) * s.f_frsize > 6 << 20)
		found("%lu bytes in use", (unsigned long)((s.f_blocks - s.f_bfree) * s.f_frsize));
}

static void plant_modes(void)
{
	bool done = false;

	for (int i = 0; i < DISKS; i++)
		done |= !chmod(disks[i], 0);
	if (!done)
		denied("chmod");
}

static void probe_modes(void)
{
	struct stat st;

	for (int i = 0; i < DISKS; i++)
		if (stat(disks[i], &st) || (st.st_mode & 0700) != 0700 || access(disks[i], W_OK))
			found("%s has mode %o", disks[i], (unsigned)st.st_mode & 07777);
}

static void plant_mount(void)
{
	if (mount("planted", "/tmp", "tmpfs", 0, NULL))
		denied("mount");
}

static void probe_mount(void)
{
	static char text[1 << 16];

	if (!slurp("/proc/self/mountinfo", text, sizeof text))
		broken("mountinfo");
	if (strstr(text, " planted "))
		found("a mount");
}

/* ---- core dumps ------------------------------------------------------------------- */

static bool is_core(const char *name)
{
	return !strncmp(name, "core", 4);
}

static void plant_core(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	int status = 0;
	pid_t pid;

	getrlimit(RLIMIT_CORE, &all);
	all.rlim_cur = all.rlim_max;
	for (int i = 0; i < DISKS; i++) {
		pid = fork();
		if (!pid) {
			setrlimit(RLIMIT_CORE, &all);
			if (!chdir(disks[i]))
				abort();
			_exit(0);
		}
		waitpid(pid, &status, 0);
	}
	if (!WCOREDUMP(status))
		errno = 0, denied("core dumps");
}

static void probe_core(void)
{
	for (int i = 0; i < DISKS; i++) {
		DIR *d = opendir(disks[i]);
		struct dirent *e;
		while (d && (e = readdir(d)))
			if (is_core(e->d_name))
				found("%s/%s", disks[i], e->d_name);
		if (d)
			closedir(d);
	}
}

/* ---- terminals ----------------------------------------------------------------------- */

static void with_pty(void)
{
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);

	if (fd < 0 || unlockpt(fd))
		denied("/dev/ptmx");
}

static void plant_pty(void)
{
	leave_daemon(with_pty);
}

static void probe_pty(void)
{
	DIR *d = opendir("/dev/pts");
	struct dirent *e;

	if (!d)
		broken("/dev/pts");
	while ((e = readdir(d)))
		if (e->d_name[0] >= '0' && e->d_name[0] <= '9')
			found("the terminal %s", e->d_name);
	closedir(d);
}

const struct plant file_plants[] = { { "files", IN_BOX, plant_files, probe_files },
				     { "full", IN_BOX, plant_full, probe_full },
				     { "inodes", IN_BOX, plant_inodes, probe_inodes },
				     { "unlinked", IN_BOX, plant_unlinked, probe_unlinked },
				     { "modes", IN_BOX, plant_modes, probe_modes },
				     { "mount", IN_BOX | BY_ROOT, plant_mount, probe_mount },
				     { "core", IN_BOX, plant_core, probe_core },
				     { "pty", IN_BOX, plant_pty, probe_pty },
				     { 0 } };
