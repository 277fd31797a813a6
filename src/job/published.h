/* published.h - the languages that a spool publishes (languages.json, language_publish.h), as submitters see them
 *
 * A program uses few of them: each language is parsed only once, at its first use. That requires the
 * layout of lang_publish, one language a line; a text in another layout is parsed as a whole.
 */
#ifndef CEE_JOB_PUBLISHED_H
#define CEE_JOB_PUBLISHED_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct published;

/* Copies text, which is NULL if nothing is published. NULL: ENOMEM. */
struct published *published_new(const char *text, size_t len);
void published_free(struct published *p);
void published_free_ptr(struct published **p);
#define AUTO_PUBLISHED __attribute__((cleanup(published_free_ptr)))

bool published_none(const struct published *p); /* nothing is published; p may be NULL */
/* The text was not written by lang_publish: detected at once, or at the first use of a language. */
bool published_damaged(const struct published *p);
/* The last language that was asked for could not be read for want of memory. */
bool published_no_memory(const struct published *p);

bool published_is(const struct published *p, const char *text); /* was it made from this text? */

size_t published_count(const struct published *p); /* p may be NULL: 0 */
/* The name of language i; valid until the next call. */
const char *published_name(struct published *p, size_t i);
/* Language i as JSON, owned by p; NULL if the text is damaged, or ENOMEM. */
const cJSON *published_language(struct published *p, size_t i);
/* Might the text of language i contain this string, such as an alias? A cheap check, whose false is certain
 * if the string has only characters of names, aliases and extensions. */
bool published_mentions(const struct published *p, size_t i, const char *word);
/* The language with this name, else with this alias; NULL if there is none (or the text is damaged, or
 * ENOMEM: published_no_memory). */
const cJSON *published_find(struct published *p, const char *name);

#endif
