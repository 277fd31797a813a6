/* log.c - the runner's log: one line an event
 *
 * Text: TIME EVENT name=value …, values quoted when they hold anything but
 * plain characters. JSON: an object a line. Values may come from users and
 * boxes: control characters never reach the terminal raw.
 *
 * Its two settings belong to the process and not to an object, as standard error does: main sets them once,
 * before anything is logged. Only the loop's thread may log.
 */
#include "runner/core/log.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/json_write.h"
#include "base/time_text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>


static bool as_json, off;

void log_init(bool json)
{
	as_json = json;
}

void log_off(void)
{
	off = true;
}

const char *log_number(long long n)
{
	static char ring[8][24];
	static unsigned next;
	char *s = ring[next++ % 8];

	snprintf(s, sizeof(ring[0]), "%lld", n);
	return s;
}

static bool plain(const char *s)
{
	return *s && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "0123456789-_./:+@") == strlen(s);
}

static void add_pair(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, " %s=", name);
	if (plain(value))
		buf_add(b, value, strlen(value));
	else
		json_quote(b, value, strlen(value));
}

/* Out of memory the line is cut, or left out. */
static void add_text(struct buf *b, const char *when, const char *event, va_list ap)
{
	const char *name, *value;

	buf_printf(b, "%s %s", when, event);
	while ((name = va_arg(ap, const char *)))
		if ((value = va_arg(ap, const char *)))
			add_pair(b, name, value);
	buf_add(b, "\n", 1);
}

static void add_json(struct buf *b, const char *when, const char *event, va_list ap)
{
	struct json_writer w = json_writer(b);
	const char *name, *value;

	json_open(&w, NULL, '{');
	json_put_text(&w, "time", when);
	json_put_text(&w, "event", event);
	while ((name = va_arg(ap, const char *)))
		if ((value = va_arg(ap, const char *)))
			json_put_text(&w, name, value);
	json_close(&w, '}');
	json_end_line(&w);
}

void log_event(const char *event, ...)
{
	AUTO_BUF struct buf b = { 0 };
	char when[TIME_TEXT_MAX];
	va_list ap;

	if (off)
		return;
	time_format(when, now_us());
	va_start(ap, event);
	(as_json ? add_json : add_text)(&b, when, event, ap);
	va_end(ap);
	if (b.data)
		write_full(STDERR_FILENO, b.data, b.len);
}
