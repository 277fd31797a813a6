/* text.h - text: UTF-8, the characters that are safe on a terminal, base64 */
#ifndef CEE_BASE_TEXT_H
#define CEE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_valid(const char *s, size_t len);
/* Length of the character at s if it is safe to show on a terminal; 0 for control
 * characters (also C1) and for invalid UTF-8. */
size_t utf8_printable(const char *s, size_t len);
/* Whether s consists only of characters of set. */
bool text_only(const char *s, const char *set);
void text_clean(char *s); /* replaces every byte that is unsafe to show by '?' */
/* standard alphabet, padding required, no white space; *out is malloc'ed */
int base64_decode(const char *s, size_t len, unsigned char **out, size_t *outlen);
char *base64_encode(const unsigned char *s, size_t len); /* malloc'ed */

#endif
