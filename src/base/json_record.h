/* json_record.h - a struct and its JSON object, written and read by one table
 *
 * Each field is stated once: its name, the member, its kind and its bounds. Fields are written in the order of
 * the table; readers skip names that the table lacks, since a later version may have written them. A written
 * object can always be read again: numbers out of bounds are clamped (or masked).
 *
 *     static const struct json_member point[] = {
 *         { "x", JSON_NUMBER, offsetof(struct point, x), .most = 100 },
 *         { "label", JSON_TEXT, offsetof(struct point, label) },
 *         { 0 }
 *     };
 */
#ifndef CEE_BASE_JSON_RECORD_H
#define CEE_BASE_JSON_RECORD_H

#include "base/error.h"
#include "base/json_write.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
	JSON_TEXT,    /* char *, malloc'ed; NULL: left out, with JSON_ALWAYS "" */
	JSON_FLAG,    /* bool */
	JSON_INT,     /* int, 0 to most */
	JSON_NUMBER,  /* int64_t, 0 to most */
	JSON_SECONDS, /* int64_t microseconds, as seconds with six digits */
	JSON_TIME,    /* int64_t microseconds since the epoch, as RFC 3339; 0 or less: left out */
	JSON_WORD,    /* an enum as one of words; a NULL word: left out */
	JSON_OBJECT,  /* the members of fields, in an object of their own */
	JSON_INLINE,  /* the members of fields, in this object */
	JSON_OWN      /* written and read by put and get below */
};

/* Flags. A JSON_INT below least is unknown: written as null, or left out; a missing value is read as unknown. */
#define JSON_NULL_BELOW 1u
#define JSON_OMIT_BELOW 2u
#define JSON_MASK 4u   /* v & most, rather than clamped to it */
#define JSON_STRICT 8u /* an unknown word is an error; otherwise the member is not changed */
#define JSON_ALWAYS 16u

/* The maximum of times and sizes: exact in a double, also as seconds with six digits. */
#define JSON_NUMBER_MOST ((int64_t)1 << 50)

struct json_member {
	const char *name; /* NULL ends the table, except for JSON_INLINE */
	enum json_kind kind;
	size_t at; /* of the member in the struct, in bytes; of fields: of the struct within this one */
	int64_t most;
	int least, unknown; /* with JSON_NULL_BELOW and JSON_OMIT_BELOW */
	unsigned flags;
	const char *const *words;
	size_t nwords;
	const struct json_member *fields;
	bool (*has)(const void *whole); /* left out when false; NULL: always there */
	void (*begin)(void *whole);	/* JSON_OBJECT: called before the object is read; may be NULL */
	const char *(*fits)(
		const void *at); /* JSON_OBJECT: checks the members that were read: the error, or NULL; may be NULL */
	/* JSON_OWN; both get the whole struct. NULL: the field is never written, or never read. */
	void (*put)(struct json_writer *w, const char *name, const void *whole);
	int (*get)(void *whole, const cJSON *v, const char *path, struct cee_err *e);
};

/* Writes the members of *from; the caller writes the braces. */
void json_put_members(struct json_writer *w, const struct json_member *table, const void *from);
/* The object on one line, with "\n": malloc'ed, NULL ENOMEM. */
char *json_line(const struct json_member *table, const void *from);
/* Reads the members of an object; path is the object's, "" at the root. -1 EINVAL or ENOMEM: *into is filled in part. */
int json_get_members(const cJSON *object, const char *path, const struct json_member *table, void *into,
		     struct cee_err *e);
/* Reads seconds as JSON_SECONDS does, for use in a get function. */
int json_get_seconds(const cJSON *v, const char *path, int64_t *us, struct cee_err *e);

#endif
