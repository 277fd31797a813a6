/* id_reader.h - reads the ids of a command's jobs: from arguments, a group, standard input */
#ifndef CEE_CLI_ID_READER_H
#define CEE_CLI_ID_READER_H

#include "cli/client.h"
#include "cli/lines.h"
#include "cli/members.h"

#include <stdbool.h>
#include <stdint.h>

/* Calls fn for each member of -g's group, and for each id of the arguments, or of each line of standard input when
 * there are neither arguments nor a group, or only "-". wait: also for members that are added while a process submits
 * to the group. Returns 1 when one was not an id (reported on stderr) or fn returned not 0, else 0. */
int id_reader_each(struct client *c, char *const *ids, int n, bool wait, client_id_fn fn, void *arg);

/* The same for programs that must not block in a read: ids of the arguments are handled at once, those of -g's
 * group and of standard input as they arrive.
 *     id_reader_init(&r, &client, ids, n, fn, arg);
 *     while (!id_reader_take(&r, readable) || there is something to wait for)
 *             poll({ .fd = id_reader_fd(&r), .events = POLLIN }, for at most id_reader_timeout(&r))
 *     id_reader_release(&r); */
struct id_reader {
	struct client *c;
	client_id_fn fn;
	void *arg;
	int failed;	     /* 1 when one was not an id, or fn returned not 0 */
	struct lines *lines; /* NULL: not from standard input, or at its end */
	struct members members;
	bool group;	 /* the group may still grow */
	int64_t look_us; /* when the group is read again, mono_us */
};
void id_reader_init(struct id_reader *r, struct client *c, char *const *ids, int n, client_id_fn fn, void *arg);
/* Handles the ids that have arrived; readable: poll reported id_reader_fd. True when no more will come. */
bool id_reader_take(struct id_reader *r, bool readable);
int id_reader_fd(const struct id_reader *r);	  /* -1 none */
int id_reader_timeout(const struct id_reader *r); /* milliseconds, -1 none */
void id_reader_release(struct id_reader *r);

#endif
