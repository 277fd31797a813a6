/* sink_test - output in pieces, and what a terminal may see of it */
#include "cli/sink.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What comes out of a sink for text that is put in pieces of so many bytes, each flushed. */
static const char *shown(const char *text, size_t len, size_t piece, bool neutralise)
{
	static char out[1024];
	struct sink k;
	int p[2];
	ssize_t n;

	CHECK(pipe(p) == 0);
	sink_init(&k, p[1], true);
	k.neutralise = neutralise; /* as on a terminal */
	for (size_t at = 0; at < len; at += piece)
		CHECK(sink_put(&k, text + at, len - at < piece ? len - at : piece) == 0 && sink_flush(&k) == 0);
	sink_release(&k);
	close(p[1]);
	n = read(p[0], out, sizeof out - 1);
	close(p[0]);
	out[n < 0 ? 0 : n] = '\0';
	return out;
}

static void neutralised_in_any_pieces(void)
{
	static const char text[] = "a\tb\n\x1b[31m\r\a\x7f \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 \xc2\x9b"
				   "2J \xff\xc3(";
	static const char want[] = "a\tb\n^[[31m^M^G^? \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 \\xC2\\x9B"
				   "2J \\xFF\\xC3(";

	for (size_t piece = 1; piece <= sizeof text; piece++)
		CHECK(strcmp(shown(text, sizeof text - 1, piece, true), want) == 0);
	CHECK(strcmp(shown("a\0b", 3, 3, true), "a^@b") == 0);
}

static void half_a_character_at_the_end(void)
{
	CHECK(strcmp(shown("x\xe2\x82", 3, 1, true), "x\\xE2\\x82") == 0);
	CHECK(strcmp(shown("x\xe2\x82", 3, 1, false), "x\xe2\x82") == 0);
	CHECK(strcmp(shown("", 0, 1, true), "") == 0);
}

/* What a full pipe does not take stays, in order. */
static void nothing_is_lost(void)
{
	static char block[4096], back[1 << 17];
	struct sink k;
	size_t put = 0, got = 0;
	int p[2];
	ssize_t n;

	CHECK(pipe2(p, O_NONBLOCK) == 0);
	sink_init(&k, p[1], true);
	for (size_t i = 0; i < sizeof block; i++)
		block[i] = (char)('a' + i % 26);
	while (put < sizeof back) {
		if (sink_put(&k, block, sizeof block) < 0)
			CHECK(errno == EAGAIN);
		put += sizeof block;
		while ((n = read(p[0], back + got, put % 3 ? 5000 : 1000)) > 0 && (got += (size_t)n) % 2)
			;
	}
	while (got < put) {
		sink_flush(&k);
		while ((n = read(p[0], back + got, sizeof back - got)) > 0)
			got += (size_t)n;
	}
	CHECK(got == put);
	for (size_t i = 0; i < got; i += sizeof block)
		CHECK(memcmp(back + i, block, sizeof block) == 0);
	sink_release(&k);
	close(p[0]);
	close(p[1]);
}

int main(void)
{
	RUN(neutralised_in_any_pieces);
	RUN(half_a_character_at_the_end);
	RUN(nothing_is_lost);
	return check_status();
}
