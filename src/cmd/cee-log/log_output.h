/* log_output.h - cee-log's standard output; all end the program when it fails */
#ifndef CEE_CMD_LOG_OUTPUT_H
#define CEE_CMD_LOG_OUTPUT_H

#include "cmd/cee-log/log_prog.h"
#include "wire/frame_types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void log_put(struct log *l, const void *data, size_t len);
void log_put_time(struct log *l, int64_t us);
void log_flush(struct log *l);
void log_output_failed(void) __attribute__((noreturn));
/* Is this stream to be printed? */
bool log_selected(const struct log *l, enum frame_stream s);

#endif
