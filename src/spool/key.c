/* key.c - keys: submitting again with the same key is idempotent (key.h)
 *
 * An entry is "ID KEY\n", named by the SHA-256 of the key, so that any key gives a valid name.
 * The rules kept here:
 *   - A process that writes an entry, or submits under it, holds the entry's lock until the job is
 *     in new/. So for other processes with that key the check and the submit are one step.
 *   - The entry is durable before the job. A submitter that dies between the two leaves
 *     an id without a job: the next submitter with this key uses that same id, which
 *     RENAME_NOREPLACE and the lock of tmp/ID make safe.
 *   - An entry that is empty or incomplete was never used: it is overwritten.
 *   - An entry is removed before its job is (remove.c).
 */
#include "spool/key.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "base/id.h"
#include "base/names.h"
#include "base/testhook.h"
#include "spool/find.h"
#include "spool/layout.h"
#include "spool/owner_part.h"
#include "spool/places.h"
#include "spool/spool.h"

#include <nettle/sha2.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>


enum { ENTRY_MAX = ID_LEN + 1 + KEY_MAX_LEN + 1, LOCK_TRIES = 20, LOCK_MS = 10 };

void key_name(char name[KEY_NAME_MAX], const char *key)
{
	unsigned char h[SHA256_DIGEST_SIZE];
	struct sha256_ctx c;

	sha256_init(&c);
	sha256_update(&c, strlen(key), (const uint8_t *)key);
	sha256_digest(&c, sizeof(h), h);
	for (int i = 0; i < SHA256_DIGEST_SIZE; i++)
		snprintf(name + 2 * i, 3, "%02x", h[i]);
}

bool key_name_valid(const char *name)
{
	return strlen(name) == KEY_NAME_MAX - 1 && strspn(name, "0123456789abcdef") == KEY_NAME_MAX - 1;
}

/* Reads an entry. False: the entry is invalid, or its key does not match its name. */
static bool entry_read(int fd, const char *name, char id[ID_LEN + 1])
{
	char text[ENTRY_MAX + 1], should[KEY_NAME_MAX];
	ssize_t n = pread(fd, text, sizeof text, 0);

	if (n <= ID_LEN + 2 || n > ENTRY_MAX || text[n - 1] != '\n' || text[ID_LEN] != ' ')
		return false;
	text[n - 1] = 0;
	memcpy(id, text, ID_LEN);
	id[ID_LEN] = 0;
	if (!id_valid(id) || strlen(text) != (size_t)n - 1)
		return false;
	key_name(should, text + ID_LEN + 1);
	return strcmp(should, name) == 0;
}

static int entry_write(int fd, int dir, const char *key, const char *id, bool durable)
{
	char text[ENTRY_MAX + 1];
	int len = snprintf(text, sizeof text, "%s %s\n", id, key);

	if (len < 0 || len > ENTRY_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (ftruncate(fd, 0) < 0 || pwrite_full(fd, text, (size_t)len, 0) < 0)
		return -1;
	return durable && (fsync(fd) < 0 || fsync(dir) < 0) ? -1 : 0;
}

/* Opens the entry, created if it is missing, and locks it. */
static int open_locked(int dir, const char *name)
{
	for (;;) {
		int fd = open_file_at(dir, name, O_RDWR | O_CREAT);

		if (fd < 0 || file_lock(fd, true) < 0) {
			close_ptr(&fd);
			return -1;
		}
		if (file_is_at(fd, dir, name))
			return fd;
		close(fd); /* the entry was removed while this process waited for the lock */
	}
}

int key_take(struct key *k, struct spool *s, const char *owner, const char *key, const char *fresh, struct cee_err *e)
{
	char name[KEY_NAME_MAX];
	const struct owner_entry entry = { owner, name, PART_KEYS, open_locked };
	AUTO_CLOSE int dir = -1;

	key_name(name, key);
	if ((k->fd = owner_part_entry(s, &entry, &dir, e)) < 0)
		return dir < 0 ? -1
			       : cee_fail(e, errno == EDQUOT ? ENOSPC : errno, "%s/keys/%s: %s", owner, name,
					  strerror(errno));
	k->found = entry_read(k->fd, name, k->id);
	if (k->found)
		return 0;
	memcpy(k->id, fresh, ID_LEN + 1);
	if (entry_write(k->fd, dir, key, fresh, s->durable) < 0) {
		int err = errno == EDQUOT ? ENOSPC : errno;

		cee_fail(e, err, "%s/keys/%s: %s", owner, name, strerror(errno));
		key_release(k);
		errno = err;
		return -1;
	}
	spool_hook("key-written");
	return 0;
}

void key_release(struct key *k)
{
	close_ptr(&k->fd); /* also releases the lock */
	k->fd = -1;
}

int key_read(int dir, const char *name, char id[ID_LEN + 1])
{
	AUTO_CLOSE int fd = open_file_at(dir, name, O_RDONLY);

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	return entry_read(fd, name, id);
}

/* Never waits long: any process that can write to the directory may hold the lock. */
static int try_lock(int fd)
{
	const struct timespec pause = { .tv_nsec = LOCK_MS * 1000000L };

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (file_lock(fd, false) == 0)
			return 0;
		if (errno != EAGAIN)
			return -1;
		nanosleep(&pause, NULL);
	}
	errno = EAGAIN;
	return -1;
}

int key_remove(struct spool *s, const char *owner, const char *key, const char *id)
{
	AUTO_CLOSE int dir = place_part(s, owner, PART_KEYS), fd = -1;
	char name[KEY_NAME_MAX], has[ID_LEN + 1];

	key_name(name, key);
	if (dir >= 0)
		fd = open_file_at(dir, name, O_RDWR);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (try_lock(fd) < 0)
		return -1;
	if (!file_is_at(fd, dir, name) || !entry_read(fd, name, has) || strcmp(has, id) != 0)
		return 0; /* the key has another id by now */
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return -1;
	return s->durable ? fsync(dir) : 0;
}

int key_drop(struct spool *s, const char *owner, const char *name, bool dry)
{
	AUTO_CLOSE int dir = place_part(s, owner, PART_KEYS), fd = -1;
	char id[ID_LEN + 1];
	struct spool_where w;

	if (dir < 0 || (fd = open_file_at(dir, name, O_RDWR)) < 0 || file_lock(fd, false) < 0 ||
	    !file_is_at(fd, dir, name))
		return 0;
	if (entry_read(fd, name, id) && (spool_find(s, owner, id, &w, NULL) == 0 || errno != ENOENT))
		return 0;
	return dry || unlinkat(dir, name, 0) == 0;
}

void key_drop_old(struct spool *s, const char *owner, int64_t before_us, bool dry, spool_name_fn f, void *arg)
{
	DIR *d = place_list(s, owner, PART_KEYS);
	struct dirent *e;

	while (d && (e = dir_next(d)))
		if (file_written_us(dirfd(d), e->d_name) < before_us && key_drop(s, owner, e->d_name, dry) && f)
			f(arg, e->d_name);
	if (d)
		closedir(d);
}
