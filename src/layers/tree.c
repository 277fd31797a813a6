/* tree.c - the tree of a layer: its summary, its check against the manifest, its removal
 *
 * A tree's content is untrusted. Only the full check opens files, regular ones, to hash them; the other
 * functions use fstatat and unlink. Symbolic links are not followed: each part of a name is opened
 * relative to its folder's descriptor, and the depth is bounded.
 */
#include "base/fd.h"
#include "layers/layers_internal.h"
#include "layers/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 80, PATH_BYTES = 4096 };

#define PRIME UINT64_C(1099511628211)
#define BASIS UINT64_C(14695981039346656037)

int layer_folder(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* ---- a tree's summary ------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	for (const unsigned char *p = data; len; p++, len--)
		h = (h ^ *p) * PRIME; /* analyzer: len is within data, whose members are all set */
	return h;
}

static uint64_t look_at(uint64_t above, const char *name, const struct stat *st)
{
	const int64_t v[] = { (int64_t)st->st_ino, st->st_size,		(int64_t)st->st_mode, (int64_t)st->st_nlink,
			      st->st_mtim.tv_sec,  st->st_mtim.tv_nsec, st->st_ctim.tv_sec,   st->st_ctim.tv_nsec };

	return mix(mix(above, name, strlen(name) + 1), v, S_ISDIR(st->st_mode) ? 3 * sizeof v[0] : sizeof v);
}

/* Adds up the entries' hashes, so that their order does not matter. Closes dir. */
static int look_into(struct layer_look *k, int dir, uint64_t above, int depth)
{
	DIR *d = depth < DEPTH_MAX ? fdopendir(dir) : NULL;
	struct dirent *entry;
	int r = d ? 0 : -1;

	if (!d)
		close(dir);
	while (r == 0 && (entry = readdir(d))) {
		const char *name = entry->d_name;
		struct stat st;
		uint64_t h;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if (fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			r = -1;
		h = r == 0 ? look_at(above, name, &st) : 0;
		k->sum += h;
		k->files++;
		if (r == 0 && S_ISREG(st.st_mode))
			k->bytes += st.st_size;
		if (r == 0 && S_ISDIR(st.st_mode)) {
			int next = layer_folder(dirfd(d), name);

			r = next < 0 ? -1 : look_into(k, next, h, depth + 1);
		}
	}
	if (d)
		closedir(d);
	return r;
}

int layer_look(struct layer_look *k, int dir, const char *name)
{
	int fd = layer_folder(dir, name);

	*k = (struct layer_look){ 0 };
	return fd < 0 ? -1 : look_into(k, fd, BASIS, 0);
}

/* ---- digests -------------------------------------------------------------------------------- */

void layer_hex(char *out, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static void digest_text(char out[LAYER_DIGEST + 1], struct sha256_ctx *c)
{
	unsigned char d[SHA256_DIGEST_SIZE];

	sha256_digest(c, sizeof d, d);
	layer_hex(out, d, sizeof d);
}

void layer_digest(char out[LAYER_DIGEST + 1], const void *data, size_t len)
{
	struct sha256_ctx c;

	sha256_init(&c);
	sha256_update(&c, len, data);
	digest_text(out, &c);
}

/* ---- a full check ---------------------------------------------------------------------------- */

/* Opens the folder that contains the last part of a path; each part is opened relative to the one before. */
static int open_above(int tree, char *path, char **last)
{
	int dir = fcntl(tree, F_DUPFD_CLOEXEC, 3), next;

	*last = path;
	for (char *slash; dir >= 0 && (slash = strchr(*last, '/')); dir = next, *last = slash + 1) {
		*slash = '\0';
		next = layer_folder(dir, *last);
		close(dir);
	}
	return dir;
}

static int file_digest(int dir, const char *name, char out[LAYER_DIGEST + 1])
{
	AUTO_CLOSE int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	unsigned char bytes[65536];
	struct sha256_ctx c;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	sha256_init(&c);
	while ((n = read(fd, bytes, sizeof bytes)) > 0)
		sha256_update(&c, (size_t)n, bytes);
	digest_text(out, &c);
	return n < 0 ? -1 : 0;
}

static int link_digest(int dir, const char *name, char out[LAYER_DIGEST + 1])
{
	char target[PATH_BYTES];
	ssize_t n = readlinkat(dir, name, target, sizeof target);

	if (n < 0)
		return -1;
	layer_digest(out, target, (size_t)n);
	return 0;
}

/* Checks a line "f DIGEST SIZE NAME"; l instead of f is a link, d a folder, with a digest of zeros. */
static int line_right(int tree, char *line)
{
	char have[LAYER_DIGEST + 1], *name, *last;
	AUTO_CLOSE int dir = -1;
	struct stat st;

	if (strlen(line) < LAYER_DIGEST + 5 || line[1] != ' ' || line[2 + LAYER_DIGEST] != ' ')
		return -1;
	name = strchr(line + 3 + LAYER_DIGEST, ' ');
	dir = name ? open_above(tree, name + 1, &last) : -1;
	if (dir < 0 || fstatat(dir, last, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (line[0] == 'd')
		return S_ISDIR(st.st_mode) ? 0 : -1;
	if ((line[0] == 'f' ? file_digest : link_digest)(dir, last, have) < 0)
		return -1;
	return memcmp(have, line + 2, LAYER_DIGEST) == 0 ? 0 : -1;
}

int layer_tree_check(int tree, char *text, int64_t files)
{
	char *save = NULL;
	int64_t n = 0;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save), n++)
		if (line_right(tree, line) < 0)
			return -1;
	return n == files ? 0 : -1;
}

/* ---- removal ---------------------------------------------------------------------------------- */

/* Closes dir. Errors are ignored: the caller's removal of the folder itself fails then. */
static void empty_folder(int dir, int depth)
{
	DIR *d = depth < DEPTH_MAX + 2 ? fdopendir(dir) : NULL;
	struct dirent *entry;

	if (!d) {
		close(dir);
		return;
	}
	while ((entry = readdir(d))) {
		const char *name = entry->d_name;
		int next;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || unlinkat(dirfd(d), name, 0) == 0)
			continue;
		next = layer_folder(dirfd(d), name);
		if (next >= 0)
			empty_folder(next, depth + 1);
		unlinkat(dirfd(d), name, AT_REMOVEDIR);
	}
	closedir(d);
}

int layer_tree_remove(int dir, const char *name)
{
	int fd = layer_folder(dir, name);

	if (fd >= 0)
		empty_folder(fd, 0);
	return unlinkat(dir, name, fd >= 0 ? AT_REMOVEDIR : 0);
}
