/* json_write.c - JSON text: commas, strings, numbers */
#include "base/json_write.h"
#include "base/buf.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The number of bytes from s on that need no escape in a JSON string. */
static size_t plain_run(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && s[i] != '"' && s[i] != '\\') {
		bool ascii = s[i] >= 0x20 && s[i] < 0x7F;
		size_t n = ascii ? 1 : utf8_printable(s + i, len - i);

		if (n == 0)
			break;
		i += n;
	}
	return i;
}

static int quote_one(struct buf *b, const char *s, size_t len, size_t *used)
{
	unsigned char c = (unsigned char)s[0];

	*used = 1;
	switch (c) {
	case '"':
		return buf_add(b, "\\\"", 2);
	case '\\':
		return buf_add(b, "\\\\", 2);
	case '\n':
		return buf_add(b, "\\n", 2);
	case '\t':
		return buf_add(b, "\\t", 2);
	case '\r':
		return buf_add(b, "\\r", 2);
	default:
		break;
	}
	if (c < 0x20 || c == 0x7F)
		return buf_printf(b, "\\u%04x", c);
	if (c == 0xC2 && len > 1 && ((unsigned char)s[1] & 0xE0) == 0x80) { /* C1 */
		*used = 2;
		return buf_printf(b, "\\u%04x", (unsigned char)s[1]);
	}
	return buf_add(b, "\xEF\xBF\xBD", 3);
}

int json_quote(struct buf *b, const char *data, size_t len)
{
	if (buf_add(b, "\"", 1) < 0)
		return -1;
	while (len > 0) {
		size_t n = plain_run(data, len), used = 0;

		if (n > 0 && buf_add(b, data, n) < 0)
			return -1;
		if (n < len && quote_one(b, data + n, len - n, &used) < 0)
			return -1;
		data += n + used;
		len -= n + used;
	}
	return buf_add(b, "\"", 1);
}

/* ---- the writer ------------------------------------------------------------- */

struct json_writer json_writer(struct buf *out)
{
	return (struct json_writer){ .out = out };
}

int json_written(const struct json_writer *w)
{
	if (!w->failed)
		return 0;
	errno = ENOMEM;
	return -1;
}

static void put(struct json_writer *w, const char *text, size_t len)
{
	if (!w->failed && buf_add(w->out, text, len) < 0)
		w->failed = true;
}

static void put_quoted(struct json_writer *w, const char *data, size_t len)
{
	if (!w->failed && json_quote(w->out, data, len) < 0)
		w->failed = true;
}

char *json_detach(struct json_writer *w)
{
	if (json_written(w) == 0)
		return w->out->data;
	buf_release(w->out);
	errno = ENOMEM;
	return NULL;
}

int json_end_line(struct json_writer *w)
{
	put(w, "\n", 1);
	return json_written(w);
}

/* Writes the comma and the name before a value. */
static void begin_value(struct json_writer *w, const char *name)
{
	if (w->comma)
		put(w, ",", 1);
	if (name) {
		put_quoted(w, name, strlen(name));
		put(w, ":", 1);
	}
	w->comma = true;
}

void json_open(struct json_writer *w, const char *name, char bracket)
{
	begin_value(w, name);
	put(w, &bracket, 1);
	w->comma = false;
}

void json_close(struct json_writer *w, char bracket)
{
	put(w, &bracket, 1);
	w->comma = true;
}

void json_break_line(struct json_writer *w)
{
	if (w->comma)
		put(w, ",\n", 2);
	w->comma = false;
}

void json_put_raw(struct json_writer *w, const char *name, const char *json, size_t len)
{
	begin_value(w, name);
	put(w, json, len);
}

void json_put_null(struct json_writer *w, const char *name)
{
	json_put_raw(w, name, "null", 4);
}

void json_put_bool(struct json_writer *w, const char *name, bool v)
{
	json_put_raw(w, name, v ? "true" : "false", v ? 4 : 5);
}

void json_put_bytes(struct json_writer *w, const char *name, const char *data, size_t len)
{
	begin_value(w, name);
	put_quoted(w, data, len);
}

void json_put_text(struct json_writer *w, const char *name, const char *s)
{
	if (s)
		json_put_bytes(w, name, s, strlen(s));
	else
		json_put_null(w, name);
}

void json_put_texts(struct json_writer *w, const char *name, char *const *v, size_t n)
{
	json_open(w, name, '[');
	for (size_t i = 0; i < n; i++)
		json_put_text(w, NULL, v[i]);
	json_close(w, ']');
}

void json_put_integer(struct json_writer *w, const char *name, int64_t v)
{
	char text[24];

	json_put_raw(w, name, text, (size_t)snprintf(text, sizeof text, "%" PRId64, v));
}

void json_put_seconds(struct json_writer *w, const char *name, int64_t us)
{
	char text[32];

	json_put_raw(w, name, text,
		     (size_t)snprintf(text, sizeof text, "%" PRId64 ".%06" PRId64, us / 1000000, us % 1000000));
}
