/* check_runner.c - runners' directories in cur/, and their files in metrics/ (check_runner.h) */
#include "spool/check_runner.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "base/id.h"
#include "spool/check.h"
#include "spool/check_entry.h"
#include "spool/check_place.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "spool/runners.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

static long check_claims(struct spool_check *ck, int runner, const char *owner, const char *path)
{
	DIR *d = check_open_dir(ck, runner, owner, path);
	struct dirent *e;
	char p[CHECK_PATH_MAX];
	long n = 0;

	while (d && (e = dir_next(d))) {
		char id[ID_LEN + 1];
		int attempt;

		check_join(p, path, e->d_name);
		if (!layout_claim_parse(e->d_name, id, &attempt)) {
			check_problem(ck, p, "is not the name of a claimed job (ID.ATTEMPT)");
			continue;
		}
		n++;
		check_file(ck, dirfd(d), e->d_name, p);
		check_places(ck, owner, id);
	}
	if (d)
		closedir(d);
	return n;
}

/* Is the runner's lock held? -1 if the directory was removed meanwhile. */
static int runner_alive(struct spool_check *ck, int dir, const char *path)
{
	AUTO_CLOSE int fd = openat(dir, LAYOUT_RUNNER_LOCK, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		return file_locked(fd) == 1;
	if (!dir_has(ck->s->fd, path))
		return -1;
	check_problem(ck, path, "has no lock file");
	return 0;
}

static void check_runner(struct spool_check *ck, int cur, const char *name, const char *path)
{
	DIR *d = check_open_dir(ck, cur, name, path);
	struct dirent *e;
	char p[CHECK_PATH_MAX];
	long n = 0;
	int alive;

	if (!d)
		return;
	alive = runner_alive(ck, dirfd(d), path);
	while (alive >= 0 && (e = dir_next(d))) {
		check_join(p, path, e->d_name);
		if (strcmp(e->d_name, LAYOUT_RUNNER_LOCK) == 0 || strcmp(e->d_name, LAYOUT_RUNNER_BOOT) == 0 ||
		    (ck->s->shared && strcmp(e->d_name, LAYOUT_RUNNER_ALIVE) == 0))
			check_file(ck, dirfd(d), e->d_name, p);
		else if (spool_owner_valid(e->d_name) && dir_is_dir(d, e))
			n += check_claims(ck, dirfd(d), e->d_name, p);
		else
			check_problem(ck, p, "is not an owner");
	}
	ck->claimed += n;
	if (alive == 0 && dir_has(ck->s->fd, path))
		check_note(ck, path, "this runner is dead; %s takes its %ld jobs over",
			   ck->runners ? "one that is alive" : "the next that starts", n);
	closedir(d);
}

void check_cur(struct spool_check *ck)
{
	DIR *d = check_open_dir(ck, ck->s->fd, LAYOUT_CUR, LAYOUT_CUR);
	struct dirent *e;
	char p[CHECK_PATH_MAX];

	if (!d) {
		check_problem(ck, LAYOUT_CUR, "is missing; cee-fsck --make makes it");
		return;
	}
	while ((e = dir_next(d))) {
		check_join(p, LAYOUT_CUR, e->d_name);
		if (spool_runner_valid(e->d_name) && dir_is_dir(d, e))
			check_runner(ck, dirfd(d), e->d_name, p);
		else
			check_problem(ck, p, "is not a runner");
	}
	closedir(d);
}

void check_metrics(struct spool_check *ck, int root)
{
	DIR *d = check_open_dir(ck, root, LAYOUT_METRICS, LAYOUT_METRICS);
	struct dirent *e;
	char p[CHECK_PATH_MAX];

	while (d && (e = dir_next(d))) {
		check_join(p, LAYOUT_METRICS, e->d_name);
		check_file(ck, dirfd(d), e->d_name, p);
		if (!spool_runner_valid(e->d_name))
			check_problem(ck, p, "is not the name of a runner");
		else if (!spool_runner_lives(ck->s, e->d_name))
			check_note(ck, p, "its runner is dead; it goes when the next one starts");
	}
	if (d)
		closedir(d);
}
