/* verdict_file.h - where --verdict writes a job's result */
#ifndef CEE_CLI_VERDICT_FILE_H
#define CEE_CLI_VERDICT_FILE_H

#include <stddef.h>

/* Opens --verdict FILE or fd:N, before the job is submitted; ends the program when that fails. */
int verdict_file_open(const char *where);
/* Writes a result's text to it; -1: does nothing. A failure is only reported on stderr: it does not change the
 * job's result. */
void verdict_file_write(int fd, const char *text, size_t len);

#endif
