/* json_member.h - reads one field of a JSON object without reading the whole of it */
#ifndef CEE_BASE_JSON_MEMBER_H
#define CEE_BASE_JSON_MEMBER_H

#include <cjson/cJSON.h>
#include <stddef.h>

/* The value of the field called name, of the object in text; its value alone becomes a tree. The rest of the text is
 * passed over and not checked, so a text that json_parse refuses may still give a value. In a valid object it is the
 * field's value, unless the field's name is written with escapes: then there is none.
 * NULL: no such field, its value is not valid JSON, or out of memory. Freed with cJSON_Delete. */
cJSON *json_member(const char *text, size_t len, const char *name);

#endif
