/* http_parse.c - parsers for the engine's upgraded connections; see http_parse.h */
#include "engine/http_parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

static int bad(void)
{
	errno = EPROTO;
	return -1;
}

void http_head_init(struct http_head *h)
{
	h->have = 0;
	h->status = 0;
}

/* "HTTP/1.1 101 UPGRADED" (RFC 9112 section 4) */
static int status_of(const char *head, size_t len)
{
	if (len < 12 || memcmp(head, "HTTP/1.", 7) != 0 || head[8] != ' ')
		return bad();
	for (int i = 9; i < 12; i++)
		if (!isdigit((unsigned char)head[i]))
			return bad();
	if (len > 12 && head[12] != ' ' && head[12] != '\r')
		return bad();
	return (head[9] - '0') * 100 + (head[10] - '0') * 10 + (head[11] - '0');
}

int http_head_feed(struct http_head *h, const void *bytes, size_t len, size_t *used)
{
	const char *p = bytes;

	*used = 0;
	while (*used < len) {
		if (h->have == sizeof(h->buf))
			return bad();
		h->buf[h->have++] = p[(*used)++];
		if (h->have >= 4 && memcmp(h->buf + h->have - 4, "\r\n\r\n", 4) == 0) {
			h->status = status_of(h->buf, h->have);
			return h->status < 0 ? -1 : 1;
		}
	}
	return 0;
}

void mux_init(struct mux *m)
{
	memset(m, 0, sizeof(*m));
}

int mux_feed(struct mux *m, const unsigned char *bytes, size_t len, size_t *used, const unsigned char **data, size_t *n)
{
	*used = 0;
	while (*used < len) {
		if (m->left) {
			*n = len - *used < m->left ? len - *used : m->left;
			*data = bytes + *used;
			*used += *n;
			m->left -= (uint32_t)*n;
			return 1;
		}
		m->head[m->have++] = bytes[(*used)++];
		if (m->have < sizeof(m->head))
			continue;
		if (m->head[0] > 2 || m->head[1] || m->head[2] || m->head[3])
			return bad();
		m->stream = m->head[0];
		m->left = (uint32_t)m->head[4] << 24 | (uint32_t)m->head[5] << 16 | (uint32_t)m->head[6] << 8 |
			  m->head[7];
		m->have = 0;
	}
	return 0;
}
