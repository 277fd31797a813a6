/* index_test - records of the index: each written one reads back, and no other text does */
#include "spool/index.h"
#include "wire/frame_types.h"
#include "check.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>


static struct index_record got;
static size_t used;

static int parse(const char *s)
{
	return index_parse(s, strlen(s), &used, &got);
}

static void round_trip(void)
{
	static const uint64_t lens[] = { 0, 1, 65536, UINT64_MAX };
	static const int64_t times[] = { 0, 1, 1795000000000000, INT64_MAX };

	for (int s = STREAM_OUT; s <= STREAM_COMPILE; s++)
		for (int i = 0; i < 32; i++) {
			struct index_record r = { times[i & 3], (enum frame_stream)s, i & 4, lens[i >> 3], MARK_NONE };
			char line[INDEX_LINE_MAX];
			int n = index_format(line, &r);
			CHECK(n > 0 && n < INDEX_LINE_MAX && (size_t)n == strlen(line));
			CHECK(parse(line) == 1 && used == (size_t)n);
			CHECK(got.time_us == r.time_us && got.stream == r.stream && got.gap == r.gap &&
			      got.len == r.len);
		}
}

static void letters(void)
{
	CHECK(parse("5 o 3\n") == 1 && got.stream == STREAM_OUT && !got.gap && got.time_us == 5 && got.len == 3);
	CHECK(parse("5 E 3\nrest") == 1 && got.stream == STREAM_ERR && got.gap && used == 6);
	CHECK(parse("5 c 3\n") == 1 && got.stream == STREAM_COMPILE);
	CHECK(parse("5 r 0\n") == 1 && got.mark == MARK_RUNNING && got.stream == STREAM_NONE && !got.gap &&
	      got.len == 0);
	CHECK(parse("5 b 0\n") == 1 && got.mark == MARK_COMPILING);
	CHECK(parse("5 o 1\n") == 1 && got.mark == MARK_NONE);
	CHECK(parse("5 r 1\n") == -1 && parse("5 R 0\n") == -1 && parse("5 p 00\n") == -1);
	CHECK(parse("5 x 3\n") == -1 && errno == EPROTO);
	CHECK(parse("5 ? 3\n") == -1);
}

static void not_yet(void)
{
	const char *line = "1795000000000000 o 65536\n";

	for (size_t n = 0; n < strlen(line); n++)
		CHECK(index_parse(line, n, &used, &got) == 0 && used == 0);
}

static void damaged(void)
{
	static const char *const bad[] = {
		"\n",
		"o 3\n",
		" 5 o 3\n",
		"5  o 3\n",
		"5 o 3 \n",
		"5 o -3\n",
		"+5 o 3\n",
		"05 o 3\n",
		"5 o 03\n",
		"5 o\n",
		"5 o \n",
		"5 oo 3\n",
		"5\to 3\n",
		"9223372036854775808 o 3\n",
		"5 o 18446744073709551616\n",
		"5 o 3\r\n",
		"5 o 0x3\n",
		"5 o 3.0\n",
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK(parse(bad[i]) == -1 && used == 0);
	CHECK(parse("111111111111111111111111111111111111111111111111111") == -1);
}

int main(void)
{
	RUN(round_trip);
	RUN(letters);
	RUN(not_yet);
	RUN(damaged);
	return check_status();
}
