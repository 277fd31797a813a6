/* strv.c - vectors of strings: growing, handing over, freeing */
#include "base/strv.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

void strv_free(char **v)
{
	for (size_t i = 0; v && v[i]; i++)
		free(v[i]);
	free(v);
}

void strv_release(char **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i]);
	free(v);
}

static int strv_room(struct strv *a)
{
	size_t cap = a->cap * 2 + 16;
	char **v;

	if (a->n + 2 <= a->cap)
		return 0;
	v = reallocarray(a->v, cap, sizeof *v);
	if (!v)
		return -1;
	a->v = v;
	a->cap = cap;
	return 0;
}

int strv_add(struct strv *a, char *s)
{
	if (!s || strv_room(a) < 0) {
		free(s);
		errno = ENOMEM;
		return -1;
	}
	a->v[a->n++] = s;
	a->v[a->n] = NULL;
	return 0;
}

void strv_clear(struct strv *a)
{
	strv_release(a->v, a->n);
	*a = (struct strv){ 0 };
}

char **strv_take(struct strv *a)
{
	char **v = a->v ? a->v : calloc(1, sizeof *v);

	*a = (struct strv){ 0 };
	return v;
}
