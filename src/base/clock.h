/* clock.h - time: clocks, and RFC 3339 text */
#ifndef CEE_BASE_CLOCK_H
#define CEE_BASE_CLOCK_H

#include <stdint.h>

int64_t now_us(void);  /* CLOCK_REALTIME, microseconds since the epoch */
int64_t mono_us(void); /* CLOCK_MONOTONIC */
enum { TIME_TEXT_MAX = 48 };
void time_format(char out[TIME_TEXT_MAX], int64_t us); /* RFC 3339, UTC: 2026-01-31T12:00:00.000000Z */
int time_parse(const char *s, int64_t *us);	       /* exactly that form */

#endif
