/* names.c - names of files and groups: refuses names that could leave a folder or confuse a terminal */
#include "base/names.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool part_valid(const char *s, size_t n)
{
	if (n == 0 || n > PART_MAX)
		return false;
	return !(n == 1 && s[0] == '.') && !(n == 2 && s[0] == '.' && s[1] == '.');
}

bool job_name_valid(const char *name)
{
	size_t len = strlen(name), parts = 1;
	const char *part = name;

	if (len == 0 || len > NAME_MAX_LEN)
		return false;
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_printable(name + i, len - i);
		if (n == 0)
			return false;
	}
	for (const char *slash; (slash = strchr(part, '/')); part = slash + 1) {
		if (!part_valid(part, (size_t)(slash - part)) || ++parts > PARTS_MAX)
			return false;
	}
	return part_valid(part, strlen(part));
}

bool group_name_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > GROUP_NAME_MAX || name[0] == '.' || strchr(name, '/'))
		return false;
	for (size_t i = 0, n; i < len; i += n)
		if ((n = utf8_printable(name + i, len - i)) == 0)
			return false;
	return true;
}
