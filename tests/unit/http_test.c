/* http_test - the engine's answers to an attach, and the stream behind it, in pieces of every size */
#include "engine/http_parse.h"
#include "check.h"

#include <stdio.h>
#include <string.h>


/* as engines of API 1.41 and 1.47 send them (the newer names the stream's type) */
static const char old_engine[] = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
				 "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
static const char new_engine[] =
	"HTTP/1.1 101 UPGRADED\r\nApi-Version: 1.47\r\nConnection: Upgrade\r\n"
	"Content-Type: application/vnd.docker.multiplexed-stream\r\n"
	"Docker-Experimental: false\r\nOstype: linux\r\nServer: Docker/27.3.1 (linux)\r\nUpgrade: tcp\r\n\r\n";
static const char refused[] = "HTTP/1.1 404 Not Found\r\nApi-Version: 1.47\r\nContent-Type: application/json\r\n"
			      "Content-Length: 47\r\n\r\n{\"message\":\"No such container: 0123456789ab\"}\n";

static int head_in_pieces(const char *text, size_t piece, size_t *taken)
{
	static struct http_head h;
	size_t used, len = strlen(text);

	*taken = 0;
	http_head_init(&h);
	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		int r = http_head_feed(&h, text + at, n, &used);

		*taken += used;
		if (r < 0)
			return -1;
		if (r > 0)
			return h.status;
	}
	return 0;
}

static void heads(void)
{
	size_t taken;

	for (size_t piece = 1; piece < 300; piece++) {
		CHECK(head_in_pieces(old_engine, piece, &taken) == 101 && taken == strlen(old_engine));
		CHECK(head_in_pieces(new_engine, piece, &taken) == 101 && taken == strlen(new_engine));
		CHECK(head_in_pieces(refused, piece, &taken) == 404 && taken == strlen(refused) - 46);
	}
	CHECK(head_in_pieces("HTTP/1.1 101 UPGRADED\r\nUpgrade", 7, &taken) == 0);
	CHECK(head_in_pieces("SSH-2.0-OpenSSH\r\n\r\n", 5, &taken) == -1);
	CHECK(head_in_pieces("HTTP/1.1 1x1 UPGRADED\r\n\r\n", 5, &taken) == -1);
}

static void head_bound(void)
{
	static struct http_head h;
	size_t used;
	int r = 0;

	http_head_init(&h);
	for (int i = 0; i < HTTP_HEAD_MAX + 2 && r == 0; i++)
		r = http_head_feed(&h, "a", 1, &used);
	CHECK(r == -1);
}

static void streams(void)
{
	static const unsigned char bytes[] = { 1, 0, 0, 0, 0, 0, 0, 3, 'a', 'b', 'c', 2, 0, 0, 0, 0, 0, 0, 0,
					       2, 0, 0, 0, 0, 0, 0, 2, 'x', 'y', 1,   0, 0, 0, 0, 0, 0, 1, 'd' };

	for (size_t piece = 1; piece <= sizeof(bytes); piece++) {
		struct mux m;
		char got[3][16] = { { 0 } };

		mux_init(&m);
		for (size_t at = 0; at < sizeof(bytes); at += piece) {
			const unsigned char *p = bytes + at, *data;
			size_t left = sizeof(bytes) - at < piece ? sizeof(bytes) - at : piece, used, n;

			while (left) {
				int r = mux_feed(&m, p, left, &used, &data, &n);

				CHECK(r >= 0);
				if (r > 0)
					strncat(got[m.stream], (const char *)data, n);
				p += used;
				left -= used;
			}
		}
		CHECK(strcmp(got[1], "abcd") == 0 && strcmp(got[2], "xy") == 0);
	}
}

static void bad_stream(void)
{
	struct mux m;
	const unsigned char *data;
	size_t used, n;

	mux_init(&m);
	CHECK(mux_feed(&m, (const unsigned char *)"\3\0\0\0\0\0\0\1a", 9, &used, &data, &n) == -1);
	mux_init(&m);
	CHECK(mux_feed(&m, (const unsigned char *)"\1\0\1\0\0\0\0\1a", 9, &used, &data, &n) == -1);
}

int main(void)
{
	RUN(heads);
	RUN(head_bound);
	RUN(streams);
	RUN(bad_stream);
	return check_status();
}
