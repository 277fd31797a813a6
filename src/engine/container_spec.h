/* container_spec.h - a container that is to be created
 *
 * Of every container here: no capability, no new privileges, a read-only root, no terminal, private IPC and
 * cgroup namespaces, and it is removed when it ends unless it is to be inspected afterwards (keep).
 */
#ifndef ENGINE_CONTAINER_SPEC_H
#define ENGINE_CONTAINER_SPEC_H

#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct container_mount {
	const char *from, *to; /* from is a path of the engine's host */
	bool read_only;
};

struct container_tmpfs {
	const char *path, *options; /* of mount(8) */
};

struct container_spec {
	const char *name; /* or NULL: the engine's choice */
	const char *image;
	const char *hostname; /* or NULL */
	const char *workdir;
	const char *const *entrypoint, *const *command, *const *env; /* lists that end with NULL; or NULL: none */
	unsigned uid;						     /* and gid */
	bool attach;		   /* standard input and output are a stream of attach.h */
	bool keep;		   /* it stays when it has ended, and its output is kept for ENGINE_LOG */
	const char *network;	   /* of the engine; NULL: none */
	bool own_proc;		   /* nothing of /proc is masked: a process in it may mount one of its own */
	const char *seccomp;	   /* the profile's text; NULL: the engine's */
	const char *apparmor;	   /* a profile's name; NULL: the engine's */
	const char *runtime;	   /* NULL: the engine's */
	int64_t memory, processes; /* bytes, with swap; number */
	int64_t open_files;	   /* 0: the engine's */
	double cpus;		   /* 0: all */
	const struct container_mount *mounts;
	size_t nmounts;
	const struct container_tmpfs *tmpfs;
	size_t ntmpfs;
	const struct engine_label *labels;
	size_t nlabels;
};
#endif
