/* http_parse.h - the two parsers for the engine's raw connections, which libcurl does not handle
 *
 * The head of the answer to an attach (Engine API, "Attach to a container":
 * 101 UPGRADED, or 200 from engines that do not upgrade), and the multiplexed stream that follows it (same
 * page, "Stream format"). No I/O here: the caller passes bytes in pieces of any size.
 */
#ifndef ENGINE_HTTP_PARSE_H
#define ENGINE_HTTP_PARSE_H
#include <stddef.h>
#include <stdint.h>

enum { HTTP_HEAD_MAX = 16384 };

struct http_head {
	char buf[HTTP_HEAD_MAX];
	size_t have;
	int status;
};
void http_head_init(struct http_head *h);
/* 1 the head is complete (h->status; *used bytes of this piece belong to it),
 * 0 more is needed, -1 EPROTO. */
int http_head_feed(struct http_head *h, const void *bytes, size_t len, size_t *used);

struct mux {
	unsigned char head[8];
	size_t have;
	uint32_t left; /* of the payload */
	int stream;    /* 0, 1 stdout, 2 stderr */
};
void mux_init(struct mux *m);
/* Parses a piece. 1: *n bytes of payload of m->stream are at *data; 0: the whole piece was parsed and had no payload
 * left; -1 EPROTO. *used is the number of bytes parsed. */
int mux_feed(struct mux *m, const unsigned char *bytes, size_t len, size_t *used, const unsigned char **data,
	     size_t *n);
#endif
