/* package_names.h - names and versions of packages, by the grammar of their registry
 *
 * A valid name is never an address, a path, an option or more than one word. An exact version
 * selects only that version. A range is also accepted in files that declare packages
 * (manifest.h); the registry's client resolves it once, when the layer is made, and the layer's
 * lock records the result. No text is both an exact version and a range. No I/O.
 */
#ifndef CEE_JOB_PACKAGE_NAMES_H
#define CEE_JOB_PACKAGE_NAMES_H

#include "layers/grammar.h"

#include <stdbool.h>

enum { PACKAGE_NAME_LEN = 214, PACKAGE_VERSION_LEN = 64, PACKAGE_RANGE_LEN = 256 }; /* bytes */

bool package_name_valid(enum grammar g, const char *s);
bool package_version_valid(enum grammar g, const char *s); /* exact */
bool package_range_valid(enum grammar g, const char *s);   /* and not exact; always false for NuGet */
/* Two spellings of one name have the same key; for pip the part in [] belongs to the name. malloc'ed. */
char *package_key(enum grammar g, const char *name);
bool package_same(enum grammar g, const char *a, const char *b); /* the same package, whatever is in [] */

#endif
