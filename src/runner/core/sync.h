/* sync.h - the helper that syncs, so that the event loop never waits for a disk */
#ifndef RUNNER_SYNC_H
#define RUNNER_SYNC_H
#include <stdbool.h>

enum { SYNC_FDS = 9 };
/* done(arg, err) is called from the loop: err is 0 or the first errno. */
struct sync_request {
	int fd[SYNC_FDS], n;	/* the first n, borrowed; -1 skips */
	int (*work)(void *arg); /* or, instead: what waits for the disk itself; 0 or an errno. In the helper's
					 * thread, so it touches nothing of the runner but arg */
	void (*done)(void *arg, int err);
	void *arg;
	int err;
	struct sync_request *next;
};
int sync_init(void);
/* The request's memory and descriptors must stay until done is called. */
void sync_submit(struct sync_request *r);
void sync_release(void); /* waits for what is under way */
#endif
