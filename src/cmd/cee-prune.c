/* cee-prune.c - cee-prune(8): removes the jobs whose time is over, and what nothing needs any more
 *
 * For cron and timers. It reads the history, oldest buckets first, so it is as long as that
 * is; nothing that submits or runs jobs waits for it. Groups and keys go when none of their
 * jobs is left and they are a day old: a submitter may still be about to use a new one.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limit.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "job/result.h"
#include "spool/find.h"
#include "spool/group.h"
#include "spool/jobs.h"
#include "spool/key.h"
#include "spool/owner_name.h"
#include "spool/remove.h"
#include "spool/spool.h"
#include "spool/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


enum { OLD_S = 86400 };

static struct prune {
	struct client c;
	bool dry, verbose, one; /* one: --owner was given */
	int64_t older_us;	/* --older-than, or -1 */
	int64_t now_us;
	long removed, failed;
} prune = { .older_us = -1 };

static void say(const char *owner, const char *what, const char *name)
{
	char text[300];

	if (!prune.dry && !prune.verbose)
		return;
	snprintf(text, sizeof text, "%s %s %s", owner, what, name);
	text_clean(text);
	if (puts(text) == EOF)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
}

/* ---- jobs ------------------------------------------------------------------------- */

/* Is its time over? By what its result says, else by what cee.conf says now. */
static bool is_over(const struct result *r)
{
	int64_t keep = prune.c.conf.keep_us;

	if (r->ended_us <= 0)
		return false;
	if (prune.older_us >= 0)
		return prune.now_us - r->ended_us > prune.older_us;
	if (r->expires_us > 0)
		return r->expires_us <= prune.now_us;
	return keep >= 0 && prune.now_us - r->ended_us > keep;
}

static int prune_job(void *arg, const char *id)
{
	const char *owner = arg;
	AUTO_BUF struct buf text = { 0 };
	struct cee_err e = { 0 };
	struct result r;
	bool over;

	if (spool_read_result(&prune.c.spool, owner, id, &text) < 0)
		return 0; /* it has not ended */
	if (result_parse(&r, text.data ? text.data : "", text.len, &e) < 0) {
		prog_error("%s: its result cannot be read: %s", id, e.msg);
		prune.failed++;
		return 0;
	}
	over = is_over(&r);
	result_release(&r);
	if (!over)
		return 0;
	if (!prune.dry && spool_remove(&prune.c.spool, owner, id, &e) < 0) {
		if (errno == EAGAIN || errno == ENOENT)
			return 0; /* the next time */
		prog_error("%s", e.msg);
		prune.failed++;
		return 0;
	}
	prune.removed++;
	say(owner, "job", id);
	return 0;
}

/* ---- owners ------------------------------------------------------------------------------ */

static int removed_group(void *arg, const char *name)
{
	say(arg, "group", name);
	return 0;
}

static int removed_key(void *arg, const char *name)
{
	say(arg, "key", name);
	return 0;
}

static int prune_owner(void *arg, const char *owner)
{
	struct spool *s = &prune.c.spool;
	/* with --older-than nothing in a bucket that began later than that can be over */
	int64_t until = prune.older_us >= 0 ? prune.now_us - prune.older_us : INT64_MAX;
	int64_t old = prune.now_us - OLD_S * INT64_C(1000000);
	char name[OWNER_MAX];

	(void)arg;
	snprintf(name, sizeof name, "%s", owner);
	spool_each_begun(s, owner, until, prune_job, name);
	if (!prune.dry)
		spool_drop_buckets(s, owner);
	group_drop_old(s, owner, old, prune.dry, removed_group, name);
	key_drop_old(s, owner, old, prune.dry, removed_key, name);
	return 0;
}

/* ---- options -------------------------------------------------------------------------------- */

static const char help[] =
	"usage: cee-prune [options]\n"
	"Removes the jobs whose time is over, as their results or cee.conf's keep have it.\n\n"
	"      --older-than TIME  those that ended longer ago than this, whatever else was said: 12h, 30d\n"
	"  -n, --dry-run       only says what would go\n"
	"  -v, --verbose       says what goes\n" CLIENT_HELP;

enum { OPT_OLDER = CLIENT_OWN };
static const struct option options[] = { CLIENT_LONG,
					 { "older-than", required_argument, NULL, OPT_OLDER },
					 { "dry-run", no_argument, NULL, 'n' },
					 { "verbose", no_argument, NULL, 'v' },
					 { NULL, 0, NULL, 0 } };

static void one_option(int opt)
{
	struct cee_err e = { 0 };

	switch (opt) {
	case OPT_OLDER:
		if (duration_parse(optarg, &prune.older_us, &e) < 0)
			prog_usage("--older-than %s: %s", optarg, e.msg);
		break;
	case 'n':
		prune.dry = true;
		break;
	case 'v':
		prune.verbose = true;
		break;
	default:
		prune.one |= opt == CLIENT_OWNER;
		client_option(&prune.c, opt, help);
	}
}

int main(int argc, char **argv)
{
	int opt;

	client_init(&prune.c, argv[0]);
	while ((opt = prog_getopt(argc, argv, CLIENT_SHORT "nv", options)) != -1)
		one_option(opt);
	if (optind < argc)
		prog_usage("%s: takes no arguments; cee-rm removes single jobs", argv[optind]);
	client_open(&prune.c, 0);
	prune.now_us = now_us();
	/* in a spool that users share each has his own part, and root all of them */
	if (prune.one || (prune.c.spool.shared && geteuid() != 0))
		prune_owner(NULL, prune.c.owner);
	else if (spool_each_owner(&prune.c.spool, prune_owner, NULL) < 0)
		prog_die(EX_UNAVAILABLE, "%s: %s", prune.c.conf.spool, strerror(errno));
	if (fflush(stdout) == EOF)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
	client_release(&prune.c);
	return prune.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
