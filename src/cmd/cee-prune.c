/* cee-prune.c - cee-prune(8): removes expired jobs, the oldest jobs of owners who keep too much, and what is left of
 * jobs and owners
 *
 * By hand, or where no runner runs: a runner does the same by itself (spool/retention.h).
 */
#include "base/error.h"
#include "base/limit.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "spool/retention.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


struct prune {
	struct client c;
	bool dry, verbose, one; /* one: --owner was given */
	int64_t older_us;	/* --older-than, or -1 */
};

static void removed(void *arg, const char *owner, const char *what, const char *name)
{
	const struct prune *p = arg;
	char text[500];

	if (!p->dry && !p->verbose)
		return;
	snprintf(text, sizeof text, "%s %s %s", owner, what, name);
	text_clean(text);
	if (puts(text) == EOF)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
}

static void failed(void *arg, const char *text)
{
	(void)arg;
	prog_error("%s", text);
}

/* In a spool that users share each user prunes their own part, and root all of them. False: something failed. */
static bool prune(struct prune *p)
{
	const struct retention_rules rules = { .keep_us = p->c.conf.keep_us,
					       .older_us = p->older_us,
					       .keep_bytes = p->c.conf.keep_bytes,
					       .owner_us = p->older_us >= 0 ? -1 : p->c.conf.keep_owner_us,
					       .dry = p->dry };
	const struct retention_ops ops = { .removed = removed, .failed = failed, .arg = p };
	struct retention r;
	bool good;

	retention_init(&r, &p->c.spool, &rules, &ops);
	if (p->one || (p->c.spool.shared && geteuid() != 0))
		retention_pass_owner(&r, p->c.owner);
	else if (retention_pass(&r) < 0)
		prog_die(EX_UNAVAILABLE, "%s: %s", p->c.conf.spool, strerror(errno));
	good = r.failed == 0;
	retention_release(&r);
	return good;
}

/* ---- options -------------------------------------------------------------------------------- */

static const char help[] =
	"usage: cee-prune [options]\n"
	"Removes expired jobs, and the oldest ones of owners who keep more than keep_bytes.\n\n"
	"      --older-than TIME  all jobs that ended longer ago than this, expired or not: 12h, 30d\n"
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
	bool good;
	int opt;

	client_init(&p.c, argv[0]);
	while ((opt = prog_getopt(argc, argv, CLIENT_SHORT "nv", options)) != -1)
		one_option(&p, opt);
	if (optind < argc)
		prog_usage("%s: takes no arguments; cee-rm removes single jobs", argv[optind]);
	client_open(&p.c, 0);
	good = prune(&p);
	if (fflush(stdout) == EOF)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
	client_release(&p.c);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
