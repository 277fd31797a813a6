/* manifest_internal.h - shared by the readers of manifests (manifest_*.c); no other part includes it */
#ifndef CEE_JOB_MANIFEST_INTERNAL_H
#define CEE_JOB_MANIFEST_INTERNAL_H

#include "base/error.h"
#include "job/job.h"
#include "job/job_files.h"
#include "layers/grammar.h"

#include <stdbool.h>
#include <stddef.h>

#define SPACE " \t"

struct reader {
	struct job *j;
	enum grammar g;
	size_t own;	  /* number of packages in the job's own field */
	const char *file; /* being read */
	size_t line;	  /* of the file; 0 none */
	struct cee_err *e;
};

struct span {
	const char *p;
	size_t len;
};

/* "FILE, line N: …"; -1 EINVAL */
int manifest_wrong(const struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends to the job's packages, unless its own field has that package. */
int manifest_add(struct reader *r, const char *name, const char *version);
const struct job_file *manifest_file(const struct job *j, const char *name); /* or NULL */

bool char_in(char c, const char *set);
bool span_begins(struct span s, const char *with);
struct span span_from(struct span s, size_t n); /* without its first n bytes */
struct span span_trim(struct span s);		/* without spaces and tabs around it */
/* Takes the next line off text; false at its end. */
bool span_next_line(struct span *text, struct span *line);

/* The readers: each adds the packages that text declares. */
int manifest_csharp(struct reader *r, struct span text);
int manifest_requirements(struct reader *r, struct span text);
int manifest_script(struct reader *r, struct span text);
int manifest_package_json(struct reader *r, struct span text);

#endif
