/* clock.h - the two clocks */
#ifndef CEE_BASE_CLOCK_H
#define CEE_BASE_CLOCK_H

#include "base/time_text.h"

#include <stdint.h>

int64_t now_us(void);  /* CLOCK_REALTIME, microseconds since the epoch */
int64_t mono_us(void); /* CLOCK_MONOTONIC */

#endif
