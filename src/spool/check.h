/* check.h - checking a spool against the table of cee-spool(5), live or at rest
 *
 *     struct spool_check check = { .s = &spool, .report = print_finding };
 *     spool_check(&check);
 *     sound = check.problems == 0;
 */
#ifndef CEE_SPOOL_CHECK_H
#define CEE_SPOOL_CHECK_H

#include "spool/spool.h"

#include <stdbool.h>
#include <sys/types.h>

enum spool_finding {
	SPOOL_PROBLEM, /* the table does not allow it */
	SPOOL_NOTE     /* allowed, and one of the spool's programs cleans it up */
};
struct spool_check {
	struct spool *s;
	const uid_t *http; /* cee-http's uid in a shared spool, or NULL */
	bool fix;	   /* remove the objects of notes, unless a process holds a lock on them */
	/* path is relative to the spool; both texts are free of control characters */
	void (*report)(void *arg, enum spool_finding kind, const char *path, const char *text);
	void *arg;
	/* counted by the check */
	int runners; /* alive */
	long waiting, claimed, ended, problems, notes;
};
/* In a shared spool root checks all of it, another user their own part. */
void spool_check(struct spool_check *ck);

#endif
