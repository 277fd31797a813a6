/* published.h - the languages that a spool publishes (languages.json, language_publish.h), as submitters see them
 *
 * A program asks for few of them: each language is parsed when it is asked for first, and once. That needs the
 * layout that lang_publish writes, a language a line; a text of another layout is parsed whole.
 */
#ifndef CEE_JOB_PUBLISHED_H
#define CEE_JOB_PUBLISHED_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct published;

/* Copies text, which is NULL where nothing is published. NULL: ENOMEM. */
struct published *published_new(const char *text, size_t len);
void published_free(struct published *p);
void published_free_ptr(struct published **p);
#define AUTO_PUBLISHED __attribute__((cleanup(published_free_ptr)))

bool published_none(const struct published *p); /* nothing is published; p may be NULL */
/* The text is not what lang_publish writes: known at once, or when a language is asked for. */
bool published_damaged(const struct published *p);

bool published_is(const struct published *p, const char *text); /* made of this text? */

size_t published_count(const struct published *p); /* p may be NULL: 0 */
/* The name of language i; valid until the next call. */
const char *published_name(struct published *p, size_t i);
/* Language i as JSON, p's; NULL when the text is damaged. */
const cJSON *published_language(struct published *p, size_t i);
/* May the text of language i hold this string, say as an alias? Cheap, and never wrongly false for the words that
 * names, aliases and extensions are made of. */
bool published_mentions(const struct published *p, size_t i, const char *word);
/* The language with this name, else with this alias; NULL: there is none (or damaged). */
const cJSON *published_find(struct published *p, const char *name);

#endif
