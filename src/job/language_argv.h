/* language_argv.h - the commands of a language for one job: argument vectors, files, environment */
#ifndef CEE_JOB_LANGUAGE_ARGV_H
#define CEE_JOB_LANGUAGE_ARGV_H

#include "base/limit.h"
#include "job/job.h"
#include "job/job_files.h"
#include "job/language.h"

#include <stddef.h>

/* The vector for a phase, malloc'ed and NULL-terminated, freed with strv_free; NULL ENOMEM.
 * An element that is exactly {args} becomes the job's arguments, {files} every file name
 * of the job with one of the language's extensions. Replaced within an element too: {file}
 * (the entry), {stem} (the same without its extension), {framework}, {framework_version},
 * {cpus}, {memory} (of the phase, if job.memory is set) and {layer} (the path of the job's packages). */
char **lang_argv(const struct lang *l, char *const *tmpl, size_t n, const struct job *j);
/* The target of layer.links[i] for this job; malloc'ed, NULL ENOMEM. The link's name is the part before '='. */
char *lang_link(const struct lang *l, size_t i, const struct job *j);
/* The template of lang_argv for this job: for a job with packages (j->layer) the layer's, if it has one. */
enum lang_command { LANG_COMPILE, LANG_RUN, LANG_CHECK, LANG_RESIDENT, LANG_SESSION };
char *const *lang_command(const struct lang *l, enum lang_command c, const struct job *j, size_t *n);
/* If "#!" does not begin a comment in the language, replaces it in the job's entry by l->hashbang (as long). */
void lang_hashbang(const struct lang *l, struct job *j);
const char *lang_entry(const struct lang *l, const struct job *j);
/* The job's framework (which may be given as its version), else the first available one, else "". */
const char *lang_framework(const struct lang *l, const struct job *j);
/* The content of a file of the language for this job: the placeholders of lang_argv except {args}
 * and {files} are replaced. malloc'ed; NULL ENOMEM. */
char *lang_file_text(const struct lang *l, const struct job_file *f, const struct job *j, size_t *len);
/* The environment of a phase: the language's env, for the run also live_env unless
 * buffer = full, then the job's env; if a name occurs twice, only the later value is kept. */
char **lang_env(const struct lang *l, enum frame_phase phase, const struct job *j);

#endif
