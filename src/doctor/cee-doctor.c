/* cee-doctor.c - cee-doctor(8): is this host fit to run jobs? One line each, with the remedy
 *
 * It uses the engine as the runner does and runs the runner's limit probes (runner/host) in boxes
 * that are made like those of jobs, so limits are tested and not only read from the
 * configuration. The results are judged by host.c, which the runner also uses when it starts, and
 * by host_checks.c.
 *
 * This file has the table of checks and their order. A check is in engine_checks.c or
 * spool_checks.c, and asks for what it needs (doctor_needs.h). Everything that a check makes is
 * removed, also after a signal; when this process is killed, its box ends because its connection
 * closes.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/limit.h"
#include "base/loop.h"
#include "cli/prog.h"
#include "conf/conf.h"
#include "doctor/doctor.h"
#include "doctor/doctor_needs.h"
#include "doctor/engine_checks.h"
#include "doctor/network_check.h"
#include "doctor/report.h"
#include "doctor/spool_checks.h"
#include "engine/docker.h"
#include "job/languages.h"
#include "runner/box/boxes.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "runner/host/host.h"
#include "runner/host/limit_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define L(id, name, unit, compile, run, ceiling, text)                                                                 \
	static void check_##id(struct doctor *d, struct finding *f)                                                    \
	{                                                                                                              \
		check_limit(d, f, LIMIT_##id);                                                                         \
	}
LIMITS(L)
#undef L

static const struct check {
	const char *name;
	void (*go)(struct doctor *d, struct finding *f);
} checks[] = {
	{ "conf", check_conf },
	{ "engine", check_engine },
	{ "api", check_api },
	{ "cgroup", check_cgroup },
	{ "runtime", check_runtime },
	{ "apparmor", check_apparmor },
	{ "languages", check_languages },
	{ "images", check_images },
	{ "box", check_box },
	{ "init", check_init },
	{ "seccomp", check_seccomp },
	{ "cells", check_cells },
	{ "tmpfs", check_tmpfs },
#define L(id, name, unit, compile, run, ceiling, text) { name, check_##id },
	LIMITS(L)
#undef L
		{ "network", check_network },
	{ "clock", check_clock },
	{ "spool", check_spool },
	{ "room", check_room },
	{ "uids", check_uids },
	{ "inotify", check_inotify },
	{ "boxes", check_boxes },
	{ "runner", check_runner },
};
enum { CHECKS = sizeof(checks) / sizeof(*checks) };

/* ---- start and end ------------------------------------------------------------------------ */

static const char help[] = "usage: cee-doctor [-q] [--json] [-s SPOOL] [-c CONF] [CHECK...]\n"
			   "Says whether this host is fit to run jobs: a line for each check, with the remedy.\n"
			   "\n"
			   "  -q, --quiet         only what fails\n"
			   "      --json          an object a line: name, status, what, remedy\n"
			   "      --list          the names of the checks\n"
			   "  -s, --spool DIR     the spool (CEE_SPOOL, else cee.conf's)\n"
			   "  -c, --conf FILE     the configuration (CEE_CONF, else etc/cee.conf)\n"
			   "  -h, --help, --version\n"
			   "\n"
			   "Limits are tried in real boxes, which are removed. With CHECK only those are made.\n"
			   "Exit status: 0 nothing fails, 1 something does, 64 usage, 130 interrupted.\n";

static void load(struct doctor *d)
{
	struct conf *c = &d->config.conf;
	struct buf b = { 0 };
	struct finding f;

	if (conf_load(c, d->conf_path, d->spool_path, &d->conf_error) < 0) {
		finding_set(&f, FINDING_FAIL, "correct it: cee.conf(5)", "%s", d->conf_error.msg);
		report(d, "conf", &f);
		exit(EXIT_FAILURE);
	}
	d->langs_error.msg[0] = 0;
	if (langs_load(&d->config.langs, c->languages, &d->langs_error) < 0)
		memset(&d->config.langs, 0, sizeof(d->config.langs));
	else
		d->langs_error.msg[0] = 0;
	if (read_file_at(AT_FDCWD, c->seccomp, SECCOMP_MAX, &b) < 0)
		cee_fail(&d->seccomp_error, errno, "seccomp = %s: %s", c->seccomp, strerror(errno));
	d->config.seccomp = b.data;
	if (!realpath(c->spool, d->spool_real))
		snprintf(d->spool_real, sizeof(d->spool_real), "%s", c->spool);
}

static bool chosen(const char *name, char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return n == 0;
}

static void names_check(char *const *names, int n)
{
	for (int i = 0; i < n; i++) {
		bool known = false;

		for (size_t k = 0; k < CHECKS; k++)
			known |= strcmp(checks[k].name, names[i]) == 0;
		if (!known)
			prog_usage("%s: no such check; cee-doctor --list has the names", names[i]);
	}
}

static void run_checks(struct doctor *d, char *const *names, int n)
{
	for (size_t i = 0; i < CHECKS && !d->interrupted; i++) {
		struct finding f = { .status = FINDING_OK };

		if (!chosen(checks[i].name, names, n))
			continue;
		checks[i].go(d, &f);
		if (f.what[0])
			report(d, checks[i].name, &f);
	}
}

/* Waits a limited time for the remaining boxes to be removed. */
static void leave(struct doctor *d)
{
	limit_probes_stop(&d->probes);
	wait_for_boxes(d);
	boxes_release(&d->boxes);
	if (d->engine_begun)
		docker_release(&d->docker); /* after all that may have a call of it */
	free(d->image_there);
	config_release(&d->config);
	close_ptr(&d->signals.fd);
	loop_release(&d->loop);
}

static void list_names(void)
{
	for (size_t i = 0; i < CHECKS; i++)
		puts(checks[i].name);
	if (fflush(stdout) != 0)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
	exit(EXIT_SUCCESS);
}

static void parse_options(struct doctor *d, int argc, char **argv)
{
	enum { OPT_JSON = 256, OPT_LIST, OPT_VERSION };
	static const struct option opts[] = {
		{ "quiet", no_argument, NULL, 'q' },	       { "json", no_argument, NULL, OPT_JSON },
		{ "list", no_argument, NULL, OPT_LIST },       { "spool", required_argument, NULL, 's' },
		{ "conf", required_argument, NULL, 'c' },      { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPT_VERSION }, { 0 }
	};
	int o;

	while ((o = prog_getopt(argc, argv, "qs:c:h", opts)) != -1) {
		switch (o) {
		case 'q':
			d->quiet = true;
			break;
		case OPT_JSON:
			d->json = true;
			break;
		case OPT_LIST:
			list_names();
			break;
		case 's':
			d->spool_path = optarg;
			break;
		case 'c':
			d->conf_path = optarg;
			break;
		case 'h':
			prog_help(help);
		case OPT_VERSION:
			prog_version();
		default:
			prog_usage("not understood");
		}
	}
	names_check(argv + optind, argc - optind);
}

int main(int argc, char **argv)
{
	struct doctor d = { .signals = { .fd = -1 } };

	prog_init(argv[0]);
	parse_options(&d, argc, argv);
	load(&d);
	log_off();
	if (loop_init(&d.loop) < 0)
		prog_die(EX_OSERR, "%s", strerror(errno));
	watch_signals(&d);
	snprintf(d.self, sizeof(d.self), "doctor-%ld-%llx", (long)getpid(), (unsigned long long)now_us());
	boxes_init(&d.boxes, &d.loop, &d.docker.engine, &d.config);
	boxes_label(&d.boxes, d.spool_real, "", d.self);
	limit_probes_init(&d.probes, &d.boxes);
	run_checks(&d, argv + optind, argc - optind);
	leave(&d);
	return d.interrupted ? STATUS_INTERRUPTED : d.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
