/* host_paths.c - paths as the engine's host knows them */
#include "conf/host_paths.h"
#include "base/error.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Absolute, and every component is a name. */
static bool plain_path(const char *s, size_t n)
{
	for (size_t i = 0, end; i < n; i = end) {
		if (s[i] != '/')
			return false;
		for (end = i + 1; end < n && s[end] != '/'; end++)
			;
		if (n == 1)
			return true;
		if (end - i < 2 || (end - i == 2 && s[i + 1] == '.') || strncmp(s + i + 1, "..", end - i - 1) == 0)
			return false;
	}
	return n > 0;
}

int host_paths_check(const char *map, struct cee_err *e)
{
	size_t n = strcspn(map, ":");
	const char *there = map + n + 1;

	if (!*map || (map[n] && plain_path(map, n) && !strchr(there, ':') && plain_path(there, strlen(there))))
		return 0;
	return cee_fail(e, EINVAL,
			"\"%.100s\" must be HERE:THERE, two absolute paths without \"..\" or a \"/\" at the end", map);
}

char *host_path(const char *map, const char *path)
{
	size_t n = map ? strcspn(map, ":") : 0;
	const char *there = n ? map + n + 1 : "";
	char *out;

	if (n == 1) /* "/" */
		n = 0;
	else if (!n || strncmp(path, map, n) != 0 || (path[n] && path[n] != '/'))
		return strdup(path);
	if (strcmp(there, "/") == 0)
		there = "";
	return asprintf(&out, "%s%s", there, path + n) < 0 ? NULL : out;
}
