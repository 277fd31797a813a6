/* job_disk.c - the job's own files against its limits of disk and inodes (job_disk.h) */
#include "job/job_disk.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json_values.h"
#include "base/limit.h"
#include "job/job.h"
#include "job/job_files.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096 };

static int64_t pages(size_t len)
{
	return ((int64_t)len + PAGE - 1) / PAGE * PAGE;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Counts the folders of sorted names: a folder is new if the previous name is not in it. */
static int64_t folders(const char **names, size_t n)
{
	const char *before = "";
	int64_t count = 0;

	qsort(names, n, sizeof *names, by_bytes);
	for (size_t i = 0; i < n; before = names[i++]) {
		size_t same = 0;

		while (names[i][same] && names[i][same] == before[same])
			same++;
		for (const char *slash = names[i] + same; (slash = strchr(slash, '/')); slash++)
			count++;
	}
	return count;
}

static int too_small(enum limit_id id, const struct limits *l, int64_t need, struct cee_err *e)
{
	char given[LIMIT_TEXT_MAX], least[LIMIT_TEXT_MAX], path[JSON_PATH_MAX];

	limit_format(given, id, l->v[id]);
	limit_format(least, id, need);
	json_path(path, "limits", limit_name[id], 0);
	return json_wrong(e, path, "%s is too little for the job's own files (at least %s)", given, least);
}

int job_disk_fits(const struct job *j, const struct disk_language *l, const struct limits *limits, struct cee_err *e)
{
	AUTO_FREE const char **names = calloc(j->nfiles + l->nfiles + 1, sizeof *names);
	int64_t bytes = 0, inodes = (int64_t)l->nlinks;
	size_t n = 0;

	if (!names)
		return cee_no_memory(e);
	if (j->code && l->file) {
		names[n++] = l->file;
		bytes += pages(j->code_len);
	}
	for (size_t i = 0; i < j->nfiles; i++) {
		names[n++] = j->files[i].name;
		bytes += pages(j->files[i].len);
	}
	for (size_t i = 0; i < l->nfiles; i++) {
		names[n++] = l->files[i].name;
		bytes += pages(l->files[i].len);
	}
	inodes += (int64_t)n + folders(names, n);
	if (limits->v[LIMIT_DISK] >= 0 && bytes > pages((size_t)limits->v[LIMIT_DISK]))
		return too_small(LIMIT_DISK, limits, bytes, e);
	if (limits->v[LIMIT_INODES] >= 0 && inodes > limits->v[LIMIT_INODES])
		return too_small(LIMIT_INODES, limits, inodes, e);
	return 0;
}
