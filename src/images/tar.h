/* tar.h - the build context of an image, as a tar stream */
#ifndef CEE_LANG_TAR_H
#define CEE_LANG_TAR_H

#include "base/error.h"

#include <stddef.h>

/* Writes a build context to fd: `dockerfile` as Dockerfile and each of the n
 * paths, a file or a whole directory, as host/0, host/1 …: owned by root and
 * readable by everybody, since jobs run under unprivileged uids. */
int tar_context(int fd, const char *dockerfile, char *const *paths, size_t n, struct cee_err *err);

#endif
