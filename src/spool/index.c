/* index.c - the records of an attempt's index file (cee-spool(5))
 *
 * "TIME LETTER LENGTH\n", decimal, without leading zeros: each record has exactly
 * one text. A reader may see a line that is still being written; a line is complete
 * only with its newline.
 */
#include "spool/index.h"
#include "wire/frame.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char letters[] = { [STREAM_NONE] = '?', [STREAM_OUT] = 'o', [STREAM_ERR] = 'e', [STREAM_COMPILE] = 'c' };
static const char marks[MARK_COUNT] = {
	[MARK_NONE] = '?', [MARK_PACKAGES] = 'p', [MARK_COMPILING] = 'b', [MARK_RUNNING] = 'r'
};

int index_format(char out[INDEX_LINE_MAX], const struct index_record *r)
{
	char letter = r->mark ? marks[r->mark] : letters[r->stream];

	if (r->gap)
		letter = (char)(letter - 'a' + 'A');
	return snprintf(out, INDEX_LINE_MAX, "%" PRId64 " %c %" PRIu64 "\n", r->time_us < 0 ? 0 : r->time_us, letter,
			r->len);
}

/* Parses digits up to the character end. Returns the position after end, or NULL. */
static const char *decimal(const char *p, char end, uint64_t *value)
{
	const char *start = p;
	uint64_t v = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return NULL;
	if (p == start || (*start == '0' && p > start + 1) || *p != end)
		return NULL;
	*value = v;
	return p + 1;
}

static int letter_parse(char c, struct index_record *r)
{
	r->mark = MARK_NONE;
	for (int m = MARK_NONE + 1; m < MARK_COUNT; m++)
		if (marks[m] == c) {
			r->mark = (enum index_mark)m;
			r->stream = STREAM_NONE;
			r->gap = false;
			return 0;
		}
	r->gap = c >= 'A' && c <= 'Z';
	if (r->gap)
		c = (char)(c - 'A' + 'a');
	for (int s = STREAM_OUT; s <= STREAM_COMPILE; s++)
		if (letters[s] == c) {
			r->stream = (enum frame_stream)s;
			return 0;
		}
	return -1;
}

int index_parse(const char *bytes, size_t len, size_t *used, struct index_record *r)
{
	/* find the newline first: the steps below stop there at the latest */
	const char *nl = memchr(bytes, '\n', len < INDEX_LINE_MAX ? len : INDEX_LINE_MAX);
	const char *p = bytes;
	uint64_t time;

	*used = 0;
	if (!nl) {
		if (len < INDEX_LINE_MAX)
			return 0;
		goto broken;
	}
	p = decimal(p, ' ', &time);
	if (!p || time > INT64_MAX || letter_parse(*p, r) < 0 || p[1] != ' ')
		goto broken;
	p = decimal(p + 2, '\n', &r->len);
	if (!p || (r->mark && r->len))
		goto broken;
	r->time_us = (int64_t)time;
	*used = (size_t)(p - bytes);
	return 1;
broken:
	errno = EPROTO;
	return -1;
}
