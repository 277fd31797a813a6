/* check_entry.h - reporting findings, and checks that all entries of a spool need (private to check.c) */
#ifndef CEE_SPOOL_CHECK_ENTRY_H
#define CEE_SPOOL_CHECK_ENTRY_H

#include "spool/check.h"

#include <dirent.h>

enum { CHECK_PATH_MAX = 512 };

void check_problem(struct spool_check *ck, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void check_note(struct spool_check *ck, const char *path, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Writes PARENT/NAME, truncated if it does not fit: only for reports. */
void check_join(char path[CHECK_PATH_MAX], const char *parent, const char *name);
/* dir/name must be a regular file with one link. A file that was removed meanwhile is not a problem. */
void check_file(struct spool_check *ck, int dir, const char *name, const char *path);
/* Opens a directory that only its owner may write in; NULL: it cannot be opened, which is reported as a problem
 * unless it was removed meanwhile. */
DIR *check_open_dir(struct spool_check *ck, int at, const char *name, const char *path);

#endif
