/* language.h - languages: cee-languages(5), etc/languages.d/NAME.json */
#ifndef CEE_JOB_LANGUAGE_H
#define CEE_JOB_LANGUAGE_H

#include "base/error.h"
#include "base/limit.h"
#include "job/job_files.h"

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
bool lang_has_source(const struct lang *l); /* does its file say what the image is made of? */
/* A name that a job may give as a version, a framework or an alias of a language. */
bool lang_version_valid(const char *s);

#endif
