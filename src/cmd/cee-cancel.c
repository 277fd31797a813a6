/* cee-cancel.c - cee-cancel(1): cancels queued or running jobs
 *
 * A request is a file that the runner looks for; it is kept until the job has a result.
 */
#include "base/error.h"
#include "cli/client.h"
#include "cli/id_reader.h"
#include "cli/prog.h"
#include "spool/cancel.h"
#include "spool/find.h"
#include "spool/follow.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>


struct cancel {
	struct client c;
	struct follow f;
	bool wait, warned;
};

static int wait_end(struct cancel *k, const char *id)
{
	struct cee_err e = { 0 };
	int r;

	follow_job(&k->f, k->c.owner, id);
	while ((r = follow_step(&k->f, NULL, NULL, &e)) == 0)
		follow_wait(&k->f, -1, NULL, 0);
	if (r < 0)
		prog_error("%s", e.msg);
	return r < 0;
}

static int cancel_one(void *arg, const char *id)
{
	struct cancel *k = arg;
	struct spool_where w;
	struct cee_err e = { 0 };

	if (spool_find(&k->c.spool, k->c.owner, id, &w, &e) < 0) {
		prog_error("%s", e.msg);
		return 1;
	}
	if (w.state == STATE_FINISHED) {
		if (!k->c.group)
			prog_error("%s: has ended already", id);
		return 0;
	}
	if (spool_cancel(&k->c.spool, k->c.owner, id, &e) < 0) {
		prog_error("%s", e.msg);
		return 1;
	}
	client_warn_runner(&k->c, &k->warned);
	return k->wait ? wait_end(k, id) : 0;
}

static const char help[] =
	"usage: cee-cancel [options] [ID...]\n"
	"Cancels queued and running jobs. Without an ID the ids are read from standard input, one a line.\n\n"
	"  -w, --wait          wait until they have ended\n" CLIENT_GROUP_HELP CLIENT_HELP;

/* clang-format off */
static const struct option options[] = {
	CLIENT_LONG,
	CLIENT_GROUP_LONG,
	{ "wait", no_argument, NULL, 'w' },
	{ NULL, 0, NULL, 0 }
};
/* clang-format on */

int main(int argc, char **argv)
{
	struct cancel k = { 0 };
	int opt, failed;

	client_init(&k.c, argv[0]);
	while ((opt = prog_getopt(argc, argv, CLIENT_SHORT CLIENT_GROUP_SHORT "w", options)) != -1)
		if (opt == 'w')
			k.wait = true;
		else
			client_option(&k.c, opt, help);
	client_open(&k.c, 0);
	follow_init(&k.f, &k.c.spool, true);
	k.f.result_only = true;
	failed = id_reader_each(&k.c, argv + optind, argc - optind, false, cancel_one, &k);
	follow_release(&k.f);
	client_release(&k.c);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
