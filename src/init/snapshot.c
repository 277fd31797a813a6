/* kept.c - the files that every test of a job begins with
 *
 * Taken out of the cell that compiled (carry.c) into memory of init's, and written into
 * the fresh cell of each test by its keeper. They are frames, as carry.c made and init
 * has checked them (FILE DATA*)*, in a memfd that is sealed before anybody else gets it.
 *
 * Without cells a test has the box itself, as the last one left it: box_clean makes it
 * as it was. What it has to find: files in the three folders that a job may write, queues,
 * shared memory, semaphores; attributes and times of the folders themselves. Processes
 * are the keeper's affair, and come first.
 */
#include "init/init.h"
#include "wire/frame.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { PASSES_MAX = 200000, XATTRS_MAX = 65536 };

int kept_open(struct kept *k)
{
	*k = (struct kept){ .fd = memfd_create("kept", MFD_CLOEXEC | MFD_ALLOW_SEALING) };
	return k->fd < 0 ? -1 : 0;
}

void kept_close(struct kept *k)
{
	if (k->fd >= 0)
		close(k->fd);
	*k = (struct kept){ .fd = -1 };
}

static void kept_lose(struct kept *k, const char *why, const char *name, size_t len)
{
	if (!*k->lost)
		init_fail(k->lost, "%.*s: %s", (int)(len < 200 ? len : 200), name, why);
}

static void kept_write(struct kept *k, const struct frame *f)
{
	unsigned char head[FRAME_HEADER];
	struct iovec v[2] = { { head, sizeof head }, { (void *)(uintptr_t)f->data, f->len } };
	size_t len = sizeof head + f->len;

	frame_header(head, f->type, STREAM_NONE, f->len);
	if (writev(k->fd, v, 2) != (ssize_t)len)
		kept_lose(k, strerror(errno), "memory for files", 16);
	k->size += len;
}

void kept_add(struct kept *k, const struct frame *f)
{
	static const char *const why[LEFT_REASONS] = {
		[LEFT_COUNT] = "more files than the limit inodes",
		[LEFT_BYTES] = "more bytes than the limit disk",
		[LEFT_NAME] = "its name is too long or too deep",
		[LEFT_CHANGED] = "it has changed",
		[LEFT_UNREADABLE] = "it cannot be read",
		[LEFT_MORE] = "and more",
		[LEFT_SEARCH] = "takes too long",
	};
	uint32_t reason;

	if (f->type != FRAME_LEFT) {
		kept_write(k, f);
		return;
	}
	reason = f->len < 4 ? LEFT_MORE : frame_get32(f->data);
	if (reason < LEFT_REASONS && reason != LEFT_TYPE) /* sockets and the like belong to who made them */
		kept_lose(k, why[reason], (const char *)f->data + 4,
			  f->len < 4 || reason == LEFT_MORE ? 0 : f->len - 4);
}

void kept_seal(struct kept *k)
{
	if (fcntl(k->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) && !*k->lost)
		init_fail(k->lost, "memory for files: %s", strerror(errno));
}

/* Mapped, not read: what a keeper has in its memory at the fork counts in its program's peak. */
int kept_fill(struct keeper *k, int fd, char *text)
{
	struct stat st;
	unsigned char *p;
	size_t size, len;
	int r = 0;

	if (fstat(fd, &st))
		return init_fail(text, "kept files: %s", strerror(errno));
	size = (size_t)st.st_size;
	p = size ? mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0) : NULL;
	if (p == MAP_FAILED)
		return init_fail(text, "kept files: %s", strerror(errno));
	for (size_t at = 0; !r && at < size; at += FRAME_HEADER + len) {
		len = size - at < FRAME_HEADER ? SIZE_MAX : frame_get32(p + at + 4);
		if (len > size - at - FRAME_HEADER)
			r = init_fail(text, "the kept files are not whole");
		else
			r = keeper_frame(k, p[at], p + at + FRAME_HEADER, len, text);
	}
	if (p)
		munmap(p, size);
	return r;
}

/* ---- a box without cells ----------------------------------------------------- */

/* A folder that its owner has closed to himself. */
static void open_up(int dir, const char *name)
{
	if (fchmodat(dir, name, 0700, 0))
		return; /* what cannot be opened then is met again */
}

/* A folder that is not empty: what is in it comes up into dir, so that no depth is too deep
 * and no name too long. */
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

/* One pass; how many entries it met. */
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
	static char names[XATTRS_MAX];
	ssize_t n = flistxattr(dir, names, sizeof names);

	for (char *s = names; n > 0 && s < names + n; s += strlen(s) + 1)
		fremovexattr(dir, s);
}

/* own: the folder is the job's user's, with this mode; else only what is in it is. */
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
	return n ? init_fail(text, "%s: cannot be emptied", path) : 0;
}

static void remove_ipc(void)
{
	struct shm_info shm_info;
	struct shmid_ds shm;
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

	last = shmctl(0, SHM_INFO, (struct shmid_ds *)&shm_info);
	for (int i = 0; i <= last; i++)
		if ((id = shmctl(i, SHM_STAT, &shm)) >= 0)
			shmctl(id, IPC_RMID, NULL);
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

int box_clean(char *text)
{
	remove_ipc();
	if (empty_folder("/work", 0755, text) || empty_folder("/tmp", 01777, text) ||
	    empty_folder("/dev/shm", 01777, text))
		return -1;
	return empty_folder("/dev/mqueue", 0, text);
}
