/* stat_print.h - what cee-stat prints with */
#ifndef CEE_CMD_STAT_PRINT_H
#define CEE_CMD_STAT_PRINT_H

#include "base/limit.h"

#include <stdint.h>

/* Text on standard output; ends the program when that fails. */
void out(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void out_flush(void);
/* Text that came from a runner or a box, made fit for a terminal in place; "" for NULL. */
const char *clean(char *s);
double seconds(int64_t us);
void size_text(char text[LIMIT_TEXT_MAX], int64_t bytes); /* as 1.5 MiB */
/* A line "what TIME" in local time; nothing for a time that is not known (0). */
void put_clock(const char *what, int64_t us);

#endif
