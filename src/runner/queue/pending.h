/* pending.h - pending requests that users make by files: cancels, removals, input
 *
 * Each owner has a bounded list, and is served a few requests a turn, so that a flood of one owner delays
 * nobody else. The files are the truth: a list that overflows only notes it, and is filled from the directory
 * when it is empty again.
 */
#ifndef RUNNER_PENDING_H
#define RUNNER_PENDING_H


#include <stdbool.h>
#include <stddef.h>

enum { PENDING_MOST = 64, PENDING_OF_OWNER = 8, PENDING_OF_TURN = 32, PENDING_NAME = 64 };

enum request_kind { REQUEST_CANCEL, REQUEST_REMOVAL, REQUEST_INPUT };
enum request_result {
	REQUEST_DONE,
	REQUEST_LATER, /* there is no room for it now: asked again in a later turn */
	REQUEST_KEPT   /* its file stays where it is: nothing is to be done, or another runner has to */
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
/* Notes a request of that owner; the same one twice is one. False: the list is full, a scan may end. */
bool pending_add(struct pending *p, size_t owner, enum request_kind kind, const char *name);

struct pending_ops {
	enum request_result (*request)(void *arg, size_t owner, const struct pending_request *r);
	/* The list had overflowed and is empty: adds the directories' entries again, after the first skip ones. */
	void (*refill)(void *arg, size_t owner, size_t skip);
	void *arg;
};
enum pending_left {
	PENDING_NOTHING,
	PENDING_MORE, /* at once */
	PENDING_WAITS /* only such as are to be tried LATER */
};
/* There may be room now: requests answered with LATER are tried again. */
void pending_retry(struct pending *p);
/* One turn: a few requests of each owner. */
enum pending_left pending_serve(struct pending *p, const struct pending_ops *ops);
#endif
