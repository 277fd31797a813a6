/* leftovers.c - what the processes of a job leave behind them in a box (leftovers.h)
 *
 * Emptying a folder copes with anything a job can make in it: names and depths that no path
 * can express, folders without rights, a million entries.
 */
#include "init/leftovers.h"

#include "init/failure.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
	PASSES_MAX = 200000,
	XATTRS_MAX = 65536,
	WALK_MAX = 50000, /* entries */
	WALK_DEPTH = 32,
};

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
			full = size ? (uint64_t)st.st_size >= size : !st.st_size;
		if (!S_ISDIR(st.st_mode) || depth >= WALK_DEPTH)
			continue;
		sub = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		full = sub >= 0 && walk_full(sub, size, depth + 1, left);
	}
	if (d)
		closedir(d);
	return full;
}

bool leftovers_full_file(uint64_t size)
{
	static const char *const folders[] = { "/work", "/tmp", "/dev/shm" };
	int left = WALK_MAX, dir;

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		dir = open(folders[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (dir >= 0 && walk_full(dir, size, 0, &left))
			return true;
	}
	return false;
}

/* Shared memory outlives its processes. */
void leftovers_remove_shared_memory(void)
{
	struct shm_info info;
	struct shmid_ds ds;
	int last = shmctl(0, SHM_INFO, (struct shmid_ds *)&info), id;

	for (int i = 0; i <= last && info.used_ids > 0; i++)
		if ((id = shmctl(i, SHM_STAT, &ds)) >= 0)
			shmctl(id, IPC_RMID, NULL);
}

/* For a folder whose owner has taken the rights from themselves. */
static void open_up(int dir, const char *name)
{
	if (fchmodat(dir, name, 0700, 0))
		return; /* a failure shows when the folder is opened */
}

/* Moves what a folder contains up into dir, so that neither the depth nor the length of paths
 * matters, and removes the folder. */
static void lift(int dir, const char *name, unsigned *number)
{
	struct dirent *e;
	char up[32];
	DIR *d;
	int fd;

	open_up(dir, name);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d && fd >= 0)
		close(fd);
	while (d && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || !unlinkat(dirfd(d), e->d_name, 0))
			continue;
		open_up(dirfd(d), e->d_name);
		do
			snprintf(up, sizeof up, ".cee-%u", ++*number);
		while (renameat(dirfd(d), e->d_name, dir, up) &&
		       (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR || errno == EISDIR));
	}
	if (d)
		closedir(d);
	unlinkat(dir, name, AT_REMOVEDIR);
}

/* One pass; returns how many entries it met. */
static int empty_once(int dir, unsigned *number)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d && fd >= 0)
		close(fd);
	if (!d)
		return -1;
	while ((e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		n++;
		if (unlinkat(dir, e->d_name, 0) && unlinkat(dir, e->d_name, AT_REMOVEDIR))
			lift(dir, e->d_name, number);
	}
	closedir(d);
	return n;
}

static void remove_attributes(int dir)
{
	char names[XATTRS_MAX];
	ssize_t n = flistxattr(dir, names, sizeof names);

	for (char *s = names; n > 0 && s < names + n; s += strlen(s) + 1)
		fremovexattr(dir, s);
}

/* own: the folder itself belongs to the job's user, with this mode; 0: only its contents do. */
static int empty_folder(const char *path, mode_t own, char *text)
{
	unsigned number = 0;
	int dir, n = 1;

	if (own && chmod(path, own))
		return init_fail(text, "%s: %s", path, strerror(errno));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return own ? init_fail(text, "%s: %s", path, strerror(errno)) : 0;
	for (int i = 0; n > 0 && i < PASSES_MAX; i++)
		n = empty_once(dir, &number);
	if (own) {
		remove_attributes(dir);
		futimens(dir, NULL);
	}
	close(dir);
	return n ? init_fail(text, "%s: could not be emptied", path) : 0;
}

static void remove_ipc(void)
{
	struct msginfo msg_info;
	struct msqid_ds msg;
	struct seminfo sem_info;
	struct semid_ds sem;
	union {
		int v;
		struct semid_ds *sem;
		struct seminfo *info;
	} arg;
	int last, id;

	leftovers_remove_shared_memory();
	last = msgctl(0, MSG_INFO, (struct msqid_ds *)&msg_info);
	for (int i = 0; i <= last; i++)
		if ((id = msgctl(i, MSG_STAT, &msg)) >= 0)
			msgctl(id, IPC_RMID, NULL);
	arg.info = &sem_info;
	last = semctl(0, 0, SEM_INFO, arg);
	for (int i = 0; i <= last; i++) {
		arg.sem = &sem;
		if ((id = semctl(i, 0, SEM_STAT, arg)) >= 0)
			semctl(id, 0, IPC_RMID);
	}
}

int leftovers_clean_box(char *text)
{
	remove_ipc();
	if (empty_folder("/work", 0755, text) || empty_folder("/tmp", 01777, text) ||
	    empty_folder("/dev/shm", 01777, text))
		return -1;
	return empty_folder("/dev/mqueue", 0, text);
}
