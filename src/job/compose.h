/* compose.h - composes a job's JSON text from the options of a command line (compose.c)
 *
 * Part of libcee: never prints, never exits. job_parse checks the result.
 */
#ifndef CEE_JOB_COMPOSE_H
#define CEE_JOB_COMPOSE_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct json_writer;
struct published;

struct strings {
	char **v;
	size_t n;
};						/* borrowed texts; v is malloc'ed */
int strings_add(struct strings *s, char *text); /* -1 ENOMEM */

struct compose {
	const char *language;		    /* NULL: detected from the first file (detect.h) */
	const char *framework, *stdin_path; /* or NULL; "-" is standard input */
	const char *start_within, *keep, *buffer, *group, *key, *network; /* or NULL */
	struct strings files;						  /* paths; the first is the entry */
	struct strings arguments;
	struct strings env, limits, labels; /* NAME=VALUE; the last one of a name is used */
	struct strings collect;		    /* patterns */
	struct strings packages;	    /* NAME@VERSION */
	const char *tests;		    /* a folder of NAME.in and NAME.out, or NULL */
	const char *compare;		    /* of tests, or NULL */
	bool first_failure;		    /* of tests */
	int priority, retries;		    /* -1 not given */
	const char *entry;		    /* name of the first file in the job; NULL: its own name */
	bool merge, check;
	bool tty;
	unsigned rows, columns; /* of the terminal; 0 not given */
	bool stdin_stream;	/* instead of stdin_path: input is sent while the job runs */
};
void compose_init(struct compose *d);
void compose_release(struct compose *d);

/* Reads the files and writes the job's text into *out. languages: those published in the spool,
 * or NULL. max limits the text's size. On error -1, with e and errno: ENOENT, EACCES, EISDIR or
 * EIO an input cannot be read, EFBIG too large, else EINVAL or ENOMEM. */
int compose_text(const struct compose *d, struct published *languages, size_t max, struct buf *out, struct cee_err *e);

/* The name in the job of the file at path: relative to the directory of first, the entry's
 * path. malloc'ed; NULL with errno and e, EINVAL if path is not in that directory or below. */
char *compose_name(const char *first, const char *path, struct cee_err *e);

/* compose_tests.c: writes the field tests from the pairs NAME.in and NAME.out in dir, sorted by name, numbers
 * in names by value. Errors as compose_text. */
int compose_put_tests(const char *dir, size_t max, struct json_writer *w, struct cee_err *e);

#endif
