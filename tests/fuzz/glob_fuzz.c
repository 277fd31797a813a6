/* glob_fuzz - any pattern and name, separated by a NUL: no over-read, and for a name that
 * matches, each of its folders was reported as a possible prefix */
#include "base/glob.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

static void walk(const struct pattern *p, const char *name)
{
	bool match = pattern_match(p, name), may = true;
	uint64_t at = pattern_begin(p);

	for (const char *slash;; name = slash + 1) {
		slash = strchrnul(name, '/');
		at = pattern_step(p, at, name, (size_t)(slash - name));
		if (!*slash)
			break;
		may = may && pattern_more(p, at);
	}
	MUST(match == pattern_done(p, at) && (!match || may));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, 0, size);
	size_t len = nul ? (size_t)(nul - data) : size;
	char *text = malloc(len + !len), *name = nul ? strndup((const char *)nul + 1, size - len - 1) : strdup("a");
	struct pattern p;

	memcpy(text, data, len);
	if (!pattern_compile(&p, text, len))
		walk(&p, name);
	free(text);
	free(name);
	return 0;
}
