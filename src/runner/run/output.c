/* output.c - appending a job's output
 *
 * The stream is written first, then the index: bytes that the index does not cover do not count as output. If either
 * write fails (a full disk) the stream is cut back to what the index covers, so that the two never disagree, and the
 * bytes are counted as dropped; the gap is recorded in the index as soon as there is room.
 */
#include "runner/run/output.h"
#include "base/clock.h"
#include "base/fd.h"
#include "spool/attempt.h"
#include "spool/index.h"
#include "wire/frame_types.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

void output_init(struct output *o, const struct spool_attempt *a)
{
	memset(o, 0, sizeof(*o));
	o->out = a->out;
	o->err = a->err;
	o->index = a->index;
}

static bool put_record(struct output *o, struct index_record r)
{
	char line[INDEX_LINE_MAX];
	int n;

	r.time_us = now_us();
	n = index_format(line, &r);

	if (write_full(o->index, line, (size_t)n) < 0) {
		if (ftruncate(o->index, o->index_size) < 0)
			return false; /* nothing more can be done; readers stop at an incomplete record */
		return false;
	}
	o->index_size += n;
	return true;
}

static bool add_record(struct output *o, enum frame_stream s, bool gap, uint64_t len)
{
	return put_record(o, (struct index_record){ .stream = s, .gap = gap, .len = len });
}

static bool pay_gaps(struct output *o)
{
	for (int s = STREAM_OUT; s <= STREAM_COMPILE; s++)
		if (o->lost[s]) {
			if (!add_record(o, (enum frame_stream)s, true, o->lost[s]))
				return false;
			o->lost[s] = 0;
		}
	if (o->owed && !put_record(o, (struct index_record){ .mark = o->owed }))
		return false;
	o->owed = MARK_NONE;
	return true;
}

static void lose(struct output *o, enum frame_stream s, size_t len)
{
	o->lost[s] += len;
	o->lost_total += (int64_t)len;
}

void output_add(struct output *o, enum frame_stream s, const void *data, size_t len)
{
	int i = s == STREAM_OUT ? 0 : 1;
	int fd = i ? o->err : o->out;

	if (!len)
		return;
	if (pay_gaps(o) && write_full(fd, data, len) == 0 && add_record(o, s, false, len)) {
		o->size[i] += (int64_t)len;
		return;
	}
	lose(o, s, len);
	if (ftruncate(fd, o->size[i]) < 0)
		return; /* the stream may be longer than the index says: the rest is never read */
}

void output_gap(struct output *o, enum frame_stream s, uint64_t n)
{
	o->lost[s] += n;
	pay_gaps(o);
}

void output_mark(struct output *o, enum index_mark m)
{
	if (m == o->mark)
		return;
	o->mark = o->owed = m;
	pay_gaps(o);
}

void output_end(struct output *o)
{
	pay_gaps(o);
}
