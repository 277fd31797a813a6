/* store.c - one layer on the disk: naming, using, checking, building and removing it
 *
 * store.h describes the directory and when a layer is valid. Users and builders of a layer hold a lock
 * on one of its files; the order of the steps ensures that a process that dies between two of them
 * leaves no valid but incomplete layer. Trees are in tree.c, the files that describe a layer in lockfile.c,
 * operations on all layers in prune.c.
 */
#include "layers/store.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/testhook.h"
#include "layers/layers_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nettle/hmac.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the directory ------------------------------------------------------------ */

static int sub(struct layers *l, const char *name, mode_t mode, bool make)
{
	if (make && mkdirat(l->dir, name, 0700) < 0 && errno != EEXIST)
		return -1;
	if (make && fchmodat(l->dir, name, mode, 0) < 0)
		return -1;
	return layer_folder(l->dir, name);
}

/* Created without replacing, so that processes that race get the same secret. */
static int make_secret(struct layers *l)
{
	unsigned char bytes[LAYER_SECRET];
	char name[40];
	int fd, r;

	snprintf(name, sizeof name, "secret.%ld", (long)getpid());
	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return -1;
	fd = openat(l->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	r = write_full(fd, bytes, sizeof bytes) < 0 || fsync(fd) < 0 ? -1 : 0;
	close(fd);
	if (r == 0 && linkat(l->dir, name, l->dir, "secret", 0) < 0 && errno != EEXIST)
		r = -1;
	unlinkat(l->dir, name, 0);
	return r;
}

static int read_secret(struct layers *l, bool make)
{
	AUTO_BUF struct buf b = { 0 };

	if (make && faccessat(l->dir, "secret", F_OK, AT_SYMLINK_NOFOLLOW) < 0 && make_secret(l) < 0)
		return -1;
	if (read_file_at(l->dir, "secret", LAYER_SECRET, &b) < 0)
		return -1;
	if (b.len != LAYER_SECRET) {
		errno = EBADMSG;
		return -1;
	}
	memcpy(l->secret, b.data, LAYER_SECRET);
	return 0;
}

int layers_open(struct layers *l, const char *path, bool make, struct cee_err *e)
{
	int saved;

	*l = LAYERS_NONE;
	l->path = strdup(path);
	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		goto fail;
	l->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!l->path || l->dir < 0)
		goto fail;
	if ((l->whole = sub(l, "whole", 0711, make)) < 0 || (l->meta = sub(l, "meta", 0700, make)) < 0 ||
	    (l->tmp = sub(l, "tmp", 0700, make)) < 0 || (l->unpack = sub(l, "unpack", 0700, make)) < 0 ||
	    (l->trash = sub(l, "trash", 0700, make)) < 0 || read_secret(l, make) < 0)
		goto fail;
	return 0;
fail:
	saved = errno;
	layers_close(l);
	return cee_fail(e, saved, "layers = %.200s: %s", path, strerror(saved));
}

void layers_close(struct layers *l)
{
	int *fd[] = { &l->dir, &l->whole, &l->meta, &l->tmp, &l->unpack, &l->trash };

	for (size_t i = 0; i < sizeof fd / sizeof *fd; i++)
		close_ptr(fd[i]);
	free(l->path);
	*l = LAYERS_NONE;
}

/* ---- names ---------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each part is hashed with its NUL, so that different sets give different texts. */
static void feed(struct hmac_sha256_ctx *c, const char *s)
{
	hmac_sha256_update(c, strlen(s) + 1, (const uint8_t *)s);
}

int layer_name(const struct layers *l, const struct layer_key *k, char name[LAYER_NAME + 1])
{
	AUTO_FREE char **sorted = calloc(k->npackages + 1, sizeof *sorted);
	unsigned char digest[LAYER_NAME / 2];
	struct hmac_sha256_ctx c;

	if (!sorted)
		return -1;
	if (k->npackages)
		memcpy(sorted, k->packages, k->npackages * sizeof *sorted);
	qsort(sorted, k->npackages, sizeof *sorted, by_text);
	hmac_sha256_set_key(&c, LAYER_SECRET, l->secret);
	feed(&c, k->language);
	feed(&c, k->image);
	feed(&c, k->framework);
	for (size_t i = 0; i < k->npackages; i++)
		feed(&c, sorted[i]);
	hmac_sha256_digest(&c, sizeof digest, digest);
	layer_hex(name, digest, sizeof digest);
	return 0;
}

bool layer_name_valid(const char *name)
{
	return strlen(name) == LAYER_NAME && strspn(name, "0123456789abcdef") == LAYER_NAME;
}

/* ---- use ---------------------------------------------------------------------------------- */

/* Opens meta/NAME and locks it; ENOENT also if it was removed before the lock was taken. */
static int meta_open(struct layers *l, const char *name, int lock)
{
	int fd = open_file_at(l->meta, name, O_RDWR);
	struct stat st;

	if (fd < 0)
		return -1;
	if (flock(fd, lock | LOCK_NB) < 0 || fstat(fd, &st) < 0) {
		close_ptr(&fd);
		return -1;
	}
	if (st.st_nlink == 0) {
		close(fd);
		errno = ENOENT;
		return -1;
	}
	return fd;
}

static int meta_read(int fd, struct layer *y, struct cee_err *e)
{
	AUTO_BUF struct buf b = { 0 };
	struct stat st;

	if (lseek(fd, 0, SEEK_SET) < 0 || read_fd(fd, LAYER_META_MAX, &b) < 0 || fstat(fd, &st) < 0)
		return -1;
	if (layer_meta_parse(y, b.data ? b.data : "", b.len, e) < 0)
		return -1;
	y->used_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
	return 0;
}

static int damaged(struct cee_err *e, const char *name, const char *how)
{
	return cee_fail(e, EBADMSG, "layer %.8s: %s", name, how);
}

static int looks_right(struct layers *l, const char *name, const struct layer *y, struct cee_err *e)
{
	struct layer_look k;

	if (layer_look(&k, l->whole, name) < 0)
		return damaged(e, name, errno == ENOENT ? "the tree is missing" : strerror(errno));
	if (k.sum != y->look || k.bytes != y->bytes || k.files != y->files)
		return damaged(e, name, "the tree was changed");
	return 0;
}

int layer_use(struct layers *l, const char *name, struct layer *y, struct cee_err *e)
{
	struct cee_err why = { "" };
	int fd = meta_open(l, name, LOCK_SH), saved;

	*y = (struct layer){ 0 };
	if (fd < 0)
		return cee_fail(e, errno == EWOULDBLOCK ? ENOENT : errno, "layer %.8s: %s", name, strerror(errno));
	if (meta_read(fd, y, &why) < 0)
		damaged(e, name, "its description cannot be read");
	else if (looks_right(l, name, y, e) == 0) {
		futimens(fd, NULL);
		return fd;
	}
	saved = errno;
	layer_release(y);
	close(fd);
	errno = saved == ENOMEM ? ENOMEM : EBADMSG;
	return -1;
}

int layer_read(struct layers *l, const char *name, struct layer *y, struct cee_err *e)
{
	AUTO_CLOSE int fd = open_file_at(l->meta, name, O_RDONLY);

	*y = (struct layer){ 0 };
	if (fd < 0)
		return cee_fail(e, errno, "layer %.8s: %s", name, strerror(errno));
	return meta_read(fd, y, e) < 0 ? damaged(e, name, "its description cannot be read") : 0;
}

int layer_check(struct layers *l, const char *name, struct cee_err *e)
{
	char file[LAYER_NAME + 16], digest[LAYER_DIGEST + 1];
	AUTO_BUF struct buf b = { 0 };
	AUTO_CLOSE int tree = -1;
	struct layer y;
	int fd = layer_use(l, name, &y, e), r;

	if (fd < 0)
		return -1;
	snprintf(file, sizeof file, "%s.manifest", name);
	tree = layer_folder(l->whole, name);
	r = read_file_at(l->meta, file, LAYER_MANIFEST_MAX, &b);
	layer_digest(digest, b.data ? b.data : "", b.len);
	if (r < 0 || strcmp(digest, y.manifest) != 0)
		r = damaged(e, name, "the manifest was changed");
	else if (b.len && layer_tree_check(tree, b.data, y.files) < 0)
		r = damaged(e, name, "a file was changed");
	layer_release(&y);
	close(fd);
	return r;
}

/* ---- removal ------------------------------------------------------------------------------------- */

/* Moves a layer's file or tree to trash/, under a unique name. */
int layer_to_trash(struct layers *l, int from, const char *name)
{
	char to[LAYER_NAME + 64];

	snprintf(to, sizeof to, "%.*s.%ld.%" PRId64, LAYER_NAME, name, (long)getpid(), mono_us());
	return renameat(from, name, l->trash, to);
}

/* The tree is moved first: meta without a tree is not a valid layer. */
static void discard(struct layers *l, const char *name)
{
	char file[LAYER_NAME + 16];

	snprintf(file, sizeof file, "%s.manifest", name);
	layer_to_trash(l, l->whole, name);
	unlinkat(l->meta, name, 0);
	unlinkat(l->meta, file, 0);
}

int layer_discard(struct layers *l, const char *name, bool busy)
{
	int fd = meta_open(l, name, LOCK_EX);

	if (fd < 0 && errno == EWOULDBLOCK && !busy) {
		errno = EBUSY;
		return -1;
	}
	discard(l, name);
	close_ptr(&fd);
	return 0;
}

/* ---- building ------------------------------------------------------------------------------------ */

int layer_make_begin(struct layers *l, const char *name)
{
	for (;;) {
		int fd = openat(l->tmp, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		struct stat st;

		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0 || ftruncate(fd, 0) < 0) {
			close_ptr(&fd);
			return -1;
		}
		if (st.st_nlink)
			return fd;
		close(fd); /* the previous builder has removed it just now */
	}
}

int layer_make_unpack(struct layers *l, const char *name, char path[], size_t size)
{
	layer_tree_remove(l->unpack, name);
	/* only this process can enter the parent; the box has a uid that is not known here */
	if (mkdirat(l->unpack, name, 0700) < 0 || fchmodat(l->unpack, name, 0777, 0) < 0)
		return -1;
	return snprintf(path, size, "%s/unpack/%s", l->path, name) < (int)size ? 0 : -1;
}

static int write_meta(struct layers *l, const char *name, const void *data, size_t len)
{
	int fd = openat(l->meta, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), r;

	if (fd < 0)
		return -1;
	r = write_full(fd, data, len) < 0 || fdatasync(fd) < 0 ? -1 : 0;
	close_ptr(&fd);
	return r;
}

static int write_all(struct layers *l, const char *name, struct layer *y, const char *manifest, size_t len)
{
	char file[LAYER_NAME + 16];
	AUTO_BUF struct buf b = { 0 };

	snprintf(file, sizeof file, "%s.manifest", name);
	layer_digest(y->manifest, manifest, len);
	if (layer_meta_format(&b, y) < 0)
		return -1;
	discard(l, name); /* replaces an incomplete or damaged layer */
	if (write_meta(l, file, manifest, len) < 0 || write_meta(l, name, b.data, b.len) < 0)
		return -1;
	spool_hook("layer-meta");
	return renameat(l->unpack, name, l->whole, name);
}

int layer_make_whole(struct layers *l, const char *name, struct layer *y, const char *manifest, size_t len,
		     struct cee_err *e)
{
	struct layer_look k;
	int saved;

	if (fchmodat(l->unpack, name, 0755, 0) < 0 || layer_look(&k, l->unpack, name) < 0)
		return cee_fail(e, errno, "layer %.8s: %s", name, strerror(errno));
	y->look = k.sum;
	y->bytes = k.bytes;
	y->files = k.files;
	if (write_all(l, name, y, manifest, len) == 0)
		return 0;
	saved = errno;
	discard(l, name);
	return cee_fail(e, saved, "layer %.8s: %s", name, strerror(saved));
}

void layer_make_end(struct layers *l, const char *name, int fd)
{
	layer_to_trash(l, l->unpack, name);
	unlinkat(l->tmp, name, 0);
	close(fd);
}
