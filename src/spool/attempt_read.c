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

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INDEX_BLOCK = 65536 };

static int open_attempt(struct spool *s, const char *owner, const char *id, int attempt)
{
	AUTO_CLOSE int out = place_out(s, owner, id);

	return out < 0 ? -1 : place_attempt(out, attempt);
}

void output_extent_release(struct output_extent *x)
{
	free(x->gap);
	*x = (struct output_extent){ 0 };
}

static int add_gap(struct output_extent *x, uint64_t missing)
{
	struct output_gap *grown = x->gap;

	if ((x->ngaps & (x->ngaps - 1)) == 0) /* room for 1, 2, 4, 8, … */
		grown = realloc(x->gap, (x->ngaps ? 2 * x->ngaps : 1) * sizeof *x->gap);
	if (!grown)
		return -1;
	x->gap = grown;
	x->gap[x->ngaps++] = (struct output_gap){ x->size, missing };
	return 0;
}

/* Determines which part of the output the index covers. An invalid line ends the reading of the index. */
static int read_extent(int attempt_dir, enum spool_output output, struct output_extent *x)
{
	AUTO_CLOSE int fd = place_attempt_file(attempt_dir, ATTEMPT_INDEX);
	char text[INDEX_BLOCK];
	int64_t at = 0;
	ssize_t n;

	while (fd >= 0 && (n = pread(fd, text, sizeof text, (off_t)at)) > 0) {
		struct index_record rec;
		size_t pos = 0, used;

		while (index_parse(text + pos, (size_t)n - pos, &used, &rec) == 1) {
			bool is_out = rec.stream == STREAM_OUT;

			pos += used;
			if (rec.stream == STREAM_NONE || is_out != (output == SPOOL_STDOUT) ||
			    rec.len >= INT64_MAX / 4 || x->size >= INT64_MAX / 4)
				continue;
			if (!rec.gap)
				x->size += (int64_t)rec.len;
			else if (add_gap(x, rec.len) < 0)
				return -1;
		}
		if (pos == 0)
			break;
		at += (int64_t)pos;
	}
	return 0;
}

int spool_open_output(struct spool *s, const char *owner, const char *id, int attempt, enum spool_output output,
		      struct output_extent *x)
{
	AUTO_CLOSE int dir = open_attempt(s, owner, id, attempt);
	int fd = dir < 0 ? -1 : place_attempt_file(dir, output == SPOOL_STDOUT ? ATTEMPT_STDOUT : ATTEMPT_STDERR);
	struct stat st;

	*x = (struct output_extent){ 0 };
	if (fd < 0)
		return -1;
	if (read_extent(dir, output, x) < 0) {
		close_ptr(&fd);
		return -1;
	}
	if (fstat(fd, &st) == 0 && st.st_size < x->size)
		x->size = st.st_size;
	for (size_t i = 0; i < x->ngaps; i++) /* what a power cut took of the stream it took before the gaps too */
		if (x->gap[i].at > x->size)
			x->gap[i].at = x->size;
	return fd;
}

int spool_open_tail(struct spool *s, const char *owner, const char *id, int attempt, int64_t *size)
{
	AUTO_CLOSE int dir = open_attempt(s, owner, id, attempt);
	int fd = dir < 0 ? -1 : place_attempt_file(dir, ATTEMPT_STDOUT);
	struct stat st;

	if (fd < 0)
		return -1;
	*size = fstat(fd, &st) == 0 ? st.st_size : 0;
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
