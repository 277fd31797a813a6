/* package_names.h - what a package and a version of it may be called, by the grammar of its registry
 *
 * Nothing but a package can be named: no address, path, option or space. An exact version is
 * that one and no other. A range is what a file that declares packages may state besides
 * (manifest.h); the registry's client resolves it once, when the layer is made, and the layer's
 * lock records the outcome. No text is both an exact version and a range. No I/O.
 */
#ifndef CEE_JOB_PACKAGE_NAMES_H
#define CEE_JOB_PACKAGE_NAMES_H

#include "layers/grammar.h"

#include <stdbool.h>

enum { PACKAGE_NAME_LEN = 214, PACKAGE_VERSION_LEN = 64, PACKAGE_RANGE_LEN = 256 }; /* bytes */

bool package_name_valid(enum grammar g, const char *s);
bool package_version_valid(enum grammar g, const char *s); /* exact */
bool package_range_valid(enum grammar g, const char *s);   /* and not exact; NuGet has none here */
/* Two spellings of one name have one key; of pip what stands in [] belongs to the name. malloc'ed. */
char *package_key(enum grammar g, const char *name);
bool package_same(enum grammar g, const char *a, const char *b); /* one package, whatever is in [] */

#endif
