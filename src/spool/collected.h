/* collected.h - collected files: `files` and `files.index` of an attempt */
#ifndef CEE_SPOOL_COLLECTED_H
#define CEE_SPOOL_COLLECTED_H

#include "base/buf.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/*
 * files has all contents, concatenated in the order of the lines in files.index. Each line describes one file:
 * {"name":"out/a.png","mode":"0644","offset":0,"size":1234}. A line without its newline is incomplete and ignored.
 * Names are valid for job_name_valid. */

struct files_record {
	char *name;
	unsigned mode;
	int64_t offset, size;
};
struct files_list {
	struct files_record *v;
	size_t n;
};
enum { FILES_INDEX_MAX = 32 << 20 };			       /* bytes of an index */
int files_format(struct buf *b, const struct files_record *r); /* appends a line; -1 ENOMEM */
/* Parses a whole index. -1 EINVAL: e names the line. */
int files_parse(struct files_list *l, const char *text, size_t len, struct cee_err *e);
void files_release(struct files_list *l);

#endif
