/* cee-fsck.c - cee-fsck(8): checks a spool for consistency (spool/check.h), and makes spools
 *
 * Prints one line for each problem, and for each note: an object that the spool's programs clean
 * up by themselves.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/json_write.h"
#include "cli/prog.h"
#include "conf/account.h"
#include "conf/conf.h"
#include "conf/token.h"
#include "spool/check.h"
#include "spool/multiuser.h"
#include "spool/owner.h"
#include "spool/owner_name.h"
#include "spool/spool.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fsck {
	struct spool s;
	struct spool_check check;
	const char *spool_path, *conf_path; /* -s, -c */
	bool json, making, shared;
};

static void end_json(struct json_writer *w)
{
	json_close(w, '}');
	if (json_end_line(w) < 0)
		prog_die(EX_OSERR, "out of memory");
	fwrite(w->out->data, 1, w->out->len, stdout); /* an error is seen by the fflush at the end */
}

static void report_json(const char *kind, const char *path, const char *text)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '{');
	json_put_text(&w, "kind", kind);
	json_put_text(&w, "path", path);
	json_put_text(&w, "text", text);
	end_json(&w);
}

static void report(void *arg, enum spool_finding kind, const char *path, const char *text)
{
	const struct fsck *f = arg;

	if (f->json)
		report_json(kind == SPOOL_NOTE ? "note" : "problem", path, text);
	else
		printf("%s%s: %s\n", kind == SPOOL_NOTE ? "note: " : "", path, text);
}

static void summary_json(const struct spool_check *k)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '{');
	json_put_text(&w, "kind", "summary");
	json_put_bool(&w, "sound", !k->problems);
	json_put_integer(&w, "waiting", k->waiting);
	json_put_integer(&w, "claimed", k->claimed);
	json_put_integer(&w, "ended", k->ended);
	json_put_integer(&w, "runners", k->runners);
	json_put_integer(&w, "problems", k->problems);
	json_put_integer(&w, "notes", k->notes);
	end_json(&w);
}

static void summary(const struct fsck *f, const char *path)
{
	const struct spool_check *k = &f->check;

	if (f->json)
		summary_json(k);
	else
		printf("%s: %s; %ld waiting, %ld claimed, %ld ended; %d runners; %ld problems, %ld notes\n", path,
		       k->problems ? "not sound" : "sound", k->waiting, k->claimed, k->ended, k->runners, k->problems,
		       k->notes);
}

static int check(struct fsck *f, const char *path)
{
	f->check.report = report;
	f->check.arg = f;
	spool_check(&f->check);
	summary(f, path);
	if (fflush(stdout) == EOF)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
	return f->check.problems ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int exit_of(int err)
{
	switch (err) {
	case ENOENT:
	case ENOTDIR:
		return EX_NOINPUT;
	case EPROTO:
		return EX_DATAERR;
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	case ENOTSUP:
	case ENOTEMPTY:
	case EEXIST:
		return EX_CONFIG;
	case EINVAL:
		return EX_USAGE;
	default:
		return EX_OSERR;
	}
}

/* In a shared spool, makes the owner's directory for the uid in the owner's name, or for
 * cee-http's uid. */
static void make_shared(struct fsck *f, const char *owner)
{
	struct cee_err e;
	uid_t uid;

	if (!spool_owner_uid(owner, f->check.http, &uid))
		prog_die(EX_USAGE,
			 "%s: no uid is known for this owner; the owners of a shared spool are uid-N and, when "
			 "http_user of cee.conf"
			 " says who cee-http is, anon and http-*",
			 owner);
	if (geteuid() != 0)
		prog_die(EX_NOPERM, "only root can make owners of a shared spool");
	if (multiuser_make_owner(&f->s, owner, uid, &e) < 0)
		prog_die(exit_of(errno), "%s", e.msg);
}

static int make(struct fsck *f, const char *owner)
{
	struct cee_err e;

	if (owner && f->s.shared)
		make_shared(f, owner);
	else if (owner && spool_owner_make(&f->s, owner, &e) < 0)
		prog_die(exit_of(errno), "%s", e.msg);
	return EXIT_SUCCESS;
}

static const char help[] = "usage: cee-fsck [-s SPOOL] [-c CONF] [--json] [--fix]\n"
			   "       cee-fsck [-s SPOOL] [-c CONF] --make [--shared] [OWNER]\n"
			   "\n"
			   "Checks a spool for consistency (cee-spool(5)), live or at rest. Each\n"
			   "problem is a line on standard output; a line that begins with \"note:\" is\n"
			   "something that the programs of cee clean up.\n"
			   "\n"
			   "  -s, --spool DIR   the spool (CEE_SPOOL, or cee.conf's)\n"
			   "  -c, --conf FILE   the configuration (CEE_CONF)\n"
			   "      --json        one JSON object a line, a summary last\n"
			   "      --fix         remove files in tmp whose writers are gone, cancel requests and\n"
			   "                    input of jobs that have ended, and keys of jobs that are\n"
			   "                    gone; safe in a live spool\n"
			   "      --make        make a spool, and OWNER's part of it; correct those of a shared one\n"
			   "      --shared      ... one that many users share, as root\n"
			   "      --help, --version\n"
			   "\n"
			   "Exit status: 0 sound, 1 problems, 64 usage, 65 another version, 66 no spool,\n"
			   "77 no permission, 78 not a directory for a spool.\n";

/* clang-format off */
static const struct option options[] = {
	{ "spool", required_argument, NULL, 's' },
	{ "conf", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'j' },
	{ "fix", no_argument, NULL, 'f' },
	{ "make", no_argument, NULL, 'm' },
	{ "shared", no_argument, NULL, 'S' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};
/* clang-format on */

static void parse_options(struct fsck *f, int argc, char **argv)
{
	int o;

	while ((o = prog_getopt(argc, argv, "s:c:", options)) != -1)
		switch (o) {
		case 's':
			f->spool_path = optarg;
			break;
		case 'c':
			f->conf_path = optarg;
			break;
		case 'j':
			f->json = true;
			break;
		case 'f':
			f->check.fix = true;
			break;
		case 'm':
			f->making = true;
			break;
		case 'S':
			f->shared = true;
			break;
		case 'h':
			prog_help(help);
		case 'V':
			prog_version();
		default:
			prog_usage("not understood");
		}
}

int main(int argc, char **argv)
{
	struct fsck f = { .s.fd = -1, .check.s = &f.s };
	struct conf conf;
	struct cee_err e;
	uid_t http;
	int status;

	prog_init(argv[0]);
	parse_options(&f, argc, argv);
	if (f.shared && !f.making)
		prog_usage("--shared: goes with --make");
	if (argc - optind > (f.making ? 1 : 0))
		prog_usage("%s: no operand expected here", argv[argc - 1]);
	if (conf_load(&conf, f.conf_path, f.spool_path, &e) < 0)
		prog_die(prog_config_status(), "%s", e.msg);
	if (spool_open(&f.s, conf.spool, f.making ? SPOOL_CREATE | (f.shared ? SPOOL_SHARED : 0) : 0, true, &e) < 0)
		prog_die(exit_of(errno), "%s", e.msg);
	if (f.s.shared && conf_http_uid(&conf, &http, &e) == 0)
		f.check.http = &http;
	status = f.making ? make(&f, argv[optind]) : check(&f, conf.spool);
	spool_release(&f.s);
	conf_release(&conf);
	return status;
}
