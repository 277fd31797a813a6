/* glob.h - the patterns of collect (cee-job(5)), matched against names a part at a time
 *
 * Used by the job's parser and by cee-init, so this file and glob.c need nothing but
 * libc. No I/O, no memory of their own, and no name costs more than its length times
 * the pattern's.
 *
 *     *       any characters of one part, a leading point too; none is enough
 *     ?       one character (of UTF-8; a byte where it is none)
 *     [a-z]   one of them; [!a-z] one that is not
 *     \x      x itself
 *     **      as a whole part: any number of parts; as the last part at least one
 */
#ifndef CEE_PATTERN_H
#define CEE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PATTERN_MAX = 255, PATTERN_PARTS = 32, PATTERNS_MAX = 64 };

struct pattern {
	char text[PATTERN_MAX + 1];
	uint16_t start[PATTERN_PARTS], len[PATTERN_PARTS]; /* of each part */
	unsigned parts;
};

/* NULL, or what is wrong with it: words that may follow "must " or stand alone. */
const char *pattern_compile(struct pattern *p, const char *text, size_t len);

/* A walk keeps for each pattern where in it a name may be so far: a set of parts. */
uint64_t pattern_begin(const struct pattern *p);
uint64_t pattern_step(const struct pattern *p, uint64_t at, const char *part, size_t len);
bool pattern_done(const struct pattern *p, uint64_t at); /* the name so far matches */
bool pattern_more(const struct pattern *p, uint64_t at); /* one that begins so may match */

bool pattern_match(const struct pattern *p, const char *name); /* "a/b/c" */

/* The character at s (before end) and how many bytes it has; -1 and 1 where no UTF-8 is. */
int32_t pattern_char(const char *s, const char *end, size_t *used);

#endif
