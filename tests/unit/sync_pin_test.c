/* sync_pin_test - the thread that syncs, with real files, and the processors of pinned jobs */
#include "base/loop.h"
#include "runner/core/pin.h"
#include "runner/core/sync.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- sync ------------------------------------------------------------------------------------ */

enum { MANY = 200 };

struct bench {
	struct loop loop;
	struct sync sync;
	int done, err;
	pthread_t worked_in;
	struct sync_request *again; /* submitted anew by its own callback, once */
};

static void start(struct bench *t)
{
	*t = (struct bench){ .err = -1 };
	loop_init(&t->loop);
	CHECK(sync_init(&t->sync, &t->loop) == 0);
}

static void finish(struct bench *t)
{
	sync_release(&t->sync);
	loop_release(&t->loop);
}

static void done(void *arg, int err)
{
	struct bench *t = arg;
	struct sync_request *again = t->again;

	t->done++;
	t->err = err;
	if (!again || again->submitted) /* this is another's answer, of the same batch */
		return;
	t->again = NULL;
	sync_submit(&t->sync, again);
}

static void wait_for(struct bench *t, int n)
{
	for (int i = 0; i < 1000 && t->done < n; i++)
		loop_once(&t->loop);
	CHECK(t->done == n);
}

static int new_file(void)
{
	char path[] = "/tmp/sync_test.XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	CHECK(fd >= 0 && write(fd, "x", 1) == 1);
	return fd;
}

static void files_are_synced(void)
{
	struct bench t;
	struct sync_request r = { .fd = { new_file(), -1, new_file() }, .n = 3, .done = done, .arg = &t };

	start(&t);
	sync_submit(&t.sync, &r);
	CHECK(r.submitted && t.done == 0); /* the answer comes from the loop alone */
	wait_for(&t, 1);
	CHECK(t.err == 0 && !r.submitted);
	finish(&t);
	close(r.fd[0]);
	close(r.fd[2]);
}

/* The first error is reported, and the other files are synced all the same. */
static void errors_are_reported(void)
{
	struct bench t;
	int fds[2];
	struct sync_request r = { .n = 2, .done = done, .arg = &t };

	start(&t);
	CHECK(pipe(fds) == 0);
	r.fd[0] = fds[0]; /* EINVAL: nothing to sync */
	r.fd[1] = new_file();
	sync_submit(&t.sync, &r);
	wait_for(&t, 1);
	CHECK(t.err == EINVAL);
	close(r.fd[1]);
	r.fd[0] = -1; /* the same request again, without an error of before */
	r.n = 1;
	sync_submit(&t.sync, &r);
	wait_for(&t, 2);
	CHECK(t.err == 0);
	close(fds[0]);
	close(fds[1]);
	finish(&t);
}

static int work(void *arg)
{
	((struct bench *)arg)->worked_in = pthread_self();
	return ENOTEMPTY;
}

static void work_runs_in_the_thread(void)
{
	struct bench t;
	struct sync_request r = { .work = work, .done = done, .arg = &t };

	start(&t);
	sync_submit(&t.sync, &r);
	wait_for(&t, 1);
	CHECK(t.err == ENOTEMPTY && pthread_equal(t.worked_in, t.sync.thread));
	finish(&t);
}

static void many_at_once(void)
{
	static struct sync_request r[MANY];
	struct bench t;
	int fd = new_file();

	start(&t);
	for (int i = 0; i < MANY; i++) {
		r[i] = (struct sync_request){ .fd = { fd }, .n = 1, .done = done, .arg = &t };
		sync_submit(&t.sync, &r[i]);
	}
	t.again = &r[0]; /* a request may be submitted again as soon as it was answered, also by a callback */
	while (r[0].submitted && t.again == &r[0] && t.done == 0)
		loop_once(&t.loop);
	wait_for(&t, MANY + 1);
	finish(&t);
	close(fd);
}

/* Two runners in one process, and one that ends while the thread has its requests. */
static void two_of_them(void)
{
	struct bench t, other;
	struct sync_request r = { .work = work, .done = done, .arg = &t },
			    s = { .work = work, .done = done, .arg = &other };

	start(&t);
	start(&other);
	sync_submit(&t.sync, &r);
	sync_submit(&other.sync, &s);
	finish(&t); /* waits for its thread; nobody hears of the answer */
	CHECK(t.done == 0 && t.worked_in);
	wait_for(&other, 1);
	CHECK(!pthread_equal(t.worked_in, other.worked_in));
	finish(&other);
}

/* ---- pin ------------------------------------------------------------------------------------------ */

static void processors(void)
{
	struct pin p;
	int a, b, c;

	memset(&p, 0, sizeof(p));
	CHECK(pin_count(&p) == 0 && pin_take(&p) == -1); /* none is known */
	pin_give(&p, -1);
	CPU_SET(1, &p.allowed);
	CPU_SET(5, &p.allowed);
	a = pin_take(&p);
	b = pin_take(&p);
	c = pin_take(&p);
	CHECK(pin_count(&p) == 2 && a == 5 && b == 1 && c == 5); /* the last first, then the one with the fewest */
	pin_give(&p, 1);
	CHECK(pin_take(&p) == 1);
	pin_give(&p, 5);
	pin_give(&p, 5);
	pin_give(&p, 5); /* once too often counts for nothing */
	CHECK(p.users[5] == 0 && pin_take(&p) == 5 && p.users[5] == 1);
	pin_init(&p);
	CHECK(pin_count(&p) > 0);
}

int main(void)
{
	RUN(files_are_synced);
	RUN(errors_are_reported);
	RUN(work_runs_in_the_thread);
	RUN(many_at_once);
	RUN(two_of_them);
	RUN(processors);
	return check_status();
}
