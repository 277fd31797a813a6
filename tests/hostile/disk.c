/* disk.c - more of the disk than there may be, and what is hard to take away again */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { MUCH = 32 * MB, MANY = 1000 };

static void write_much(const char *path, bool keep)
{
	static char block[MB];
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	refused_if(fd < 0, path);
	if (!keep)
		unlink(path);
	for (size_t n = 0; n < MUCH; n += MB) {
		memset(block, (int)(n / MB + 1), MB);
		refused_if(write(fd, block, MB) != MB, path);
	}
	unlink(path);
	got("%d MiB in %s", MUCH / MB, path);
}

static void big_file(void)
{
	write_much("big", true);
}
static void big_file_tmp(void)
{
	write_much("/tmp/big", true);
}

/* RLIMIT_FSIZE's signal is ignored: the write fails instead. */
static void big_file_deaf(void)
{
	signal(SIGXFSZ, SIG_IGN);
	write_much("big", true);
}

static void allocated(void)
{
	int fd = open("big", O_CREAT | O_WRONLY, 0600);

	refused_if(fd < 0 || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, MUCH), "fallocate");
	got("%d MiB allocated", MUCH / MB);
}

/* A file that says it is huge and is nothing; copies of it would fill the spool. */
static void sparse(void)
{
	int fd = open("sparse", O_CREAT | O_WRONLY, 0600);

	refused_if(fd < 0 || ftruncate(fd, 1L << 40), "ftruncate");
	got("a file of 1 TiB");
}

static void many_small(void)
{
	static char block[64 * KB];

	for (int i = 0; i < (int)(MUCH / sizeof block); i++) {
		char name[32];

		snprintf(name, sizeof name, "f%d", i);
		int fd = open(name, O_CREAT | O_WRONLY, 0600);

		refused_if(fd < 0 || write(fd, block, sizeof block) != (ssize_t)sizeof block, name);
		close(fd);
	}
	got("%d MiB in small files", MUCH / MB);
}

static void empty_files(void)
{
	char name[32];

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "e%d", i);
		refused_if(mknod(name, S_IFREG | 0600, 0), "an empty file");
	}
	got("%d empty files", MANY);
}

static void links(void)
{
	char name[32];

	refused_if(mknod("one", S_IFREG | 0600, 0), "a file");
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "l%d", i);
		refused_if(i & 1 ? link("one", name) : symlink("one", name), "a link");
	}
	got("%d links", MANY);
}

static void fifos(void)
{
	char name[32];

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "/tmp/p%d", i);
		refused_if(mkfifo(name, 0600), "a fifo");
	}
	got("%d fifos", MANY);
}

/* Far deeper than PATH_MAX, with names as long as they may be: removal by path cannot reach it. */
static void deep_folders(void)
{
	char name[256];

	memset(name, 'd', 255);
	name[255] = 0;
	for (int i = 0; i < MANY; i++) {
		refused_if(mkdir(name, 0700), "a folder in a folder");
		refused_if(chdir(name), "chdir");
	}
	got("%d folders deep", MANY);
}

static void attributes(void)
{
	static char value[32 * KB];
	char name[32];
	int fd = open("x", O_CREAT | O_WRONLY, 0600);

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "user.x%d", i);
		refused_if(fsetxattr(fd, name, value, sizeof value, 0), "setxattr");
	}
	got("%d MiB in attributes", MANY / 32);
}

static void descriptors(void)
{
	int n = 0;

	while (n < 1000 && dup(0) >= 0)
		n++;
	refused_if(n < 1000, "dup");
	got("%d descriptors", n);
}

static void unreadable(void)
{
	mkdir("closed", 0700);
	mkdir("closed/in", 0700);
	mknod("closed/in/f", S_IFREG | 0600, 0);
	chmod("closed/in/f", 0);
	chmod("closed/in", 0);
	chmod("closed", 0);
	chmod(".", 0);
	chmod("/tmp", 0);
	_exit(0);
}

/* Keeps the disk's last byte: what the supervisor would write there must not be needed. */
static void full_and_exit(void)
{
	char c = 0;
	int fd = open("full", O_CREAT | O_WRONLY, 0600);
	static char block[MB];

	signal(SIGXFSZ, SIG_IGN);
	while (write(fd, block, MB) > 0)
		;
	while (write(fd, &c, 1) > 0)
		;
	_exit(7);
}

#define ROOM "limits disk=64M file_size=64M inodes=4096 open_files=2000"
#define TIGHT "disk=8M inodes=300 file_size=8M"
const struct hostile disk_rows[] = {
	{ "big-file", "a big file", TIGHT, "disk limit", ROOM, big_file, 0 },
	{ "big-file-tmp", "a big file in /tmp", TIGHT, "disk limit", ROOM, big_file_tmp, 0 },
	{ "big-file-deaf", "a big file, with SIGXFSZ ignored", TIGHT, "disk limit 3", ROOM, big_file_deaf, 0 },
	{ "file-size", "a file over file_size, below disk", "disk=64M file_size=1M", "disk limit 25; hit file_size",
	  ROOM, big_file, 0 },
	{ "file-size-deaf", "the same, with SIGXFSZ ignored", "disk=64M file_size=1M", "disk limit 3; hit file_size",
	  ROOM, big_file_deaf, 0 },
	{ "allocated", "fallocate", "disk=8M file_size=64M", "disk limit 3|exited 3", ROOM, allocated, 0 },
	{ "sparse", "a sparse file of 1 TiB", "disk=8M file_size=1M", "disk limit 25", "host", sparse, 0 },
	{ "many-small", "many small files", "disk=8M", "disk limit 3", ROOM, many_small, 0 },
	{ "empty-files", "many empty files", TIGHT, "disk limit 3; hit inodes", ROOM, empty_files, 0 },
	{ "links", "many links", TIGHT, "disk limit 3; hit inodes", ROOM, links, 0 },
	{ "fifos", "many fifos", TIGHT, "disk limit 3; hit inodes", ROOM, fifos, 0 },
	{ "deep-folders", "folders far deeper than a path may be", TIGHT, "disk limit 3; hit inodes", ROOM,
	  deep_folders, 0 },
	{ "attributes", "large attributes of a file", "disk=8M memory=64M", "exited 3|disk limit 3|memory limit",
	  "none tmpfs has no room for them here", attributes, 0 },
	{ "descriptors", "many descriptors", "open_files=100", "exited 3", ROOM, descriptors, 0 },
	{ "unreadable", "takes all rights from its folders", 0, "exited 0", "none only what comes after counts",
	  unreadable, 0 },
	{ "full-and-exit", "exits with 7 on a full disk", "disk=8M", "disk limit 7; hit disk",
	  "none it ends as it wants to", full_and_exit, 0 },
	{ 0 }
};
