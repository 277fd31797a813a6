/* watch.c - the runner's inotify watches on the spool (watch.h) */
#include "spool/watch.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/id.h"
#include "spool/layout.h"
#include "spool/places.h"
#include "spool/spool.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

int spool_watch(struct spool *s, int inotify, const char *owner, enum spool_watch what)
{
	static const struct {
		enum owner_part part; /* the part of an owner's directory */
		uint32_t mask;
	} how[] = {
		[WATCH_OWNERS] = { PART_COUNT, IN_CREATE | IN_MOVED_TO },
		[WATCH_REQUESTS] = { PART_COUNT, IN_CREATE | IN_MOVED_TO },
		[WATCH_NEW] = { PART_NEW, IN_CREATE | IN_MOVED_TO },
		[WATCH_CANCEL] = { PART_CANCEL, IN_CREATE | IN_MOVED_TO },
		[WATCH_INPUT] = { PART_IN, IN_CREATE | IN_MOVED_TO | IN_MODIFY | IN_CLOSE_WRITE },
	};
	AUTO_CLOSE int fd = -1;
	char path[32];

	if (what == WATCH_OWNERS)
		fd = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else if (what == WATCH_REQUESTS)
		fd = dir_open(s->fd, LAYOUT_JOIN);
	else
		fd = place_part(s, owner, how[what].part);
	if (fd < 0)
		return -1;
	/* via the descriptor: it was opened without following links, so exactly this directory is watched */
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return inotify_add_watch(inotify, path, how[what].mask | IN_ONLYDIR);
}

bool spool_event_new(const char *name, char id[ID_LEN + 1], int *priority, int *attempts)
{
	return layout_new_parse(name, id, priority, attempts);
}

bool spool_event_cancel(const char *name, char id[ID_LEN + 1], bool *removal)
{
	*removal = layout_removal_parse(name, id);
	if (!*removal && id_valid(name))
		memcpy(id, name, ID_LEN + 1);
	else if (!*removal)
		return false;
	return true;
}
