/* language.h - languages: cee-languages(5), etc/languages.d/NAME.json */
#ifndef CEE_JOB_LANGUAGE_H
#define CEE_JOB_LANGUAGE_H

#include "base/error.h"
#include "base/limit.h"
#include "job/job.h"

#include <stdbool.h>
#include <stddef.h>

/* A compiler that stays, in a box of its own: src/wire/resident.h. */
struct lang_resident {
	char **command;
	size_t ncommand; /* starts it; none: the language has none */
	char **arguments;
	size_t narguments;    /* for each compile, as lang_argv */
	int min, max;	      /* nobody's yet and waiting; in all */
	struct limits limits; /* memory, processes, open_files; else the language's for compiling */
};

/* How packages are had, and what changes for a job that has some. */
struct lang_layer {
	char *grammar; /* nuget, pip, npm: what names and versions look like; NULL: none can be had */
	char **fetch;
	size_t nfetch; /* resolves them in a package box */
	char **compile;
	size_t ncompile; /* instead of the language's own, with {layer}; none: those */
	char **run;
	size_t nrun;
	char **check;
	size_t ncheck;
	char **arguments;
	size_t narguments; /* resident's */
	char **env;
	size_t nenv; /* besides the language's, before the job's */
	char **links;
	size_t nlinks; /* "NAME=TARGET": links beside the job's files */
};

struct lang {
	char *name, *title;
	char **aliases;
	size_t naliases;
	char **extensions;
	size_t nextensions; /* ".py" */
	char **versions;
	size_t nversions;
	char **frameworks;
	size_t nframeworks;
	char *available;     /* of them, as the image says: words; NULL all */
	char *told_versions; /* as the image says, as lang_versions_read; NULL: it was not asked */
	char *runtimes;	     /* what each runs on, as the image says: "FRAMEWORK TEXT;…"; NULL: it does not */
	char *image;	     /* the image's name with its tag */
	char *pull;	     /* source.pull: public image name, or NULL */
	char **distribution;
	size_t ndistribution; /* source.distribution: Debian packages, each of them alone the language */
	char **packages;
	size_t npackages; /* source.packages: Debian packages */
	char *with;	  /* source.with: "python3-{name}", what cee-lang build --with NAME adds; or NULL */
	char **hostdirs;
	size_t nhostdirs; /* source.host: "FROM:TO" directories of the host to copy in */
	char *dir;	  /* of the language file; NULL where none of hostdirs is beside it */
	char **setup;
	size_t nsetup; /* source.setup: lines run in the image at build (RUN) */
	char *file;    /* the name `code` gets, e.g. main.py */
	struct job_file *files;
	size_t nfiles; /* more files placed in /work for each job */
	char **compile;
	size_t ncompile; /* argument vectors; "{file}", "{files}", "{args}", "{framework}", see lang_argv */
	char **run;
	size_t nrun;
	struct lang_resident resident;
	struct lang_layer layer;
	char **check;
	size_t ncheck;
	char **env;
	size_t nenv; /* NAME=value for both phases */
	char **live_env;
	size_t nlive_env; /* unless buffer = full */
	struct limits limits[PHASE_COUNT];
	int warm_min, warm_max; /* warm: boxes of the default size made ahead; 0 and 4 */
	char *hashbang;		/* two bytes that stand for a program's leading "#!", or NULL */
	char *hello;		/* a program that prints "hello, world" */
	char *missing;		/* what to say when no source works */
};
int lang_parse(struct lang *l, const char *file, const char *text, size_t len, struct cee_err *e);
void lang_release(struct lang *l);
/* Whether hostdirs[i] is what lies beside the language file. */
bool lang_beside(const struct lang *l, size_t i);
/* Whether hostdirs[i] may be missing: FROM ends with "?". */
bool lang_optional(const struct lang *l, size_t i);
struct langs {
	struct lang *l;
	size_t n;
};
int langs_load(struct langs *ls, const char *dir, struct cee_err *e); /* every *.json of dir, by name */
void langs_release(struct langs *ls);
bool lang_has_source(const struct lang *l); /* does its file say what the image is made of? */
const struct lang *langs_find(const struct langs *ls, const char *name); /* name or alias, or NULL */
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
bool lang_has_framework(const struct lang *l, const char *framework);
/* What an image's label cee.frameworks says; NULL: nothing. -1 ENOMEM. */
int lang_set_available(struct lang *l, const char *words);
/* The same of its label cee.runtimes. */
int lang_set_runtimes(struct lang *l, const char *text);
/* The versions that an image names, one a line or a space between: each once, those that a job may name, one
 * space between, at most LANG_VERSIONS. malloc'ed; NULL ENOMEM. */
enum { LANG_VERSIONS = 16, LANG_VERSION_LEN = 64 };
char *lang_versions_read(const char *text);
/* What an image's label cee.versions says, "" for one without; NULL: not known. -1 ENOMEM. */
int lang_set_versions(struct lang *l, const char *text);
/* What a job may name as version, a space between: those of its file, else of its image, else its frameworks that
 * are there. malloc'ed; NULL with errno 0 where that is not known yet, else ENOMEM. */
char *lang_versions(const struct lang *l);
/* What images said of the languages in from is said of those in ls with the same images. -1 ENOMEM. */
int langs_keep_told(struct langs *ls, const struct langs *from);
/* What runs programs of this framework, for people: malloc'ed, NULL where the image does not say. */
char *lang_runtime(const struct lang *l, const char *framework);
/* What a file of the language holds for this job: the placeholders of lang_argv but {args}
 * and {files} replaced. malloc'ed; NULL ENOMEM. */
char *lang_file_text(const struct lang *l, const struct job_file *f, const struct job *j, size_t *len);
/* The environment of a phase: the language's env, for the run live_env too unless
 * buffer = full, then the job's env; each name once, the later of two wins. */
char **lang_env(const struct lang *l, enum frame_phase phase, const struct job *j);
void strv_free(char **v);
/* What submitters need to know, as JSON for SPOOL/languages.json:
 * {"languages":[{"name","title","aliases","extensions","versions","frameworks","check","hello","limits"}…]} */
char *lang_publish(const struct langs *ls);

#endif
