/* tail.c - a ring of bytes and a ring of records, which forget the oldest (tail.h) */
#include "init/tail.h"

#include "init/private_memory.h"

#include <string.h>
#include <sys/mman.h>

enum { TAIL_RECORDS = 1 << 17 };

static void *reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	private_memory(p, size);
	return p;
}

int tail_reset(struct tail *t, size_t cap)
{
	if (!t->data)
		t->data = reserve(TAIL_MAX);
	if (!t->rec)
		t->rec = reserve(TAIL_RECORDS * sizeof *t->rec);
	if (!t->data || !t->rec)
		return -1;
	if (t->touched) {
		madvise(t->data, TAIL_MAX, MADV_DONTNEED);
		madvise(t->rec, TAIL_RECORDS * sizeof *t->rec, MADV_DONTNEED);
	}
	t->cap = cap;
	t->start = t->len = t->rstart = t->rlen = t->touched = 0;
	return 0;
}

/* Forgets up to n bytes of the oldest record; returns how many, and their stream in *s. */
static size_t forget(struct tail *t, size_t n, enum frame_stream *s)
{
	struct tail_record *r = &t->rec[t->rstart];

	if (n > r->len)
		n = r->len;
	*s = (enum frame_stream)r->stream;
	r->len -= n & 0x3fffffff;
	t->start = (t->start + n) % t->cap;
	t->len -= n;
	if (!r->len) {
		t->rstart = (t->rstart + 1) % TAIL_RECORDS;
		t->rlen--;
	}
	return n;
}

static void put(struct tail *t, enum frame_stream stream, const unsigned char *p, size_t n)
{
	size_t at = (t->start + t->len) % t->cap, first = t->cap - at < n ? t->cap - at : n;
	struct tail_record *last = &t->rec[(t->rstart + t->rlen + TAIL_RECORDS - 1) % TAIL_RECORDS];

	memcpy(t->data + at, p, first);
	memcpy(t->data, p + first, n - first);
	t->len += n;
	if (t->touched < t->cap)
		t->touched += n;
	if (t->rlen && last->stream == (unsigned)stream) {
		last->len += n & 0x3fffffff;
		return;
	}
	t->rec[(t->rstart + t->rlen) % TAIL_RECORDS] =
		(struct tail_record){ .stream = (unsigned)stream & 3, .len = n & 0x3fffffff };
	t->rlen++;
}

void tail_add(struct tail *t, enum frame_stream stream, const unsigned char *p, size_t n,
	      void (*drop)(void *arg, enum frame_stream stream, size_t n), void *arg)
{
	enum frame_stream s;
	size_t gone;

	while (t->len + n > t->cap || t->rlen + 1 >= TAIL_RECORDS) {
		gone = forget(t, t->rlen + 1 >= TAIL_RECORDS ? t->len : t->len + n - t->cap, &s);
		drop(arg, s, gone);
	}
	if (n)
		put(t, stream, p, n);
}

size_t tail_take(struct tail *t, size_t max, enum frame_stream *stream, const unsigned char **p)
{
	size_t to_end = t->cap - t->start;

	if (!t->rlen)
		return 0;
	*p = t->data + t->start;
	return forget(t, max < to_end ? max : to_end, stream);
}

void tail_release(struct tail *t)
{
	if (t->data)
		munmap(t->data, TAIL_MAX);
	if (t->rec)
		munmap(t->rec, TAIL_RECORDS * sizeof *t->rec);
	*t = (struct tail){ 0 };
}
