/* container_spec.h - the description of a container to create
 *
 * Every container gets: no capability, no new privileges, a read-only root, no terminal, private IPC and
 * cgroup namespaces, and removal when it ends, unless keep is set so that it can be inspected.
 */
#ifndef ENGINE_CONTAINER_SPEC_H
#define ENGINE_CONTAINER_SPEC_H

#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct container_mount {
	const char *from, *to; /* from is a path on the engine's host */
	bool read_only;
};

struct container_tmpfs {
	const char *path, *options; /* options as in mount(8) */
};

struct container_spec {
	const char *name; /* or NULL: the engine's choice */
	const char *image;
	const char *hostname; /* or NULL */
	const char *workdir;
	const char *const *entrypoint, *const *command, *const *env; /* NULL-terminated lists; or NULL: none */
	unsigned uid;						     /* and gid */
	bool attach;	     /* standard input and output are a stream of attach.h */
	bool keep;	     /* the container remains after it ends, and its output is kept for ENGINE_LOG */
	const char *network; /* a network of the engine; NULL: none */
	bool own_proc;	     /* no part of /proc is masked, so a process in the container may mount its own procfs */
	const char *seccomp; /* the profile's text; NULL: the engine's */
	const char *seccomp_path;  /* the file of that text, for engines that read it themselves */
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
