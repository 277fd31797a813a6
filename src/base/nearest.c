/* nearest.c - the edit distance of short names (Damerau-Levenshtein, adjacent letters only) */
#include "base/nearest.h"

#include <stddef.h>
#include <string.h>

enum { NEAR_MAX = 40 }; /* bytes; longer names are never near */

/* The number of letters to insert, delete or change; swapping two adjacent letters counts as one. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), d[3][NEAR_MAX + 1];

	if (la > NEAR_MAX || lb > NEAR_MAX)
		return NEAR_MAX;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *now = d[i % 3], *last = d[(i + 2) % 3], *before = d[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
	}
	return d[la % 3][lb];
}

const char *nearest_name(const char *name, const char *const *names, size_t step)
{
	const char *best = NULL;
	size_t least = strlen(name) <= 4 ? 2 : 3; /* a smaller distance is near */

	while (*names) {
		size_t d = distance(name, *names);
		if (d < least) {
			least = d;
			best = *names;
		}
		names = (const char *const *)((const char *)names + step);
	}
	return best;
}
