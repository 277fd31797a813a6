/* sink.c - output in large pieces, without control sequences on a terminal (sink.h) */
#include "cli/sink.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { SINK_FULL = 65536 };

void sink_init(struct sink *k, int fd, bool raw)
{
	*k = (struct sink){ .fd = fd, .neutralise = !raw && isatty(fd) };
}

int sink_put(struct sink *k, const void *data, size_t len)
{
	if (buf_add(&k->b, data, len) < 0)
		return -1;
	return k->b.len >= SINK_FULL ? sink_flush(k) : 0;
}

/* ---- neutralising --------------------------------------------------------------------- */

static int escape(struct buf *out, unsigned char c)
{
	if (c < 0x20 || c == 0x7F)
		return buf_printf(out, "^%c", c ^ 0x40);
	return buf_printf(out, "\\x%02X", c);
}

/* May the bytes at s be the beginning of a character that is cut off? */
static bool half_char(const char *s, size_t len)
{
	unsigned char c = (unsigned char)s[0];
	size_t want = c >= 0xC2 && c <= 0xDF ? 2 : c >= 0xE0 && c <= 0xEF ? 3 : c >= 0xF0 && c <= 0xF4 ? 4 : 0;

	if (len >= want)
		return false;
	for (size_t i = 1; i < len; i++)
		if (((unsigned char)s[i] & 0xC0) != 0x80)
			return false;
	return true;
}

/* Appends s, neutralised. Returns the number of bytes used (without a cut-off character at
 * the end), or -1. */
static ssize_t clean(struct buf *out, const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t n = s[i] == '\n' || s[i] == '\t' ? 1 : utf8_printable(s + i, len - i);
		if (n == 0 && half_char(s + i, len - i))
			break;
		if (n > 0 ? buf_add(out, s + i, n) : escape(out, (unsigned char)s[i]))
			return -1;
		i += n > 0 ? n : 1;
	}
	return (ssize_t)i;
}

/* Writes all buffered bytes, except those of a cut-off character: half a character must neither be shown as
 * garbage nor let a control character pass in two halves. */
static int flush_neutralised(struct sink *k, bool last)
{
	AUTO_BUF struct buf out = { 0 };
	ssize_t taken = clean(&out, k->b.data ? k->b.data : "", k->b.len);
	size_t left;
	int r;

	if (taken < 0)
		return -1;
	left = k->b.len - (size_t)taken;
	for (size_t i = 0; last && i < left; i++)
		/* analyzer: without data nothing is left */
		if (escape(&out, (unsigned char)k->b.data[(size_t)taken + i]) < 0)
			return -1;
	if (left > 0 && !last)
		memmove(k->b.data, k->b.data + taken, left);
	k->b.len = last ? 0 : left;
	r = out.len ? write_full(k->fd, out.data, out.len) : 0;
	return r;
}

/* ---- writing ----------------------------------------------------------------------------- */

int sink_flush(struct sink *k)
{
	size_t done = 0;
	int r = 0;

	if (k->neutralise)
		return flush_neutralised(k, false);
	while (done < k->b.len) {
		ssize_t n = write(k->fd, k->b.data + done, k->b.len - done);

		if (n < 0) {
			r = -1;
			break;
		}
		done += (size_t)n;
	}
	if (done > 0 && done < k->b.len)
		memmove(k->b.data, k->b.data + done, k->b.len - done);
	k->b.len -= done;
	return r;
}

void sink_release(struct sink *k)
{
	if (k->neutralise && k->b.len > 0)
		flush_neutralised(k, true);
	buf_release(&k->b);
}
