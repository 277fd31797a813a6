/* conf.h - cee.conf(5): lines "key = value" */
#ifndef CEE_CONF_CONF_H
#define CEE_CONF_CONF_H

#include "base/error.h"
#include "base/limit.h"
#include "conf/conf_networks.h"
#include "layers/grammar.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* When a language's resident compiler is started: by the first job, with the runner, never. */
enum resident_when { RESIDENT_AUTO, RESIDENT_AHEAD, RESIDENT_NEVER };

enum { CONF_HTTP_REQUESTS_MAX = 1 << 16 };

struct conf {
	char *path;	   /* the file, or NULL */
	char *spool;	   /* spool */
	char *languages;   /* languages: a directory */
	char *docker_host; /* docker_host: unix:///… or tcp://127.0.0.1:N; DOCKER_HOST wins */
	char *host_paths;  /* host_paths: HERE:THERE (conf/host_paths.h), or "" */
	char *runtime;	   /* runtime: "" is the engine's default */
	char *init;	   /* init: absolute path of cee-init on the engine's host */
	char *seccomp;	   /* seccomp: the box's profile, a file */
	char *apparmor;	   /* apparmor: "auto", a profile name, or "": the engine's own */
	char **networks;
	size_t nnetworks;	     /* networks: names of an older form of the file; each must be in offers */
	struct conf_network *offers; /* network.NAME: what jobs may ask for */
	size_t noffers;
	char *gate_image;	/* of gates: runner/box/gate.h */
	char *gate_network;	/* the engine's network in which jobs' gates stand */
	char *gate_dns;		/* "" or the address of the resolver that gates ask */
	int jobs;		/* jobs: concurrent jobs; default the processors that the runner may use */
	int sessions;		/* at once */
	int owner_sessions;	/* of one owner */
	int owner_jobs;		/* concurrent jobs of one owner; 0: all places, but one if other owners need a place */
	double cpus;		/* cpus: processors per box; 0 unlimited */
	bool durable;		/* durable = yes | no */
	bool cells_never;	/* cells = auto | never */
	bool job_cgroups_never; /* job_cgroups = auto | never */
	bool box_sockets_never; /* box_sockets = auto | never */
	bool share_none;	/* share = owner | none */
	bool pin;		/* pin = yes | no: run each job on a separate processor */
	enum resident_when resident; /* resident = auto | ahead | never */
	bool log_json;		     /* log = text | json */
	uid_t uid_base;
	unsigned uid_count; /* uids = BASE:COUNT, a separate uid for each running box */
	int warm;	    /* maximum number of boxes made ahead of time, over all languages */
	int boxes;    /* maximum number of containers, idle ones too; 0: four for each concurrent job, plus eight */
	int box_jobs; /* maximum number of jobs in one box */
	int64_t box_idle_us;		      /* an owner's idle box is removed after that time */
	int64_t box_age_us;		      /* an unused box is replaced after that time */
	int64_t max_job;		      /* bytes of a job file */
	int64_t max_stdin;		      /* bytes of a streamed standard input */
	int64_t max_queued;		      /* queued jobs of one owner */
	int64_t collect_files, collect_bytes; /* maximum number and total size of collected files */
	int64_t min_room;		      /* free bytes that the spool must have for new jobs */
	int64_t box_reserve;		      /* bytes of memory of a box in addition to its job's */
	int64_t run_slack_us;		      /* the runner's deadline: this much longer than the phases' wall time */
	struct limits dflt[PHASE_COUNT];      /* limit.compile.cpu = …, limit.run.cpu = … */
	struct limits max[PHASE_COUNT];	      /* ceiling.compile.cpu = … */
	/* cee-http: permissions of anonymous callers; a caller's jobs and bytes per minute (0 unlimited) */
	bool http_anonymous_submit, http_anonymous_read;
	char *http_realm; /* part of owners' names */
	char *http_user;  /* the user that cee-http runs as, or "": owns these owners' files in a shared spool */
	char *http_tokens, *http_state; /* a file; a directory */
	char *http_page, *http_editor;	/* directories of the page's files and of the editor component */
	char **http_origins;
	size_t nhttp_origins; /* origins whose pages may read responses; "*" is any */
	int64_t http_jobs, http_bytes, http_wait_us, http_ticket_us;
	int64_t http_requests;	      /* concurrent requests of a caller; 0 unlimited */
	int64_t http_processes;	      /* concurrent requests of all callers; 0 unlimited */
	int64_t keep_us, keep_max_us; /* keep, keep_max: how long results stay; -1 for ever */
	int64_t keep_bytes;	      /* of finished jobs of one owner; LIMIT_NONE: no bound */
	int64_t keep_owner_us;	      /* how long the directories of an owner without jobs stay; -1 for ever */
	/* layers of packages: layers/store.h, cee-languages(5) */
	char *layers;		    /* a directory; NULL: SPOOL-layers */
	int64_t layers_max;	    /* total bytes of all layers; beyond that the least recently used are removed */
	bool offline;		    /* use existing layers only */
	char *package_network;	    /* of package boxes: bridge, host, none or a network's name */
	char *package_proxy;	    /* "" or an address */
	char *package_certificates; /* "" or a file of the host */
	char *package_index[GRAMMAR_COUNT];    /* packages.index.GRAMMAR: an address or a folder; or NULL */
	int64_t package_bytes, package_inodes; /* of one layer, and of the disk of a package box */
	int64_t package_memory, package_wall_us;
	int package_boxes; /* concurrent package boxes */
};
/* Returns packages.index.GRAMMAR for a grammar's name, or NULL. */
const char *conf_index(const struct conf *c, const char *grammar);
/* A name that may also be "auto" (apparmor, runtime): whether it is; and the name, NULL for "auto", "" and NULL. */
bool conf_auto(const char *name);
const char *conf_named(const char *name);
void conf_init(struct conf *c); /* built-in defaults */
void conf_release(struct conf *c);
/* Parses text (no I/O). Unknown keys, bad values: -1 with file:line in e. */
int conf_parse(struct conf *c, const char *file, const char *text, size_t len, struct cee_err *e);
/* conf_init, then the file: path, else $CEE_CONF, else etc/cee.conf beside the
 * directory of the running program (a checkout), else /etc/cee/cee.conf. A missing
 * file is an error only if it was named. Then the spool: -s SPOOL (may be NULL), else
 * $CEE_SPOOL, else the file's. Relative paths in the file are relative to the parent
 * of the file's directory (the checkout). The defaults of init and http_page are files
 * installed beside the running program, where they exist. */
int conf_load(struct conf *c, const char *path, const char *spool, struct cee_err *e);

#endif
