/* conf.h - cee.conf(5): lines "key = value" */
#ifndef CEE_CONF_CONF_H
#define CEE_CONF_CONF_H

#include "base/error.h"
#include "base/limit.h"
#include "layers/grammar.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* When a language's resident compiler is started: by the first job, with the runner, not at all. */
enum resident_when { RESIDENT_AUTO, RESIDENT_AHEAD, RESIDENT_NEVER };

enum { CONF_HTTP_REQUESTS_MAX = 1 << 16 };

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
	int owner_jobs;		     /* of one owner at once; 0: all, but one when others need a place */
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
	int64_t http_requests;	      /* of a caller at once; 0 no bound */
	int64_t keep_us, keep_max_us; /* keep, keep_max: how long results stay; -1 for ever */
	/* layers of packages: layer.h, cee-languages(5) */
	char *layers;			       /* a directory; NULL: SPOOL-layers */
	int64_t layers_max;		       /* bytes of all layers, beyond which those not used longest go */
	bool offline;			       /* only layers that are there serve */
	char *package_network;		       /* of package boxes: bridge, host, none or a network's name */
	char *package_proxy;		       /* "" or an address */
	char *package_certificates;	       /* "" or a file of the host */
	char *package_index[GRAMMAR_COUNT];    /* packages.index.GRAMMAR: an address or a folder; or NULL */
	int64_t package_bytes, package_inodes; /* of one layer, and of the disk of a package box */
	int64_t package_memory, package_wall_us;
	int package_boxes; /* at once */
};
/* packages.index.GRAMMAR by the grammar's name, or NULL. */
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

#endif
