/* time_text.h - times as RFC 3339 text */
#ifndef CEE_BASE_TIME_TEXT_H
#define CEE_BASE_TIME_TEXT_H

#include <stdint.h>

enum { TIME_TEXT_MAX = 48 };
void time_format(char out[TIME_TEXT_MAX], int64_t us); /* RFC 3339, UTC: 2026-01-31T12:00:00.000000Z */
int time_parse(const char *s, int64_t *us);	       /* exactly that form */

#endif
