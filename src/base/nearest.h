/* nearest.h - "did you mean": the known name that is nearest to a misspelt one */
#ifndef CEE_BASE_NEAREST_H
#define CEE_BASE_NEAREST_H

#include <stddef.h>

/* The one of names that a typing error would have turned into name, or NULL. names ends with NULL;
 * step is the distance in bytes from one pointer to the next, so that a table of structs will do. */
const char *nearest_name(const char *name, const char *const *names, size_t step);

#endif
