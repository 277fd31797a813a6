/* cee.h - libcee: what every program of cee shares
 *
 * Sections: errors, util, id, limits, conf, job, language, result, index,
 * spool. The library never prints and never exits: it returns -1, sets errno
 * and, where it takes a struct cee_err, says in one line what is wrong and
 * what would be right. Programs print that line (prog.h).
 */
#ifndef CEE_H
#define CEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "compare.h"
#include "frame.h"
#include "limit.h"
#include "layer.h"

#define CEE_VERSION "0.1"

/* ---- errors ---------------------------------------------------------- */

struct cee_err {
	char msg[512];
};

/* Formats into e->msg (control characters replaced), sets errno, returns -1.
 * e may be NULL. */
int cee_fail(struct cee_err *e, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ---- util (util.c) --------------------------------------------------- */

/* A buffer that grows; owned by whoever has the struct. */
struct buf {
	char *data; /* NUL-terminated when not NULL */
	size_t len, cap;
};
void buf_release(struct buf *b);
int buf_add(struct buf *b, const void *data, size_t len); /* -1 ENOMEM */
int buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int write_full(int fd, const void *data, size_t len);

/* Opens (flags: O_RDONLY …; a new file is 0600) what must be a regular file with at most one
 * link, never following a link nor waiting for anybody. -1; EINVAL when it is no such file. */
int open_file_at(int dirfd, const char *name, int flags);
/* Reads one of at most max bytes, opened like that. EFBIG when larger. The caller frees b. */
int read_file_at(int dirfd, const char *name, size_t max, struct buf *b);
int read_fd(int fd, size_t max, struct buf *b); /* to its end; EFBIG when that is beyond max */

int64_t now_us(void);  /* CLOCK_REALTIME, microseconds since the epoch */
int64_t mono_us(void); /* CLOCK_MONOTONIC */

enum { TIME_TEXT_MAX = 48 };
void time_format(char out[TIME_TEXT_MAX], int64_t us); /* RFC 3339, UTC: 2026-01-31T12:00:00.000000Z */
int time_parse(const char *s, int64_t *us);	       /* exactly that form */

bool utf8_valid(const char *s, size_t len);
/* Length of the character at s when a terminal may be shown it; 0 for control
 * characters (C1 too) and for bytes that are no UTF-8. */
size_t utf8_printable(const char *s, size_t len);
void text_clean(char *s); /* every byte that may not be shown becomes '?' */
/* standard alphabet, padding required, no white space; *out is malloc'ed */
int base64_decode(const char *s, size_t len, unsigned char **out, size_t *outlen);
char *base64_encode(const unsigned char *s, size_t len); /* malloc'ed */

static inline void free_ptr(void *p)
{
	extern void free(void *);
	free(*(void **)p);
}
void close_ptr(int *fd); /* closes when >= 0, keeps errno */
#define AUTO_FREE __attribute__((cleanup(free_ptr)))
#define AUTO_CLOSE __attribute__((cleanup(close_ptr)))
#define AUTO_BUF __attribute__((cleanup(buf_release)))

/* ---- id (id.c): a UUID of version 7, RFC 9562 section 5.7 ------------- */

enum { ID_LEN = 36 };
/* Writes 36 lower-case characters and a NUL. Within a process ids rise. */
void id_make(char id[ID_LEN + 1]);
bool id_valid(const char *s);	    /* exactly a lower-case UUID of version 7 */
int64_t id_time_us(const char *id); /* its time stamp; microseconds since the epoch */

/* ---- limits (limit.c) ------------------------------------------------- */

extern const char *const limit_name[LIMIT_COUNT];
extern const enum limit_unit limit_unit[LIMIT_COUNT];
void limits_init(struct limits *l); /* all -1 */
/* Fills what is -1. Wall time that is then still unset becomes three times the cpu
 * time plus a second. */
void limits_default(struct limits *l, const struct limits *d);
void limits_cap(struct limits *l, const struct limits *max); /* lowers what is over max */
int limit_find(const char *name);			     /* enum limit_id or -1 */
/* "1.5" or "1.5s", "200ms" for TIME; "64M", "64MiB", "65536" for SIZE; a number for COUNT. */
int limit_parse(enum limit_id id, const char *text, int64_t *value, struct cee_err *e);
int limit_number(enum limit_id id, double number, int64_t *value, struct cee_err *e); /* TIME: seconds */
enum { LIMIT_TEXT_MAX = 48 };
/* As people write it and limit_parse reads it: "5s", "64M", "128"; "-" when not set. */
void limit_format(char out[LIMIT_TEXT_MAX], enum limit_id id, int64_t value);
int duration_parse(const char *text, int64_t *us, struct cee_err *e); /* "1.5", "200ms", "2m", "1h", "7d" */
int duration_number(double seconds, int64_t *us, struct cee_err *e);
int size_parse(const char *text, int64_t *bytes, struct cee_err *e); /* "65536", "64M", "1.5GiB" */

/* ---- conf (conf.c): cee.conf(5), lines "key = value" ------------------ */

/* When a language's resident compiler is started: by the first job, with the runner, not at all. */
enum resident_when { RESIDENT_AUTO, RESIDENT_AHEAD, RESIDENT_NEVER };

struct conf {
	char *path;	   /* the file, or NULL */
	char *spool;	   /* spool */
	char *languages;   /* languages: a directory */
	char *docker_host; /* docker_host: unix:///… or tcp://127.0.0.1:N; DOCKER_HOST wins */
	char *runtime;	   /* runtime: "" is the engine's default */
	char *init;	   /* init: absolute path of cee-init on the engine's host */
	char *seccomp;	   /* seccomp: the box's profile, a file */
	char *apparmor;	   /* apparmor: a profile name or "" */
	char **networks;
	size_t nnetworks;	     /* networks: names allowed in jobs */
	int jobs;		     /* jobs: at once; default the processors that we may use */
	double cpus;		     /* cpus: for each box; 0 is no quota */
	bool durable;		     /* durable = yes | no */
	bool cells_never;	     /* cells = auto | never */
	bool share_none;	     /* share = owner | none */
	bool pin;		     /* pin = yes | no: each running job on a processor of its own */
	enum resident_when resident; /* resident = auto | ahead | never */
	bool log_json;		     /* log = text | json */
	uid_t uid_base;
	unsigned uid_count;  /* uids = BASE:COUNT, each running box has its own */
	int warm;	     /* boxes made ahead of any job, at most, over all languages */
	int boxes;	     /* containers at most, idle ones too; 0 is four for each job at once and eight */
	int box_jobs;	     /* jobs that one box serves */
	int64_t box_idle_us; /* an owner's idle box goes after that */
	int64_t box_age_us;  /* one that nobody took is made anew after that */
	int64_t max_job;     /* bytes of a job file */
	int64_t max_stdin;   /* bytes of a streamed standard input */
	int64_t max_queued;  /* jobs waiting, of one owner */
	int64_t collect_files, collect_bytes; /* carried out of a job at most */
	int64_t min_room;		      /* bytes that must stay free in the spool for new work */
	int64_t box_reserve;		      /* bytes of memory that a box has over its job's */
	int64_t run_slack_us;		      /* the runner's own deadline over the phases' wall time */
	struct limits dflt[PHASE_COUNT];      /* limit.compile.cpu = …, limit.run.cpu = … */
	struct limits max[PHASE_COUNT];	      /* ceiling.compile.cpu = … */
	/* cee-http: what anonymous callers may do, and a caller's jobs and bytes a minute (0 no bound) */
	bool http_anonymous_submit, http_anonymous_read;
	char *http_realm;		/* in the names of its owners */
	char *http_user;		/* the user that it runs as, or "": who may own those in a shared spool */
	char *http_tokens, *http_state; /* a file; a directory */
	char *http_page, *http_editor;	/* directories: the page's parts; the editor component's */
	char **http_origins;
	size_t nhttp_origins; /* whose pages may read answers; "*" is any */
	int64_t http_jobs, http_bytes, http_wait_us, http_ticket_us;
	int64_t keep_us, keep_max_us; /* keep, keep_max: how long results stay; -1 for ever */
	/* layers of packages: layer.h, cee-languages(5) */
	char *layers;		    /* a directory; NULL: SPOOL-layers */
	int64_t layers_max;	    /* bytes of all layers, beyond which those not used longest go */
	bool offline;		    /* only layers that are there serve */
	char *package_network;	    /* of package boxes: bridge, host, none or a network's name */
	char *package_proxy;	    /* "" or an address */
	char *package_certificates; /* "" or a file of the host */
	struct {
		char *grammar, *index;
	} package_index[4];		       /* packages.index.GRAMMAR */
	int64_t package_bytes, package_inodes; /* of one layer, and of the disk of a package box */
	int64_t package_memory, package_wall_us;
	int package_boxes; /* at once */
};
/* packages.index.GRAMMAR, or NULL. */
const char *conf_index(const struct conf *c, const char *grammar);
void conf_init(struct conf *c); /* built-in defaults */
void conf_release(struct conf *c);
/* Parses text (no I/O). Unknown keys, bad values: -1 with file:line in e. */
int conf_parse(struct conf *c, const char *file, const char *text, size_t len, struct cee_err *e);
/* conf_init, then the file: path, else $CEE_CONF, else etc/cee.conf beside the
 * directory of the running program (a checkout), else /etc/cee/cee.conf; none
 * is fine unless it was named. Then -s SPOOL (may be NULL), else $CEE_SPOOL,
 * else conf's. Relative paths in the file are relative to the file's
 * directory's parent (the checkout). */
int conf_load(struct conf *c, const char *path, const char *spool, struct cee_err *e);

/* ---- job (job.c): cee-job(5) ------------------------------------------ */

struct job_file {
	char *name;
	unsigned char *data;
	size_t len;
	unsigned mode;
};
struct job_package {
	char *name, *version;
};
struct job_label {
	char *name, *value;
};

enum { JOB_TESTS_MAX = 1000 };
struct job_test {
	char *name; /* its number when the job gives none; unique */
	unsigned char *stdin_data;
	size_t stdin_len; /* data NULL: the job's */
	char **arguments;
	size_t narguments; /* NULL: the job's */
	char **env;
	size_t nenv; /* NAME=value, besides and before the job's */
	unsigned char *expected;
	size_t expected_len;  /* NULL: nothing is expected */
	struct limits limits; /* -1: the run's */
};

enum job_buffer { BUFFER_LIVE, BUFFER_FULL };

struct job {
	char *language;	 /* as given, never NULL after job_parse (the first shape: "csharp") */
	char *version;	 /* or NULL */
	char *framework; /* target_framework_monikier, or NULL */
	char *code;	 /* the first shape's and the short form of one file; or NULL */
	size_t code_len;
	struct job_file *files;
	size_t nfiles; /* the first is the entry unless code is given */
	char **arguments;
	size_t narguments;
	unsigned char *stdin_data;
	size_t stdin_len;  /* stdin: text, or stdin_base64 */
	bool stdin_stream; /* it comes in OWNER/in/ID instead */
	char **env;
	size_t nenv; /* NAME=value */
	struct job_package *packages;
	size_t npackages;		   /* packages, nuget_packages */
	bool nuget;			   /* they came as nuget_packages */
	struct limits limits[PHASE_COUNT]; /* -1 where the job is silent */
	bool check;			   /* only the language's check command is run, as the compile phase */
	bool tty;			   /* a terminal of its own */
	unsigned tty_rows, tty_columns;	   /* 0 as it comes: 24, 80 */
	bool merge, stop_on_output;	   /* merge; limits.stop = "output" */
	enum job_buffer buffer;
	char **collect;
	size_t ncollect;		      /* patterns (pattern.h) of files to carry out */
	int64_t collect_files, collect_bytes; /* at most; -1 as the administrator says */
	int priority;			      /* 0 first … 9 last, default 5 */
	int retries;			      /* reruns after a failure of ours, 0 … 3, default 1 */
	int64_t start_within_us;	      /* -1 no bound */
	int64_t keep_us;		      /* -1 as the administrator says */
	char *key, *group;		      /* or NULL */
	struct job_label *labels;
	size_t nlabels;
	struct job_test *tests;
	size_t ntests; /* 0: the program runs once, as itself */
	struct compare_rule compare;
	bool first_failure; /* stop = "first-failure" */
	int cpus;	    /* the runner's, as layer is: processors that its box may use, 0 one */
	char *layer;	    /* the runner's, never in the text: where its packages are in its box, or NULL */
};
/* The one parser. Checks everything that can be checked without knowing the
 * host (shape, types, ranges, names); text need not be NUL-terminated.
 * On error -1, errno EINVAL, and e names the field and what would be right. */
int job_parse(struct job *j, const char *text, size_t len, struct cee_err *e);
/* Against the configuration's ceilings and the published languages: language
 * known, limits beneath the ceilings, framework known, packages as their registry has them;
 * adds those that the job's files declare (declare.h), so once for a job. languages is a JSON
 * text as lang_publish writes it, or NULL when none is published. */
int job_check(struct job *j, const struct conf *c, const char *languages, size_t len, struct cee_err *e);
void job_release(struct job *j);
void labels_release(struct job_label *l, size_t n);
/* A file name that a job may use: relative, no empty, "." or ".." part, no
 * control character, at most 255 bytes a part and 1024 in all, 16 parts. */
bool job_name_valid(const char *name);

/* ---- language (lang.c): cee-languages(5), etc/languages.d/NAME.json ---- */

/* A compiler that stays, in a box of its own: src/resident.h. */
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

/* ---- result (result.c): the file `result` of a job, JSON --------------- */

#define STATES(S)                                                                                                      \
	S(CREATED, "Created")                                                                                          \
	S(PENDING, "Pending") S(EXECUTING, "Executing") S(FINISHED, "Finished") S(FAILED, "Failed")                    \
		S(CANCELLED, "Cancelled")
enum state {
#define S(id, name) STATE_##id,
	STATES(S)
#undef S
		STATE_COUNT
};
extern const char *const state_name[STATE_COUNT];

/* W(id, text in results, state, exit status of cee-submit -w; -1 the program's own, -2 128+signal) */
#define WHYS(W)                                                                                                        \
	W(EXITED, "exited", FINISHED, -1)                                                                              \
	W(SIGNALLED, "signalled", FINISHED, -2)                                                                        \
	W(TIME_LIMIT, "time limit", FINISHED, 124)                                                                     \
	W(MEMORY_LIMIT, "memory limit", FINISHED, 137)                                                                 \
	W(OUTPUT_LIMIT, "output limit", FINISHED, 137)                                                                 \
	W(PROCESS_LIMIT, "process limit", FINISHED, -1)                                                                \
	W(DISK_LIMIT, "disk limit", FINISHED, -1)                                                                      \
	W(COMPILE_ERROR, "compile error", FAILED, 126)                                                                 \
	W(PACKAGE_ERROR, "package error", FAILED, 126)                                                                 \
	W(CANCELLED, "cancelled", CANCELLED, 130)                                                                      \
	W(EXPIRED, "expired", FAILED, 125)                                                                             \
	W(LOST, "lost", FAILED, 125)                                                                                   \
	W(BOX_DIED, "box died", FAILED, 125)                                                                           \
	W(REFUSED, "refused", FAILED, 125)                                                                             \
	W(INTERNAL_ERROR, "internal error", FAILED, 125)
enum why {
#define W(id, text, state, status) WHY_##id,
	WHYS(W)
#undef W
		WHY_COUNT
};
extern const char *const why_name[WHY_COUNT];
extern const enum state why_state[WHY_COUNT];

/* Where a job's box came from: made for it, made ahead, or used by its owner before. */
enum box_from { BOX_NONE, BOX_COLD, BOX_WARM, BOX_SHARED };

/* Who compiled, where the language has a resident compiler. */
enum compiled_by { COMPILER_NONE, COMPILER_PLAIN, COMPILER_RESIDENT };

struct result_phase {
	bool ran;
	int exit_code; /* -1 when it did not exit by itself */
	int signal;    /* 0 none */
	int64_t cpu_us, wall_us, peak_bytes;
	int peak_how; /* as END_PEAK_HOW */
	int64_t oom_kills;
	uint64_t hit; /* bit set of enum limit_id */
	int64_t out_bytes, err_bytes, dropped;
	struct limits limits; /* in force */
};
/* Why a file stayed behind, as enum frame_left has it; LEFT_NO_ROOM is the runner's own. */
enum { LEFT_NO_ROOM = LEFT_REASONS, LEFT_WHYS };
extern const char *const left_name[LEFT_WHYS];
enum { RESULT_LEFT_MAX = 16, RESULT_LEFT_NAME = 200 }; /* names in a result, and the bytes of each */
struct result_files {
	bool wanted; /* the job collects */
	int64_t count, bytes;
	int64_t left_count; /* that stayed behind, those in left among them */
	struct {
		char *name;
		int why;
	} left[RESULT_LEFT_MAX];
	size_t nleft;
};

struct result {
	char id[ID_LEN + 1];
	enum why why;
	char *message; /* one line for people, or NULL */
	int exit_code; /* of the phase that decided; -1 none */
	int signal;    /* 0 none */
	int attempt;
	bool cells;					      /* the job had a cell */
	char *language, *image, *runner;		      /* or NULL */
	int64_t created_us, claimed_us, started_us, ended_us; /* epoch; 0 unknown */
	int64_t queued_us;
	int64_t dropped_by_disk; /* bytes lost because the spool's disk was full */
	int64_t box_memory;	 /* the box's memory limit in force, 0 none */
	int processor;		 /* that the job was kept on; -1 any */
	enum box_from box_from;
	char *box; /* the container's id, its first 12 characters, or NULL */
	struct result_tests {
		int total, run, passed, failed;
	} tests; /* total 0: a job without tests */
	struct result_files files;
	char *runtime; /* what ran it, as ".NET 10.0.1": of languages whose image says so; or NULL */
	enum compiled_by compiler;
	struct layer_package *packages;
	size_t npackages;			/* of its layer: what was resolved */
	struct result_phase phase[PHASE_COUNT]; /* with tests the run is all of them together */
	char *group, *key;			/* or NULL */
	struct job_label *labels;
	size_t nlabels;
	int64_t expires_us; /* epoch, when it may be removed; 0 not said */
};
void result_init(struct result *r);
void result_release(struct result *r);
char *result_format(const struct result *r); /* malloc'ed JSON text on one line, with "\n" */
int result_parse(struct result *r, const char *text, size_t len, struct cee_err *e);
int result_exit_status(const struct result *r); /* the table of cee(7) */
enum { STATUS_OURS = 125 };			/* ... and in it, a failure of ours */
bool result_is_ours(const struct result *r);	/* cee failed, not the program */

/* ---- a test (result.c): a line of the file `tests` of an attempt, JSON ---- */

struct test_result {
	int number; /* from 1, as they stand in the job */
	char *name;
	enum why why;
	struct result_phase phase;
	int ok;					    /* 1 as expected, 0 not, -1 nothing was expected */
	int64_t line;				    /* of the first difference; 0 there is none */
	char *expected, *got;			    /* what stands there, or NULL */
	int64_t out_from, out_to, err_from, err_to; /* its bytes in the attempt's stdout and stderr */
};
enum { TESTS_MAX_BYTES = 8 << 20 }; /* of that file */
void test_init(struct test_result *t);
void test_release(struct test_result *t);
bool test_passed(const struct test_result *t);	/* ended with 0, and as expected if anything was */
char *test_format(const struct test_result *t); /* malloc'ed JSON text on one line, with "\n" */
int test_parse(struct test_result *t, const char *text, size_t len, struct cee_err *e);

/* ---- collected files (files.c): the files `files` and `files.index` of an attempt --- *
 * files has all contents, one behind the other; files.index a line of JSON for each:
 * {"name":"out/a.png","mode":"0644","offset":0,"size":1234}, in that order. A line without
 * its newline is not there yet. Names are such as job_name_valid lets pass. */

struct files_record {
	char *name;
	unsigned mode;
	int64_t offset, size;
};
struct files_list {
	struct files_record *v;
	size_t n;
};
enum { FILES_MOST = 10000, FILES_INDEX_MAX = 32 << 20 };       /* records, bytes of an index */
int files_format(struct buf *b, const struct files_record *r); /* appends a line; -1 ENOMEM */
/* A whole index. -1 EINVAL and e names the line. */
int files_parse(struct files_list *l, const char *text, size_t len, struct cee_err *e);
void files_release(struct files_list *l);

/* ---- index (index.c): the file `index` of an attempt -------------------- *
 * A line a record: "TIME LETTER LENGTH\n": TIME in microseconds since the epoch,
 * LETTER o (stdout), e (stderr), c (the compiler's, in the file stderr), or O, E, C:
 * LENGTH bytes of that stream are missing here; or p, b, r: packages are being fetched, the compiler
 * begins, the program begins (LENGTH 0). A line without its newline is not there yet. */

enum index_mark { MARK_NONE, MARK_PACKAGES, MARK_COMPILING, MARK_RUNNING, MARK_COUNT };
struct index_record {
	int64_t time_us;
	enum frame_stream stream; /* STREAM_NONE: a mark */
	bool gap;
	uint64_t len;
	enum index_mark mark;
};
enum { INDEX_LINE_MAX = 48 };
int index_format(char out[INDEX_LINE_MAX], const struct index_record *r); /* length */
/* 1 a record and *used bytes taken, 0 no whole line yet, -1 EPROTO. */
int index_parse(const char *bytes, size_t len, size_t *used, struct index_record *r);

/* ---- spool (spool.c): cee-spool(5) -------------------------------------- */

enum { OWNER_MAX = 128, SPOOL_VERSION = 1 };

struct spool {
	int fd; /* the directory; O_PATH for who may not list it */
	bool durable;
	bool shared; /* of many users, and the runner is root: VERSION says so */
};
#define SPOOL_CREATE 1u /* make what is missing */
#define SPOOL_SHARED 2u /* ... of a shared one; EEXIST: it is one user's already */
/* EPROTO for another version; refuses network file systems (ENOTSUP). */
int spool_open(struct spool *s, const char *path, unsigned flags, bool durable, struct cee_err *e);
void spool_release(struct spool *s);
bool spool_owner_valid(const char *owner);
/* "uid-N" of the calling process. */
void spool_owner_self(char owner[OWNER_MAX]);
/* Makes OWNER/{tmp,new,cancel,in,out,groups,keys} where they are missing. In a shared spool asks a
 * runner for it, and waits (share.c): ETIMEDOUT none did, EPERM it does not let this uid. */
int spool_owner_make(struct spool *s, const char *owner, struct cee_err *e);

/* Submitter. Durable before it returns 0. Errors: EEXIST (id is there, in whatever
 * state), EAGAIN (the queue is full), ENOSPC (no room on the disk), else as the system says. */
struct spool_bounds {
	int64_t max_queued, min_room; /* 0: no bound */
	bool fresh;		      /* id was made by id_make just now, so nothing looks for duplicates */
};
int spool_submit(struct spool *s, const char *owner, const char *id, int priority, const void *job, size_t len,
		 const struct spool_bounds *b, struct cee_err *e);
int spool_cancel(struct spool *s, const char *owner, const char *id, struct cee_err *e);
/* May this process submit for owner? In a shared spool root may not for another: the files would be root's. EPERM. */
int spool_submits(struct spool *s, const char *owner, struct cee_err *e);

/* Readers. Where a job is; ENOENT unknown. */
struct spool_where {
	enum state state;	/* FINISHED stands for "has a result" here */
	int attempt;		/* 0 none yet */
	char runner[OWNER_MAX]; /* who has it, "" nobody */
};
int spool_find(struct spool *s, const char *owner, const char *id, struct spool_where *w, struct cee_err *e);
int spool_read_result(struct spool *s, const char *owner, const char *id, struct buf *b); /* ENOENT not ended */
/* The lines of the tests that have ended, of that attempt: ENOENT it has no tests, or is not there. */
int spool_read_tests(struct spool *s, const char *owner, const char *id, int attempt, struct buf *b);
int spool_read_job(struct spool *s, const char *owner, const char *id, size_t max, struct buf *b);
/* Opens out/…/ID (O_PATH-free, readable directory); ENOENT not begun. */
int spool_open_out(struct spool *s, const char *owner, const char *id);
void spool_out_path(char path[OWNER_MAX + 64], const char *owner, const char *id); /* relative to the spool */
/* Is any runner alive? 1, 0. count (may be NULL): how many. */
int spool_runner_alive(struct spool *s, int *count);
/* Is that runner, a directory of cur, alive? Names that are none's are not. */
bool spool_runner_lives(struct spool *s, const char *name);
/* Jobs waiting for owner (NULL: all), jobs claimed. */
int spool_count(struct spool *s, const char *owner, int64_t *waiting, int64_t *claimed);

/* Runner. */
struct spool_runner {
	struct spool *s;
	char name[OWNER_MAX];
	int dirfd, lockfd; /* cur/NAME and its lock */
	int alivefd;	   /* the lock that users may look at, in a shared spool; else -1 */
};
int spool_runner_open(struct spool_runner *r, struct spool *s, struct cee_err *e);
void spool_runner_release(struct spool_runner *r); /* removes the empty directory */
/* Calls f for each job of OWNER/new, in no order. The entry's name is parsed, no file opened. */
typedef int (*spool_job_fn)(void *arg, const char *owner, const char *id, int priority, int attempts);
int spool_each_new(struct spool *s, const char *owner, spool_job_fn f, void *arg);
typedef int (*spool_name_fn)(void *arg, const char *name);
int spool_each_owner(struct spool *s, spool_name_fn f, void *arg);
int spool_each_cancel(struct spool *s, const char *owner, spool_name_fn f, void *arg);
/* The wish that a job which has ended be removed: who may not write in out/ asks a runner (remove.c). */
int spool_each_removal(struct spool *s, const char *owner, spool_name_fn f, void *arg); /* f gets the id */
bool spool_removal_parse(const char *name, char id[ID_LEN + 1]);			/* of an entry of cancel/ */
/* Does so, and the wish goes. For a helper: it waits for the disk. */
int spool_removal_answer(struct spool *s, const char *owner, const char *id, struct cee_err *e);
bool spool_cancel_wanted(struct spool *s, const char *owner, const char *id);
int spool_cancel_clear(struct spool *s, const char *owner, const char *id); /* 0 also when there was none */
/* new/ → cur/ME/OWNER/ID.N with N = attempts + 1 (returned). ENOENT: somebody else was first. */
int spool_claim(struct spool_runner *r, const char *owner, const char *id, int priority, int attempts);
/* Reads the claimed job as the design says (one link, bounded, regular). */
int spool_claimed_read(struct spool_runner *r, const char *owner, const char *id, int attempt, size_t max,
		       struct buf *b);
/* cur/ME/… → new/0.ID.N: goes first, its attempts kept (one that left no directory counts not). */
int spool_requeue(struct spool_runner *r, const char *owner, const char *id, int attempt);

/* An attempt's files. out/…/ID/N/{stdout,stderr,index}, {files,files.index} where the job
 * collects, and a reserved result. */
struct spool_attempt {
	int dir;		/* out/…/ID */
	int attempt_dir;	/* out/…/ID/N */
	int out, err, index;	/* append */
	int files, files_index; /* append; -1 until spool_attempt_files */
	int result;		/* N/result.new, room reserved */
	mode_t mode;		/* of its files */
};
#define SPOOL_ATTEMPT_NONE ((struct spool_attempt){ -1, -1, -1, -1, -1, -1, -1, -1, 0600 })
int spool_attempt_open(struct spool_runner *r, const char *owner, const char *id, int attempt, struct spool_attempt *a);
/* The box has the job: makes the index, which is what says Executing. Also before a
 * result of a job that had no box. Once is enough. */
int spool_attempt_begin(struct spool_attempt *a);
/* Makes N/tests with so much room reserved, before the beginning; the descriptor (append) is the
 * caller's. What of the room was not used is given back at the end. */
int spool_attempt_tests(const struct spool_attempt *a, int64_t room);
void spool_attempt_tests_end(int fd, int64_t size, int64_t room);
/* Makes files and files.index, of a job that collects. Once is enough. */
int spool_attempt_files(struct spool_attempt *a);
void spool_attempt_release(struct spool_attempt *a);
/* Finishing, in steps so that a syncing helper can do the syncs between:
 *   spool_result_write    writes the text into N/result.new (no sync)
 *   (sync out, err, index, result, attempt_dir, dir)
 *   spool_result_publish  N/result.new → ID/result: the job has ended
 *   (sync dir)
 *   spool_job_retire      cur/ME/OWNER/ID.N → out/…/ID/job, and the cancel wish goes */
int spool_result_write(struct spool_attempt *a, const char *text, size_t len);
int spool_result_publish(struct spool_attempt *a);
int spool_job_retire(struct spool_runner *r, const char *owner, const char *id, int attempt);

/* Dead runners: calls f with the name of each runner whose lock could be had (held during f). */
int spool_each_dead(struct spool_runner *r, spool_name_fn f, void *arg);
/* Completes or requeues all that the dead runner had (result first: then only the retire
 * is missing), removes its directory. f is told of each requeued job (may be NULL). */
int spool_adopt(struct spool_runner *r, const char *dead, spool_job_fn f, void *arg);
/* Removes tmp/ files nobody holds a lock on. */
int spool_sweep(struct spool *s, const char *owner);

/* A shared spool (share.c). Of what is not as it should be f is told the path and what would be right. */
typedef void (*spool_share_fn)(void *arg, const char *path, const char *text);
int spool_share_check(struct spool *s, spool_share_fn f, void *arg); /* how many */
int spool_share_check_owner(struct spool *s, const char *owner, uid_t uid, spool_share_fn f, void *arg);
/* Makes an owner's part, or sets it right; for root. */
int spool_share_owner(struct spool *s, const char *owner, uid_t uid, struct cee_err *e);
/* Who may be owner: N may be uid-N, and http (NULL: nobody) anon and http-*. */
bool spool_owner_uid(const char *owner, const uid_t *http, uid_t *uid);
int conf_http_uid(const struct conf *c, uid_t *uid,
		  struct cee_err *e); /* account.c: 0 *uid is http_user; ENOENT: none is set */
/* Runner: who asks for a part, names in join/. */
int spool_each_join(struct spool *s, spool_name_fn f, void *arg);
bool spool_join_parse(const char *name, char owner[OWNER_MAX]);
/* Makes the part, or not, and the question goes. 1 made, 0 nothing is asked, -1 refused. */
int spool_join_answer(struct spool *s, const char *name, const uid_t *http, char owner[OWNER_MAX], struct cee_err *e);

/* What goes into a running job (spool_input.c): OWNER/in. */
enum {
	SPOOL_INPUT_AHEAD = 4 << 20, /* bytes of input that are written ahead of what the box has taken */
	SPOOL_INPUT_TELL = 1 << 20   /* the runner tells what it took in steps of this, at most */
};
struct spool_input { /* a submitter's; -1 where closed */
	int dir, fd; /* in/, and in/ID under its lock */
	char id[ID_LEN + 1];
	int64_t size; /* bytes written */
};
/* Before the job with "stdin_stream" is submitted. EEXIST: this id has one. */
int spool_input_make(struct spool *s, const char *owner, const char *id, struct spool_input *in, struct cee_err *e);
int spool_input_write(struct spool_input *in, const void *data, size_t len);
int spool_input_end(struct spool_input *in); /* all has come; closes */
/* More will come, by others who call spool_input_again: marks it so, closes. */
int spool_input_keep(struct spool_input *in);
/* Goes on with such an input: waits for whoever writes it now. ENOENT: it has none, or it has ended. */
int spool_input_again(struct spool *s, const char *owner, const char *id, struct spool_input *in, struct cee_err *e);
void spool_input_leave(struct spool_input *in); /* closes; without an end the program sees its end there */
void spool_input_drop(struct spool_input *in);	/* there will be no job: removes it */
/* HUP, INT, QUIT, TERM, USR1 or USR2 for the program of a job; before it runs the job's end. */
int spool_signal(struct spool *s, const char *owner, const char *id, int sig, struct cee_err *e);
/* The size of the job's terminal, from now on. */
int spool_window(struct spool *s, const char *owner, const char *id, unsigned rows, unsigned columns,
		 struct cee_err *e);
/* Runner. */
enum spool_input_kind { INPUT_BYTES, INPUT_END, INPUT_OPEN, INPUT_WINDOW, INPUT_SIGNAL };
int64_t spool_end_parse(const char *text, size_t len); /* the end mark's; -1 it is none */
bool spool_window_parse(const char *text, size_t len, unsigned *rows, unsigned *columns);
bool spool_input_parse(const char *name, char id[ID_LEN + 1], enum spool_input_kind *kind, int *sig);
int spool_input_open(struct spool *s, const char *owner, const char *id);     /* EINVAL no regular file of one link */
bool spool_input_kept(struct spool *s, const char *owner, const char *id);    /* others will go on with it */
bool spool_input_left(int fd);						      /* nobody writes it any more */
int64_t spool_input_size(struct spool *s, const char *owner, const char *id); /* as the end mark says; -1 none yet */
/* in/ID.window: false where there is none that can be understood. */
bool spool_window_read(struct spool *s, const char *owner, const char *id, unsigned *rows, unsigned *columns);
bool spool_signal_take(struct spool *s, const char *owner, const char *id, int sig); /* was it there? it goes */
int spool_each_input(struct spool *s, const char *owner, spool_name_fn f, void *arg);
void spool_input_clear(struct spool *s, const char *owner, const char *id);   /* all of a job's */
bool spool_input_stale(struct spool *s, const char *owner, const char *name); /* nobody's any more */
/* How much of its input that attempt has taken, in steps. */
int64_t spool_taken(struct spool *s, const char *owner, const char *id, int attempt);
/* N/taken: its length is how much of the input the box has taken. */
int spool_taken_open(struct spool_attempt *a);

/* For crash tests: stops this process (SIGSTOP, once) when $CEE_STOP_AT is this transition. */
void spool_hook(const char *transition);

/* What each runner counts (spool_metrics.c): SPOOL/metrics/RUNNER. Not synced. */
int spool_metrics_write(struct spool *s, const char *runner, const char *text, size_t len);
void spool_metrics_remove(struct spool *s, const char *runner);
/* Calls f with the text of each runner that lives. */
typedef int (*spool_text_fn)(void *arg, const char *name, const char *text, size_t len);
int spool_each_metrics(struct spool *s, spool_text_fn f, void *arg);

/* The languages that cee-lang published: SPOOL/languages.json. */
int spool_languages_write(struct spool *s, const char *text, size_t len);
int spool_languages_read(struct spool *s, struct buf *b);

#endif
