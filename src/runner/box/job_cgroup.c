/* job_cgroup.c - the cgroup of a box's jobs, on the host (job_cgroup.h)
 *
 *   cgroup v1                              cgroup v2 (a cgroup with processes has none beneath it with a limit)
 *   CONTAINER        cee-init              CONTAINER
 *   CONTAINER/job    the cells             CONTAINER/init   cee-init
 *                                          CONTAINER/job    the cells
 */
#include "runner/box/job_cgroup.h"

#include "base/buf.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/limit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 20 };

void job_cgroup_init(struct job_cgroup *j)
{
	*j = (struct job_cgroup){ .memory = -1, .peak = -1 };
}

void job_cgroup_close(struct job_cgroup *j)
{
	close_ptr(&j->memory);
	close_ptr(&j->peak);
	job_cgroup_init(j);
}

static int write_text(int dir, const char *name, const char *text)
{
	AUTO_CLOSE int fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

static int write_number(int dir, const char *name, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	return write_text(dir, name, text);
}

static int64_t read_number(int dir, const char *name)
{
	AUTO_CLOSE int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	AUTO_BUF struct buf b = { 0 };

	return fd < 0 || read_fd(fd, 64, &b) < 0 || !b.data ? -1 : strtoll(b.data, NULL, 10);
}

/* ---- making it ------------------------------------------------------------------------ */

/* The number of a process in its innermost namespace; 0 unknown. */
static long number_inside(long pid)
{
	char path[64];
	AUTO_BUF struct buf b = { 0 };
	const char *line, *last;

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read_fd(fd, TEXT_MAX, &b) < 0)
		return 0;
	line = strstr(b.data, "\nNSpid:");
	if (!line)
		return 0;
	line += strlen("\nNSpid:");
	last = line;
	for (const char *p = line; *p && *p != '\n'; p++)
		if (*p == '\t' || *p == ' ')
			last = p + 1;
	return strtol(last, NULL, 10);
}

/* Moves the process of that number in the box, or (number 0) all, from one cgroup to another. Returns how many were
 * moved. */
static int move(int from, int to, uint32_t number)
{
	AUTO_CLOSE int fd = openat(from, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	AUTO_BUF struct buf b = { 0 };
	char *save = NULL;
	int moved = 0;

	if (fd < 0 || read_fd(fd, TEXT_MAX, &b) < 0)
		return 0;
	for (char *line = strtok_r(b.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		long pid = strtol(line, NULL, 10);

		if (pid > 0 && (!number || number_inside(pid) == (long)number) &&
		    write_number(to, "cgroup.procs", pid) == 0)
			moved++;
	}
	return moved;
}

static int make_below(int box, const char *name)
{
	if (mkdirat(box, name, 0755) < 0 && errno != EEXIST)
		return -1;
	return dir_open(box, name);
}

static int open_box(const struct cgroup_place *place, const char *container)
{
	char path[3 * CGROUP_PATH];

	cgroup_place_of(place, container, path);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int place_v1(int *memory, const struct cgroup_places *places, const char *container, uint32_t maker)
{
	AUTO_CLOSE int box = open_box(&places->memory, container), cpu_box = open_box(&places->cpu, container);
	AUTO_CLOSE int job = box < 0 ? -1 : make_below(box, "job"), cpu = cpu_box < 0 ? -1 : make_below(cpu_box, "job");

	if (job < 0 || cpu < 0)
		return -1;
	if (read_number(job, "memory.use_hierarchy") == 0) { /* then the box's limit would not hold for it */
		errno = ENOTSUP;
		return -1;
	}
	if (move(box, job, maker) != 1 || move(cpu_box, cpu, maker) != 1) {
		errno = ESRCH;
		return -1;
	}
	*memory = job;
	job = -1;
	return 0;
}

static int place_v2(int *memory, const struct cgroup_places *places, const char *container, uint32_t maker)
{
	AUTO_CLOSE int box = open_box(&places->memory, container);
	AUTO_CLOSE int init = box < 0 ? -1 : make_below(box, "init"), job = init < 0 ? -1 : make_below(box, "job");

	if (job < 0)
		return -1;
	if (move(box, job, maker) != 1 || move(box, init, 0) < 1) {
		errno = ESRCH;
		return -1;
	}
	if (write_text(box, "cgroup.subtree_control", "+memory") < 0)
		return -1;
	if (write_text(job, "memory.swap.max", "0") < 0 && errno != ENOENT)
		return -1;
	*memory = job;
	job = -1;
	return 0;
}

static bool is_id(const char *container)
{
	return strlen(container) >= 12 && !container[strspn(container, "0123456789abcdef")];
}

int job_cgroup_place(struct job_cgroup *j, struct cgroup_places *places, const char *container, uint32_t maker,
		     struct cee_err *e)
{
	int r;

	if (!is_id(container))
		return cee_fail(e, EINVAL, "the container's id has another form than the engine's");
	if (cgroup_places_find(places, container, e) < 0)
		return -1;
	r = places->version == 1 ? place_v1(&j->memory, places, container, maker)
				 : place_v2(&j->memory, places, container, maker);
	if (r < 0)
		return cee_fail(e, errno, "beneath the box's cgroup (v%d) none can be made: %s", places->version,
				strerror(errno));
	j->version = places->version;
	if (j->version == 1)
		j->peak = openat(j->memory, "memory.max_usage_in_bytes", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	return 0;
}

/* ---- its limit ------------------------------------------------------------------------ */

/* On v1 the limit of memory and swap together must never be the lower one. */
static int write_v1(int dir, int64_t bytes, bool lower)
{
	static const char both[] = "memory.memsw.limit_in_bytes";

	if (!lower && write_number(dir, both, bytes) < 0 && errno != ENOENT)
		return -1;
	if (write_number(dir, "memory.limit_in_bytes", bytes) < 0)
		return -1;
	if (lower && write_number(dir, both, bytes) < 0 && errno != ENOENT)
		return -1;
	return 0;
}

/* On v2 the kernel would kill for a limit that is below the use. */
static int write_v2(int dir, int64_t bytes, bool lower)
{
	if (lower && read_number(dir, "memory.current") > bytes) {
		errno = EBUSY;
		return -1;
	}
	return write_number(dir, "memory.max", bytes);
}

static int write_limit(struct job_cgroup *j)
{
	int64_t bytes = j->limit + limit_kernel_memory(j->limit) + j->room;
	bool lower = !j->set || bytes < j->set;

	if (bytes == j->set)
		return 0;
	if ((j->version == 1 ? write_v1 : write_v2)(j->memory, bytes, lower) < 0)
		return -1;
	j->set = bytes;
	return 0;
}

int job_cgroup_limit(struct job_cgroup *j, int64_t memory, int64_t room)
{
	j->limit = memory;
	j->room = room;
	if (write_limit(j) < 0)
		return -1;
	if (j->peak >= 0) /* on v2 the mark that others see cannot be reset */
		pwrite_full(j->peak, "0", 1, 0);
	return 0;
}

/* What cannot be lowered now stays as it is until the next time. */
void job_cgroup_room(struct job_cgroup *j, int64_t room)
{
	if (!j->version || !j->limit)
		return;
	j->room = room;
	write_limit(j);
}
