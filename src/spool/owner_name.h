/* owner_name.h - valid names of owners and runners */
#ifndef CEE_SPOOL_OWNER_NAME_H
#define CEE_SPOOL_OWNER_NAME_H

#include <stdbool.h>
#include <sys/types.h>

enum { OWNER_MAX = 128 }; /* bytes of an owner's or a runner's name, with its NUL */

/* [a-z0-9][A-Za-z0-9._-]*, and not a name that the spool itself uses. */
bool spool_owner_valid(const char *owner);
bool spool_runner_valid(const char *name); /* the same characters and length, but no reserved names */
/* Writes the owner's name of the calling process, "uid-N". */
void spool_owner_self(char owner[OWNER_MAX]);
/* Sets *uid to the uid of an owner in a shared spool: N for uid-N, *http for anon and http-* (http NULL: these names
 * are invalid). False for all other names. */
bool spool_owner_uid(const char *owner, const uid_t *http, uid_t *uid);

#endif
