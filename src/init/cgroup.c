/* cgroup.c - figures of the box's cgroup, as the box itself sees it (cgroup.h)
 *
 * Read-only files, kept open and read again from their start. Where they are:
 *
 *                 cgroup v1 (/sys/fs/cgroup/...)    cgroup v2 (/sys/fs/cgroup/...)
 *   cpu           cpuacct/cpuacct.usage             cpu.stat usage_usec
 *   anon, shmem   memory/memory.stat total_rss, total_shmem    memory.stat anon, shmem
 *   total         memory/memory.usage_in_bytes      memory.current
 *   peak          memory/memory.max_usage_in_bytes  memory.peak
 *   oom_kills     memory/memory.oom_control oom_kill           memory.events oom_kill
 *   pids          pids/pids.current, pids.max, pids.events     the same names
 *
 * Some engines show the host's whole tree: then the path from /proc/self/cgroup
 * leads to the box's own. The cgroup of the jobs is the folder "job" in it (runner/box/job_cgroup.h). Where no
 * cgroup is visible, cpu and memory are the sum over /proc: coarser, and processes that ended between two samples are
 * missing.
 */
#include "init/cgroup.h"

#include "base/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 16384, GROWTH = 512 << 10, AGE_MAX = 16 };
#define FIGURE_MAX ((int64_t)1 << 60)

/* The whole of a small file, NUL-terminated; "" when it cannot be read. */
static void read_text(int fd, char text[TEXT_MAX])
{
	ssize_t n = fd < 0 ? 0 : pread(fd, text, TEXT_MAX - 1, 0);

	text[n > 0 ? n : 0] = '\0';
}

/* The number at the start of a text, at most FIGURE_MAX: sums and differences of a few of them do not overflow. */
static int64_t figure(const char *text)
{
	int64_t n = strtoll(text, NULL, 10);

	return n < 0 ? 0 : n > FIGURE_MAX ? FIGURE_MAX : n;
}

/* The number after NAME at the start of a line, or 0. */
static int64_t field(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = text; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL)
		if (!strncmp(p, name, n) && p[n] == ' ')
			return figure(p + n + 1);
	return 0;
}

/* The cgroup's own path for a controller ("" is v2's), "" when unknown. */
static void own_path(const char *controller, char out[512])
{
	char text[TEXT_MAX], *save = NULL;
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);

	read_text(fd, text);
	if (fd >= 0)
		close(fd);
	out[0] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		list++;
		if (*controller ? strstr(list, controller) != NULL : !*list) {
			snprintf(out, 512, "%s", path);
			return;
		}
	}
}

/* The box's own path first: the figures at the top of a whole tree are the host's. On v2 the runner may have moved
 * this process to "init" beneath it. */
static int open_in(const char *controller, const char *below, const char *name)
{
	char path[1024], own[512];
	size_t n;
	int fd = -1;

	own_path(controller, own);
	n = strlen(own);
	if (*below && n >= 5 && !strcmp(own + n - 5, "/init"))
		own[n - 5] = '\0';
	if (!strstr(own, "..") && (*own || *below)) {
		snprintf(path, sizeof path, "/sys/fs/cgroup/%s%s%s/%s", controller, own, below, name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof path, "/sys/fs/cgroup/%s%s/%s", controller, below, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

bool cgroup_own_file(const char *controller, const char *name, char path[CGROUP_FILE])
{
	char own[512];

	own_path(controller, own);
	if (!own[0] || !own[1] || strstr(own, ".."))
		return false;
	snprintf(path, CGROUP_FILE, "/sys/fs/cgroup/%s%s/%s", controller, own, name);
	return true;
}

static int open_file(const char *controller, const char *name)
{
	return open_in(controller, "", name);
}

static int64_t read_pids_max(int fd)
{
	char text[TEXT_MAX];

	read_text(fd, text);
	return text[0] >= '0' && text[0] <= '9' ? figure(text) : -1;
}

void cgroup_open(struct cgroup *u)
{
	bool v1 = !access("/sys/fs/cgroup/memory", F_OK);
	int max;

	u->cpu = v1 ? open_file("cpuacct", "cpuacct.usage") : open_file("", "cpu.stat");
	u->memory = open_file(v1 ? "memory" : "", "memory.stat");
	u->total = v1 ? open_file("memory", "memory.usage_in_bytes") : open_file("", "memory.current");
	u->oom = v1 ? open_file("memory", "memory.oom_control") : open_file("", "memory.events");
	u->pids = open_file(v1 ? "pids" : "", "pids.current");
	u->pids_events = open_file(v1 ? "pids" : "", "pids.events");
	u->peak = v1 ? open_file("memory", "memory.max_usage_in_bytes") : open_file("", "memory.peak");
	max = open_file(v1 ? "pids" : "", "pids.max");
	u->pids_max = max < 0 ? -1 : read_pids_max(max);
	if (max >= 0)
		close(max);
	u->version = u->cpu < 0 && u->memory < 0 ? 0 : v1 ? 1 : 2;
}

bool cgroup_open_jobs(struct cgroup *u)
{
	static const char below[] = "/job";
	bool v1 = u->version == 1;
	struct cgroup job = {
		.cpu = v1 ? open_in("cpuacct", below, "cpuacct.usage") : open_in("", below, "cpu.stat"),
		.memory = open_in(v1 ? "memory" : "", below, "memory.stat"),
		.total = v1 ? open_in("memory", below, "memory.usage_in_bytes") : open_in("", below, "memory.current"),
		.oom = v1 ? open_in("memory", below, "memory.oom_control") : open_in("", below, "memory.events"),
		.peak = v1 ? open_in("memory", below, "memory.max_usage_in_bytes") : open_in("", below, "memory.peak"),
	};
	int *old[] = { &u->cpu, &u->memory, &u->total, &u->oom, &u->peak };
	int *new[] = { &job.cpu, &job.memory, &job.total, &job.oom, &job.peak };
	bool there = job.cpu >= 0 && job.memory >= 0 && job.total >= 0 && job.oom >= 0;

	for (size_t i = 0; i < sizeof old / sizeof *old; i++) {
		if (there) {
			close_ptr(old[i]);
			*old[i] = *new[i];
		} else {
			close_ptr(new[i]);
		}
	}
	return there;
}

/* utime, stime, cutime, cstime are fields 14 to 17 of stat, after the name. */
static int64_t stat_ticks(const char *text)
{
	const char *p = strrchr(text, ')');
	int64_t sum = 0;

	for (int f = 2; p && f < 17; f++) {
		p = strchr(p + 1, ' ');
		if (p && f >= 13)
			sum += figure(p + 1);
	}
	return sum;
}

static void add_process(int proc, const char *pid, struct cgroup_sample *now)
{
	char name[64], text[TEXT_MAX];
	long pages = 0, shared = 0;
	int fd;

	snprintf(name, sizeof name, "%.20s/stat", pid);
	fd = openat(proc, name, O_RDONLY | O_CLOEXEC);
	read_text(fd, text);
	if (fd >= 0)
		close(fd);
	now->cpu_us += stat_ticks(text) * 1000000 / sysconf(_SC_CLK_TCK);
	snprintf(name, sizeof name, "%.20s/statm", pid);
	fd = openat(proc, name, O_RDONLY | O_CLOEXEC);
	read_text(fd, text);
	if (fd >= 0)
		close(fd);
	if (sscanf(text, "%*d %ld %ld", &pages, &shared) == 2 && pages > shared)
		now->anon += (pages - shared) * sysconf(_SC_PAGESIZE);
	now->pids++;
}

static void sum_processes(struct cgroup_sample *now)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			add_process(dirfd(d), e->d_name, now);
	if (d)
		closedir(d);
}

static void read_memory(const struct cgroup *u, struct cgroup_sample *now, const struct cgroup_sample *last)
{
	char text[TEXT_MAX];

	read_text(u->total, text);
	now->total = figure(text);
	if (last && now->total && now->total < last->total + GROWTH && last->anon_age < AGE_MAX) {
		now->anon = last->anon;
		now->shmem = last->shmem;
		now->anon_age = last->anon_age + 1;
		now->total = last->total; /* later growth is measured from the total at which anon was last read */
		return;
	}
	read_text(u->memory, text);
	now->anon = field(text, u->version == 1 ? "total_rss" : "anon");
	now->shmem = field(text, u->version == 1 ? "total_shmem" : "shmem");
}

void cgroup_read(const struct cgroup *u, struct cgroup_sample *now, const struct cgroup_sample *last)
{
	char text[TEXT_MAX];

	memset(now, 0, sizeof *now);
	if (!u->version) {
		sum_processes(now);
		return;
	}
	read_text(u->cpu, text);
	now->cpu_us = u->version == 1 ? figure(text) / 1000 : field(text, "usage_usec");
	read_memory(u, now, last);
	if (!last) { /* only the first and the last reading of a phase are asked for it */
		read_text(u->peak, text);
		now->peak = figure(text);
	}
	read_text(u->oom, text);
	now->oom_kills = field(text, "oom_kill");
	read_text(u->pids, text);
	now->pids = figure(text);
	read_text(u->pids_events, text);
	now->pids_refused = field(text, "max");
}
