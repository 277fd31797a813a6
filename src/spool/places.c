/* places.c - opening the directories of a spool (places.h) */
#include "spool/places.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "spool/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

mode_t place_file_mode(const struct spool *s)
{
	return s->shared ? 0644 : 0600;
}

mode_t place_dir_mode(const struct spool *s)
{
	return s->shared ? 0755 : 0700;
}

int place_check_names(const char *owner, const char *id, struct cee_err *e)
{
	if (!spool_owner_valid(owner))
		return cee_fail(e, EINVAL, "%s: invalid owner name", owner);
	if (!id_valid(id))
		return cee_fail(e, EINVAL, "%s: not a valid job id (a lower-case UUID of version 4 or 7)", id);
	return 0;
}

static bool check_owner(const char *owner)
{
	if (spool_owner_valid(owner))
		return true;
	errno = EINVAL;
	return false;
}

int place_part(struct spool *s, const char *owner, enum owner_part part)
{
	char path[LAYOUT_PATH_MAX];

	if (!check_owner(owner))
		return -1;
	layout_part_path(path, owner, part);
	return dir_open(s->fd, path);
}

DIR *place_list(struct spool *s, const char *owner, enum owner_part part)
{
	char path[LAYOUT_PATH_MAX];

	if (!check_owner(owner))
		return NULL;
	layout_part_path(path, owner, part);
	return dir_list(s->fd, path);
}

int place_out(struct spool *s, const char *owner, const char *id)
{
	char path[LAYOUT_PATH_MAX];

	if (place_check_names(owner, id, NULL) < 0)
		return -1;
	layout_out_path(path, owner, id);
	return dir_open(s->fd, path);
}

int place_bucket(struct spool *s, const char *owner, const char *id)
{
	AUTO_CLOSE int out = place_part(s, owner, PART_OUT);
	char bucket[LAYOUT_BUCKET + 1];

	layout_bucket_of(bucket, id);
	return out < 0 ? -1 : dir_open(out, bucket);
}

int place_attempt(int out, int attempt)
{
	char name[2];

	if (attempt < 1 || attempt > LAYOUT_ATTEMPTS) {
		errno = ENOENT;
		return -1;
	}
	layout_attempt_name(name, attempt);
	return dir_open(out, name);
}

bool place_has_result(struct spool *s, const char *owner, const char *id)
{
	AUTO_CLOSE int out = place_out(s, owner, id);

	return out >= 0 && dir_has(out, LAYOUT_RESULT);
}

int place_attempt_file(int attempt_dir, enum attempt_file file)
{
	int fd = openat(attempt_dir, attempt_file_name[file], O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close_ptr(&fd);
		errno = EPROTO;
		return -1;
	}
	return fd;
}
