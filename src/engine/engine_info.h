/* engine_info.h - an engine's description of itself and its host, as far as cee needs it */
#ifndef ENGINE_ENGINE_INFO_H
#define ENGINE_ENGINE_INFO_H

#include <stdbool.h>
#include <stdint.h>

struct engine_info {
	char version[64], kernel[64];
	char cgroup_driver[32], cgroup_version[8];
	char default_runtime[64];
	char runtimes[512]; /* names, each followed by a space */
	char warnings[512]; /* joined by "; " */
	bool memory_limit, swap_limit, pids_limit, cpu_quota;
	bool rootless, userns_remap, seccomp, apparmor;
	int64_t time_us; /* the engine's clock; 0: unknown */
};
#endif
