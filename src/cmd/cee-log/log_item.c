/* log_item.c - printing a piece of output, as text or as JSON (log_item.h) */
#include "cmd/cee-log/log_item.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "base/text.h"
#include "base/time_text.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "cmd/cee-log/log_output.h"
#include "cmd/cee-log/log_prog.h"
#include "spool/follow.h"
#include "spool/index.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_lines(struct log *l, const struct index_record *rec, const char *p, size_t len)
{
	if (!l->times) {
		log_put(l, p, len);
		return;
	}
	while (len > 0) {
		const char *nl = memchr(p, '\n', len);
		size_t n = nl ? (size_t)(nl - p) + 1 : len;

		if (!l->in_line[rec->stream])
			log_put_time(l, rec->time_us);
		log_put(l, p, n);
		l->in_line[rec->stream] = !nl;
		p += n;
		len -= n;
	}
}

static void text_data(struct log *l, const struct follow_item *it)
{
	const char *p = it->data, *end = p + it->len, *nl;

	if (l->counting) {
		l->open_line = it->data[it->len - 1] != '\n';
		for (; (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1)
			l->units++;
		return;
	}
	for (; l->skip > 0; p = nl + 1, l->skip--)
		if (!(nl = memchr(p, '\n', (size_t)(end - p))))
			return;
	put_lines(l, &it->rec, p, (size_t)(end - p));
}

void log_text_item(struct log *l, const struct follow_item *it)
{
	switch (it->what) {
	case FOLLOW_DATA:
		text_data(l, it);
		break;
	case FOLLOW_GAP:
		if (l->counting || l->skip > 0)
			break;
		log_flush(l);
		prog_error("%s: %llu bytes of %s are missing here", l->f.id, (unsigned long long)it->rec.len,
			   client_stream_name(it->rec.stream));
		break;
	case FOLLOW_TEST:
	case FOLLOW_MARK:
		break;
	case FOLLOW_RERUN:
		log_flush(l);
		prog_error("%s: was run again after a failure of cee; attempt %d begins", l->f.id, it->attempt);
		break;
	}
}

static int json_payload(struct buf *b, const struct follow_item *it)
{
	AUTO_FREE char *text = NULL;

	if (it->what == FOLLOW_RERUN)
		return buf_printf(b, ",\"rerun\":true}\n");
	if (it->what == FOLLOW_GAP)
		return buf_printf(b, ",\"missing\":%llu}\n", (unsigned long long)it->rec.len);
	if (utf8_valid(it->data, it->len))
		return buf_add(b, ",\"text\":", 8) || json_quote(b, it->data, it->len) || buf_add(b, "}\n", 2) ? -1 : 0;
	text = base64_encode((const unsigned char *)it->data, it->len);
	return text ? buf_printf(b, ",\"base64\":\"%s\"}\n", text) : -1;
}

void log_json_item(struct log *l, const struct follow_item *it)
{
	AUTO_BUF struct buf b = { 0 };
	char when[TIME_TEXT_MAX];
	int r;

	if (l->counting) {
		l->units++;
		return;
	}
	if (l->skip > 0 && it->what != FOLLOW_RERUN) {
		l->skip--;
		return;
	}
	r = buf_printf(&b, "{\"id\":\"%s\",\"attempt\":%d", l->id, it->attempt);
	if (r == 0 && it->what != FOLLOW_RERUN) {
		time_format(when, it->rec.time_us);
		r = buf_printf(&b, ",\"time\":\"%s\",\"stream\":\"%s\"", when, client_stream_name(it->rec.stream));
	}
	if (r < 0 || json_payload(&b, it) < 0)
		prog_die(EX_OSERR, "out of memory");
	log_put(l, b.data, b.len);
}
