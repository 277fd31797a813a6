/* job_disk.h - the job's own files against its limits of disk and inodes
 *
 * A box's disk is a tmpfs: a file takes whole pages, and each file, link and folder is an inode.
 */
#ifndef CEE_JOB_JOB_DISK_H
#define CEE_JOB_JOB_DISK_H

#include "base/error.h"
#include "base/limit.h"
#include "job/job.h"
#include "job/job_files.h"

#include <stddef.h>

/* The files and links that a language adds to the job's files. */
struct disk_language {
	const char *file;	      /* the name of the file for `code`, or NULL */
	const struct job_file *files; /* names and sizes; no contents needed */
	size_t nfiles;
	size_t nlinks; /* links into the layer of its packages */
};

/* limits: in force in the run phase. -1 EINVAL: e names limits.disk or limits.inodes, and the least sufficient value. */
int job_disk_fits(const struct job *j, const struct disk_language *l, const struct limits *limits, struct cee_err *e);

#endif
