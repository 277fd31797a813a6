/* ids.c - a list of ids: in the order in which they were added, each once (ids.h) */
#include "spool/ids.h"
#include "base/id.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { IDS_MAX = 1 << 22 };

static size_t id_slot(const struct ids *s, const char *id)
{
	uint64_t h = 1469598103934665603u; /* FNV-1a */
	size_t i;

	for (const char *p = id; *p; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211u;
	for (i = (size_t)h & (s->slots - 1); s->slot[i]; i = (i + 1) & (s->slots - 1))
		if (memcmp(s->v[s->slot[i] - 1], id, ID_LEN) == 0)
			break;
	return i;
}

static int ids_grow(struct ids *s)
{
	size_t cap = s->cap ? s->cap * 2 : 64;
	char(*v)[ID_LEN + 1] = cap <= IDS_MAX ? realloc(s->v, cap * sizeof *v) : NULL;
	uint32_t *slot;

	if (v)
		s->v = v;
	if (!v || !(slot = calloc(cap * 2, sizeof *slot))) {
		errno = ENOMEM;
		return -1;
	}
	free(s->slot);
	s->slot = slot;
	s->slots = cap * 2;
	s->cap = cap;
	for (size_t i = 0; i < s->n; i++)
		s->slot[id_slot(s, s->v[i])] = (uint32_t)i + 1;
	return 0;
}

int ids_add(struct ids *s, const char *id)
{
	size_t i;

	if (s->n == s->cap && ids_grow(s) < 0)
		return -1;
	i = id_slot(s, id);
	if (s->slot[i])
		return 0;
	memcpy(s->v[s->n], id, ID_LEN + 1);
	s->slot[i] = (uint32_t)++s->n;
	return 1;
}

ssize_t ids_find(const struct ids *s, const char *id)
{
	return s->slots ? (ssize_t)s->slot[id_slot(s, id)] - 1 : -1;
}

void ids_release(struct ids *s)
{
	free(s->v);
	free(s->slot);
	*s = (struct ids){ 0 };
}
