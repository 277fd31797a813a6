/* client.h - common parts of the user's commands: options, configuration, the spool
 *
 * Like prog.h this is for programs: it prints and exits.
 */
#ifndef CEE_CLIENT_H
#define CEE_CLIENT_H

#include "conf/conf.h"
#include "spool/owner_name.h"
#include "spool/spool.h"
#include "wire/frame_types.h"

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>


struct pollfd;
struct client {
	const char *conf_path, *spool_path; /* -c, -s */
	const char *group;		    /* -g, or NULL */
	char owner[OWNER_MAX];		    /* --owner, else this user */
	struct conf conf;
	struct spool spool;
};

/* For getopt_long: short options, and long ones at the head of a program's table.
 * A program's own options without a letter begin at CLIENT_OWN. */
#define CLIENT_SHORT "s:c:h"
enum { CLIENT_OWNER = 256, CLIENT_VERSION, CLIENT_OWN };
/* clang-format off */
#define CLIENT_LONG                                                                                                    \
	{ "spool", required_argument, NULL, 's' },                                                                     \
	{ "conf", required_argument, NULL, 'c' },                                                                      \
	{ "owner", required_argument, NULL, CLIENT_OWNER },                                                            \
	{ "help", no_argument, NULL, 'h' },                                                                            \
	{ "version", no_argument, NULL, CLIENT_VERSION }
/* clang-format on */
/* The end of every --help. */
#define CLIENT_HELP                                                                                                    \
	"  -s, --spool DIR     the spool (CEE_SPOOL, else cee.conf's)\n"                                               \
	"  -c, --conf FILE     the configuration (CEE_CONF, else etc/cee.conf)\n"                                      \
	"      --owner NAME    the owner (default: uid-N); others need permission\n"                                   \
	"  -h, --help, --version\n"

void client_init(struct client *c, const char *argv0);
/* Handles a common option; any other value, getopt's error too, ends the program with a usage error. */
void client_option(struct client *c, int opt, const char *help);
/* Reads the configuration, opens the spool; ends the program with a message when that fails. */
void client_open(struct client *c, unsigned flags);
void client_release(struct client *c);

/* Called by id_reader.h and members.h for each job. Not 0: it failed. */
typedef int (*client_id_fn)(void *arg, const char *id);

/* For programs that have -g too. */
#define CLIENT_GROUP_SHORT "g:"
/* clang-format off */
#define CLIENT_GROUP_LONG { "group", required_argument, NULL, 'g' }
/* clang-format on */
#define CLIENT_GROUP_HELP "  -g, --group NAME    the jobs of this group, before those of the arguments\n"

/* "stdout", "stderr", "compile" */
const char *client_stream_name(enum frame_stream s);
/* Reports once on stderr when no runner is alive. */
void client_warn_runner(struct client *c, bool *warned);

#endif
