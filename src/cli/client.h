/* client.h - what the user's commands do alike: common options, the spool, ids, output
 *
 * Like prog.h this is for programs: it prints and exits.
 */
#ifndef CEE_CLIENT_H
#define CEE_CLIENT_H

#include "base/buf.h"
#include "conf/conf.h"
#include "spool/ids.h"
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
#define CLIENT_LONG                                                                                                    \
	{ "spool", required_argument, NULL, 's' }, { "conf", required_argument, NULL, 'c' },                           \
		{ "owner", required_argument, NULL, CLIENT_OWNER }, { "help", no_argument, NULL, 'h' },                \
	{                                                                                                              \
		"version", no_argument, NULL, CLIENT_VERSION                                                           \
	}
/* The end of every --help. */
#define CLIENT_HELP                                                                                                    \
	"  -s, --spool DIR     the spool (CEE_SPOOL, else cee.conf's)\n"                                               \
	"  -c, --conf FILE     the configuration (CEE_CONF, else etc/cee.conf)\n"                                      \
	"      --owner NAME    as this owner, for who may (default: uid-N)\n"                                          \
	"  -h, --help, --version\n"

void client_init(struct client *c, const char *argv0);
/* A common option: takes it; any other (an error of getopt's too) ends with a usage error. */
void client_option(struct client *c, int opt, const char *help);
/* Reads the configuration, opens the spool; ends the program with a message when that fails. */
void client_open(struct client *c, unsigned flags);
void client_release(struct client *c);

/* Calls fn for each id of the arguments, or for each line of standard input when there are
 * none, or only "-". Returns 1 when one was no id (said on stderr) or fn returned other
 * than 0, else 0. */
typedef int (*client_id_fn)(void *arg, const char *id);
int client_each_id(char *const *ids, int n, client_id_fn fn, void *arg);

/* For programs that take -g too. */
#define CLIENT_GROUP_SHORT "g:"
#define CLIENT_GROUP_LONG                                                                                              \
	{                                                                                                              \
		"group", required_argument, NULL, 'g'                                                                  \
	}
#define CLIENT_GROUP_HELP "  -g, --group NAME    the jobs of this group, before those of the arguments\n"

/* The members of -g's group, of which some may still come. */
struct members {
	struct ids ids;
	unsigned char *known; /* fn was called for it; or it was missing for so long that it will not come */
	size_t cap, found;
};
/* Calls fn for each member whose job is there and that it was not called for before. How many
 * those were, or -1 (no such group, said on stderr). *failed |= fn() != 0. last: nobody submits to
 * it any more, so what has long been missing is looked for once more. */
int members_look(struct members *m, struct client *c, bool last, client_id_fn fn, void *arg, int *failed);
void members_release(struct members *m);
/* client_each_id, after the members of -g's group; with wait those too that come while somebody
 * submits to it. */
int client_each(struct client *c, char *const *ids, int n, bool wait, client_id_fn fn, void *arg);

/* Ids for who must not sleep in a read: of the arguments at once, of -g's group and of standard
 * input as they come.
 *     while (!feed_take(&f, fn, arg, &failed) || there is something to wait for)
 *             poll({ .fd = feed_fd(&f), .events = POLLIN }, for at most feed_timeout(&f)) */
struct feed {
	struct client *c;
	struct lines *lines; /* NULL: not from standard input, or at its end */
	struct members members;
	bool group;	 /* the group may still grow */
	int64_t look_us; /* when it is looked at again */
};
void feed_init(struct feed *f, struct client *c, char *const *ids, int n, client_id_fn fn, void *arg, int *failed);
/* Deals with what has come; readable: poll says so of feed_fd. True when no more will come. */
bool feed_take(struct feed *f, bool readable, client_id_fn fn, void *arg, int *failed);
int feed_fd(const struct feed *f);	/* -1 none */
int feed_timeout(const struct feed *f); /* milliseconds, -1 none */
void feed_release(struct feed *f);

/* A line of fd without its newline (with nul: what a NUL ends, without it), in *line until the next call: 1, 0 at the end,
 * -1 EFBIG (the line was longer than max and is passed over) or what read said. */
struct lines {
	int fd;
	size_t max;
	struct buf b;
	size_t at, scanned;
	bool end, skip, nul;
	int reads; /* when counting: -1 EAGAIN instead of one read more than this */
	bool counting;
};
int lines_next(struct lines *l, char **line, size_t *len);
void lines_release(struct lines *l);

/* Output that is gathered and written in large pieces. On a terminal control
 * sequences are neutralised. */
struct sink {
	int fd;
	bool neutralise;
	struct buf b;
};
void sink_init(struct sink *k, int fd, bool raw);
/* -1: errno as write said. EINTR: nothing is lost, call sink_flush again. */
int sink_put(struct sink *k, const void *data, size_t len);
int sink_flush(struct sink *k);

/* --verdict FILE or fd:N, opened before there is a job; ends the program when that fails. */
int client_verdict_open(const char *where);
/* Writes a result's text there; -1 is nowhere. What fails is said on stderr, no more: the job
 * has ended as it has. */
void client_verdict(int fd, const char *text, size_t len);

/* "stdout", "stderr", "compile" */
const char *client_stream_name(enum frame_stream s);
/* Is a runner alive? If not says so once on stderr. */
void client_warn_runner(struct client *c, bool *warned);

#endif
