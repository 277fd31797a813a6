/* follow_read.c - reading the output of one followed attempt (follow_read.h)
 *
 * The index is read first, and of the streams only the bytes that it covers: later bytes are not output yet.
 */
#include "spool/follow_read.h"
#include "base/fd.h"
#include "spool/follow.h"
#include "spool/index.h"
#include "spool/layout.h"
#include "spool/places.h"
#include "wire/frame.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void follow_stream_reset(struct follow_stream *t)
{
	t->at = t->block_at = 0;
	t->covered = t->block_len = 0;
}

void follow_stream_close(struct follow_stream *t)
{
	close_ptr(&t->fd);
	t->fd = -1;
	follow_stream_reset(t);
}

enum { INDEX_BLOCK = 8192, TEST_BLOCK = 16384, RECORDS = 512 };

static struct follow_stream *stream_of(struct follow *f, enum frame_stream s)
{
	return s == STREAM_OUT ? &f->out : &f->err;
}

static int stream_open(struct follow *f, struct follow_stream *t)
{
	if (!t->block && !(t->block = malloc(FOLLOW_BLOCK)))
		return -1;
	if (t->fd < 0)
		t->fd = place_attempt_file(f->attempt_dir, t == &f->out ? ATTEMPT_STDOUT : ATTEMPT_STDERR);
	return t->fd < 0 ? -1 : 0;
}

/* Makes the block begin at the stream's next byte. Reads ahead only bytes that the index is known to cover. */
static int stream_fill(struct follow_stream *t)
{
	size_t want = t->covered < FOLLOW_BLOCK ? (size_t)t->covered : FOLLOW_BLOCK;
	ssize_t n;

	if (t->at >= t->block_at && t->at < t->block_at + (int64_t)t->block_len)
		return 0;
	do
		n = pread(t->fd, t->block, want, (off_t)t->at);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = EPROTO;
	if (n <= 0)
		return -1;
	t->block_at = t->at;
	t->block_len = (size_t)n;
	return 0;
}

static int give_data(struct follow *f, struct follow_item *it, follow_fn fn, void *arg)
{
	struct follow_stream *t = stream_of(f, it->rec.stream);
	uint64_t left = it->rec.len;

	if (left > 0 && stream_open(f, t) < 0)
		return -1;
	while (left > 0) {
		size_t skip, n;

		if (stream_fill(t) < 0)
			return -1;
		skip = (size_t)(t->at - t->block_at);
		n = t->block_len - skip;
		if (n > left)
			n = (size_t)left;
		it->data = t->block + skip;
		it->len = n;
		t->at += (int64_t)n;
		t->covered -= n;
		left -= n;
		if (fn(arg, it) != 0)
			return -1;
	}
	return 0;
}

static int give(struct follow *f, const struct index_record *rec, follow_fn fn, void *arg)
{
	struct follow_item it = { .what = rec->gap ? FOLLOW_GAP : FOLLOW_DATA, .rec = *rec, .attempt = f->attempt };

	if (rec->mark) {
		it.what = FOLLOW_MARK;
		return f->marks && fn(arg, &it) ? -1 : 0;
	}
	if (rec->gap)
		return fn(arg, &it) ? -1 : 0;
	return give_data(f, &it, fn, arg);
}

/* Parses the complete lines of the index from index_at on, at most RECORDS. Returns their number, or -1. */
static int read_index(struct follow *f, struct index_record rec[RECORDS])
{
	char text[INDEX_BLOCK];
	ssize_t have = pread(f->index, text, sizeof text, (off_t)f->index_at);
	size_t pos = 0, used = 0;
	int n = 0, r;

	if (have < 0)
		return errno == EINTR ? read_index(f, rec) : -1;
	while (n < RECORDS && (r = index_parse(text + pos, (size_t)have - pos, &used, &rec[n])) != 0) {
		struct follow_stream *t;

		if (r < 0)
			return -1;
		t = stream_of(f, rec[n].stream);
		if (!rec[n].gap && (rec[n].len > INT64_MAX / 2 || t->covered > INT64_MAX / 2)) {
			errno = EPROTO;
			return -1;
		}
		if (!rec[n].gap)
			t->covered += rec[n].len;
		pos += used;
		n++;
	}
	f->index_at += (int64_t)pos;
	return n;
}

/* An incomplete line is read again when the file has grown. */
static int drain_tests(struct follow *f, follow_fn fn, void *arg)
{
	struct follow_item it = { .what = FOLLOW_TEST, .attempt = f->attempt };
	char text[TEST_BLOCK], *nl;
	ssize_t have;

	while (f->tests_fd >= 0 && (have = pread(f->tests_fd, text, sizeof text, (off_t)f->tests_at)) > 0) {
		size_t at = 0;

		for (; (nl = memchr(text + at, '\n', (size_t)have - at)); at = (size_t)(nl - text) + 1) {
			it.data = text + at;
			it.len = (size_t)(nl - text) - at;
			if (fn(arg, &it) != 0)
				return -1;
		}
		f->tests_at += (int64_t)at;
		if (at == 0) {
			errno = EPROTO;
			return have == sizeof text ? -1 : 0;
		}
	}
	return 0;
}

int follow_drain(struct follow *f, follow_fn fn, void *arg)
{
	struct index_record rec[RECORDS];
	int n = 0;

	f->look_index = false;
	while (f->index >= 0 && (n = read_index(f, rec)) > 0)
		for (int i = 0; i < n; i++)
			if (give(f, &rec[i], fn, arg) < 0)
				return -1;
	return n < 0 ? -1 : drain_tests(f, fn, arg);
}
