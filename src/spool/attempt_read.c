/* attempt_read.c - reading an attempt's output and collected files (attempt_read.h) */
#include "spool/attempt_read.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "spool/collected.h"
#include "spool/index.h"
#include "spool/layout.h"
#include "spool/places.h"
#include "spool/spool.h"
#include "wire/frame.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INDEX_BLOCK = 65536 };

static int open_attempt(struct spool *s, const char *owner, const char *id, int attempt)
{
	AUTO_CLOSE int out = place_out(s, owner, id);

	return out < 0 ? -1 : place_attempt(out, attempt);
}

/* How many bytes of the output the index covers. A line that cannot be understood ends it. */
static int64_t covered(int attempt_dir, enum spool_output output)
{
	AUTO_CLOSE int fd = place_attempt_file(attempt_dir, ATTEMPT_INDEX);
	char text[INDEX_BLOCK];
	int64_t at = 0, total = 0;
	ssize_t n;

	while (fd >= 0 && (n = pread(fd, text, sizeof text, (off_t)at)) > 0) {
		struct index_record rec;
		size_t pos = 0, used;

		while (index_parse(text + pos, (size_t)n - pos, &used, &rec) == 1) {
			bool is_out = rec.stream == STREAM_OUT;

			pos += used;
			if (!rec.gap && is_out == (output == SPOOL_STDOUT) && rec.len < INT64_MAX / 4)
				total += (int64_t)rec.len;
		}
		if (pos == 0)
			break;
		at += (int64_t)pos;
	}
	return total;
}

int spool_open_output(struct spool *s, const char *owner, const char *id, int attempt, enum spool_output output,
		      int64_t *size)
{
	AUTO_CLOSE int dir = open_attempt(s, owner, id, attempt);
	int fd = dir < 0 ? -1 : place_attempt_file(dir, output == SPOOL_STDOUT ? ATTEMPT_STDOUT : ATTEMPT_STDERR);
	struct stat st;

	*size = 0;
	if (fd < 0)
		return -1;
	*size = covered(dir, output);
	if (fstat(fd, &st) == 0 && st.st_size < *size)
		*size = st.st_size;
	return fd;
}

int spool_open_files(struct spool *s, const char *owner, const char *id, int attempt, struct files_list *l,
		     struct cee_err *e)
{
	AUTO_CLOSE int dir = open_attempt(s, owner, id, attempt);
	AUTO_BUF struct buf text = { 0 };
	struct cee_err why = { "" };
	int fd = dir < 0 ? -1 : place_attempt_file(dir, ATTEMPT_FILES);

	if (fd < 0 || read_file_at(dir, attempt_file_name[ATTEMPT_FILES_INDEX], FILES_INDEX_MAX, &text) < 0)
		cee_fail(e, errno, "%s: its collected files: %s", id, strerror(errno));
	else if (files_parse(l, text.data ? text.data : "", text.len, &why) < 0)
		cee_fail(e, EPROTO, "%s: the index of its collected files is damaged: %s (cee-fsck says more)", id,
			 why.msg);
	else
		return fd;
	close_ptr(&fd);
	return -1;
}
