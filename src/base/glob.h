/* glob.h - the patterns of collect (cee-job(5)), matched against names one part at a time
 *
 * Used by the job's parser and by cee-init, so this file and glob.c need only libc.
 * No I/O, no allocation, and the cost for a name is at most its length times the
 * pattern's length.
 *
 *     *       any characters of one part, also a leading point; may be empty
 *     ?       one character (of UTF-8; one byte if it is invalid)
 *     [a-z]   one of these characters; [!a-z] any other one
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

/* NULL, or the error: text that may follow "must " or be used alone. */
const char *pattern_compile(struct pattern *p, const char *text, size_t len);

/* For each pattern a walk keeps a set of parts: the positions in the pattern that its name has reached. */
uint64_t pattern_begin(const struct pattern *p);
uint64_t pattern_step(const struct pattern *p, uint64_t at, const char *part, size_t len);
bool pattern_done(const struct pattern *p, uint64_t at); /* the name so far matches */
bool pattern_more(const struct pattern *p, uint64_t at); /* a name that begins like this may match */

bool pattern_match(const struct pattern *p, const char *name); /* "a/b/c" */

/* The character at s (before end) and its length in bytes; -1 and 1 if it is invalid UTF-8. */
int32_t pattern_char(const char *s, const char *end, size_t *used);

#endif
