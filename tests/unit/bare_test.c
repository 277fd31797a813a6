/* bare_test.c - the box itself as the place of a job (bare.c), with a supervisor of the test's own and a folder for /work */
#include "init/bare.h"
#include "base/fd.h"
#include "check.h"
#include "init/leftovers.h"
#include "init/snapshot.h"
#include "init/snapshot_fill.h"
#include "init/supervisor.h"
#include "wire/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- in place of the box, its supervisor and its cleaning ------------------------------------------- */

static char work[64]; /* stands for /work; "" there is none */
static struct {
	int frames, started, signal, ended, released, cleaned, filled;
	bool fail, reaped;
} calls;

int open(const char *path, int flags, ...)
{
	return (int)syscall(SYS_openat, AT_FDCWD, strcmp(path, "/work") == 0 ? work : path, flags, 0);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

void supervisor_init(struct supervisor *s, bool cell)
{
	*s = (struct supervisor){ .cell = cell, .oom = -1, .shown = -1, .intake = { .folder = -1 } };
}

void supervisor_release(struct supervisor *s)
{
	calls.released++;
	close_ptr(&s->intake.folder);
	s->intake.folder = -1;
}

int supervisor_frame(struct supervisor *s, unsigned type, const unsigned char *p, size_t len, char *text)
{
	(void)s;
	(void)type;
	(void)p;
	(void)len;
	calls.frames++;
	return calls.fail ? init_fail(text, "no") : 0;
}

int supervisor_start(struct supervisor *s, const struct start *how, const int fds[3], char *text)
{
	(void)how;
	(void)fds;
	if (calls.fail)
		return init_fail(text, "no");
	calls.started++;
	s->program.pid = 4711;
	s->program.started_us = 17;
	return 0;
}

bool supervisor_reap(struct supervisor *s, int *status)
{
	(void)s;
	*status = 3 << 8;
	return calls.reaped;
}

void supervisor_end(struct supervisor *s, int status, struct ended *e)
{
	calls.ended++;
	s->program.pid = 0;
	*e = (struct ended){ .status = status, .left = 1 };
}

void supervisor_signal(const struct supervisor *s, int sig)
{
	(void)s;
	calls.signal = sig;
}

int leftovers_clean_box(char *text)
{
	calls.cleaned++;
	return calls.fail ? init_fail(text, "a folder stays") : 0;
}

int snapshot_fill(struct intake *in, int fd, char *text)
{
	(void)in;
	(void)fd;
	(void)text;
	calls.filled++;
	return 0;
}

/* ---- the tests ---------------------------------------------------------------------------------------- */

static const struct disk_room room = { .disk = 1 << 20, .inodes = 64 };

static void a_job(void)
{
	int fds[3] = { -1, -1, -1 };
	struct start start = { .phase = PHASE_RUN };
	struct executor_event e;
	struct disk_usage disk;
	char text[INIT_TEXT] = "";
	struct bare b;

	memset(&calls, 0, sizeof calls);
	bare_init(&b);
	CHECK(b.x.one_job && b.x.fd < 0 && b.x.helpers == 1 && !b.s.cell);
	CHECK(b.x.ops->prepare(&b.x, text) == 1);
	b.x.ops->disk(&b.x, &disk); /* before there is a folder */
	CHECK(disk.used == 0);
	CHECK(b.x.ops->begin(&b.x, &room, text) == 0 && b.s.intake.folder >= 0 && b.s.disk == 1 << 20);
	CHECK(b.x.ops->frame(&b.x, FRAME_ARG, (const unsigned char *)"x", 1, text) == 0 && calls.frames == 1);
	CHECK(b.x.ops->start(&b.x, &start, fds, text) == 0 && b.x.pending);
	CHECK(b.x.ops->next(&b.x, &e) && e.kind == EXECUTOR_STARTED && e.time_us == 17 && !b.x.pending);
	b.x.ops->signal(&b.x, SIGUSR1);
	CHECK(calls.signal == SIGUSR1);
	b.x.ops->reap(&b.x);
	CHECK(!b.x.ops->next(&b.x, &e)); /* another child than the program */
	calls.reaped = true;
	b.x.ops->reap(&b.x);
	CHECK(b.x.ops->next(&b.x, &e) && e.kind == EXECUTOR_ENDED && WEXITSTATUS(e.ended.status) == 3 &&
	      e.ended.left == 1);
	b.x.ops->disk(&b.x, &disk);
	CHECK(disk.used >= 0);
	b.x.ops->settle(&b.x);
	b.x.ops->end(&b.x);
	CHECK(b.s.intake.folder < 0 && !b.x.pending && calls.ended == 1);
}

/* It is killed before anyone has asked for its events: both come, in their order. */
static void killed(void)
{
	int fds[3] = { -1, -1, -1 };
	struct start start = { .phase = PHASE_RUN };
	struct executor_event e;
	char text[INIT_TEXT] = "";
	struct bare b;

	memset(&calls, 0, sizeof calls);
	bare_init(&b);
	CHECK(b.x.ops->begin(&b.x, &room, text) == 0);
	b.x.ops->kill(&b.x); /* there is no program yet */
	CHECK(!b.x.pending && calls.ended == 0);
	CHECK(b.x.ops->start(&b.x, &start, fds, text) == 0);
	b.x.ops->kill(&b.x);
	b.x.ops->destroy(&b.x); /* it is gone already */
	CHECK(calls.ended == 1);
	CHECK(b.x.ops->next(&b.x, &e) && e.kind == EXECUTOR_STARTED && b.x.pending);
	CHECK(b.x.ops->next(&b.x, &e) && e.kind == EXECUTOR_ENDED && e.ended.status == -1 && !b.x.pending);
	CHECK(b.x.ops->start(&b.x, &start, fds, text) == 0);
	b.x.ops->end(&b.x); /* with its program, and nobody hears of it */
	CHECK(calls.ended == 2 && !b.x.ops->next(&b.x, &e));
}

static void next_test(void)
{
	struct snapshot files = { .fd = -1 };
	struct executor_event e;
	char text[INIT_TEXT] = "";
	struct bare b;

	memset(&calls, 0, sizeof calls);
	bare_init(&b);
	CHECK(b.x.ops->begin(&b.x, &room, text) == 0);
	CHECK(b.x.ops->renew(&b.x, &room, &files, text) == 0 && calls.cleaned == 1 && calls.filled == 1);
	CHECK(b.x.ops->next(&b.x, &e) && e.kind == EXECUTOR_FILLED);
	calls.fail = true;
	CHECK(b.x.ops->renew(&b.x, &room, &files, text) == -1 && calls.filled == 1);
	CHECK(strcmp(text, "the box could not be cleaned for the next test: a folder stays") == 0);
	b.x.ops->end(&b.x);
}

static void what_fails(void)
{
	char text[INIT_TEXT] = "", kept[sizeof work];
	int fds[3] = { -1, -1, -1 };
	struct start start = { 0 };
	struct bare b;

	memset(&calls, 0, sizeof calls);
	bare_init(&b);
	memcpy(kept, work, sizeof work);
	*work = 0;
	CHECK(b.x.ops->begin(&b.x, &room, text) == -1 &&
	      strcmp(text, "/work: No such file or directory; give the box a tmpfs there") == 0);
	memcpy(work, kept, sizeof work);
	CHECK(b.x.ops->begin(&b.x, &room, text) == 0);
	calls.fail = true;
	CHECK(b.x.ops->frame(&b.x, FRAME_ARG, NULL, 0, text) == -1 && strcmp(text, "no") == 0);
	CHECK(b.x.ops->start(&b.x, &start, fds, text) == -1 && !b.x.pending);
	b.x.ops->end(&b.x);
}

/* A child walks the folder, and its end of the pipe is the only one that it has. */
static void collected(void)
{
	const struct collect_request what = { .everything = 1, .files = 10, .bytes = 1 << 20 };
	char text[INIT_TEXT] = "", path[128], got[4096];
	struct bare b;
	int p[2], status;
	ssize_t n, all = 0;

	memset(&calls, 0, sizeof calls);
	bare_init(&b);
	snprintf(path, sizeof path, "%s/a-file", work);
	close(creat(path, 0600));
	CHECK(b.x.ops->begin(&b.x, &room, text) == 0 && pipe2(p, O_CLOEXEC) == 0);
	CHECK(b.x.ops->collect(&b.x, &what, p, text) == 0);
	close(p[1]);
	while ((n = read(p[0], got + all, sizeof got - (size_t)all)) > 0)
		all += n;
	CHECK(n == 0 && wait(&status) > 0 && status == 0 && memmem(got, (size_t)all, "a-file", 6));
	close(p[0]);
	unlink(path);
	b.x.ops->end(&b.x);
}

int main(void)
{
	snprintf(work, sizeof work, "/tmp/cee-bare-XXXXXX");
	if (!mkdtemp(work))
		return 1;
	RUN(a_job);
	RUN(killed);
	RUN(next_test);
	RUN(what_fails);
	RUN(collected);
	rmdir(work);
	return check_status();
}
