/* phrases.c - what a compiler says of a limit that it has met (phrases.h) */
#include "init/phrases.h"

#include <stdbool.h>
#include <stddef.h>

/* strerror and strsignal in the C locale. The first character of each is nowhere else in it, so that after a mismatch
 * only the present character can begin it anew. */
static const char *const phrase[PHRASE_COUNT] = { [PHRASE_NO_SPACE] = "No space left on device",
						  [PHRASE_FILE_SIZE] = "File size limit exceeded",
						  [PHRASE_FILE_TOO_LARGE] = "File too large" };

void phrases_read(struct phrases *p, const unsigned char *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < PHRASE_COUNT; k++) {
			unsigned char c = data[i];

			if (c != (unsigned char)phrase[k][p->at[k]])
				p->at[k] = 0;
			if (c == (unsigned char)phrase[k][p->at[k]] && !phrase[k][++p->at[k]]) {
				p->found[k] = true;
				p->at[k] = 0;
			}
		}
}
