/* layer.c - layers of packages on the disk: layer.h says what lies where
 *
 * What is in a tree is a stranger's. Nothing here opens a file of it but layer_check, which
 * reads regular files to hash them; the rest looks (fstatat), renames and unlinks. No link is
 * followed, each part of a name is opened beneath its folder's descriptor, and the depth is
 * bounded.
 */
#include "json.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 80, META_MAX = 2 << 20, HASH_MAX = 200, NAME_BYTES = 220, VERSION_BYTES = 120, PATH_BYTES = 4096 };

#define PRIME UINT64_C(1099511628211)
#define BASIS UINT64_C(14695981039346656037)

/* ---- the directory ------------------------------------------------------------ */

static int open_folder(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int sub(struct layers *l, const char *name, mode_t mode, bool make)
{
	if (make && mkdirat(l->dir, name, 0700) < 0 && errno != EEXIST)
		return -1;
	if (make && fchmodat(l->dir, name, mode, 0) < 0)
		return -1;
	return open_folder(l->dir, name);
}

/* Entered without overwriting, so that two who begin at once have the same one. */
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
	AUTO_BUF struct buf b = {0};

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

static void hex(char *out, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each part with its NUL, so that no two sets are the same text. */
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
	hex(name, digest, sizeof digest);
	return 0;
}

bool layer_name_valid(const char *name)
{
	return strlen(name) == LAYER_NAME && strspn(name, "0123456789abcdef") == LAYER_NAME;
}

/* ---- lock lists -------------------------------------------------------------------- */

void layer_packages_release(struct layer_package *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(p[i].name);
		free(p[i].version);
		free(p[i].hash);
	}
	free(p);
}

static int word(const cJSON *v, const char *path, char **out, size_t max, struct cee_err *e)
{
	if (json_string(v, path, out, e) < 0)
		return -1;
	for (const char *s = *out; *s; s++)
		if (*s <= ' ' || *s >= 0x7f)
			return json_wrong(e, path, "must be printable, without a space");
	return **out && strlen(*out) <= max ? 0 : json_wrong(e, path, "must have 1 to %zu bytes", max);
}

#define FIELD(name) static int field_##name(void *into, const cJSON *v, const char *path, struct cee_err *e)
FIELD(name) { return word(v, path, &((struct layer_package *)into)->name, NAME_BYTES, e); }
FIELD(version) { return word(v, path, &((struct layer_package *)into)->version, VERSION_BYTES, e); }
FIELD(hash) { return word(v, path, &((struct layer_package *)into)->hash, HASH_MAX, e); }

static const struct json_field lock_fields[] = {
	{"name", field_name}, {"version", field_version}, {"hash", field_hash}, {NULL, NULL}
};

int layer_packages_read(const cJSON *array, const char *where, struct layer_package **p, size_t *n, struct cee_err *e)
{
	int count = cJSON_IsArray(array) ? cJSON_GetArraySize(array) : -1;
	const cJSON *item;

	if (count < 0 || count > LAYER_PACKAGES)
		return json_wrong(e, where, "must be an array of at most %d packages", LAYER_PACKAGES);
	*p = calloc((size_t)count + 1, sizeof **p);
	if (!*p)
		return cee_fail(e, ENOMEM, "out of memory");
	cJSON_ArrayForEach(item, array) {
		struct layer_package *one = &(*p)[(*n)++];

		if (json_fields(item, where, lock_fields, JSON_LENIENT, one, e) < 0)
			return -1;
		if (!one->name || !one->version)
			return json_wrong(e, where, "a package needs name and version");
	}
	return 0;
}

int layer_lock_parse(const char *text, size_t len, struct layer_package **p, size_t *n, struct cee_err *e)
{
	AUTO_JSON cJSON *root = json_parse(text, len, e);

	*p = NULL;
	*n = 0;
	if (root && layer_packages_read(root, "lock.json", p, n, e) == 0)
		return 0;
	layer_packages_release(*p, *n);
	*p = NULL;
	*n = 0;
	return -1;
}

int layer_lock_format(struct buf *b, const struct layer_package *p, size_t n)
{
	if (buf_add(b, "[", 1) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (buf_printf(b, "%s{\"name\":", i ? "," : "") < 0 || json_quote(b, p[i].name) < 0 ||
		    buf_printf(b, ",\"version\":") < 0 || json_quote(b, p[i].version) < 0)
			return -1;
		if (p[i].hash && (buf_printf(b, ",\"hash\":") < 0 || json_quote(b, p[i].hash) < 0))
			return -1;
		if (buf_add(b, "}", 1) < 0)
			return -1;
	}
	return buf_add(b, "]", 1);
}

/* ---- meta ----------------------------------------------------------------------------- */

void layer_release(struct layer *y)
{
	free(y->language);
	free(y->image);
	free(y->framework);
	for (size_t i = 0; i < y->nasked; i++)
		free(y->asked[i]);
	free(y->asked);
	layer_packages_release(y->packages, y->npackages);
	*y = (struct layer){0};
}

#define Y ((struct layer *)into)
FIELD(language) { return json_string(v, path, &Y->language, e); }
FIELD(image) { return json_string(v, path, &Y->image, e); }
FIELD(framework) { return json_string(v, path, &Y->framework, e); }
FIELD(asked) { return json_strings(v, path, 1000, NAME_BYTES + VERSION_BYTES, &Y->asked, &Y->nasked, e); }
FIELD(bytes) { return json_integer(v, path, 0, INT64_C(1) << 50, &Y->bytes, e); }
FIELD(files) { return json_integer(v, path, 0, INT64_C(1) << 40, &Y->files, e); }
FIELD(packages) { return layer_packages_read(v, path, &Y->packages, &Y->npackages, e); }

FIELD(look)
{
	char *end = NULL;

	Y->look = cJSON_IsString(v) ? strtoull(v->valuestring, &end, 16) : 0;
	return end && !*end ? 0 : json_wrong(e, path, "must be a number in hexadecimal");
}

FIELD(manifest)
{
	if (!cJSON_IsString(v) || strlen(v->valuestring) != LAYER_DIGEST)
		return json_wrong(e, path, "must be a digest");
	memcpy(Y->manifest, v->valuestring, LAYER_DIGEST + 1);
	return 0;
}

static const struct json_field meta_fields[] = {
	{"language", field_language}, {"image", field_image}, {"framework", field_framework}, {"asked", field_asked},
	{"bytes", field_bytes}, {"files", field_files}, {"look", field_look}, {"manifest", field_manifest},
	{"packages", field_packages}, {NULL, NULL}
};

static int meta_parse(struct layer *y, const char *text, size_t len, struct cee_err *e)
{
	AUTO_JSON cJSON *root = json_parse(text, len, e);

	*y = (struct layer){0};
	if (root && json_fields(root, "", meta_fields, JSON_LENIENT, y, e) == 0 && y->language && y->manifest[0])
		return 0;
	layer_release(y);
	errno = EBADMSG;
	return -1;
}

static int meta_format(struct buf *b, const struct layer *y)
{
	if (buf_printf(b, "{\"language\":") < 0 || json_quote(b, y->language) < 0 ||
	    buf_printf(b, ",\"image\":") < 0 || json_quote(b, y->image) < 0 ||
	    buf_printf(b, ",\"framework\":") < 0 || json_quote(b, y->framework) < 0 ||
	    buf_printf(b, ",\"asked\":") < 0 || json_quote_all(b, y->asked, y->nasked) < 0)
		return -1;
	if (buf_printf(b, ",\"bytes\":%" PRId64 ",\"files\":%" PRId64 ",\"look\":\"%016" PRIx64 "\",\"manifest\":\"%s\",\"packages\":",
		       y->bytes, y->files, y->look, y->manifest) < 0 ||
	    layer_lock_format(b, y->packages, y->npackages) < 0)
		return -1;
	return buf_add(b, "}\n", 2);
}

/* ---- how a tree looks ------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	for (const unsigned char *p = data; len; p++, len--)
		h = (h ^ *p) * PRIME;
	return h;
}

struct look { uint64_t sum; int64_t bytes, files; };

static uint64_t look_at(uint64_t above, const char *name, const struct stat *st)
{
	const int64_t v[] = { (int64_t)st->st_ino, st->st_size, (int64_t)st->st_mode, (int64_t)st->st_nlink,
		st->st_mtim.tv_sec, st->st_mtim.tv_nsec, st->st_ctim.tv_sec, st->st_ctim.tv_nsec };

	return mix(mix(above, name, strlen(name) + 1), v, S_ISDIR(st->st_mode) ? 3 * sizeof v[0] : sizeof v);
}

/* A sum, so that the order of entries does not matter. Takes dir. */
static int look_into(struct look *k, int dir, uint64_t above, int depth)
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
			int next = open_folder(dirfd(d), name);

			r = next < 0 ? -1 : look_into(k, next, h, depth + 1);
		}
	}
	if (d)
		closedir(d);
	return r;
}

static int look(struct look *k, int dir, const char *name)
{
	int fd = open_folder(dir, name);

	*k = (struct look){0};
	return fd < 0 ? -1 : look_into(k, fd, BASIS, 0);
}

/* ---- use ---------------------------------------------------------------------------------- */

/* meta/NAME under a lock; one that was removed while we waited for nothing is none. */
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
	AUTO_BUF struct buf b = {0};
	struct stat st;

	if (lseek(fd, 0, SEEK_SET) < 0 || read_fd(fd, META_MAX, &b) < 0 || fstat(fd, &st) < 0)
		return -1;
	if (meta_parse(y, b.data ? b.data : "", b.len, e) < 0)
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
	struct look k;

	if (look(&k, l->whole, name) < 0)
		return damaged(e, name, errno == ENOENT ? "its tree is not there" : strerror(errno));
	if (k.sum != y->look || k.bytes != y->bytes || k.files != y->files)
		return damaged(e, name, "its tree is not as it was made");
	return 0;
}

int layer_use(struct layers *l, const char *name, struct layer *y, struct cee_err *e)
{
	struct cee_err why = { "" };
	int fd = meta_open(l, name, LOCK_SH), saved;

	*y = (struct layer){0};
	if (fd < 0)
		return cee_fail(e, errno == EWOULDBLOCK ? ENOENT : errno, "layer %.8s: %s", name, strerror(errno));
	if (meta_read(fd, y, &why) < 0)
		damaged(e, name, "what it is cannot be read");
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

	*y = (struct layer){0};
	if (fd < 0)
		return cee_fail(e, errno, "layer %.8s: %s", name, strerror(errno));
	return meta_read(fd, y, e) < 0 ? damaged(e, name, "what it is cannot be read") : 0;
}

/* ---- a full check ---------------------------------------------------------------------------- */

static void digest_text(char out[LAYER_DIGEST + 1], struct sha256_ctx *c)
{
	unsigned char d[SHA256_DIGEST_SIZE];

	sha256_digest(c, sizeof d, d);
	hex(out, d, sizeof d);
}

/* The last part's folder, each part opened beneath the one before. */
static int open_above(int tree, char *path, char **last)
{
	int dir = fcntl(tree, F_DUPFD_CLOEXEC, 3), next;

	*last = path;
	for (char *slash; dir >= 0 && (slash = strchr(*last, '/')); dir = next, *last = slash + 1) {
		*slash = '\0';
		next = open_folder(dir, *last);
		close(dir);
	}
	return dir;
}

static int file_digest(int dir, const char *name, char out[LAYER_DIGEST + 1])
{
	AUTO_CLOSE int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	static unsigned char bytes[65536];
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
	struct sha256_ctx c;

	if (n < 0)
		return -1;
	sha256_init(&c);
	sha256_update(&c, (size_t)n, (const uint8_t *)target);
	digest_text(out, &c);
	return 0;
}

/* "f DIGEST SIZE NAME", or l for a link, d for a folder with a digest of zeros. */
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

static int lines_right(int tree, char *text, int64_t files)
{
	char *save = NULL;
	int64_t n = 0;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save), n++)
		if (line_right(tree, line) < 0)
			return -1;
	return n == files ? 0 : -1;
}

int layer_check(struct layers *l, const char *name, struct cee_err *e)
{
	char file[LAYER_NAME + 16], digest[LAYER_DIGEST + 1];
	AUTO_BUF struct buf b = {0};
	AUTO_CLOSE int tree = -1;
	struct sha256_ctx c;
	struct layer y;
	int fd = layer_use(l, name, &y, e), r;

	if (fd < 0)
		return -1;
	snprintf(file, sizeof file, "%s.manifest", name);
	tree = open_folder(l->whole, name);
	r = read_file_at(l->meta, file, LAYER_MANIFEST_MAX, &b);
	sha256_init(&c);
	sha256_update(&c, b.len, (const uint8_t *)(b.data ? b.data : ""));
	digest_text(digest, &c);
	if (r < 0 || strcmp(digest, y.manifest) != 0)
		r = damaged(e, name, "its manifest is not as it was made");
	else if (b.len && lines_right(tree, b.data, y.files) < 0)
		r = damaged(e, name, "a file of it is not as it was made");
	layer_release(&y);
	close(fd);
	return r;
}

/* ---- out of the way ------------------------------------------------------------------------------ */

/* Takes dir. What cannot be removed stays; the caller sees that by the folder's own end. */
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
		next = open_folder(dirfd(d), name);
		if (next >= 0)
			empty_folder(next, depth + 1);
		unlinkat(dirfd(d), name, AT_REMOVEDIR);
	}
	closedir(d);
}

static int remove_tree(int dir, const char *name)
{
	int fd = open_folder(dir, name);

	if (fd >= 0)
		empty_folder(fd, 0);
	return unlinkat(dir, name, fd >= 0 ? AT_REMOVEDIR : 0);
}

/* Under a name that nobody has. */
static int to_trash(struct layers *l, int from, const char *name)
{
	char to[LAYER_NAME + 64];

	snprintf(to, sizeof to, "%.*s.%ld.%" PRId64, LAYER_NAME, name, (long)getpid(), mono_us());
	return renameat(from, name, l->trash, to);
}

/* The tree goes first: meta without one is none. */
static void discard(struct layers *l, const char *name)
{
	char file[LAYER_NAME + 16];

	snprintf(file, sizeof file, "%s.manifest", name);
	to_trash(l, l->whole, name);
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

/* ---- making -------------------------------------------------------------------------------------- */

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
		close(fd);	/* its last maker was just through with it */
	}
}

int layer_make_unpack(struct layers *l, const char *name, char path[], size_t size)
{
	remove_tree(l->unpack, name);
	/* nobody but us comes here, and the box has a uid that is only known to it */
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
	AUTO_BUF struct buf b = {0};
	struct sha256_ctx c;

	snprintf(file, sizeof file, "%s.manifest", name);
	sha256_init(&c);
	sha256_update(&c, len, (const uint8_t *)manifest);
	digest_text(y->manifest, &c);
	if (meta_format(&b, y) < 0)
		return -1;
	discard(l, name);	/* what was there was none, or damaged */
	if (write_meta(l, file, manifest, len) < 0 || write_meta(l, name, b.data, b.len) < 0)
		return -1;
	spool_hook("layer-meta");
	return renameat(l->unpack, name, l->whole, name);
}

int layer_make_whole(struct layers *l, const char *name, struct layer *y, const char *manifest, size_t len, struct cee_err *e)
{
	struct look k;
	int saved;

	if (fchmodat(l->unpack, name, 0755, 0) < 0 || look(&k, l->unpack, name) < 0)
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
	to_trash(l, l->unpack, name);
	unlinkat(l->tmp, name, 0);
	close(fd);
}

/* ---- all of them ----------------------------------------------------------------------------------- */

int layers_each(struct layers *l, layer_fn f, void *arg)
{
	int fd = open_folder(l->meta, "."), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d) {
		close_ptr(&fd);
		return -1;
	}
	while (r == 0 && (entry = readdir(d)))
		if (layer_name_valid(entry->d_name))
			r = f(arg, entry->d_name);
	closedir(d);
	return r;
}

struct old { char name[LAYER_NAME + 1]; int64_t used, bytes; };
struct census { struct layers *l; struct old *v; size_t n, cap; int64_t bytes; };

static int count_one(void *arg, const char *name)
{
	struct census *c = arg;
	struct layer y;
	struct old *v;

	if (c->n == c->cap) {
		v = reallocarray(c->v, c->cap * 2 + 64, sizeof *v);
		if (!v)
			return -1;
		c->v = v;
		c->cap = c->cap * 2 + 64;
	}
	v = &c->v[c->n];
	*v = (struct old){0};
	memcpy(v->name, name, LAYER_NAME + 1);
	if (layer_read(c->l, name, &y, NULL) == 0) {	/* one that cannot be read is the first to go */
		v->used = y.used_us;
		v->bytes = y.bytes;
		layer_release(&y);
	}
	c->bytes += v->bytes;
	c->n++;
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const struct old *x = a, *y = b;

	return x->used < y->used ? -1 : x->used > y->used;
}

int layers_prune(struct layers *l, int64_t max, int64_t *removed, int64_t *bytes)
{
	struct census c = { .l = l };
	int r = layers_each(l, count_one, &c);

	*removed = *bytes = 0;
	if (c.n)
		qsort(c.v, c.n, sizeof *c.v, by_use);
	for (size_t i = 0; r == 0 && i < c.n && c.bytes > max; i++) {
		if (layer_discard(l, c.v[i].name, false) < 0)
			continue;
		c.bytes -= c.v[i].bytes;
		*bytes += c.v[i].bytes;
		++*removed;
	}
	free(c.v);
	return r;
}

/* Whether somebody makes it now. */
static bool being_made(struct layers *l, const char *name)
{
	AUTO_CLOSE int fd = openat(l->tmp, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;
}

/* What stays of a maker that died: its stream under the lock that is free again, its tree. */
static int sweep_one(struct layers *l, int dir, const char *name)
{
	int fd;

	if (dir == l->trash)
		return remove_tree(dir, name) == 0;
	if (dir == l->whole)	/* a tree without its meta; a maker that is about to need the place has the lock */
		return faccessat(l->meta, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && !being_made(l, name) && to_trash(l, dir, name) == 0;
	if (dir == l->unpack)
		return !being_made(l, name) && to_trash(l, dir, name) == 0;
	fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close_ptr(&fd);
		return 0;
	}
	unlinkat(dir, name, 0);
	close(fd);
	return 1;
}

static int sweep_folder(struct layers *l, int dir)
{
	int fd = open_folder(dir, "."), n = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d)
		close_ptr(&fd);
	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.')
			n += sweep_one(l, dir, entry->d_name);
	if (d)
		closedir(d);
	return n;
}

int layers_sweep(struct layers *l)
{
	return sweep_folder(l, l->tmp) + sweep_folder(l, l->unpack) + sweep_folder(l, l->whole) + sweep_folder(l, l->trash);
}
