/* names.h - names of files and groups that users choose */
#ifndef CEE_BASE_NAMES_H
#define CEE_BASE_NAMES_H

#include <stdbool.h>

enum {
	NAME_MAX_LEN = 1024, /* bytes of a file's name, */
	PART_MAX = 255,	     /* of each part of it, */
	PARTS_MAX = 16,	     /* and parts */
	GROUP_NAME_MAX = 64, /* bytes */
	KEY_MAX_LEN = 255,   /* bytes */
	FILES_MOST = 10000   /* maximum number of files that are collected from one job */
};

/* A file name that a job may use: relative, no empty, "." or ".." part, no
 * control character, at most 255 bytes a part and 1024 in all, 16 parts. */
bool job_name_valid(const char *name);
/* UTF-8 without '/' and control characters, 1 to 64 bytes, not beginning with a dot. */
bool group_name_valid(const char *name);

#endif
