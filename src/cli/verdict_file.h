/* verdict_file.h - where --verdict writes a job's result */
#ifndef CEE_CLI_VERDICT_FILE_H
#define CEE_CLI_VERDICT_FILE_H

#include <stddef.h>

/* --verdict FILE or fd:N, opened before there is a job; ends the program when that fails. */
int verdict_file_open(const char *where);
/* Writes a result's text there; -1 is nowhere. A failure is only reported on stderr: the job has
 * ended as it has. */
void verdict_file_write(int fd, const char *text, size_t len);

#endif
