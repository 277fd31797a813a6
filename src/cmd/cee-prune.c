/* cee-prune.c - cee-prune(8): removes the jobs whose time is over, and what nothing needs any more
 *
 * For cron and timers. It reads the history, oldest buckets first, so it is as long as that
 * is; nothing that submits or runs jobs waits for it. Groups and keys go when none of their
 * jobs is left and they are a day old: a submitter may still be about to use a new one.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/limit.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "job/result.h"
#include "spool/group.h"
#include "spool/key.h"
#include "spool/remove.h"
#include "spool/spool.h"
#include "spool/spool_internal.h"

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

static void prune_job(const char *owner, const char *id)
{
	AUTO_BUF struct buf text = { 0 };
	struct cee_err e = { 0 };
	struct result r;
	bool over;

	if (spool_read_result(&prune.c.spool, owner, id, &text) < 0)
		return; /* it has not ended */
	if (result_parse(&r, text.data ? text.data : "", text.len, &e) < 0) {
		prog_error("%s: its result cannot be read: %s", id, e.msg);
		prune.failed++;
		return;
	}
	over = is_over(&r);
	result_release(&r);
	if (!over)
		return;
	if (!prune.dry && spool_remove(&prune.c.spool, owner, id, &e) < 0) {
		if (errno == EAGAIN || errno == ENOENT)
			return; /* the next time */
		prog_error("%s", e.msg);
		prune.failed++;
		return;
	}
	prune.removed++;
	say(owner, "job", id);
}

static void prune_bucket(const char *owner, int out, const char *bucket)
{
	DIR *d = spool_list(out, bucket);
	struct dirent *e;

	while (d && (e = spool_next(d)))
		if (id_valid(e->d_name))
			prune_job(owner, e->d_name);
	if (d)
		closedir(d);
	if (!prune.dry)
		spool_bucket_drop(out, bucket);
}

/* ---- groups and keys ------------------------------------------------------------------ */

static bool is_old(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && prune.now_us / 1000000 - st.st_mtim.tv_sec > OLD_S;
}

typedef int (*drop_fn)(struct spool *s, const char *owner, const char *name, bool dry);

static void prune_part(const char *owner, const char *part, const char *what, drop_fn drop)
{
	char path[OWNER_MAX + 8];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof path, "%.*s/%s", OWNER_MAX - 1, owner, part);
	d = spool_list(prune.c.spool.fd, path);
	while (d && (e = spool_next(d)))
		if (is_old(dirfd(d), e->d_name) && drop(&prune.c.spool, owner, e->d_name, prune.dry))
			say(owner, what, e->d_name);
	if (d)
		closedir(d);
}

/* ---- owners ------------------------------------------------------------------------------ */

static bool is_bucket(const struct dirent *e)
{
	return strlen(e->d_name) == SPOOL_BUCKET && strspn(e->d_name, "0123456789abcdef") == SPOOL_BUCKET;
}

static int wanted_bucket(const struct dirent *e)
{
	return is_bucket(e);
}

/* With --older-than nothing in a bucket that began later than that can be over. */
static bool too_new(const char *bucket)
{
	int64_t began_ms = (int64_t)strtoll(bucket, NULL, 16) << (48 - 4 * SPOOL_BUCKET);

	return prune.older_us >= 0 && began_ms * 1000 > prune.now_us - prune.older_us;
}

static int prune_owner(void *arg, const char *owner)
{
	struct dirent **bucket = NULL;
	char path[OWNER_MAX + 8];
	AUTO_CLOSE int out = -1;
	int n;

	(void)arg;
	snprintf(path, sizeof path, "%.*s/out", OWNER_MAX - 1, owner);
	if ((out = spool_dir(prune.c.spool.fd, path)) < 0)
		return 0;
	n = scandirat(out, ".", &bucket, wanted_bucket, alphasort);
	for (int i = 0; i < n; i++) {
		if (!too_new(bucket[i]->d_name))
			prune_bucket(owner, out, bucket[i]->d_name);
		free(bucket[i]);
	}
	free(bucket);
	prune_part(owner, "groups", "group", group_drop);
	prune_part(owner, "keys", "key", key_drop);
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
