/* places.h - opening the directories of a spool (private to src/spool)
 *
 * All return a descriptor, which the caller closes, or -1: EINVAL the owner's name or the id is
 * invalid, ENOENT the directory does not exist, else the system's errno.
 */
#ifndef CEE_SPOOL_PLACES_H
#define CEE_SPOOL_PLACES_H

#include "base/error.h"
#include "spool/layout.h"
#include "spool/spool.h"

#include <dirent.h>
#include <stdbool.h>
#include <sys/types.h>

/* The modes of files and directories that runners make for readers. In a shared spool they are readable for all; the
 * owner's directory keeps other users out (multiuser.c). */
mode_t place_file_mode(const struct spool *s);
mode_t place_dir_mode(const struct spool *s);

int place_part(struct spool *s, const char *owner, enum owner_part part);
DIR *place_list(struct spool *s, const char *owner, enum owner_part part);
int place_out(struct spool *s, const char *owner, const char *id); /* out/BUCKET/ID */
int place_bucket(struct spool *s, const char *owner, const char *id);
int place_attempt(int out, int attempt);
/* Does the job have a result, that is, has it ended? */
bool place_has_result(struct spool *s, const char *owner, const char *id);
/* Opens a file of an attempt for reading: EPROTO if it is not a regular file. */
int place_attempt_file(int attempt_dir, enum attempt_file file);
/* 0, or -1 EINVAL and e. */
int place_check_names(const char *owner, const char *id, struct cee_err *e);

#endif
