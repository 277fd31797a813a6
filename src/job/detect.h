/* detect.h - the language of a program that nobody named
 *
 * languages is what the spool publishes, or NULL. Names that come back are malloc'ed.
 */
#ifndef CEE_GUESS_H
#define CEE_GUESS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct published;

/* The name of the language that answers to word, a name or an alias; NULL: none does. */
char *guess_named(struct published *languages, const char *word);

/* By the extension of the file's name (the longest that fits) or by the #! line that text, the
 * beginning of the program, has. name is a path or what else messages call it; text may be NULL.
 * Nothing, or two answers: NULL, EINVAL, and e names -l and the languages that there are. */
char *guess_language(struct published *languages, const char *name, const char *text, size_t n, struct cee_err *e);

/* What a program that has no name is called as the entry of a job in that language. */
char *guess_entry(struct published *languages, const char *language);

/* The words of a #! line that say what runs the program: the interpreter without its folder, env(1)
 * and its options passed over, and what follows it. false when text begins with no such line. */
enum { SHEBANG_WORDS = 16, SHEBANG_WORD = 64 };
struct shebang {
	char word[SHEBANG_WORDS][SHEBANG_WORD]; /* word[0] is the interpreter; "" when none is named */
	size_t n;				/* words that are longer, or too many, are left out */
};
bool shebang_parse(struct shebang *s, const char *text, size_t n);

#endif
