/* index_fuzz - an index of any bytes, read record by record: each record that is found is
 * exactly what index_format writes for it */
#include "spool/index.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 0, used;
	char line[INDEX_LINE_MAX];

	while (at < size) {
		size_t left = size - at;
		char *copy = malloc(left); /* an over-read is seen */
		struct index_record r;
		int n;

		memcpy(copy, data + at, left);
		n = index_parse(copy, left, &used, &r);
		if (n == 1) {
			MUST(used > 0 && used <= left && index_format(line, &r) == (int)used);
			MUST(memcmp(line, copy, used) == 0);
		}
		free(copy);
		if (n < 1)
			break;
		at += used;
	}
	return 0;
}
