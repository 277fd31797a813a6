/* collect_files.c - writes the collected files from a box into the attempt's two files
 *
 * Contents are appended to `files`, and when a file is complete its line to `files.index`: contents that are not in
 * the index do not count, and are cut off again. A name from a box is only data in that line and never becomes a
 * path.
 *
 * A full disk does not fail the job: the file counts as left behind. The bounds given to init are checked again here,
 * because the data comes from a box.
 */
#include "runner/run/collect_files.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/names.h"
#include "base/text.h"
#include "job/result.h"
#include "spool/attempt.h"
#include "spool/collected.h"
#include "wire/frame.h"
#include "wire/payload.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEFTS_MOST = 100 }; /* init reports 32 by name, and a few without a name */

void files_init(struct files *f, struct spool_attempt *a, struct result_files *result, int64_t most_files,
		int64_t most_bytes)
{
	*f = (struct files){ .attempt = a, .result = result, .most_files = most_files, .most_bytes = most_bytes };
	result->wanted = true;
}

/* Stores the name for display: of bounded length, without control characters. */
static void leave(struct files *f, int why, const char *name, size_t len)
{
	struct result_files *r = f->result;
	char *text;

	r->left_count++;
	if (r->nleft == RESULT_LEFT_MAX)
		return;
	text = strndup(name, len < RESULT_LEFT_NAME ? len : RESULT_LEFT_NAME);
	if (!text)
		return;
	text_clean(text);
	r->left[r->nleft].name = text;
	r->left[r->nleft++].why = why;
}

static void forget(struct files *f)
{
	free(f->now.name);
	f->now = (struct files_record){ 0 };
}

/* Discards the bytes written of the current file; the contents may be longer than the index says. */
static void take_back(struct files *f)
{
	if (f->attempt->files >= 0 && ftruncate(f->attempt->files, f->result->bytes) < 0)
		return;
	if (f->attempt->files_index >= 0 && ftruncate(f->attempt->files_index, f->index_size) < 0)
		return;
}

static void drop(struct files *f, int why)
{
	if (!f->now.name)
		return;
	take_back(f);
	leave(f, why, f->now.name, strlen(f->now.name));
	forget(f);
}

static void finish(struct files *f)
{
	AUTO_BUF struct buf line = { 0 };

	if (f->lost || files_format(&line, &f->now) < 0 ||
	    write_full(f->attempt->files_index, line.data, line.len) < 0) {
		drop(f, LEFT_NO_ROOM);
		return;
	}
	f->index_size += (int64_t)line.len;
	f->result->count++;
	f->result->bytes += f->now.size;
}

/* A complete file is held until the next frame: LEFT_CHANGED may still discard it. */
static void settle(struct files *f)
{
	if (!f->now.name)
		return;
	if (f->got == f->now.size)
		finish(f);
	else
		drop(f, LEFT_CHANGED);
	forget(f);
}

static int begin(struct files *f, const struct frame *frame)
{
	struct frame_file file;

	settle(f);
	if (!frame_unpack_file(frame->data, frame->len, &file) ||
	    file.size > (uint64_t)(f->most_bytes - f->result->bytes) || f->begun++ >= f->most_files)
		return -1;
	f->now = (struct files_record){ .name = strndup(file.name, file.name_len),
					.mode = file.mode & 0777,
					.offset = f->result->bytes,
					.size = (int64_t)file.size };
	f->got = 0;
	if (!f->now.name || !job_name_valid(f->now.name)) {
		forget(f);
		return -1;
	}
	f->lost = spool_attempt_files(f->attempt) < 0;
	return 0;
}

static int data(struct files *f, const struct frame *frame)
{
	if (!f->now.name || !frame->len || (int64_t)frame->len > f->now.size - f->got)
		return -1;
	f->got += (int64_t)frame->len;
	if (!f->lost && write_full(f->attempt->files, frame->data, frame->len) < 0)
		f->lost = true;
	return 0;
}

static bool is_now(const struct files *f, const char *name, size_t len)
{
	return f->now.name && strlen(f->now.name) == len && memcmp(f->now.name, name, len) == 0;
}

static int left(struct files *f, const struct frame *frame)
{
	struct frame_left l;

	if (!frame_unpack_left(frame->data, frame->len, &l) || f->lefts++ > LEFTS_MOST)
		return -1;
	if (l.reason == LEFT_CHANGED && is_now(f, l.name, l.name_len)) {
		drop(f, LEFT_CHANGED);
		return 0;
	}
	settle(f);
	if (l.reason == LEFT_MORE)
		f->result->left_count += l.more < INT32_MAX ? (int64_t)l.more : INT32_MAX;
	else
		leave(f, (int)l.reason, l.name, l.name_len);
	return 0;
}

int files_frame(struct files *f, const struct frame *frame)
{
	if (!f->attempt)
		return -1;
	if (frame->type == FRAME_FILE)
		return begin(f, frame);
	return frame->type == FRAME_DATA ? data(f, frame) : left(f, frame);
}

void files_end(struct files *f)
{
	if (!f->attempt)
		return;
	settle(f);
	f->attempt = NULL;
}
