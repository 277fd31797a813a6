/* text.h - text: UTF-8, what a terminal may be shown, base64 */
#ifndef CEE_BASE_TEXT_H
#define CEE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_valid(const char *s, size_t len);
/* Length of the character at s when a terminal may be shown it; 0 for control
 * characters (C1 too) and for bytes that are no UTF-8. */
size_t utf8_printable(const char *s, size_t len);
/* Whether s has no other character than those of set. */
bool text_only(const char *s, const char *set);
void text_clean(char *s); /* every byte that may not be shown becomes '?' */
/* standard alphabet, padding required, no white space; *out is malloc'ed */
int base64_decode(const char *s, size_t len, unsigned char **out, size_t *outlen);
char *base64_encode(const unsigned char *s, size_t len); /* malloc'ed */

#endif
