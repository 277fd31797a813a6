/* store.h - layers of packages on the disk: `layers` in cee.conf(5), cee-languages(5)
 *
 * A layer is a read-only tree of installed packages, for one language, image, framework
 * and set of packages. The directory of all layers, which only its owner can enter:
 *
 *     secret         32 bytes; layers' names are derived from it
 *     whole/NAME/    the trees; whole is mounted in every box, read-only and not listable
 *     meta/NAME      the layer's description, as JSON; its users hold a shared flock;
 *                    its mtime is the time of the last use
 *     meta/NAME.manifest   a line for each file, with its digest
 *     tmp/NAME       while it is built: the stream from the package box, locked by the builder
 *     unpack/NAME/   while it is built: the tree, mounted in one box
 *     trash/         layers that are being removed
 *
 * A layer is valid only if whole/NAME exists, meta/NAME can be read, and the tree's summary
 * (names, sizes, times and inodes) is the one in meta. The rename to whole/NAME is the last step,
 * so a builder that dies earlier leaves no valid layer.
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
/* Opens the directory; with make, creates missing parts. -1; ENOENT: there are no layers yet. */
int layers_open(struct layers *l, const char *path, bool make, struct cee_err *e);
void layers_close(struct layers *l);

/* A resolved package. */
struct layer_package {
	char *name, *version, *hash;
};
void layer_packages_release(struct layer_package *p, size_t n);
/* Parses a package client's lock list: [{"name","version","hash"}…]. -1 EINVAL: e says why. */
int layer_lock_parse(const char *text, size_t len, struct layer_package **p, size_t *n, struct cee_err *e);
/* Writes such a list, on one line. */
void layer_put_packages(struct json_writer *w, const char *name, const struct layer_package *p, size_t n);

/* The key that identifies a layer. The packages are "NAME@VERSION", in any order. */
struct layer_key {
	const char *language, *image, *framework; /* image: its id */
	char *const *packages;
	size_t npackages;
};
/* Derives a layer's name, which cannot be guessed without the secret. -1 ENOMEM. */
int layer_name(const struct layers *l, const struct layer_key *k, char name[LAYER_NAME + 1]);
bool layer_name_valid(const char *name);

struct layer {
	char *language, *image, *framework;
	char **asked;
	size_t nasked;
	struct layer_package *packages;
	size_t npackages;
	int64_t bytes, files;
	uint64_t look;			 /* the checksum of the tree's summary */
	char manifest[LAYER_DIGEST + 1]; /* of meta/NAME.manifest */
	int64_t used_us;		 /* time of the last use; not part of the text */
};
void layer_release(struct layer *y);

/* Marks a layer as used: returns a descriptor whose lock protects the layer from removal until the descriptor is
 * closed. -1: ENOENT unknown layer, EBADMSG the layer is damaged (e says how), else the system's errno. */
int layer_use(struct layers *l, const char *name, struct layer *y, struct cee_err *e);
/* Reads meta/NAME, even if the tree is damaged. */
int layer_read(struct layers *l, const char *name, struct layer *y, struct cee_err *e);
/* Reads and checks all files. -1 EBADMSG: it is damaged. */
int layer_check(struct layers *l, const char *name, struct cee_err *e);
/* Moves the layer to trash/, for layers_sweep to remove; layer_use does not find it any more. busy: even if the layer
 * is in use. -1 EBUSY: it is in use. */
int layer_discard(struct layers *l, const char *name, bool busy);

/* Begins to build a layer: returns tmp/NAME, open, empty and locked, for layer_make_end to close. -1 EWOULDBLOCK:
 * another process is building it, or a sweep is looking at it for a moment. */
int layer_make_begin(struct layers *l, const char *name);
/* Creates unpack/NAME, empty, for a box that runs as any uid; its path is put into path (size bytes). -1 and errno. */
int layer_make_unpack(struct layers *l, const char *name, char path[], size_t size);
/* Publishes the complete tree. y describes it; its look, bytes, files and manifest are filled in here. */
int layer_make_whole(struct layers *l, const char *name, struct layer *y, const char *manifest, size_t len,
		     struct cee_err *e);
/* Ends the building, with or without success: removes unpack/NAME and tmp/NAME, closes fd, and so unlocks. */
void layer_make_end(struct layers *l, const char *name, int fd);

/* Calls f with each layer's name until f returns not 0, and returns that value; -1: the layers could not be read. */
typedef int (*layer_fn)(void *arg, const char *name);
int layers_each(struct layers *l, layer_fn f, void *arg);
/* Removes the least recently used layers until all have at most max bytes; spares those that are in use. Reports the
 * number and the bytes removed. -1: the layers could not be read. */
int layers_prune(struct layers *l, int64_t max, int64_t *removed, int64_t *bytes);
/* Removes the remains of dead builders, and trash. Returns how many. */
int layers_sweep(struct layers *l);

/* Reads the array `packages` of a layer, of lock.json and of a result. The caller releases *p, also after an error. */
int layer_packages_read(const cJSON *array, const char *where, struct layer_package **p, size_t *n, struct cee_err *e);

#endif
