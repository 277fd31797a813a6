/* json.h - strict JSON: parses a text into a tree, or returns an error with its position
 *
 * cJSON builds the tree, but the scanner first refuses everything that RFC 8259 does
 * not allow, and also duplicate keys, NUL in any spelling, invalid UTF-8, lone surrogates,
 * more than JSON_DEPTH levels and more than JSON_VALUES values. One addition to the RFC is
 * accepted: raw line breaks and tabs inside strings, since shells send them.
 */
#ifndef CEE_JSON_H
#define CEE_JSON_H

#include "base/error.h"

#include <cjson/cJSON.h>
#include <stddef.h>

enum { JSON_DEPTH = 32, JSON_VALUES = 200000 };

/* NULL on error: EINVAL and e says where. Freed with cJSON_Delete. */
cJSON *json_parse(const char *text, size_t len, struct cee_err *e);
static inline void json_free_ptr(cJSON **p)
{
	cJSON_Delete(*p);
}
#define AUTO_JSON __attribute__((cleanup(json_free_ptr)))

#endif
