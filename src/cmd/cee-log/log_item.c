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

static int json_payload(struct json_writer *w, const struct follow_item *it)
{
	AUTO_FREE char *coded = NULL;

	if (it->what == FOLLOW_RERUN) {
		json_put_bool(w, "rerun", true);
	} else if (it->what == FOLLOW_GAP) {
		json_put_integer(w, "missing", (int64_t)it->rec.len);
	} else if (utf8_valid(it->data, it->len)) {
		json_put_bytes(w, "text", it->data, it->len);
	} else {
		coded = base64_encode((const unsigned char *)it->data, it->len);
		json_put_text(w, "base64", coded);
		return coded ? 0 : -1;
	}
	return 0;
}

void log_json_item(struct log *l, const struct follow_item *it)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);
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
	json_open(&w, NULL, '{');
	json_put_text(&w, "id", l->id);
	json_put_integer(&w, "attempt", it->attempt);
	if (it->what != FOLLOW_RERUN) {
		time_format(when, it->rec.time_us);
		json_put_text(&w, "time", when);
		json_put_text(&w, "stream", client_stream_name(it->rec.stream));
	}
	r = json_payload(&w, it);
	json_close(&w, '}');
	if (r < 0 || json_end_line(&w) < 0)
		prog_die(EX_OSERR, "out of memory");
	log_put(l, b.data, b.len);
}
