/* http_parse.h - the two things of the engine's raw connections that libcurl does not do for us
 *
 * The head of the answer to an attach (Engine API, "Attach to a container":
 * 101 UPGRADED, or 200 from engines that do not upgrade), and the multiplexed
 * stream behind it (same page, "Stream format"). No I/O here: bytes come in pieces.
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
/* 1 the head is whole (h->status; *used bytes of this piece belong to it),
 * 0 more is needed, -1 EPROTO. */
int http_head_feed(struct http_head *h, const void *bytes, size_t len, size_t *used);

struct mux {
	unsigned char head[8];
	size_t have;
	uint32_t left; /* of the payload */
	int stream;    /* 0, 1 stdout, 2 stderr */
};
void mux_init(struct mux *m);
/* Takes a piece: 1 and a run of payload of m->stream at *data, *n bytes; 0 when
 * all was taken without payload; -1 EPROTO. *used says how much was taken. */
int mux_feed(struct mux *m, const unsigned char *bytes, size_t len, size_t *used, const unsigned char **data,
	     size_t *n);
#endif
