/* attempt.c - an attempt's files while its job runs, and the result that ends it (attempt.h)
 *
 * Nothing here syncs: the runner's helper thread does, with the descriptors of struct spool_attempt.
 */
#include "spool/attempt.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/testhook.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "spool/places.h"
#include "spool/registration.h"
#include "spool/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	RESULT_ROOM =
		8192 /* bytes reserved for a result before its job begins; a larger result waits if the disk is full */
};
enum { NEW_FILE = O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, NEW_LOG = NEW_FILE | O_WRONLY | O_APPEND };

/* An attempt with this number exists already: the number is 9 and was used before, or a power cut undid the claim. The
 * old attempt keeps its files under another name, so that the data its readers have read stays valid. */
static int move_aside(int dir, int attempt)
{
	char n[2], aside[LAYOUT_ASIDE_MAX];

	layout_attempt_name(n, attempt);
	layout_aside_name(aside, attempt);
	return renameat2(dir, n, dir, aside, RENAME_NOREPLACE);
}

static int make_attempt_dir(int dir, int attempt, mode_t mode)
{
	char n[2];
	int r;

	layout_attempt_name(n, attempt);
	r = mkdirat(dir, n, mode);
	if (r < 0 && errno == EEXIST && move_aside(dir, attempt) == 0)
		r = mkdirat(dir, n, mode);
	return r < 0 ? -1 : dir_open(dir, n);
}

static int make_file(const struct spool_attempt *a, enum attempt_file file, int flags)
{
	return openat(a->attempt_dir, attempt_file_name[file], flags, a->mode);
}

static int make_files(struct spool_attempt *a)
{
	int err;

	a->out = make_file(a, ATTEMPT_STDOUT, NEW_LOG);
	a->err = make_file(a, ATTEMPT_STDERR, NEW_LOG);
	/* not O_APPEND: where fallocate is emulated, libc may have to write the reserved blocks */
	a->result = make_file(a, ATTEMPT_RESULT, NEW_FILE | O_RDWR);
	if (a->out < 0 || a->err < 0 || a->result < 0)
		return -1;
	/* the file's size covers only written bytes, so it needs no truncation at the end */
	if (fallocate(a->result, FALLOC_FL_KEEP_SIZE, 0, RESULT_ROOM) == 0)
		return 0;
	if (errno != EOPNOTSUPP)
		return -1;
	err = posix_fallocate(a->result, 0, RESULT_ROOM);
	errno = err;
	return err ? -1 : 0;
}

/* After a failure all files of the attempt are removed, so that the attempt does not look begun. */
static void unmake(struct spool_attempt *a, int attempt)
{
	int err = errno;
	char n[2];

	for (size_t i = 0; a->attempt_dir >= 0 && i < ATTEMPT_FILE_COUNT; i++)
		unlinkat(a->attempt_dir, attempt_file_name[i], 0);
	layout_attempt_name(n, attempt);
	if (a->dir >= 0)
		unlinkat(a->dir, n, AT_REMOVEDIR);
	spool_attempt_release(a);
	errno = err;
}

int spool_attempt_open(struct spool_runner *r, const char *owner, const char *id, int attempt, struct spool_attempt *a)
{
	char path[LAYOUT_PATH_MAX];

	*a = SPOOL_ATTEMPT_NONE;
	a->mode = place_file_mode(r->s);
	if (!spool_owner_valid(owner) || !id_valid(id) || attempt < 1 || attempt > LAYOUT_ATTEMPTS) {
		errno = EINVAL;
		return -1;
	}
	layout_out_path(path, owner, id);
	if ((a->dir = dir_make(r->s->fd, path, place_dir_mode(r->s))) < 0)
		return -1;
	if ((a->attempt_dir = make_attempt_dir(a->dir, attempt, place_dir_mode(r->s))) < 0 || make_files(a) < 0) {
		unmake(a, attempt);
		return -1;
	}
	spool_hook("attempt-made");
	return 0;
}

int spool_attempt_begin(struct spool_attempt *a)
{
	if (a->index < 0)
		a->index = make_file(a, ATTEMPT_INDEX, NEW_LOG);
	return a->index < 0 ? -1 : 0;
}

/* On a file system that cannot reserve space the file is made without room: there a full disk delays the lines. */
int spool_attempt_tests(const struct spool_attempt *a, int64_t room)
{
	int fd = make_file(a, ATTEMPT_TESTS, NEW_LOG);

	if (fd >= 0 && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)room) < 0 && errno == ENOSPC) {
		unlinkat(a->attempt_dir, attempt_file_name[ATTEMPT_TESTS], 0);
		close_ptr(&fd);
		return -1;
	}
	return fd;
}

void spool_attempt_tests_end(int fd, int64_t size, int64_t room)
{
	if (size < room &&
	    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)size, (off_t)(room - size)) < 0)
		return; /* the space stays reserved until the attempt is removed */
}

int spool_attempt_files(struct spool_attempt *a)
{
	if (a->files < 0)
		a->files = make_file(a, ATTEMPT_FILES, NEW_LOG);
	if (a->files >= 0 && a->files_index < 0)
		a->files_index = make_file(a, ATTEMPT_FILES_INDEX, NEW_LOG);
	return a->files < 0 || a->files_index < 0 ? -1 : 0;
}

int spool_attempt_taken(const struct spool_attempt *a)
{
	return make_file(a, ATTEMPT_TAKEN, NEW_FILE | O_WRONLY);
}

void spool_attempt_release(struct spool_attempt *a)
{
	int *fd[] = { &a->dir, &a->attempt_dir, &a->out, &a->err, &a->index, &a->files, &a->files_index, &a->result };

	for (size_t i = 0; i < sizeof(fd) / sizeof(*fd); i++) {
		close_ptr(fd[i]);
		*fd[i] = -1;
	}
}

int spool_result_write(struct spool_attempt *a, const char *text, size_t len)
{
	struct stat st;

	if (len > SPOOL_RESULT_MAX) {
		errno = EFBIG;
		return -1;
	}
	if (pwrite_full(a->result, text, len, 0) < 0)
		return -1;
	if (fstat(a->result, &st) < 0 || (st.st_size != (off_t)len && ftruncate(a->result, (off_t)len) < 0))
		return -1;
	spool_hook("result-written");
	return 0;
}

int spool_result_publish(struct spool_attempt *a)
{
	if (renameat2(a->attempt_dir, attempt_file_name[ATTEMPT_RESULT], a->dir, LAYOUT_RESULT, RENAME_NOREPLACE) < 0)
		return -1;
	spool_hook("result-published");
	return 0;
}
