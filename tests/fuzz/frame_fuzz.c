/* frame_fuzz - any bytes as frames: in one piece and in pieces they say the same, and each
 * frame packs again to the bytes that it was made of */
#include "wire/frame.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

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
			passed = at;
			++*count;
			for (size_t i = 0; i < f.len; i++)
				sum = sum * 33 + f.data[i];
		}
	}
	free(p);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int end, end2;
	size_t count, count2;
	uint64_t sum = walk(data, size, SIZE_MAX, &end, &count);

	for (size_t piece = 1; piece < 20; piece += 6) {
		MUST(walk(data, size, piece, &end2, &count2) == sum);
		MUST(count == count2 && (end < 0) == (end2 < 0));
	}
	return 0;
}
