/* shared_folder.c - a folder of the host for one socket (shared_folder.h) */
#include "runner/box/shared_folder.h"
#include "base/buf.h"
#include "engine/unix_channel.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *shared_folder_make(const char *parent, const char *runner, unsigned number, int mode)
{
	char *folder;

	if (mkdir(parent, 0700) < 0 && errno != EEXIST)
		return NULL;
	if (asprintf(&folder, "%s/%s.%u", parent, runner, number) < 0)
		return NULL;
	if (mkdir(folder, 0700) == 0 && chmod(folder, (mode_t)mode) == 0)
		return folder;
	free(folder);
	return NULL;
}

void shared_folder_remove(const char *folder)
{
	AUTO_FREE char *socket = NULL;

	if (!folder || asprintf(&socket, "%s/" UNIX_CHANNEL_NAME, folder) < 0)
		return;
	unlink(socket);
	rmdir(folder);
}

void shared_folders_sweep(const char *parent, const char *runner)
{
	DIR *d = parent ? opendir(parent) : NULL;
	size_t n = strlen(runner);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		AUTO_FREE char *path = NULL;

		if (strncmp(e->d_name, runner, n) == 0 && e->d_name[n] == '.' &&
		    asprintf(&path, "%s/%s", parent, e->d_name) > 0)
			shared_folder_remove(path);
	}
	if (d)
		closedir(d);
}
