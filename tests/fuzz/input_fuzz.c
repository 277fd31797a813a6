/* input_fuzz - names, end marks and window sizes of OWNER/in, of cancel/ and join/, of any bytes: what is understood
 * is exactly what would be written for it */
#include "base/id.h"
#include "spool/input.h"
#include "spool/join.h"
#include "spool/layout.h"
#include "spool/owner_name.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

/* As long as leading zeros are not there, there is one way to write it. */
static bool zeros(const char *text, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		if (text[i] == '0' && (i == 0 || text[i - 1] == ' ') && text[i + 1] >= '0' && text[i + 1] <= '9')
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1), *name = malloc(size + 1), again[64], id[ID_LEN + 1], owner[OWNER_MAX];
	uid_t uid;
	unsigned rows = 0, columns = 0;
	enum spool_input_kind kind;
	int64_t n;
	int len, sig;

	memcpy(copy, data, size); /* without a NUL behind it: an over-read is seen below */
	copy = realloc(copy, size ? size : 1);
	n = spool_end_parse(copy, size);
	len = snprintf(again, sizeof again, "%" PRId64 "\n", n);
	MUST(n < 0 || zeros(copy, size) || ((size_t)len == size && memcmp(again, copy, size) == 0));
	if (spool_window_parse(copy, size, &rows, &columns)) {
		MUST(rows > 0 && rows <= UINT16_MAX && columns > 0 && columns <= UINT16_MAX);
		len = snprintf(again, sizeof again, "%u %u\n", rows, columns);
		MUST(zeros(copy, size) || ((size_t)len == size && memcmp(again, copy, size) == 0));
	}
	memcpy(name, data, size);
	name[size] = 0;
	if (spool_input_parse(name, id, &kind, &sig))
		MUST(id_valid(id) && strncmp(name, id, ID_LEN) == 0 && (kind == INPUT_SIGNAL) == (sig > 0));
	if (layout_removal_parse(name, id))
		MUST(id_valid(id) && strncmp(name, id, ID_LEN) == 0 && strcmp(name + ID_LEN, ".remove") == 0);
	if (join_parse(name, owner)) {
		MUST(spool_owner_valid(owner) && strncmp(name, owner, strlen(owner)) == 0 &&
		     name[strlen(owner)] == '.');
		MUST(id_valid(name + strlen(owner) + 1));
		if (spool_owner_uid(owner, NULL, &uid)) {
			snprintf(again, sizeof again, "uid-%u", (unsigned)uid);
			MUST(strcmp(again, owner) == 0);
		}
	}
	free(copy);
	free(name);
	return 0;
}
