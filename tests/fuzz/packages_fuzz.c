/* packages_fuzz - any text as a name, a version and a range: no over-read; what a grammar lets
 * pass is one word that begins no option and has no part of an address or a path in it, and
 * no text is both an exact version and a range */
#include "job/package_names.h"
#include "job/packages.h"
#include "layers/grammar.h"

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

static void one(enum grammar g, const char *s)
{
	bool name = package_name_valid(g, s), version = package_version_valid(g, s), range = package_range_valid(g, s);
	char *key = package_key(g, s);

	MUST(key && strlen(key) <= strlen(s) && package_same(g, s, s));
	MUST(!version || !range);
	if (name || version)
		MUST(*s && *s != '-' && !strpbrk(s, " \t\r\n:\\\"'`$;|&<>=%?") &&
		     !strstr(s, ".."
				"/"));
	if (version)
		MUST(!strchr(s, '/') && !strchr(s, '@') && !strchr(s, '*'));
	if (range)
		MUST(!strpbrk(s, "\t\r\n:/\\\"'`$;&%?@") && *s != '-');
	free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);

	memcpy(s, data, size);
	s[size] = '\0';
	for (int g = 0; g < GRAMMAR_COUNT; g++)
		one((enum grammar)g, s);
	free(s);
	return 0;
}
