/* name_index.c - open addressing with linear probing; a removal closes its gap, so there are no tombstones */
#include "runner/queue/name_index.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { SLOTS_LEAST = 16 };

void name_index_init(struct name_index *x, const char *(*key)(const void *array, size_t place))
{
	*x = (struct name_index){ .key = key, .seed = 14695981039346656037u };
	if (getrandom(&x->seed, sizeof(x->seed), GRND_NONBLOCK) < 0)
		x->seed ^= (uint64_t)(uintptr_t)x;
}

void name_index_release(struct name_index *x)
{
	free(x->slot);
	x->slot = NULL;
	x->nslots = x->used = 0;
}

void name_index_clear(struct name_index *x)
{
	if (x->slot)
		memset(x->slot, 0, x->nslots * sizeof(*x->slot));
	x->used = 0;
}

/* The slot at which the search for a name begins. nslots is a power of two. */
static size_t home(const struct name_index *x, const char *name)
{
	uint64_t h = x->seed;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 1099511628211u; /* FNV-1a */
	h ^= h >> 32;
	return (size_t)h & (x->nslots - 1);
}

size_t name_index_find(const struct name_index *x, const void *array, const char *name)
{
	if (!x->nslots)
		return SIZE_MAX;
	for (size_t i = home(x, name); x->slot[i]; i = (i + 1) & (x->nslots - 1))
		if (strcmp(x->key(array, x->slot[i] - 1), name) == 0)
			return x->slot[i] - 1;
	return SIZE_MAX;
}

static void put(struct name_index *x, const void *array, size_t place)
{
	size_t i = home(x, x->key(array, place));

	while (x->slot[i])
		i = (i + 1) & (x->nslots - 1);
	x->slot[i] = (uint32_t)place + 1;
}

static int grow(struct name_index *x, const void *array)
{
	size_t before = x->nslots, n = before ? before * 2 : SLOTS_LEAST;
	uint32_t *old = x->slot, *slot = calloc(n, sizeof(*slot));

	if (!slot)
		return -1;
	x->slot = slot;
	x->nslots = n;
	for (size_t i = 0; i < before; i++)
		if (old[i])
			put(x, array, old[i] - 1);
	free(old);
	return 0;
}

int name_index_add(struct name_index *x, const void *array, size_t place)
{
	if (place >= UINT32_MAX - 1 || (2 * (x->used + 1) > x->nslots && grow(x, array) < 0))
		return -1;
	put(x, array, place);
	x->used++;
	return 0;
}

static size_t slot_of(const struct name_index *x, const char *name, size_t place)
{
	size_t i = x->nslots ? home(x, name) : 0;

	if (!x->nslots)
		return SIZE_MAX;
	while (x->slot[i] && x->slot[i] != place + 1)
		i = (i + 1) & (x->nslots - 1);
	return x->slot[i] ? i : SIZE_MAX;
}

void name_index_remove(struct name_index *x, const void *array, size_t place)
{
	size_t gap = slot_of(x, x->key(array, place), place), mask = x->nslots - 1;

	if (gap == SIZE_MAX)
		return;
	for (size_t i = (gap + 1) & mask; x->slot[i]; i = (i + 1) & mask) {
		size_t from = home(x, x->key(array, x->slot[i] - 1));

		if (((i - from) & mask) < ((i - gap) & mask))
			continue; /* the search for this name begins behind the gap */
		x->slot[gap] = x->slot[i];
		gap = i;
	}
	x->slot[gap] = 0;
	x->used--;
}

void name_index_move(struct name_index *x, const char *name, size_t from, size_t to)
{
	size_t i = slot_of(x, name, from);

	if (i != SIZE_MAX)
		x->slot[i] = (uint32_t)to + 1;
}
