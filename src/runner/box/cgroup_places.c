/* cgroup_places.c - where on this host the cgroups of containers are (cgroup_places.h) */
#include "runner/box/cgroup_places.h"

#include "base/buf.h"
#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 20 };

static char *read_text(int at, const char *path)
{
	AUTO_CLOSE int fd = openat(at, path, O_RDONLY | O_CLOEXEC);
	struct buf b = { 0 };

	if (fd >= 0 && read_fd(fd, TEXT_MAX, &b) == 0)
		return b.data;
	buf_release(&b);
	return NULL;
}

/* Is word one of those of a list with commas? */
static bool in_list(const char *list, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; p < list + len; p++) {
		const char *end = memchr(p, ',', (size_t)(list + len - p));

		if (!end)
			end = list + len;
		if ((size_t)(end - p) == n && memcmp(p, word, n) == 0)
			return true;
		p = end;
	}
	return false;
}

bool cgroup_path_in(const char *text, const char *controller, char path[CGROUP_PATH])
{
	for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		const char *list = strchr(line, ':'), *at = list ? strchr(list + 1, ':') : NULL;
		size_t n;

		if (!at)
			return false;
		list++;
		if (*controller ? !in_list(list, (size_t)(at - list), controller) : at != list)
			continue;
		n = strcspn(++at, "\n");
		if (n >= CGROUP_PATH)
			return false;
		memcpy(path, at, n);
		path[n] = '\0';
		return true;
	}
	return false;
}

bool cgroup_mount_in(const char *text, const char *controller, char path[CGROUP_PATH])
{
	char type[32], options[256];

	for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		if (sscanf(line, "%*s %511s %31s %255s", path, type, options) != 3)
			continue;
		if (*controller ? !strcmp(type, "cgroup") && in_list(options, strlen(options), controller)
				: !strcmp(type, "cgroup2"))
			return true;
	}
	return false;
}

/* ---- by a container that runs --------------------------------------------------- */

struct search {
	const char *container;
	int proc;    /* the folder /proc */
	char *found; /* the text of /proc/PID/cgroup */
};

/* true: it is a process of the container. */
static bool look_at(struct search *s, const char *name)
{
	char path[300];
	char *text;

	if (*name < '1' || *name > '9')
		return false;
	snprintf(path, sizeof(path), "%s/cgroup", name);
	text = read_text(s->proc, path);
	if (!text || !strstr(text, s->container)) {
		free(text);
		return false;
	}
	s->found = text;
	return true;
}

static bool search(struct search *s)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	if (!d)
		return false;
	s->proc = dirfd(d);
	while ((e = readdir(d)) && !look_at(s, e->d_name))
		;
	closedir(d);
	return s->found;
}

static bool split(struct cgroup_place *p, const char *mount, const char *path, const char *container)
{
	const char *id = strstr(path, container);

	if (!id || strstr(path, "..") || strlen(id) - strlen(container) >= sizeof(p->after))
		return false;
	snprintf(p->before, sizeof(p->before), "%s%.*s", mount, (int)(id - path), path);
	snprintf(p->after, sizeof(p->after), "%s", id + strlen(container));
	return true;
}

static bool find(struct cgroup_place *p, const char *mounts, const char *text, const char *controller, const char *id)
{
	char mount[CGROUP_PATH], path[CGROUP_PATH];

	return cgroup_mount_in(mounts, controller, mount) && cgroup_path_in(text, controller, path) &&
	       split(p, mount, path, id);
}

int cgroup_places_find(struct cgroup_places *p, const char *container, struct cee_err *e)
{
	struct search s = { .container = container };
	AUTO_FREE char *mounts = read_text(AT_FDCWD, "/proc/self/mounts");

	if (p->version)
		return 0;
	if (!mounts || !search(&s))
		return cee_fail(e, ENOENT,
				"no process of the box is to be seen in /proc (does the engine run on this "
				"host, and in the same process namespace?)");
	if (find(&p->memory, mounts, s.found, "memory", container) &&
	    find(&p->cpu, mounts, s.found, "cpuacct", container))
		p->version = 1;
	else if (find(&p->memory, mounts, s.found, "", container))
		p->version = 2;
	free(s.found);
	return p->version ? 0 : cee_fail(e, ENOENT, "the cgroups of boxes are not to be seen on this host");
}

void cgroup_place_of(const struct cgroup_place *p, const char *container, char path[3 * CGROUP_PATH])
{
	snprintf(path, 3 * CGROUP_PATH, "%s%.128s%s", p->before, container, p->after);
}
