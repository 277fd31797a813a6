/* job_files.h - files of a job and of a language: cee-job(5) */
#ifndef CEE_JOB_FILES_H
#define CEE_JOB_FILES_H

#include "base/error.h"

#include <cjson/cJSON.h>
#include <stddef.h>

struct job_file {
	char *name; /* valid by job_name_valid */
	unsigned char *data;
	size_t len;
	unsigned mode; /* permission bits */
};
/* [{"name", "content" or "base64", "mode"}]. On error *files and *n may be filled in part; the caller releases them. */
int json_files(const cJSON *v, const char *path, struct job_file **files, size_t *n, struct cee_err *e);
void job_files_release(struct job_file *files, size_t n);
/* Checks that no name occurs twice or is also the folder of another; path is for the message. Sorts names. */
int file_names_fit(const char **names, size_t n, const char *path, struct cee_err *e);

#endif
