/* language_argv.h - what a language runs for one job: argument vectors, files, environment */
#ifndef CEE_JOB_LANGUAGE_ARGV_H
#define CEE_JOB_LANGUAGE_ARGV_H

#include "base/limit.h"
#include "job/job.h"
#include "job/job_files.h"
#include "job/language.h"

#include <stddef.h>

/* The vector for a phase, malloc'ed and NULL-terminated, freed with strv_free.
 * An element that is exactly {args} becomes the job's arguments, {files} every file name
 * of the job with one of the language's extensions; {file} (the entry) and {framework}
 * are replaced within an element too, and {layer} for a job with packages. */
char **lang_argv(const struct lang *l, char *const *tmpl, size_t n, const struct job *j);
/* The target of layer.links[i] for this job; malloc'ed, NULL ENOMEM. Its name is what stands before '='. */
char *lang_link(const struct lang *l, size_t i, const struct job *j);
/* The template of lang_argv for this job: with packages (j->layer) the layer's where it has one. */
enum lang_command { LANG_COMPILE, LANG_RUN, LANG_CHECK, LANG_RESIDENT };
char *const *lang_command(const struct lang *l, enum lang_command c, const struct job *j, size_t *n);
/* Where "#!" begins no comment: in the job's entry it becomes what does, column for column. */
void lang_hashbang(const struct lang *l, struct job *j);
const char *lang_entry(const struct lang *l, const struct job *j);
/* The job's, also where it is named as its version, else the first that is there, else "". */
const char *lang_framework(const struct lang *l, const struct job *j);
/* What a file of the language holds for this job: the placeholders of lang_argv but {args}
 * and {files} replaced. malloc'ed; NULL ENOMEM. */
char *lang_file_text(const struct lang *l, const struct job_file *f, const struct job *j, size_t *len);
/* The environment of a phase: the language's env, for the run live_env too unless
 * buffer = full, then the job's env; each name once, the later of two wins. */
char **lang_env(const struct lang *l, enum frame_phase phase, const struct job *j);

#endif
