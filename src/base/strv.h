/* strv.h - vectors of strings, each string malloc'ed */
#ifndef CEE_BASE_STRV_H
#define CEE_BASE_STRV_H

#include <stddef.h>

void strv_free(char **v);	       /* NULL-terminated; NULL is allowed */
void strv_release(char **v, size_t n); /* of n strings */

/* One that grows, and always ends with NULL. */
struct strv {
	char **v; /* NULL as long as nothing was added */
	size_t n, cap;
};
/* Takes s, in case of an error too; NULL counts as out of memory. -1 ENOMEM */
int strv_add(struct strv *a, char *s);
void strv_clear(struct strv *a);
char **strv_take(struct strv *a); /* never NULL but for ENOMEM; the caller frees it with strv_free */

#endif
