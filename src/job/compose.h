/* compose.h - a job's JSON text made of what a command line says (compose.c)
 *
 * Part of libcee: never prints, never exits. What comes out is for job_parse to judge.
 */
#ifndef CEE_DRAFT_H
#define CEE_DRAFT_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct published;

struct strings {
	char **v;
	size_t n;
};						/* pointers to others' text; v is malloc'ed */
int strings_add(struct strings *s, char *text); /* -1 ENOMEM */

struct draft {
	const char *language;					/* NULL: guessed of the first file (guess.h) */
	const char *framework, *stdin_path;			/* or NULL; "-" is standard input */
	const char *start_within, *keep, *buffer, *group, *key; /* or NULL */
	struct strings files;					/* paths; the first is the entry */
	struct strings arguments;
	struct strings env, limits, labels; /* NAME=VALUE; of the same name the last counts */
	struct strings collect;		    /* patterns */
	struct strings packages;	    /* NAME@VERSION */
	const char *tests;		    /* a folder of NAME.in and NAME.out, or NULL */
	const char *compare;		    /* of tests, or NULL */
	bool first_failure;		    /* of tests */
	int priority, retries;		    /* -1 not said */
	const char *entry;		    /* what the first file is called in the job, or NULL: its own name */
	bool merge, check;
	bool tty;
	unsigned rows, columns; /* of it; 0 not said */
	bool stdin_stream;	/* instead of stdin_path: it comes while the job runs */
};
void draft_init(struct draft *d);
void draft_release(struct draft *d);

/* Reads the files and writes the job's text into *out. languages is what the spool publishes,
 * or NULL. max bounds the text. On error -1, e says what and errno what kind: ENOENT, EACCES, EISDIR or
 * EIO an input that cannot be read, EFBIG too large, else EINVAL or ENOMEM. */
int draft_text(const struct draft *d, struct published *languages, size_t max, struct buf *out, struct cee_err *e);

/* The name in the job of the file at path, when first is the entry's path: relative to the
 * directory of first. malloc'ed; NULL with errno and e, EINVAL when path is not beneath it. */
char *draft_name(const char *first, const char *path, struct cee_err *e);

/* compose_tests.c: appends ,"tests":[...] of the pairs NAME.in and NAME.out in dir, by name, numbers
 * in names by their value. Errors as draft_text. */
int draft_put_tests(const char *dir, size_t max, struct buf *out, struct cee_err *e);

#endif
