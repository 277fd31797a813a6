/* layers_internal.h - shared by store.c, lockfile.c, tree.c and prune.c; no other part includes it */
#ifndef CEE_LAYER_INTERNAL_H
#define CEE_LAYER_INTERNAL_H

#include "base/buf.h"
#include "base/error.h"
#include "layers/store.h"

#include <stdint.h>
#include <stddef.h>

/* ---- lockfile.c --------------------------------------------------------------- */

enum { LAYER_META_MAX = 2 << 20 };
/* meta/NAME. -1 EBADMSG and nothing in y; used_us is not its to say. */
int layer_meta_parse(struct layer *y, const char *text, size_t len, struct cee_err *e);
int layer_meta_format(struct buf *b, const struct layer *y); /* -1 ENOMEM */

/* ---- tree.c --------------------------------------------------------------- */

/* A folder beneath dir, never through a link. */
int layer_folder(int dir, const char *name);

/* sum: of names, sizes, times and inodes. */
struct layer_look {
	uint64_t sum;
	int64_t bytes, files;
};
int layer_look(struct layer_look *k, int dir, const char *name);

/* Reads all of the tree: it is what the manifest says, so many files and no other. text is used
 * up. -1 it is not. */
int layer_tree_check(int tree, char *text, int64_t files);
void layer_hex(char *out, const unsigned char *p, size_t n); /* 2n + 1 bytes into out */
void layer_digest(char out[LAYER_DIGEST + 1], const void *data, size_t len);

/* With all that is in it. */
int layer_tree_remove(int dir, const char *name);

/* ---- store.c ---------------------------------------------------------------------- */

/* Out of the way, under a name that nobody has. */
int layer_to_trash(struct layers *l, int from, const char *name);
#endif
