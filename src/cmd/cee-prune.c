/* cee-prune.c - cee-prune(8): removes expired jobs, and groups and keys without jobs
 *
 * For cron and timers. It reads the history, oldest buckets first, so the time grows with the number
 * of jobs; submitters and runners do not wait for it. Groups and keys are removed when none of
 * their jobs is left and they are a day old: a submitter may be about to use a newer one.
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

struct prune {
	struct client c;
	bool dry, verbose, one; /* one: --owner was given */
	int64_t older_us;	/* --older-than, or -1 */
	int64_t now_us;
	long removed, failed;
	const char *owner; /* the owner being pruned */
};

static void say(const struct prune *p, const char *what, const char *name)
{
	char text[300];

	if (!p->dry && !p->verbose)
		return;
	snprintf(text, sizeof text, "%s %s %s", p->owner, what, name);
	text_clean(text);
	if (puts(text) == EOF)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
}

/* ---- jobs ------------------------------------------------------------------------- */

/* Has it expired? By its result's time to keep, else by the present cee.conf. */
static bool is_over(const struct prune *p, const struct result *r)
{
	int64_t keep = p->c.conf.keep_us;

	if (r->ended_us <= 0)
		return false;
	if (p->older_us >= 0)
		return p->now_us - r->ended_us > p->older_us;
	if (r->expires_us > 0)
		return r->expires_us <= p->now_us;
	return keep >= 0 && p->now_us - r->ended_us > keep;
}

static int prune_job(void *arg, const char *id)
{
	struct prune *p = arg;
	const char *owner = p->owner;
	AUTO_BUF struct buf text = { 0 };
	struct cee_err e = { 0 };
	struct result r;
	bool over;

	if (spool_read_result(&p->c.spool, owner, id, &text) < 0)
		return 0; /* it has not ended */
	if (result_parse(&r, text.data ? text.data : "", text.len, &e) < 0) {
		prog_error("%s: its result cannot be read: %s", id, e.msg);
		p->failed++;
		return 0;
	}
	over = is_over(p, &r);
	result_release(&r);
	if (!over)
		return 0;
	if (!p->dry && spool_remove(&p->c.spool, owner, id, &e) < 0) {
		if (errno == EAGAIN || errno == ENOENT)
			return 0; /* retried next time */
		prog_error("%s", e.msg);
		p->failed++;
		return 0;
	}
	p->removed++;
	say(p, "job", id);
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
	struct prune *p = arg;
	struct spool *s = &p->c.spool;
	/* with --older-than no job of a bucket that began later can be expired */
	int64_t until = p->older_us >= 0 ? p->now_us - p->older_us : INT64_MAX;
	int64_t old = p->now_us - OLD_S * INT64_C(1000000);

	p->owner = owner;
	spool_each_begun(s, owner, until, prune_job, p);
	if (!p->dry)
		spool_drop_buckets(s, owner);
	group_drop_old(s, owner, old, p->dry, removed_group, p);
	key_drop_old(s, owner, old, p->dry, removed_key, p);
	return 0;
}

/* ---- options -------------------------------------------------------------------------------- */

static const char help[] =
	"usage: cee-prune [options]\n"
	"Removes the jobs whose time is over, by their results or cee.conf's keep.\n\n"
	"      --older-than TIME  all that ended longer ago than this, whatever their results say: 12h, 30d\n"
	"  -n, --dry-run       only print what would be removed\n"
	"  -v, --verbose       print what is removed\n" CLIENT_HELP;

enum { OPT_OLDER = CLIENT_OWN };
/* clang-format off */
static const struct option options[] = {
	CLIENT_LONG,
	{ "older-than", required_argument, NULL, OPT_OLDER },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "verbose", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 }
};
/* clang-format on */

static void one_option(struct prune *p, int opt)
{
	struct cee_err e = { 0 };

	switch (opt) {
	case OPT_OLDER:
		if (duration_parse(optarg, &p->older_us, &e) < 0)
			prog_usage("--older-than %s: %s", optarg, e.msg);
		break;
	case 'n':
		p->dry = true;
		break;
	case 'v':
		p->verbose = true;
		break;
	default:
		p->one |= opt == CLIENT_OWNER;
		client_option(&p->c, opt, help);
	}
}

int main(int argc, char **argv)
{
	struct prune p = { .older_us = -1 };
	int opt;

	client_init(&p.c, argv[0]);
	while ((opt = prog_getopt(argc, argv, CLIENT_SHORT "nv", options)) != -1)
		one_option(&p, opt);
	if (optind < argc)
		prog_usage("%s: takes no arguments; cee-rm removes single jobs", argv[optind]);
	client_open(&p.c, 0);
	p.now_us = now_us();
	/* in a spool that users share each user prunes their own part, and root all of them */
	if (p.one || (p.c.spool.shared && geteuid() != 0))
		prune_owner(&p, p.c.owner);
	else if (spool_each_owner(&p.c.spool, prune_owner, &p) < 0)
		prog_die(EX_UNAVAILABLE, "%s: %s", p.c.conf.spool, strerror(errno));
	if (fflush(stdout) == EOF)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
	client_release(&p.c);
	return p.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
