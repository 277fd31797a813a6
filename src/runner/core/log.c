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

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
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
	if (as_json) {
		buf_printf(b, ",\"%s\":", name);
		json_quote(b, value, strlen(value));
		return;
	}
	buf_printf(b, " %s=", name);
	if (plain(value))
		buf_add(b, value, strlen(value));
	else
		json_quote(b, value, strlen(value));
}

void log_event(const char *event, ...)
{
	AUTO_BUF struct buf b = { 0 };
	int64_t now = now_us();
	time_t sec = now / 1000000;
	struct tm tm;
	char when[32];
	const char *name, *value;
	va_list ap;

	if (off)
		return;
	gmtime_r(&sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_printf(&b, as_json ? "{\"time\":\"%s.%06dZ\",\"event\":\"%s\"" : "%s.%06dZ %s", when, (int)(now % 1000000),
		   event);
	va_start(ap, event);
	while ((name = va_arg(ap, const char *))) {
		value = va_arg(ap, const char *);
		if (value)
			add_pair(&b, name, value);
	}
	va_end(ap);
	buf_add(&b, as_json ? "}\n" : "\n", as_json ? 2 : 1);
	if (b.data)
		write_full(STDERR_FILENO, b.data, b.len);
}
