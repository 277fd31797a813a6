/* phrases.c - what a compiler says of a limit that it has met (phrases.h) */
#include "init/phrases.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* strerror and strsignal in the C locale. The first character of each is nowhere else in it, so that after a mismatch
 * only the present character can begin it anew. */
static const char *const phrase[PHRASE_COUNT] = { [PHRASE_NO_SPACE] = "No space left on device",
						  [PHRASE_FILE_SIZE] = "File size limit exceeded",
						  [PHRASE_FILE_TOO_LARGE] = "File too large" };

/* Jumps to where the phrase can begin: a program may write gigabytes while a few hundred milliseconds of its own pass. */
static void read_one(struct phrases *p, int k, const unsigned char *data, size_t n)
{
	const char *text = phrase[k];
	size_t at = p->at[k];

	for (size_t i = 0; i < n; i++) {
		if (!at) {
			const unsigned char *first = memchr(data + i, text[0], n - i);

			if (!first)
				break;
			i = (size_t)(first - data);
			at = 1;
			continue;
		}
		if (data[i] == (unsigned char)text[at])
			at++;
		else
			at = data[i] == (unsigned char)text[0];
		if (!text[at]) {
			p->found[k] = true;
			at = 0;
		}
	}
	p->at[k] = at;
}

void phrases_read(struct phrases *p, const unsigned char *data, size_t n)
{
	for (int k = 0; k < PHRASE_COUNT; k++)
		if (!p->found[k])
			read_one(p, k, data, n);
}
