/* spool.c - the spool: opening and creating it, and the files at its head (spool.h)
 *
 * The existence of files is the state (cee-spool(5) has the table). A file at the head is written in tmp/ by a process
 * that holds a lock on it, synced, and then renamed. VERSION is created last, so a directory with VERSION is complete.
 */
#include "spool/spool.h"
#include "base/buf.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "base/id.h"
#include "spool/layout.h"
#include "spool/multiuser.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>


#define SHARED_WORD " shared"


/* ---- opening ------------------------------------------------------------- */

static bool is_network(long type)
{
	static const unsigned long magic[] = {
		NFS_SUPER_MAGIC,
		SMB_SUPER_MAGIC,
		0xFF534D42 /* CIFS */,
		0xFE534D42 /* SMB2 */,
		0x65735546 /* FUSE: sshfs, gluster and their like */,
		V9FS_MAGIC,
		AFS_SUPER_MAGIC,
		AFS_FS_MAGIC,
		CODA_SUPER_MAGIC,
		NCP_SUPER_MAGIC,
		0x00C36400 /* Ceph */,
		0x0BD00BD0 /* Lustre */,
		0x47504653 /* GPFS */,
		0x7461636F /* OCFS2 */,
		0x01161970 /* GFS2 */,
		0x19830326 /* BeeGFS */,
		0x786F4256 /* vboxsf */
	};

	for (size_t i = 0; i < sizeof(magic) / sizeof(*magic); i++)
		if (((unsigned long)type & 0xFFFFFFFF) == (magic[i] & 0xFFFFFFFF))
			return true;
	return false;
}

static int check_local(int fd, const char *path, struct cee_err *e)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return cee_fail(e, errno, "%s: %s", path, strerror(errno));
	if (is_network(fs.f_type))
		return cee_fail(e, ENOTSUP,
				"%s: lies on a network file system (type 0x%lx), where locks and renames"
				" cannot be trusted; put the spool on a local disk",
				path, (unsigned long)fs.f_type);
	return 0;
}

static int make_parents(const char *path)
{
	AUTO_FREE char *p = strdup(path);

	if (!p)
		return -1;
	for (char *s = p + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = 0;
		if (mkdir(p, 0755) < 0 && errno != EEXIST)
			return -1;
		*s = '/';
	}
	return mkdir(p, 0700) < 0 && errno != EEXIST ? -1 : 0;
}

/* Refuses a directory with other files, so that a wrong -s does not turn it into a spool. Another process may be
 * creating the spool at the same time, so the directories that it creates first are allowed. */
static int check_empty(int fd, const char *path, struct cee_err *e)
{
	DIR *d = dir_list(fd, ".");
	struct dirent *ent;
	int r = 0;

	if (!d)
		return cee_fail(e, errno, "%s: %s", path, strerror(errno));
	while (r == 0 && (ent = dir_next(d)))
		if (strcmp(ent->d_name, LAYOUT_CUR) != 0 && strcmp(ent->d_name, LAYOUT_TMP) != 0 &&
		    strcmp(ent->d_name, LAYOUT_JOIN) != 0 && strcmp(ent->d_name, LAYOUT_VERSION) != 0)
			r = cee_fail(e, ENOTEMPTY, "%s: not a spool, and not empty (%s); name an empty directory", path,
				     ent->d_name);
	closedir(d);
	return r;
}

/* Makes a unique name for a file in SPOOL/tmp. */
static void tmp_name(char name[64], const char *what)
{
	char id[ID_LEN + 1];

	id_make(id);
	snprintf(name, 64, "%s.%s", what, id);
}

/* Writes SPOOL/tmp/NAME, locked and synced. Returns its descriptor. */
static int tmp_write(int tmp, const char *name, const char *text, size_t len, mode_t mode)
{
	AUTO_CLOSE int fd = openat(tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int keep;

	if (fd < 0)
		return -1;
	if (file_lock(fd, false) < 0 || write_full(fd, text, len) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0) {
		int err = errno;

		unlinkat(tmp, name, 0);
		errno = err;
		return -1;
	}
	keep = fd;
	fd = -1;
	return keep;
}

/* Files at the head of a spool are readable for all users who may enter it. */
static int put_file(int spool, const char *to, const char *text, size_t len, unsigned flags)
{
	AUTO_CLOSE int tmp = dir_open(spool, LAYOUT_TMP);
	AUTO_CLOSE int fd = -1;
	struct stat st;
	char name[64];
	int err;

	tmp_name(name, to);
	if (tmp < 0 || fstat(spool, &st) < 0 ||
	    (fd = tmp_write(tmp, name, text, len, st.st_mode & S_IXOTH ? 0644 : 0600)) < 0)
		return -1;
	if (renameat2(tmp, name, spool, to, flags) < 0) {
		err = errno;
		unlinkat(tmp, name, 0);
		errno = err;
		return -1;
	}
	return fsync(spool);
}

static int create(int fd, const char *path, bool shared, struct cee_err *e)
{
	AUTO_CLOSE int cur = -1, tmp = -1;
	char text[32];
	int n = snprintf(text, sizeof(text), "cee-spool %d%s\n", SPOOL_VERSION, shared ? SHARED_WORD : "");

	if (dir_has(fd, LAYOUT_VERSION))
		n = 0;
	else if (check_empty(fd, path, e) < 0)
		return -1;
	if (n > 0 && shared && multiuser_make_head(fd, path, e) < 0)
		return -1;
	if (n == 0 && dir_has(fd, LAYOUT_CUR) && dir_has(fd, LAYOUT_TMP))
		return 0;
	if ((cur = dir_make(fd, LAYOUT_CUR, 0700)) < 0 || (tmp = dir_make(fd, LAYOUT_TMP, 0700)) < 0)
		return cee_fail(e, errno, "%s: cannot make a spool here: %s", path, strerror(errno));
	/* created last: a directory with VERSION is a complete spool */
	if (n > 0 && put_file(fd, LAYOUT_VERSION, text, (size_t)n, RENAME_NOREPLACE) < 0 && errno != EEXIST)
		return cee_fail(e, errno, "%s/VERSION: %s", path, strerror(errno));
	return 0;
}

static int check_version(struct spool *s, int fd, const char *path, struct cee_err *e)
{
	AUTO_BUF struct buf b = { 0 };
	char one[32], many[32];

	if (read_file_at(fd, LAYOUT_VERSION, 64, &b) < 0) {
		if (errno == ENOENT)
			return cee_fail(e, ENOENT,
					"%s: not a spool (VERSION is missing); make one with cee-fsck --make", path);
		return cee_fail(e, errno, "%s/VERSION: %s", path, strerror(errno));
	}
	snprintf(one, sizeof(one), "cee-spool %d\n", SPOOL_VERSION);
	snprintf(many, sizeof(many), "cee-spool %d" SHARED_WORD "\n", SPOOL_VERSION);
	s->shared = strcmp(b.data ? b.data : "", many) == 0;
	if (!s->shared && strcmp(b.data ? b.data : "", one) != 0)
		return cee_fail(e, EPROTO,
				"%s: is a spool of another version (%.*s); this is cee %s, which requires cee-spool "
				"%d; nothing "
				"was changed: go back to the cee that made it, or set spool to another directory",
				path, (int)strcspn(b.data ? b.data : "", "\n"), b.data ? b.data : "", CEE_VERSION,
				SPOOL_VERSION);
	return 0;
}

int spool_open(struct spool *s, const char *path, unsigned flags, bool durable, struct cee_err *e)
{
	AUTO_CLOSE int fd = -1;

	*s = (struct spool){ .fd = -1, .durable = durable };
	if ((flags & SPOOL_CREATE) && make_parents(path) < 0)
		return cee_fail(e, errno, "%s: cannot make it: %s", path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == EACCES) /* only root may list a shared spool */
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return cee_fail(e, ENOENT, "%s: no such spool; make one with cee-fsck --make, or name another with -s",
				path);
	if (fd < 0)
		return cee_fail(e, errno, "%s: %s", path, strerror(errno));
	if (check_local(fd, path, e) < 0)
		return -1;
	if ((flags & SPOOL_CREATE) && create(fd, path, flags & SPOOL_SHARED, e) < 0)
		return -1;
	if (check_version(s, fd, path, e) < 0)
		return -1;
	if ((flags & SPOOL_SHARED) && !s->shared)
		return cee_fail(e, EEXIST, "%s: is the spool of one user; begin a shared one in an empty directory",
				path);
	if ((flags & SPOOL_SHARED) && multiuser_make_head(fd, path, e) < 0) /* also corrects an existing head */
		return -1;
	s->fd = fd;
	fd = -1;
	return 0;
}

void spool_release(struct spool *s)
{
	close_ptr(&s->fd);
	s->fd = -1;
}


/* ---- languages --------------------------------------------------------------------- */

int spool_languages_write(struct spool *s, const char *text, size_t len)
{
	return put_file(s->fd, LAYOUT_LANGUAGES, text, len, 0);
}

int spool_languages_read(struct spool *s, struct buf *b)
{
	return read_file_at(s->fd, LAYOUT_LANGUAGES, SPOOL_RESULT_MAX, b);
}
