/* strv.h - vectors of strings, each string malloc'ed */
#ifndef CEE_BASE_STRV_H
#define CEE_BASE_STRV_H

#include <stddef.h>

void strv_free(char **v);	       /* NULL-terminated; NULL is allowed */
void strv_release(char **v, size_t n); /* of n strings */

/* A vector that grows, and always ends with NULL. */
struct strv {
	char **v; /* NULL until a string is added */
	size_t n, cap;
};
/* Takes ownership of s, even on error; NULL counts as out of memory. -1 ENOMEM */
int strv_add(struct strv *a, char *s);
void strv_clear(struct strv *a);
char **strv_take(struct strv *a); /* NULL only on ENOMEM; the caller frees it with strv_free */

#endif
