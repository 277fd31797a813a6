/* http_fuzz - the engine's answer to an attach and its stream: the same bytes in one piece and
 * in pieces must say the same, and nothing may be read or given beyond what was fed. */
#include "engine/http_parse.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t walk(const uint8_t *p, size_t size, size_t piece, int *end)
{
	struct http_head *h = malloc(sizeof(*h));
	struct mux m;
	uint64_t sum = 5381;
	int open = 0;

	http_head_init(h);
	mux_init(&m);
	*end = 0;
	for (size_t at = 0; at < size && *end >= 0;) {
		size_t len = size - at < piece ? size - at : piece, used = 0, n = 0;
		const unsigned char *out = NULL;
		uint8_t *copy = malloc(len); /* of the exact size, so that an over-read is seen */

		memcpy(copy, p + at, len);
		if (!open) {
			*end = http_head_feed(h, copy, len, &used);
			open = *end > 0;
		} else {
			*end = mux_feed(&m, copy, len, &used, &out, &n);
			for (size_t i = 0; *end > 0 && i < n; i++)
				sum = sum * 33 + out[i] + (uint64_t)m.stream;
		}
		if (used > len)
			abort();
		at += used;
		free(copy);
	}
	free(h);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int whole, pieces;
	uint64_t a = walk(data, size, size ? size : 1, &whole), b = walk(data, size, 3, &pieces);

	if (a != b || (whole < 0) != (pieces < 0))
		abort();
	return 0;
}
