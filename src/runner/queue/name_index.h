/* name_index.h - from a name to its place in an array that the caller keeps
 *
 * The index stores places only; the names stay in the caller's array, which key() reads. Names of users go into
 * it, so the hash has a random seed: users cannot choose names that collide.
 */
#ifndef RUNNER_NAME_INDEX_H
#define RUNNER_NAME_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct name_index {
	const char *(*key)(const void *array, size_t place);
	uint32_t *slot; /* place + 1, 0 free */
	size_t nslots, used;
	uint64_t seed;
};
void name_index_init(struct name_index *x, const char *(*key)(const void *array, size_t place));
void name_index_release(struct name_index *x);
void name_index_clear(struct name_index *x);
/* The place of name in array, or SIZE_MAX. */
size_t name_index_find(const struct name_index *x, const void *array, const char *name);
/* Adds the name at that place, which must not be in the index yet. -1 ENOMEM. */
int name_index_add(struct name_index *x, const void *array, size_t place);
/* Must be called while the array still has the name at that place. */
void name_index_remove(struct name_index *x, const void *array, size_t place);
/* Records that the name has moved to another place, or is outside the array for a moment (NAME_INDEX_NOWHERE). */
#define NAME_INDEX_NOWHERE ((size_t)UINT32_MAX - 1)
void name_index_move(struct name_index *x, const char *name, size_t from, size_t to);
#endif
