/* loop_test.c - timers, descriptors and deferred releases, with a clock that the test moves */
#include "base/loop.h"
#include "check.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static char order[16];
static struct timer *other;

static void add(char c)
{
	size_t n = strlen(order);

	order[n] = c;
	order[n + 1] = 0;
}

static void a(struct timer *t)
{
	(void)t;
	add('a');
}

static void b(struct timer *t)
{
	(void)t;
	add('b');
}

static void again(struct timer *t)
{
	add('r');
	loop_after(t, 10);
}

static void disarms(struct timer *t)
{
	(void)t;
	add('d');
	loop_timer(other, 0);
}

static void start(struct loop *l)
{
	order[0] = 0;
	loop_init(l);
	loop_hold(l);
}

static void timers(void)
{
	struct loop l;
	struct timer ta, tb;

	start(&l);
	timer_init(&ta, &l, a);
	timer_init(&tb, &l, b);
	loop_after(&ta, 200);
	loop_after(&tb, 100);
	loop_advance(&l, 99);
	CHECK(strcmp(order, "") == 0 && ta.at && tb.at);
	loop_advance(&l, 1);
	CHECK(strcmp(order, "b") == 0 && !tb.at);
	loop_after(&tb, 1000);
	loop_timer(&tb, loop_now(&l) + 50); /* armed anew: the last one counts */
	loop_advance(&l, 1000);
	CHECK(strcmp(order, "bba") == 0 && l.timers == NULL);
	loop_after(&ta, 10);
	loop_timer(&ta, 0);
	loop_timer(&ta, 0);
	loop_advance(&l, 100);
	CHECK(strcmp(order, "bba") == 0);
	loop_release(&l);
}

static void timers_in_handlers(void)
{
	struct loop l;
	struct timer t, ta, td;

	start(&l);
	timer_init(&t, &l, again);
	loop_after(&t, 10);
	loop_advance(&l, 35); /* each at its own time */
	CHECK(strcmp(order, "rrr") == 0 && t.at == loop_now(&l) + 5);
	loop_timer(&t, 0);
	timer_init(&ta, &l, a);
	timer_init(&td, &l, disarms);
	other = &ta;
	loop_after(&td, 10);
	loop_after(&ta, 11);
	loop_advance(&l, 11);
	CHECK(strcmp(order, "rrrd") == 0);
	loop_release(&l);
}

static void never_armed(void)
{
	struct timer t = { 0 };

	loop_timer(&t, 0); /* of an object that was only zeroed */
	CHECK(!t.at);
}

static void two_loops(void)
{
	struct loop l, m;
	struct timer ta, tb;

	start(&l);
	start(&m);
	timer_init(&ta, &l, a);
	timer_init(&tb, &m, b);
	loop_after(&ta, 10);
	loop_after(&tb, 10);
	loop_advance(&m, 100);
	CHECK(strcmp(order, "b") == 0 && ta.at);
	loop_release(&l);
	loop_release(&m);
}

static void real_time(void)
{
	struct loop l;
	struct timer ta;
	int64_t from;

	order[0] = 0;
	loop_init(&l);
	from = loop_now(&l);
	timer_init(&ta, &l, a);
	loop_after(&ta, 2000);
	while (!order[0])
		loop_once(&l);
	CHECK(loop_now(&l) - from >= 2000);
	loop_release(&l);
}

/* ---- descriptors and releases ---------------------------------------------------- */

static int released;

static void release(void *p)
{
	released++;
	free(p);
}

static struct watch *w[2];

/* Whichever comes first drops the other, and frees it when the batch is through. */
static void drops(struct watch *self, uint32_t events)
{
	struct watch *o = self == w[0] ? w[1] : w[0];
	char c;

	add(events & EPOLLIN ? 'i' : '?');
	CHECK(read(self->fd, &c, 1) == 1 && released == 0);
	loop_unwatch(o);
	close(o->fd);
	o->fd = -1;
	loop_doom(self->loop, release, o);
}

static void dropped_in_a_batch(void)
{
	struct loop l;
	int p[2][2];

	start(&l);
	released = 0;
	for (int i = 0; i < 2; i++) {
		CHECK(pipe(p[i]) == 0 && write(p[i][1], "x", 1) == 1);
		w[i] = calloc(1, sizeof **w);
		w[i]->fd = p[i][0];
		w[i]->ready = drops;
		CHECK(loop_watch(&l, w[i], EPOLLIN) == 0);
	}
	loop_once(&l);
	CHECK(strcmp(order, "i") == 0 && released == 1);
	loop_once(&l);
	CHECK(strcmp(order, "i") == 0);
	loop_release(&l);
	for (int i = 0; i < 2; i++)
		close(p[i][1]);
}

static void doomed_at_the_end(void)
{
	struct loop l;

	start(&l);
	released = 0;
	loop_doom(&l, release, malloc(1));
	loop_doom(&l, release, malloc(1));
	CHECK(released == 0);
	loop_release(&l);
	CHECK(released == 2);
}

int main(void)
{
	RUN(timers);
	RUN(timers_in_handlers);
	RUN(never_armed);
	RUN(two_loops);
	RUN(real_time);
	RUN(dropped_in_a_batch);
	RUN(doomed_at_the_end);
	return check_status();
}
