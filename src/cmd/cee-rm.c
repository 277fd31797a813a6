/* cee-rm.c - cee-rm(1): removes jobs that have ended, with output, result, files and key
 *
 * A job that has not ended is not removed, or with -f cancelled first. spool/remove.c does the removal
 * and describes the effect of being killed.
 */
#include "base/error.h"
#include "cli/client.h"
#include "cli/id_reader.h"
#include "cli/prog.h"
#include "spool/cancel.h"
#include "spool/follow.h"
#include "spool/group.h"
#include "spool/remove.h"
#include "spool/runners.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


enum { RETIRE_MS = 20, RETIRE_TRIES = 250 };

struct rm {
	struct client c;
	struct follow f;
	bool force, warned;
};

static int wait_end(struct rm *k, const char *id)
{
	struct cee_err e = { 0 };
	int r;

	follow_job(&k->f, k->c.owner, id);
	while ((r = follow_step(&k->f, NULL, NULL, &e)) == 0)
		follow_wait(&k->f, -1, NULL, 0);
	if (r < 0)
		prog_error("%s", e.msg);
	return r < 0 ? -1 : 0;
}

/* Cancels it as cee-cancel does. */
static int end_job(struct rm *k, const char *id)
{
	struct cee_err e = { 0 };

	if (spool_cancel(&k->c.spool, k->c.owner, id, &e) < 0) {
		prog_error("%s", e.msg);
		return -1;
	}
	client_warn_runner(&k->c, &k->warned);
	return wait_end(k, id);
}

/* The runner retires a job some milliseconds after its result is visible. */
static int remove_retired(struct rm *k, const char *id, struct cee_err *e)
{
	const struct timespec pause = { .tv_nsec = RETIRE_MS * 1000000L };
	int r, tries = RETIRE_TRIES;

	while ((r = spool_remove(&k->c.spool, k->c.owner, id, e)) < 0 && errno == EAGAIN && tries-- > 0 &&
	       spool_runner_alive(&k->c.spool, NULL)) {
		nanosleep(&pause, NULL);
		errno = EAGAIN;
	}
	return r;
}

static int remove_one(void *arg, const char *id)
{
	struct rm *k = arg;
	struct cee_err e = { 0 };

	if (remove_retired(k, id, &e) == 0)
		return 0;
	if (errno == EBUSY && k->force) {
		if (end_job(k, id) < 0)
			return 1;
		if (remove_retired(k, id, &e) == 0)
			return 0;
	}
	prog_error("%s", e.msg);
	return 1;
}

static const char help[] =
	"usage: cee-rm [options] [ID...]\n"
	"Removes jobs that have ended, with all their files. Without an ID the ids are read from standard\n"
	"input, one a line.\n\n"
	"  -f, --force         first end those that have not ended\n" CLIENT_GROUP_HELP CLIENT_HELP;

/* clang-format off */
static const struct option options[] = {
	CLIENT_LONG,
	CLIENT_GROUP_LONG,
	{ "force", no_argument, NULL, 'f' },
	{ NULL, 0, NULL, 0 }
};
/* clang-format on */

int main(int argc, char **argv)
{
	struct rm k = { 0 };
	int opt, failed;

	client_init(&k.c, argv[0]);
	while ((opt = prog_getopt(argc, argv, CLIENT_SHORT CLIENT_GROUP_SHORT "f", options)) != -1)
		if (opt == 'f')
			k.force = true;
		else
			client_option(&k.c, opt, help);
	client_open(&k.c, 0);
	follow_init(&k.f, &k.c.spool, true);
	k.f.result_only = true;
	failed = id_reader_each(&k.c, argv + optind, argc - optind, false, remove_one, &k);
	if (k.c.group)
		group_drop(&k.c.spool, k.c.owner, k.c.group, false);
	follow_release(&k.f);
	client_release(&k.c);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
