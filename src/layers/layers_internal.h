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
/* Parses meta/NAME into y, except used_us. -1 EBADMSG: y is empty. */
int layer_meta_parse(struct layer *y, const char *text, size_t len, struct cee_err *e);
int layer_meta_format(struct buf *b, const struct layer *y); /* -1 ENOMEM */

/* ---- tree.c --------------------------------------------------------------- */

/* Opens a folder in dir; symbolic links are not followed. */
int layer_folder(int dir, const char *name);

/* A summary of a tree; sum is a checksum of names, sizes, times and inodes. */
struct layer_look {
	uint64_t sum;
	int64_t bytes, files;
};
int layer_look(struct layer_look *k, int dir, const char *name);

/* Reads the whole tree and compares it with the manifest's text, which is modified; the tree must have exactly `files`
 * files. -1: the tree differs. */
int layer_tree_check(int tree, char *text, int64_t files);
void layer_hex(char *out, const unsigned char *p, size_t n); /* 2n + 1 bytes into out */
void layer_digest(char out[LAYER_DIGEST + 1], const void *data, size_t len);

/* Removes a file, or a directory with its contents. -1 and errno. */
int layer_tree_remove(int dir, const char *name);

/* ---- store.c ---------------------------------------------------------------------- */

/* Moves a layer's file or tree to trash/, under a unique name. */
int layer_to_trash(struct layers *l, int from, const char *name);
#endif
