/* frame_test - frames in pieces of every size, and every way in which they can be wrong */
#include "base/limit.h"
#include "wire/frame.h"
#include "check.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>


static unsigned char stream[4 * FRAME_MAX];
static size_t stream_len;

static void add(enum frame_type type, enum frame_stream s, const void *data, size_t len)
{
	frame_header(stream + stream_len, type, s, len);
	if (len)
		memcpy(stream + stream_len + FRAME_HEADER, data, len);
	stream_len += FRAME_HEADER + len;
}

static int feed_one(const void *bytes, size_t len)
{
	static struct frame_parser p;
	struct frame f;
	size_t used;

	frame_parser_init(&p);
	return frame_feed(&p, bytes, len, &used, &f);
}

/* What the parser says of one frame made of these. */
static int say(unsigned type, unsigned s, const void *data, size_t len)
{
	stream_len = 0;
	add((enum frame_type)type, (enum frame_stream)s, data, len);
	return feed_one(stream, stream_len);
}

static void numbers(void)
{
	unsigned char b[8];

	frame_put32(b, 0x01020304);
	CHECK(b[0] == 4 && b[3] == 1 && frame_get32(b) == 0x01020304);
	frame_put64(b, UINT64_MAX - 1);
	CHECK(b[0] == 0xFE && frame_get64(b) == UINT64_MAX - 1);
	frame_put64(b, 0x0102030405060708);
	CHECK(b[0] == 8 && b[7] == 1 && frame_get64(b) == 0x0102030405060708);
}

static void in_pieces(void)
{
	static unsigned char big[FRAME_MAX];
	static struct frame_parser p;

	memset(big, 'x', sizeof big);
	stream_len = 0;
	add(FRAME_GO, STREAM_NONE, NULL, 0);
	add(FRAME_OUT, STREAM_ERR, "hello", 5);
	add(FRAME_KILL, STREAM_NONE, NULL, 0);
	add(FRAME_OUT, STREAM_OUT, big, sizeof big);
	add(FRAME_ARG, STREAM_NONE, "", 0);
	for (size_t piece = 1; piece < 30; piece += piece < 12 ? 1 : 7) {
		size_t at = 0, bytes = 0;
		int frames = 0;

		frame_parser_init(&p);
		while (at < stream_len) {
			size_t n = stream_len - at < piece ? stream_len - at : piece, used;
			struct frame f;
			int r = frame_feed(&p, stream + at, n, &used, &f);
			CHECK(r >= 0 && used <= n && (r == 1 || used == n));
			if (r < 0 || used > n)
				return;
			at += used;
			if (r == 1) {
				frames++;
				bytes += f.len;
				if (f.len == 5)
					CHECK(f.type == FRAME_OUT && f.stream == STREAM_ERR &&
					      !memcmp(f.data, "hello", 5));
			}
		}
		CHECK(frames == 5 && bytes == 5 + FRAME_MAX);
	}
}

static void several_at_once(void)
{
	static struct frame_parser p;
	struct frame f;
	size_t used, at = 0;

	stream_len = 0;
	add(FRAME_GO, STREAM_NONE, NULL, 0);
	add(FRAME_DATA, STREAM_NONE, "ab", 2);
	frame_parser_init(&p);
	CHECK(frame_feed(&p, stream, stream_len, &used, &f) == 1 && f.type == FRAME_GO && used == 8);
	at = used;
	CHECK(frame_feed(&p, stream + at, stream_len - at, &used, &f) == 1 && f.len == 2 && used == 10);
	CHECK(frame_feed(&p, stream, 0, &used, &f) == 0 && used == 0);
}

static void bad_headers(void)
{
	unsigned char h[FRAME_HEADER];

	CHECK(say(0, 0, "", 0) == -1 && errno == EPROTO);
	CHECK(say(13, 0, "", 0) == -1);
	CHECK(say(31, 0, "", 0) == -1);
	CHECK(say(40, 0, "", 0) == -1);
	CHECK(say(255, 0, "", 0) == -1);
	frame_header(h, FRAME_GO, STREAM_NONE, 0);
	h[2] = 1;
	CHECK(feed_one(h, sizeof h) == -1);
	frame_header(h, FRAME_DATA, STREAM_NONE, 0);
	frame_put32(h + 4, FRAME_MAX + 1);
	CHECK(feed_one(h, sizeof h) == -1);
	frame_put32(h + 4, UINT32_MAX);
	CHECK(feed_one(h, sizeof h) == -1);
}

static void streams_named(void)
{
	CHECK(say(FRAME_OUT, STREAM_NONE, "x", 1) == -1);
	CHECK(say(FRAME_OUT, 4, "x", 1) == -1);
	CHECK(say(FRAME_OUT, STREAM_COMPILE, "x", 1) == 1);
	CHECK(say(FRAME_DATA, STREAM_OUT, "x", 1) == -1);
	CHECK(say(FRAME_GAP, STREAM_OUT, "12345678", 8) == 1);
	CHECK(say(FRAME_GAP, STREAM_OUT, "1234567", 7) == -1);
}

static void lengths(void)
{
	unsigned char data[8 * 64] = { 0 };

	CHECK(say(FRAME_HELLO, 0, data, 7) == -1);
	CHECK(say(FRAME_HELLO, 0, data, 8) == 1);
	CHECK(say(FRAME_JOB, 0, data, 8 * JOB_FIELDS - 8) == -1);
	CHECK(say(FRAME_JOB, 0, data, 8 * JOB_FIELDS) == 1);
	CHECK(say(FRAME_END, 0, data, 8 * END_FIELDS) == 1);
	CHECK(say(FRAME_END, 0, data, 8 * END_FIELDS + 1) == -1);
	CHECK(say(FRAME_PHASE, 0, data, 4 + 8 * LIMIT_COUNT) == 1);
	CHECK(say(FRAME_SIGNAL, 0, data, 3) == -1);
	CHECK(say(FRAME_DONE, 0, data, 4) == 1);
	CHECK(say(FRAME_GO, 0, data, 1) == -1);
	CHECK(say(FRAME_ENV, 0, "A", 1) == -1);
	CHECK(say(FRAME_ENV, 0, "A=", 2) == 1);
}

static void no_nul(void)
{
	CHECK(say(FRAME_ARG, 0, "a\0b", 3) == -1);
	CHECK(say(FRAME_ENV, 0, "A=\0", 3) == -1);
	CHECK(say(FRAME_FILE, 0, "\0\0\0\0\0\0\0\0\0\0\0\0a\0", 14) == -1);
	CHECK(say(FRAME_FILE, 0, "\0\0\0\0\0\0\0\0\0\0\0\0a", 13) == 1);
	CHECK(say(FRAME_FILE, 0, "\0\0\0\0\0\0\0\0\0\0\0\0", 12) == -1);
	CHECK(say(FRAME_HELLO, 0, "\1\0\0\0\0\0\0\0v\0", 10) == -1);
	CHECK(say(FRAME_DATA, 0, "a\0b", 3) == 1);
}

static void broken_for_good(void)
{
	static struct frame_parser p;
	struct frame f;
	size_t used;

	frame_parser_init(&p);
	CHECK(frame_feed(&p, "\377\0\0\0\0\0\0\0", 8, &used, &f) == -1);
	stream_len = 0;
	add(FRAME_GO, STREAM_NONE, NULL, 0);
	CHECK(frame_feed(&p, stream, stream_len, &used, &f) == -1 && used == 0 && errno == EPROTO);
}

int main(void)
{
	RUN(numbers);
	RUN(in_pieces);
	RUN(several_at_once);
	RUN(bad_headers);
	RUN(streams_named);
	RUN(lengths);
	RUN(no_nul);
	RUN(broken_for_good);
	return check_status();
}
