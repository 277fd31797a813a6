/* dir.h - directories: opened beneath a descriptor, listed, no links followed
 *
 * A path is walked one component at a time with O_NOFOLLOW, so that nobody who may write in one
 * of its directories can lead the walk elsewhere by a symbolic link. Paths are relative, without
 * empty components. Descriptors that are returned are the caller's and close on exec.
 */
#ifndef CEE_BASE_DIR_H
#define CEE_BASE_DIR_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

int dir_open(int at, const char *path);		     /* -1 and errno */
int dir_make(int at, const char *path, mode_t mode); /* the same; missing directories are made */
/* Is there an entry of this name? Symbolic links are not followed. */
bool dir_has(int at, const char *name);
/* A stream of the directory's entries, closed with closedir; NULL and errno. */
DIR *dir_list(int at, const char *path);
/* The next entry that is not a dot file; NULL at the end (errno 0) or on error. */
struct dirent *dir_next(DIR *d);
/* closedir after a loop over dir_next with the result r: returns r, or -1 if r is 0 and errno is not. */
int dir_end(DIR *d, int r);
/* Calls f with each name until f returns non-zero, and returns that value; -1 if the directory cannot be opened. */
typedef int (*dir_name_fn)(void *arg, const char *name);
int dir_each_name(int at, const char *path, dir_name_fn f, void *arg);
/* When dir/name was last written: microseconds since the epoch; INT64_MAX if it does not exist. */
int64_t file_written_us(int dir, const char *name);
bool dir_is_dir(DIR *d, const struct dirent *e); /* is d's entry e a directory itself, not a link to one? */

#endif
