/* client.c - common parts of the user's commands (client.h) */
#include "cli/client.h"
#include "base/error.h"
#include "base/names.h"
#include "cli/prog.h"
#include "conf/conf.h"
#include "spool/owner_name.h"
#include "spool/runners.h"
#include "spool/spool.h"
#include "wire/frame_types.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>


/* ---- options and the spool -------------------------------------------------- */

void client_init(struct client *c, const char *argv0)
{
	memset(c, 0, sizeof *c);
	c->spool.fd = -1;
	prog_init(argv0);
	spool_owner_self(c->owner);
}

void client_option(struct client *c, int opt, const char *help)
{
	switch (opt) {
	case 's':
		c->spool_path = optarg;
		break;
	case 'c':
		c->conf_path = optarg;
		break;
	case 'g':
		if (!group_name_valid(optarg))
			prog_usage("-g %s: invalid group name (1 to %d bytes, without '/', not beginning with a dot)",
				   optarg, GROUP_NAME_MAX);
		c->group = optarg;
		break;
	case CLIENT_OWNER:
		if (!spool_owner_valid(optarg))
			prog_usage("--owner %s: invalid owner name (expected one like uid-1000)", optarg);
		snprintf(c->owner, sizeof c->owner, "%s", optarg);
		break;
	case 'h':
		prog_help(help);
	case CLIENT_VERSION:
		prog_version();
	default: /* not reached: prog_getopt rejects unknown options */
		prog_usage("not understood");
	}
}

static int open_status(void)
{
	switch (errno) {
	case ENOENT:
		return EX_NOINPUT;
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	case EPROTO:
	case ENOTSUP:
	case ENOTEMPTY:
		return EX_CONFIG;
	default:
		return EX_UNAVAILABLE;
	}
}

void client_open(struct client *c, unsigned flags)
{
	struct cee_err e = { 0 };

	if (conf_load(&c->conf, c->conf_path, c->spool_path, &e) < 0)
		prog_die(prog_config_status(), "%s", e.msg);
	if (spool_open(&c->spool, c->conf.spool, flags, c->conf.durable, &e) < 0)
		prog_die(open_status(), "%s", e.msg);
}

void client_release(struct client *c)
{
	spool_release(&c->spool);
	conf_release(&c->conf);
}

void client_warn_runner(struct client *c, bool *warned)
{
	if (*warned || spool_runner_alive(&c->spool, NULL))
		return;
	*warned = true;
	prog_error("no runner is alive on %s: jobs wait until cee-runner is started", c->conf.spool);
}


const char *client_stream_name(enum frame_stream s)
{
	switch (s) {
	case STREAM_OUT:
		return "stdout";
	case STREAM_ERR:
		return "stderr";
	case STREAM_COMPILE:
		return "compile";
	case STREAM_NONE:
		break;
	}
	return "none";
}
