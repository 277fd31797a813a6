/* loop.h - one epoll, its timers, and releases that wait for the end of a batch
 *
 * A program may have several loops, which share nothing. A timer and a watch know their loop, so only the
 * code that creates them needs it. Times are microseconds of loop_now, which a test may stop and advance
 * (loop_hold, loop_advance): then no timeout takes real time.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H
#include <stdbool.h>
#include <stdint.h>

struct loop;

struct watch {
	int fd; /* -1: not watched */
	void (*ready)(struct watch *w, uint32_t events);
	struct loop *loop; /* set by loop_watch */
};

struct timer {
	int64_t at; /* in loop_now time; 0: not armed */
	void (*fire)(struct timer *t);
	struct loop *loop;
	struct timer *next; /* in the loop's list */
};

/* A release that waits for the end of the batch, since later events of the batch may still point to the object. */
struct doomed {
	void (*release)(void *p);
	void *p;
	struct doomed *next;
};

struct loop {
	int epoll_fd;
	struct timer *timers;
	struct doomed *doomed;
	int64_t held; /* the time of a test's clock; 0: the real one */
};

/* -1 and errno. */
int loop_init(struct loop *l);
void loop_release(struct loop *l);
/* Microseconds that never go back, as mono_us. */
int64_t loop_now(const struct loop *l);
/* Waits for one batch of events and timers and serves it. */
void loop_once(struct loop *l);

/* -1 and errno as epoll_ctl. events: EPOLLIN … */
int loop_watch(struct loop *l, struct watch *w, uint32_t events);
void loop_change(struct watch *w, uint32_t events);
void loop_unwatch(struct watch *w); /* does not close the descriptor; does nothing if it is not watched */

void timer_init(struct timer *t, struct loop *l, void (*fire)(struct timer *t));
/* at 0 disarms. A timer is disarmed when it fires. */
void loop_timer(struct timer *t, int64_t at);
/* Arms the timer for us microseconds from now. */
void loop_after(struct timer *t, int64_t us);

/* Calls release(p) after the current batch. */
void loop_doom(struct loop *l, void (*release)(void *), void *p);

/* For tests: stops the clock, and loop_once no longer blocks. */
void loop_hold(struct loop *l);
/* Advances a stopped clock by us: each timer on the way fires at its own time, in order. */
void loop_advance(struct loop *l, int64_t us);
#endif
