/* sync.c - group commit
 *
 * One helper thread takes all pending requests and syncs their descriptors; the file system's journal combines those of
 * a batch into one commit. Finished requests return through a list and an eventfd. The thread uses only the requests'
 * descriptors. It also does rare work that itself blocks on the disk (removing a tree).
 */
#include "runner/core/sync.h"
#include "base/fd.h"
#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>


static void sync_one(struct sync_request *r)
{
	if (r->work)
		r->err = r->work(r->arg);
	for (int i = 0; i < r->n; i++)
		if (r->fd[i] >= 0 && fsync(r->fd[i]) < 0 && !r->err)
			r->err = errno;
}

/* The file system allocates blocks at writeback: once all files of a batch are written back, the
 * commit of the first sync covers the others too. */
static void start_writes(const struct sync_request *batch)
{
	for (; batch; batch = batch->next)
		for (int i = 0; i < batch->n; i++)
			if (batch->fd[i] >= 0)
				sync_file_range(batch->fd[i], 0, 0, SYNC_FILE_RANGE_WRITE);
}

static void hand_back(struct sync *s, struct sync_request *r)
{
	uint64_t one = 1;

	pthread_mutex_lock(&s->lock);
	r->next = s->finished;
	s->finished = r;
	pthread_mutex_unlock(&s->lock);
	while (write(s->finished_watch.fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void *helper(void *arg)
{
	struct sync *s = arg;

	for (;;) {
		struct sync_request *batch, *next;

		pthread_mutex_lock(&s->lock);
		while (!s->todo && !s->stopping)
			pthread_cond_wait(&s->wake, &s->lock);
		batch = s->todo;
		s->todo = NULL;
		s->todo_end = &s->todo;
		pthread_mutex_unlock(&s->lock);
		if (!batch)
			return NULL;
		if (batch->next)
			start_writes(batch);
		for (; batch; batch = next) {
			next = batch->next;
			sync_one(batch);
			hand_back(s, batch);
		}
	}
}

static void on_finished(struct watch *w, uint32_t events)
{
	struct sync *s = (struct sync *)((char *)w - offsetof(struct sync, finished_watch));
	struct sync_request *r, *next;
	uint64_t n;

	(void)events;
	if (read(w->fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		return;
	pthread_mutex_lock(&s->lock);
	r = s->finished;
	s->finished = NULL;
	pthread_mutex_unlock(&s->lock);
	for (; r; r = next) {
		next = r->next;
		r->submitted = false;
		r->done(r->arg, r->err);
	}
}

int sync_init(struct sync *s, struct loop *l)
{
	sigset_t all, old;
	int err;

	*s = (struct sync){ .todo_end = &s->todo, .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };
	s->finished_watch.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->finished_watch.ready = on_finished;
	if (s->finished_watch.fd < 0 || loop_watch(l, &s->finished_watch, EPOLLIN) < 0)
		return -1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&s->thread, NULL, helper, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = err;
	return err ? -1 : 0;
}

void sync_submit(struct sync *s, struct sync_request *r)
{
	assert(!r->submitted); /* submitting it again would corrupt the thread's list */
	r->submitted = true;
	r->err = 0;
	r->next = NULL;
	pthread_mutex_lock(&s->lock);
	*s->todo_end = r;
	s->todo_end = &r->next;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

void sync_release(struct sync *s)
{
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	loop_unwatch(&s->finished_watch);
	close_ptr(&s->finished_watch.fd);
	s->finished_watch.fd = -1;
}
