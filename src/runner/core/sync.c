/* sync.c - group commit
 *
 * One helper thread takes all requests that have gathered and syncs their
 * descriptors; the file system's journal makes one commit of those that came
 * together. Finished requests go back through a list and an eventfd. The
 * thread touches nothing of the runner but the requests' descriptors. Work that waits for
 * the disk by itself, and is rare, goes through it too.
 */
#include "runner/core/sync.h"
#include "base/fd.h"
#include "runner/core/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>


static pthread_t thread;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static struct sync_request *todo, **todo_end = &todo, *finished;
static bool stopping;
static struct watch done_watch = { .fd = -1 };

static void sync_one(struct sync_request *r)
{
	if (r->work)
		r->err = r->work(r->arg);
	for (int i = 0; i < r->n; i++)
		if (r->fd[i] >= 0 && fsync(r->fd[i]) < 0 && !r->err)
			r->err = errno;
}

/* Room on the disk is given when data is written back: once that has happened for all of a
 * batch, the first sync's commit covers the others too. */
static void start_writes(const struct sync_request *batch)
{
	for (; batch; batch = batch->next)
		for (int i = 0; i < batch->n; i++)
			if (batch->fd[i] >= 0)
				sync_file_range(batch->fd[i], 0, 0, SYNC_FILE_RANGE_WRITE);
}

static void hand_back(struct sync_request *r)
{
	uint64_t one = 1;

	pthread_mutex_lock(&lock);
	r->next = finished;
	finished = r;
	pthread_mutex_unlock(&lock);
	while (write(done_watch.fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void *helper(void *unused)
{
	(void)unused;
	for (;;) {
		struct sync_request *batch, *next;

		pthread_mutex_lock(&lock);
		while (!todo && !stopping)
			pthread_cond_wait(&wake, &lock);
		batch = todo;
		todo = NULL;
		todo_end = &todo;
		pthread_mutex_unlock(&lock);
		if (!batch)
			return NULL;
		if (batch->next)
			start_writes(batch);
		for (; batch; batch = next) {
			next = batch->next;
			sync_one(batch);
			hand_back(batch);
		}
	}
}

static void on_done(struct watch *w, uint32_t events)
{
	struct sync_request *r, *next;
	uint64_t n;

	(void)events;
	if (read(w->fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		return;
	pthread_mutex_lock(&lock);
	r = finished;
	finished = NULL;
	pthread_mutex_unlock(&lock);
	for (; r; r = next) {
		next = r->next;
		r->done(r->arg, r->err);
	}
}

int sync_init(void)
{
	sigset_t all, old;
	int err;

	done_watch.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	done_watch.ready = on_done;
	if (done_watch.fd < 0 || loop_watch(&done_watch, EPOLLIN) < 0)
		return -1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&thread, NULL, helper, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = err;
	return err ? -1 : 0;
}

void sync_submit(struct sync_request *r)
{
	r->err = 0;
	r->next = NULL;
	pthread_mutex_lock(&lock);
	*todo_end = r;
	todo_end = &r->next;
	pthread_cond_signal(&wake);
	pthread_mutex_unlock(&lock);
}

void sync_release(void)
{
	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_cond_signal(&wake);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	loop_unwatch(&done_watch);
	close_ptr(&done_watch.fd);
	done_watch.fd = -1;
}
