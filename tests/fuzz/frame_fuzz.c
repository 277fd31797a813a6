/* frame_fuzz - any bytes as frames: in one piece, in pieces and in place they say the same, and each
 * frame packs again to the bytes that it was made of, its payload too where it unpacks */
#include "base/limit.h"
#include "wire/frame.h"
#include "wire/frame_types.h"
#include "wire/payload.h"
#include "wire/resident.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

static void same(const struct payload *p, const struct frame *f)
{
	MUST(p->len == f->len && memcmp(p->data, f->data, f->len) == 0);
}

static void unpack_texts(const struct frame *f)
{
	struct frame_hello h;
	struct frame_file file;
	struct frame_network n;
	struct frame_left l;
	struct resident_ready r;
	struct payload p;

	if (frame_unpack_hello(f->data, f->len, &h) && frame_pack_hello(&p, &h) == 0)
		same(&p, f);
	if (frame_unpack_file(f->data, f->len, &file) && frame_pack_file(&p, &file) == 0)
		same(&p, f);
	if (frame_unpack_network(f->data, f->len, &n)) {
		frame_pack_network(&p, &n);
		same(&p, f);
	}
	if (frame_unpack_left(f->data, f->len, &l) && frame_pack_left(&p, &l) == 0)
		same(&p, f);
	if (resident_unpack_ready(f->data, f->len, &r) && resident_pack_ready(&p, &r) == 0)
		same(&p, f);
}

static void unpack_numbers(const struct frame *f)
{
	struct frame_job j;
	struct frame_plan plan;
	struct frame_window w;
	struct frame_end e;
	struct limits l;
	struct payload p;
	uint64_t gap;
	uint32_t number;

	if (frame_unpack_number(f->data, f->len, &number))
		MUST(f->len == sizeof number);
	if (frame_unpack_plan(f->data, f->len, &plan))
		MUST(plan.phase < PHASE_COUNT);
	if (resident_unpack_end(f->data, f->len, 1, &e))
		MUST(e.phase == 1);
	if (frame_unpack_job(f->data, f->len, &j)) {
		frame_pack_job(&p, &j);
		same(&p, f);
	}
	if (resident_unpack_plan(f->data, f->len, &plan)) {
		bool largest = false; /* what is no limit on our side has one number on the wire */

		memcpy(l.v, plan.limit, sizeof l.v);
		for (int i = 0; i < LIMIT_COUNT; i++)
			largest = largest || l.v[i] == LIMIT_NONE;
		frame_pack_plan(&p, plan.phase, &l);
		if (!largest)
			same(&p, f);
	}
	if (frame_unpack_window(f->data, f->len, &w)) {
		frame_pack_window(&p, &w);
		same(&p, f);
	}
	if (frame_unpack_end(f->data, f->len, &e)) {
		frame_pack_end(&p, &e);
		same(&p, f);
	}
	if (frame_unpack_gap(f->data, f->len, &gap)) {
		frame_pack_gap(&p, gap);
		same(&p, f);
	}
}

/* The bytes of all whole frames, in a sum; *end is what the last call returned. */
static uint64_t walk(const uint8_t *data, size_t size, size_t piece, int *end, size_t *count)
{
	struct frame_parser *p = malloc(sizeof *p);
	uint64_t sum = 5381;
	size_t at = 0, passed = 0;

	frame_parser_init(p);
	*end = *count = 0;
	while (at < size && *end >= 0) {
		size_t n = size - at < piece ? size - at : piece, used;
		uint8_t *copy = malloc(n);
		struct frame f;

		memcpy(copy, data + at, n);
		*end = frame_feed(p, copy, n, &used, &f);
		MUST(used <= n && (*end != 0 || used == n));
		free(copy);
		at += used;
		if (*end == 1) {
			unsigned char head[FRAME_HEADER];
			frame_header(head, f.type, f.stream, f.len);
			MUST(f.len <= FRAME_MAX && passed + FRAME_HEADER + f.len == at);
			MUST(memcmp(head, data + passed, FRAME_HEADER) == 0);
			MUST(f.len == 0 || memcmp(f.data, data + passed + FRAME_HEADER, f.len) == 0);
			unpack_texts(&f);
			unpack_numbers(&f);
			passed = at;
			++*count;
			for (size_t i = 0; i < f.len; i++)
				sum = sum * 33 + f.data[i];
		}
	}
	free(p);
	return sum;
}

/* The frames where they lie: as many, and the same. */
static void in_place(const uint8_t *data, size_t size, size_t count)
{
	struct frame f;
	size_t n;

	for (; (n = frame_at(data, size, &f)) > 0; data += n, size -= n) {
		MUST(n <= size && n == FRAME_HEADER + f.len && f.data == data + FRAME_HEADER && count > 0);
		count--;
	}
	MUST(count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int end, end2;
	size_t count, count2;
	uint64_t sum = walk(data, size, SIZE_MAX, &end, &count);

	in_place(data, size, count);

	for (size_t piece = 1; piece < 20; piece += 6) {
		MUST(walk(data, size, piece, &end2, &count2) == sum);
		MUST(count == count2 && (end < 0) == (end2 < 0));
	}
	return 0;
}
