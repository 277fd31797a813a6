/* language.h - languages: cee-languages(5), etc/languages.d/NAME.json */
#ifndef CEE_JOB_LANGUAGE_H
#define CEE_JOB_LANGUAGE_H

#include "base/error.h"
#include "base/limit.h"
#include "job/job_files.h"

#include <stdbool.h>
#include <stddef.h>

/* A compiler that keeps running, in a box of its own: src/wire/resident.h. */
struct lang_resident {
	char **command;
	size_t ncommand; /* starts it; empty: the language has no resident compiler */
	char **arguments;
	size_t narguments;    /* for each compile, as lang_argv */
	int min, max;	      /* idle compilers without an owner; compilers in all */
	struct limits limits; /* memory, processes, open_files; others as the language's limits for compiling */
};

/* How packages are installed, and what is different for a job with packages. */
struct lang_layer {
	char *grammar; /* nuget, pip, npm: the syntax of names and versions; NULL: the language has no packages */
	char **fetch;
	size_t nfetch; /* resolves them in a package box */
	char **compile;
	size_t ncompile; /* replaces the language's own, with {layer}; empty: not replaced */
	char **run;
	size_t nrun;
	char **check;
	size_t ncheck;
	char **arguments;
	size_t narguments; /* replaces the resident compiler's arguments */
	char **env;
	size_t nenv; /* in addition to the language's, before the job's */
	char **links;
	size_t nlinks; /* "NAME=TARGET": links next to the job's files */
};

/* How a session of the language is run: docs/SESSIONS.md. */
struct lang_session {
	char **run;
	size_t nrun;  /* the driver's command, with {driver} for its text; empty: the language has no sessions */
	char *driver; /* the name of the file beside the language file */
	char *text;   /* its content, once the language is loaded from a directory */
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
	char *available; /* the frameworks that the image reports, separated by spaces; NULL: all */
	char *image_versions; /* versions that the image reports, as by lang_versions_read; NULL: the image has not been read */
	char *runtimes; /* the runtime of each framework, as the image reports: "FRAMEWORK TEXT;…"; NULL: not reported */
	char *registry; /* hosts of the client's own registry, as the image reports: "HOST:PORT HOST:PORT"; NULL: none */
	char *image;	/* the image's name with its tag */
	char *pull;	/* source.pull: public image name, or NULL */
	char **distribution;
	size_t ndistribution; /* source.distribution: Debian packages, each of which provides the language */
	char **packages;
	size_t npackages; /* source.packages: Debian packages */
	char *with;	  /* source.with: "python3-{name}", the package that cee-lang build --with NAME adds; or NULL */
	char **hostdirs;
	size_t nhostdirs; /* source.host: "FROM:TO" directories of the host to copy in */
	char *dir;	  /* of the language file; NULL if none of hostdirs is next to it */
	char **setup;
	size_t nsetup; /* source.setup: lines run in the image at build (RUN) */
	char *file;    /* the file name for `code`, e.g. main.py */
	struct job_file *files;
	size_t nfiles; /* more files placed in /work for each job */
	char **compile;
	size_t ncompile; /* argument vectors; "{file}", "{files}", "{args}", "{framework}", see lang_argv */
	char **run;
	size_t nrun;
	struct lang_resident resident;
	struct lang_layer layer;
	struct lang_session session;
	char **check;
	size_t ncheck;
	char **env;
	size_t nenv; /* NAME=value for both phases */
	char **live_env;
	size_t nlive_env; /* unless buffer = full */
	struct limits limits[PHASE_COUNT];
	int warm_min, warm_max; /* warm: boxes of the default size made in advance; 0 and 4 */
	char *hashbang;		/* two bytes that replace a program's leading "#!", or NULL */
	char *hello;		/* a program that prints "hello, world" */
	char *missing;		/* the message when no source works */
};
/* Parses the text of a language file; file is its name, for messages. -1 EINVAL or ENOMEM: *l needs no release. */
int lang_parse(struct lang *l, const char *file, const char *text, size_t len, struct cee_err *e);
void lang_release(struct lang *l);
/* Whether hostdirs[i] is a file next to the language file. */
bool lang_beside(const struct lang *l, size_t i);
/* Whether hostdirs[i] may be missing: FROM ends with "?". */
bool lang_optional(const struct lang *l, size_t i);
bool lang_has_source(const struct lang *l); /* does its file say how the image is made? */
/* A name that a job may give as a version, a framework or an alias of a language. */
bool lang_version_valid(const char *s);

#endif
