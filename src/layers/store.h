/* layer.h - layers of packages on the disk: layers in cee.conf(5), cee-languages(5)
 *
 * A layer is a read-only tree that a package box resolved, for one language, image, framework
 * and set of packages. The directory of all layers, which nobody but its owner can enter:
 *
 *     secret         32 bytes; names are made with it
 *     whole/NAME/    the trees; whole is mounted in every box, read-only and not listable
 *     meta/NAME      what the layer is, as JSON; locked (flock, shared) by whoever uses it;
 *                    its time is that of the last use
 *     meta/NAME.manifest   a line for each file, with its digest
 *     tmp/NAME       while it is made: the stream from the package box, under a lock
 *     unpack/NAME/   while it is made: the tree, mounted in one box
 *     trash/         on its way out
 *
 * A layer counts only when whole/NAME is there, meta/NAME can be read, and the tree looks as
 * meta says: sizes, times and inodes of all that is in it. The rename to whole/NAME is the
 * last step, so that whoever dies on the way leaves nothing that counts.
 */
#ifndef CEE_LAYER_H
#define CEE_LAYER_H

#include "base/json_write.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cee_err;
struct buf;

enum {
	LAYER_NAME = 40,
	LAYER_SECRET = 32,
	LAYER_PACKAGES = 2000,
	LAYER_DIGEST = 64,
	LAYER_LOCK_MAX = 512 << 10,
	LAYER_MANIFEST_MAX = 64 << 20
};

struct layers {
	char *path;
	int dir, whole, meta, tmp, unpack, trash;
	unsigned char secret[LAYER_SECRET];
};
#define LAYERS_NONE ((struct layers){ .dir = -1, .whole = -1, .meta = -1, .tmp = -1, .unpack = -1, .trash = -1 })
/* Opens what is there, and with make makes what is missing. -1; ENOENT: there are no layers yet. */
int layers_open(struct layers *l, const char *path, bool make, struct cee_err *e);
void layers_close(struct layers *l);

/* A package as it was resolved. */
struct layer_package {
	char *name, *version, *hash;
};
void layer_packages_release(struct layer_package *p, size_t n);
/* What a package client wrote: [{"name","version","hash"}…]. -1 EINVAL and why. */
int layer_lock_parse(const char *text, size_t len, struct layer_package **p, size_t *n, struct cee_err *e);
/* The same, on one line. */
void layer_put_packages(struct json_writer *w, const char *name, const struct layer_package *p, size_t n);

/* What a layer is for. The packages are "NAME@VERSION", in any order. */
struct layer_key {
	const char *language, *image, *framework; /* image: its id */
	char *const *packages;
	size_t npackages;
};
/* Cannot be guessed without the secret. -1 ENOMEM. */
int layer_name(const struct layers *l, const struct layer_key *k, char name[LAYER_NAME + 1]);
bool layer_name_valid(const char *name);

struct layer {
	char *language, *image, *framework;
	char **asked;
	size_t nasked;
	struct layer_package *packages;
	size_t npackages;
	int64_t bytes, files;
	uint64_t look;			 /* see above */
	char manifest[LAYER_DIGEST + 1]; /* of meta/NAME.manifest */
	int64_t used_us;		 /* last, not in the text */
};
void layer_release(struct layer *y);

/* Takes a layer into use: a descriptor whose lock keeps it there until it is closed. -1: ENOENT
 * there is none, EBADMSG it is damaged (e says how), else as the system says. */
int layer_use(struct layers *l, const char *name, struct layer *y, struct cee_err *e);
/* meta/NAME, whether it is damaged or not. */
int layer_read(struct layers *l, const char *name, struct layer *y, struct cee_err *e);
/* Reads all of it. -1 EBADMSG it is damaged. */
int layer_check(struct layers *l, const char *name, struct cee_err *e);
/* Out of the way, to be removed by layers_sweep; layer_use does not find it any more. busy: also one in use. -1 EBUSY it is. */
int layer_discard(struct layers *l, const char *name, bool busy);

/* Making one. The lock of tmp/NAME is the maker's: -1 EWOULDBLOCK somebody else makes it. An open,
 * empty file of its own, to be closed by layer_make_end. */
int layer_make_begin(struct layers *l, const char *name);
/* unpack/NAME, empty, for a box that runs as any uid. Its path in path. */
int layer_make_unpack(struct layers *l, const char *name, char path[], size_t size);
/* The tree is complete: y says what it is (look, bytes, files and manifest are filled in). */
int layer_make_whole(struct layers *l, const char *name, struct layer *y, const char *manifest, size_t len,
		     struct cee_err *e);
void layer_make_end(struct layers *l, const char *name, int fd);

typedef int (*layer_fn)(void *arg, const char *name);
int layers_each(struct layers *l, layer_fn f, void *arg);
/* Removes the layers that were not used longest until all have at most max bytes, none of them in
 * use or used in the last second (told: how many and bytes). -1: it could not look. */
int layers_prune(struct layers *l, int64_t max, int64_t *removed, int64_t *bytes);
/* Removes what dead makers left, and trash. How many. */
int layers_sweep(struct layers *l);

/* packages of a layer, its lock.json and a result (layer_text.c). What has been read is the caller's to
 * release also after an error. */
int layer_packages_read(const cJSON *array, const char *where, struct layer_package **p, size_t *n, struct cee_err *e);

#endif
