/* host_paths.h - paths as the engine's host knows them, for a cee that runs in a container (host_paths in cee.conf(5))
 *
 * A map is the text HERE:THERE, two absolute paths without ':'. What lies beneath HERE for this program lies beneath
 * THERE for the engine; all other paths are the same for both.
 */
#ifndef CEE_CONF_HOST_PATHS_H
#define CEE_CONF_HOST_PATHS_H

#include "base/error.h"

/* -1 EINVAL and *e: it is not a map; "" is one, without effect. */
int host_paths_check(const char *map, struct cee_err *e);
/* The engine's name of path, malloc'ed; NULL ENOMEM. map passed the check, or is NULL. */
char *host_path(const char *map, const char *path);

#endif
