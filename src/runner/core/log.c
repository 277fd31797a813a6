/* log.c - the runner's log: one line an event
 *
 * Text: TIME EVENT name=value …, values quoted when they hold anything but
 * plain characters. JSON: an object a line. Values may come from users and
 * boxes: control characters never reach the terminal raw.
 *
 * Where standard error is the journal, a line is an entry instead, whose fields have the names and values too.
 *
 * Its settings belong to the process and not to an object, as standard error does: main sets them once,
 * before anything is logged. Only the loop's thread may log.
 */
#include "runner/core/log.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/json_write.h"
#include "base/time_text.h"
#include "runner/core/journal.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool as_json, off;
static int journal = -1;

void log_init(bool json)
{
	as_json = json;
	if (journal < 0 && journal_has_stderr())
		journal = journal_open(JOURNAL_SOCKET);
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

static int add_text_field(struct buf *b, const char *field, const char *value)
{
	return journal_field(b, field, value, strlen(value));
}

/* False: the entry is not in the journal. */
static bool send_entry(const char *line, size_t len, const char *event, va_list ap)
{
	AUTO_BUF struct buf b = { 0 };
	const char *name, *value, *priority = "6";
	char field[JOURNAL_NAME_MAX];
	int r = journal_field(&b, "MESSAGE", line, len);

	r |= add_text_field(&b, "SYSLOG_IDENTIFIER", "cee-runner") | add_text_field(&b, "CEE_EVENT", event);
	while ((name = va_arg(ap, const char *))) {
		value = va_arg(ap, const char *);
		if (!value)
			continue;
		if (strcmp(name, "trouble") == 0)
			priority = "4";
		journal_name(field, name);
		r |= add_text_field(&b, field, value);
	}
	r |= add_text_field(&b, "PRIORITY", priority);
	return r == 0 && journal_send(journal, &b) == 0;
}

/* The journal has a time of its own, and takes the line without its end. */
static bool to_journal(const struct buf *line, const char *when, const char *event, va_list ap)
{
	size_t skip = as_json ? 0 : strlen(when) + 1;

	return journal >= 0 && line->len > skip && send_entry(line->data + skip, line->len - skip - 1, event, ap);
}

void log_event(const char *event, ...)
{
	AUTO_BUF struct buf b = { 0 };
	char when[TIME_TEXT_MAX];
	va_list ap;
	bool sent;

	if (off)
		return;
	time_format(when, now_us());
	va_start(ap, event);
	(as_json ? add_json : add_text)(&b, when, event, ap);
	va_end(ap);
	va_start(ap, event);
	sent = to_journal(&b, when, event, ap);
	va_end(ap);
	if (b.data && !sent)
		write_full(STDERR_FILENO, b.data, b.len);
}
