/* nearest.h - "did you mean": the known name that is nearest to a misspelt name */
#ifndef CEE_BASE_NEAREST_H
#define CEE_BASE_NEAREST_H

#include <stddef.h>

/* The name in names that differs from name only by a likely typing error, or NULL. names ends with NULL;
 * step is the distance in bytes from one pointer to the next, so that a table of structs can be used. */
const char *nearest_name(const char *name, const char *const *names, size_t step);

#endif
