/* values_fuzz - any text as a limit, a duration, a size, a time and as base64: what is understood
 * is in its range, and what is written for it is understood as the same */
#include "base/limit.h"
#include "base/text.h"
#include "base/time_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

/* A number of JSON, as a double. */
static void doubles(const char *text)
{
	double d = strtod(text, NULL);
	char out[LIMIT_TEXT_MAX];
	int64_t value;

	if (duration_number(d, &value, NULL) == 0)
		MUST(value >= 0);
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (limit_number((enum limit_id)i, d, &value, NULL) == 0)
			MUST(value > 0 || (value == 0 && limit_may_be_none((enum limit_id)i)));
		limit_format(out, (enum limit_id)i, -1);
		MUST(strcmp(out, "-") == 0);
	}
}

static void limits(const char *text)
{
	char again[LIMIT_TEXT_MAX];
	int64_t value, back;

	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (limit_parse((enum limit_id)i, text, &value, NULL) < 0)
			continue;
		MUST(value >= 0);
		limit_format(again, (enum limit_id)i, value);
		MUST(limit_parse((enum limit_id)i, again, &back, NULL) == 0 && back == value);
	}
}

static void numbers(const char *text)
{
	char again[TIME_TEXT_MAX];
	int64_t value;

	if (duration_parse(text, &value, NULL) == 0)
		MUST(value >= 0);
	if (size_parse(text, &value, NULL) == 0)
		MUST(value >= 0);
	if (time_parse(text, &value) == 0) {
		time_format(again, value);
		MUST(strcmp(again, text) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *exact = malloc(size ? size : 1); /* an over-read is seen */
	unsigned char *bytes = NULL;
	size_t n = 0;

	memcpy(text, data, size);
	text[size] = '\0';
	memcpy(exact, data, size);
	limits(text);
	doubles(text);
	numbers(text);
	if (base64_decode(exact, size, &bytes, &n) == 0) {
		char *back = base64_encode(bytes, n);

		MUST(n <= size / 4 * 3 + 3 && back && strlen(back) == size && memcmp(back, exact, size) == 0);
		free(back);
		free(bytes);
	}
	free(exact);
	free(text);
	return 0;
}
