/* sync.h - a helper thread that syncs files, so that the event loop never waits for a disk */
#ifndef RUNNER_SYNC_H
#define RUNNER_SYNC_H

#include "base/loop.h"

#include <pthread.h>
#include <stdbool.h>

enum { SYNC_FDS = 9 };
/* done(arg, err) is called from the loop: err is 0 or the first errno. */
struct sync_request {
	int fd[SYNC_FDS], n;	/* the first n, borrowed; -1 skips */
	int (*work)(void *arg); /* if not NULL, called instead of syncing: blocking work on the disk; 0 or an errno. It
					 * runs in the helper thread, so it may use only arg */
	void (*done)(void *arg, int err);
	void *arg;
	int err;
	bool submitted; /* the thread owns the request until done is called */
	struct sync_request *next;
};

struct sync {
	struct watch finished_watch; /* an eventfd: the loop looks at finished */
	pthread_t thread;
	/* under the lock */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct sync_request *todo, **todo_end, *finished;
	bool stopping;
};
/* Starts the thread. s must not move until sync_release. -1 and errno. */
int sync_init(struct sync *s, struct loop *l);
/* The request's memory and descriptors must stay until done is called. */
void sync_submit(struct sync *s, struct sync_request *r);
void sync_release(struct sync *s); /* waits for pending requests */
#endif
