/* pending.h - pending requests, which users make by creating files: cancels, removals, input
 *
 * Each owner has a bounded list, and is served a few requests a turn, so that a flood from one owner does not delay
 * others. The files are authoritative: a list that overflows only sets a flag, and is refilled from the directory
 * when it is empty.
 */
#ifndef RUNNER_PENDING_H
#define RUNNER_PENDING_H


#include <stdbool.h>
#include <stddef.h>

enum {
	PENDING_MOST = 64,    /* requests in one owner's list */
	PENDING_OF_OWNER = 8, /* requests of one owner that are tried in a turn, */
	PENDING_OF_TURN = 32, /* and of all */
	PENDING_NAME = 64     /* bytes of a name, with its NUL; longer names are ignored */
};

enum request_kind { REQUEST_CANCEL, REQUEST_REMOVAL, REQUEST_INPUT };
enum request_result {
	REQUEST_DONE,
	REQUEST_LATER, /* no room for the request now: try again in a later turn */
	REQUEST_KEPT   /* its file is left in place: nothing has to be done, or another runner has to do it */
};
struct pending_request {
	enum request_kind kind;
	char name[PENDING_NAME]; /* a job's id, or the name of an entry of in/ */
};
struct pending_owner;
struct pending {
	struct pending_owner **owner; /* by the owner's number; NULL: nothing pending */
	size_t nowners, turn;
	size_t n; /* owners with something to do */
};
void pending_init(struct pending *p);
void pending_release(struct pending *p);
/* Adds a request of that owner (its number: a place in a table that grows with it) unless it is in the list. False: the
 * list is full, so a scan may stop. */
bool pending_add(struct pending *p, size_t owner, enum request_kind kind, const char *name);

/* Has that owner requests? */
bool pending_has(const struct pending *p, size_t owner);

struct pending_ops {
	enum request_result (*request)(void *arg, size_t owner, const struct pending_request *r);
	/* Called when a list that had overflowed is empty: adds the directories' entries again, except the first
	 * skip. */
	void (*refill)(void *arg, size_t owner, size_t skip);
	void *arg;
};
enum pending_left {
	PENDING_NOTHING,
	PENDING_MORE, /* another turn would serve more */
	PENDING_WAITS /* all were answered with LATER: serve again after pending_retry */
};
/* Call when there may be room again: requests answered with LATER are retried. */
void pending_retry(struct pending *p);
/* One turn: a few requests of each owner. */
enum pending_left pending_serve(struct pending *p, const struct pending_ops *ops);
#endif
