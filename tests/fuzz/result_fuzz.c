/* result_fuzz - what can be read of any text is written so that it reads back the same:
 * parse, format, parse, format gives one text twice */
#include "base/error.h"
#include "job/result.h"
#include "job/test_result.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

/* A line of an attempt's tests. */
static void line(const char *text, size_t size)
{
	struct test_result t, back;
	struct cee_err e = { "" };
	char *one, *two;

	if (test_parse(&t, text, size, &e) < 0) {
		MUST(*e.msg);
		return;
	}
	one = test_format(&t);
	MUST(one && test_parse(&back, one, strlen(one), &e) == 0);
	two = test_format(&back);
	MUST(two && strcmp(one, two) == 0 && test_passed(&t) == test_passed(&back));
	test_release(&t);
	test_release(&back);
	free(one);
	free(two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size), *one, *two;
	struct cee_err e = { "" };
	struct result r, back;

	memcpy(text, data, size);
	line(text, size);
	if (result_parse(&r, text, size, &e) < 0) {
		MUST(*e.msg);
	} else {
		int status = result_exit_status(&r);
		MUST(status >= 0 && status <= 255);
		one = result_format(&r);
		MUST(one && result_parse(&back, one, strlen(one), &e) == 0);
		two = result_format(&back);
		MUST(two && strcmp(one, two) == 0);
		MUST(back.exit_code == r.exit_code && back.created_us == r.created_us && back.queued_us == r.queued_us);
		MUST(memcmp(back.phase[0].limits.v, r.phase[0].limits.v, sizeof r.phase[0].limits.v) == 0 ||
		     !r.phase[0].ran);
		result_release(&back);
		free(one);
		free(two);
	}
	result_release(&r);
	free(text);
	return 0;
}
