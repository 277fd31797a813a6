/* check_entry.h - reporting findings, and what every entry of a spool must be (private to check.c) */
#ifndef CEE_SPOOL_CHECK_ENTRY_H
#define CEE_SPOOL_CHECK_ENTRY_H

#include "spool/check.h"

#include <dirent.h>

enum { CHECK_PATH_MAX = 512 };

void check_problem(struct spool_check *ck, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void check_note(struct spool_check *ck, const char *path, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* PARENT/NAME, as far as it fits: only for reports. */
void check_join(char path[CHECK_PATH_MAX], const char *parent, const char *name);
/* dir/name must be a regular file of one link. That it is gone by now is no problem. */
void check_file(struct spool_check *ck, int dir, const char *name, const char *path);
/* Lists a directory that only its owner may write in; NULL when it cannot be opened, which is a problem
 * unless it is gone. */
DIR *check_open_dir(struct spool_check *ck, int at, const char *name, const char *path);

#endif
