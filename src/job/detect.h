/* detect.h - detects the language of a program
 *
 * languages: those published in the spool, or NULL. Returned names are malloc'ed.
 */
#ifndef CEE_JOB_DETECT_H
#define CEE_JOB_DETECT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct published;

/* The name of the language with that name or alias; NULL: unknown. */
char *detect_named(struct published *languages, const char *word);

/* Detects the language by the extension of the file's name (the longest match) or by a #! line in text, the
 * beginning of the program. name is a path, or the program's name in messages; text may be NULL.
 * Without a match, or with two: NULL, EINVAL, and e names -l and the available languages. */
char *detect_language(struct published *languages, const char *name, const char *text, size_t n, struct cee_err *e);

/* The name of the entry of a job in that language, for a program without a name. */
char *detect_entry(struct published *languages, const char *language);

/* Parses a #! line into words: the interpreter without its folder, skipping env(1) and its options, and its
 * arguments. false: text does not begin with #!. */
enum { SHEBANG_WORDS = 16, SHEBANG_WORD = 64 };
struct shebang {
	char word[SHEBANG_WORDS][SHEBANG_WORD]; /* word[0] is the interpreter; "" when none is named */
	size_t n;				/* words that are too long or too many are left out */
};
bool shebang_parse(struct shebang *s, const char *text, size_t n);

#endif
