/* stat_print.h - printing functions of cee-stat */
#ifndef CEE_CMD_STAT_PRINT_H
#define CEE_CMD_STAT_PRINT_H

#include "base/json_write.h"
#include "base/limit.h"

#include <stdint.h>

/* Prints to standard output; ends the program if that fails. */
void out(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void out_flush(void);
/* Prints the object that w has written into its buffer, whose closing brace is still missing; ends its line. */
void out_json(struct json_writer *w);
/* Neutralises control characters of text from a runner or a box, in place; "" for NULL. */
const char *clean(char *s);
double seconds(int64_t us);
void size_text(char text[LIMIT_TEXT_MAX], int64_t bytes); /* as 1.5 MiB */
/* Prints a line "what TIME" in local time; nothing if the time is unknown (0). */
void put_clock(const char *what, int64_t us);

#endif
