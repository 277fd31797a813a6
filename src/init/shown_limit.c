/* shown_limit.c - the memory limit that programs read in /sys/fs/cgroup (shown_limit.h) */
#include "init/shown_limit.h"

#include "init/cgroup.h"
#include "init/failure.h"
#include "init/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static int cover(const char *with, const char *path, char *text)
{
	if (mount(with, path, NULL, MS_BIND,
		  NULL)) /* not there; or an AppArmor profile of the host's own has no rule */
		return 0;
	if (mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		return init_fail(text, "%s read-only: %s", path, strerror(errno));
	return 0;
}

static bool one_of(const char *path, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(path, list[i]))
			return true;
	return false;
}

int shown_limit_make(const char *path, char *text)
{
	static const char *const places[] = {
		"/sys/fs/cgroup/memory/memory.limit_in_bytes",
		"/sys/fs/cgroup/memory/job/memory.limit_in_bytes",
		"/sys/fs/cgroup/memory.max",
		"/sys/fs/cgroup/job/memory.max",
	};
	static const char *const own[][2] = { { "memory", "memory.limit_in_bytes" }, { "", "memory.max" } };
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0444), r = 0;
	char file[CGROUP_FILE];

	if (fd < 0)
		return init_fail(text, "%s: %s", path, strerror(errno));
	for (size_t i = 0; !r && i < sizeof places / sizeof *places; i++)
		r = cover(path, places[i], text);
	for (size_t i = 0; !r && i < 2; i++) /* where the engine shows the whole tree */
		if (cgroup_own_file(own[i][0], own[i][1], file) &&
		    !one_of(file, places, sizeof places / sizeof *places))
			r = cover(path, file, text);
	if (!r)
		return fd;
	close(fd);
	return -1;
}

void shown_limit_set(int fd, uint64_t bytes)
{
	char line[32];
	int n = limit_in_force(bytes) ? snprintf(line, sizeof line, "%llu\n", (unsigned long long)bytes)
				      : snprintf(line, sizeof line, "max\n");

	if (fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, line, (size_t)n, 0) < 0)
		return; /* an empty file: runtimes take the host's memory */
}
