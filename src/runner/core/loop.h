/* loop.h - the one epoll of the runner, its timers and its deferred releases */
#ifndef RUNNER_LOOP_H
#define RUNNER_LOOP_H
#include <stdbool.h>
#include <stdint.h>

struct watch {
	int fd; /* -1: not watched */
	void (*ready)(struct watch *w, uint32_t events);
};

struct timer {
	int64_t at; /* mono_us(); 0 is not armed */
	void (*fire)(struct timer *t);
	struct timer *next; /* in the loop's list */
};

/* What is released while events of the same batch may still name it. */
struct doomed {
	void (*release)(void *p);
	void *p;
	struct doomed *next;
};

int loop_init(void);
void loop_release(void);
/* -1 and errno as epoll_ctl. events: EPOLLIN … */
int loop_watch(struct watch *w, uint32_t events);
void loop_change(struct watch *w, uint32_t events);
void loop_unwatch(struct watch *w);	      /* does not close */
void loop_timer(struct timer *t, int64_t at); /* 0 disarms */
/* release(p) is called when the batch is through. */
void loop_doom(void (*release)(void *), void *p);
/* Waits for one batch of events and timers and serves it. */
void loop_once(void);
#endif
