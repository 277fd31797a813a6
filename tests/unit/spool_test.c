/* spool_test - the spool on real files: each state and transition, who wins a race,
 * and what is left when a process is killed just then. cee-fsck has the last word. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "base/id.h"
#include "job/result.h"
#include "spool/adopt.h"
#include "spool/attempt.h"
#include "spool/attempt_read.h"
#include "spool/cancel.h"
#include "spool/claim.h"
#include "spool/count.h"
#include "spool/find.h"
#include "spool/follow_watch.h"
#include "spool/index.h"
#include "spool/input.h"
#include "spool/layout.h"
#include "spool/lookup.h"
#include "spool/owner_name.h"
#include "spool/places.h"
#include "spool/registration.h"
#include "spool/runners.h"
#include "spool/spool.h"
#include "spool/submission.h"
#include "spool/sweep.h"
#include "spool/walk.h"
#include "wire/frame_types.h"
#include "spool_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>


static char *at(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *at(const char *fmt, ...)
{
	static char path[4][1024];
	static int turn;
	char *p = path[turn++ % 4];
	va_list ap;
	int n = snprintf(p, 1024, "%s/", dir);

	va_start(ap, fmt);
	vsnprintf(p + n, 1024 - (size_t)n, fmt, ap);
	va_end(ap);
	return p;
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write_full(fd, text, strlen(text)) == 0);
	close(fd);
}

static int entries(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	if (!d)
		return -1;
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static int submit(const char *id, int priority)
{
	return spool_submit(&spool, OWNER, id, priority, "{}", 2, NULL, &err);
}

/* Its exit status; what it printed is shown when that is not the one expected. */
static bool fsck(int expected, const char *option)
{
	const char *bin = getenv("CEE_BIN");
	char program[512], log[300];
	int status;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/cee-fsck", bin ? bin : "bin");
	snprintf(log, sizeof(log), "%s.fsck", dir);
	if ((pid = fork()) == 0) {
		int fd = open(log, O_RDWR | O_CREAT | O_TRUNC, 0600);

		dup2(fd, 1);
		dup2(fd, 2);
		execl(program, "cee-fsck", "-s", dir, option, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (status != expected) {
		AUTO_BUF struct buf b = { 0 };

		read_file_at(AT_FDCWD, log, 1 << 20, &b);
		printf("# cee-fsck: status %d, not %d: %s\n", status, expected, b.data ? b.data : "");
	}
	unlink(log);
	return status == expected;
}

/* The result as the runner would write it. */
static void write_result(struct spool_attempt *a, const char *id, int attempt)
{
	struct result r;
	AUTO_FREE char *text = NULL;

	result_init(&r);
	snprintf(r.id, sizeof(r.id), "%s", id);
	r.why = REASON_EXITED;
	r.exit_code = 0;
	r.attempt = attempt;
	r.created_us = r.claimed_us = r.started_us = r.ended_us = now_us();
	text = result_format(&r);
	CHECK(text && spool_result_write(a, text, strlen(text)) == 0);
	result_release(&r);
}

static void write_output(struct spool_attempt *a, const char *text)
{
	struct index_record rec = { .time_us = now_us(), .stream = STREAM_OUT, .len = strlen(text) };
	char line[INDEX_LINE_MAX];
	int n = index_format(line, &rec);

	CHECK(write_full(a->out, text, strlen(text)) == 0);
	CHECK(write_full(a->index, line, (size_t)n) == 0);
}

/* From a claimed job to its end. */
static void finish(struct spool_runner *r, const char *id, int attempt)
{
	struct spool_attempt a;

	CHECK(spool_attempt_open(r, OWNER, id, attempt, &a) == 0 && spool_attempt_begin(&a) == 0);
	write_output(&a, "hello\n");
	write_result(&a, id, attempt);
	CHECK(spool_result_publish(&a) == 0);
	CHECK(spool_job_retire(r, OWNER, id, attempt) == 0);
	spool_attempt_release(&a);
}

/* ---- names and opening --------------------------------------------------------- */

static void names(void)
{
	char id[ID_LEN + 1], found[ID_LEN + 1], name[LAYOUT_NAME_MAX], path[OWNER_MAX + 64], longest[140];
	int p, n;

	memset(longest, 'a', sizeof(longest));
	longest[128] = 0;
	CHECK(!spool_owner_valid(longest));
	longest[127] = 0;
	CHECK(spool_owner_valid(longest));
	CHECK(spool_owner_valid("uid-1000") && spool_owner_valid("http-REALM-alice") && spool_owner_valid("0"));
	CHECK(!spool_owner_valid("") && !spool_owner_valid("cur") && !spool_owner_valid("tmp"));
	CHECK(!spool_owner_valid("..") && !spool_owner_valid(".a") && !spool_owner_valid("a/b") &&
	      !spool_owner_valid("A") && !spool_owner_valid("-a") && !spool_owner_valid("a b") &&
	      !spool_owner_valid("languages.json"));
	id_make(id);
	layout_new_name(name, id, 5, 0);
	CHECK(layout_new_parse(name, found, &p, &n) && p == 5 && n == 0 && strcmp(found, id) == 0);
	layout_new_name(name, id, 0, 2);
	CHECK(layout_new_parse(name, found, &p, &n) && p == 0 && n == 2);
	name[0] = '5'; /* a requeued job has had its turn: always 0 */
	CHECK(!layout_new_parse(name, found, &p, &n));
	layout_claim_name(name, id, 3);
	CHECK(layout_claim_parse(name, found, &n) && n == 3);
	CHECK(!layout_claim_parse(id, found, &n) && !layout_new_parse("5.", found, &p, &n) &&
	      !layout_new_parse("", found, &p, &n) && !layout_new_parse(id, found, &p, &n));
	layout_out_path(path, OWNER, id);
	CHECK(strncmp(path, "uid-1000/out/", 13) == 0 && strncmp(path + 13, id, 7) == 0 && strcmp(path + 21, id) == 0);
}

static void opening(void)
{
	struct spool s;

	new_spool();
	CHECK(spool_open(&s, at("none"), 0, false, &err) == -1 && errno == ENOENT && strstr(err.msg, "--make"));
	mkdir(at("none"), 0700);
	CHECK(spool_open(&s, at("none"), 0, false, &err) == -1 && errno == ENOENT);
	put(at("none/letter"), "mine");
	CHECK(spool_open(&s, at("none"), SPOOL_CREATE, false, &err) == -1 && errno == ENOTEMPTY);
	unlink(at("none/letter"));
	CHECK(spool_open(&s, at("none/a/b"), SPOOL_CREATE, false, &err) == 0);
	spool_release(&s);
	CHECK(spool_open(&s, at("none/a/b"), SPOOL_CREATE, false, &err) == 0);
	spool_release(&s);
	put(at("none/a/b/VERSION"), "cee-spool 2\n");
	CHECK(spool_open(&s, at("none/a/b"), 0, false, &err) == -1 && errno == EPROTO &&
	      strstr(err.msg, "cee-spool 2"));
	CHECK(spool_open(&s, "/proc/self/mounts", 0, false, &err) == -1 && errno == ENOTDIR);
	end_spool();
}

/* ---- submitting ------------------------------------------------------------------ */

static void submitting(void)
{
	const struct spool_bounds fresh = { .fresh = true };
	char id[ID_LEN + 1];
	struct spool_where w;
	AUTO_BUF struct buf b = { 0 };

	new_spool();
	spool.durable = true;
	id_make(id);
	CHECK(spool_find(&spool, OWNER, id, &w, &err) == -1 && errno == ENOENT);
	CHECK(submit(id, 7) == 0);
	CHECK(exists(at("%s/new/7.%s", OWNER, id)) && entries(at("%s/tmp", OWNER)) == 0);
	CHECK(spool_find(&spool, OWNER, id, &w, &err) == 0 && w.state == STATE_CREATED && w.attempt == 0);
	CHECK(spool_read_job(&spool, OWNER, id, 100, &b) == 0 && b.len == 2);
	CHECK(submit(id, 7) == -1 && errno == EEXIST && submit(id, 0) == -1 && errno == EEXIST);
	CHECK(entries(at("%s/new", OWNER)) == 1 && entries(at("%s/tmp", OWNER)) == 0);
	CHECK(submit("not-an-id", 5) == -1 && errno == EINVAL && submit(id, 10) == -1 && errno == EINVAL);
	CHECK(spool_submit(&spool, "../x", id, 5, "{}", 2, NULL, &err) == -1 && errno == EINVAL);
	CHECK(spool_submit(&spool, OWNER, id, 7, "{}", 2, &fresh, &err) == -1 && errno == EEXIST);
	CHECK(spool_submit(&spool, "new-owner", id, 5, "{}", 2, &fresh, &err) == 0);
	CHECK(fsck(0, NULL));
	end_spool();
}

static void bounds(void)
{
	const struct spool_bounds three = { .max_queued = 3 }, room = { .min_room = INT64_MAX / 2 };
	char id[ID_LEN + 1], first[ID_LEN + 1];
	int64_t waiting, claimed;

	new_spool();
	for (int i = 0; i < 4; i++) {
		id_make(id);
		if (i == 0)
			strcpy(first, id);
		CHECK(spool_submit(&spool, OWNER, id, 5, "{}", 2, &three, &err) == (i < 3 ? 0 : -1));
	}
	CHECK(errno == EAGAIN && strstr(err.msg, "full"));
	CHECK(spool_submit(&spool, OWNER, first, 5, "{}", 2, &three, &err) == -1 && errno == EEXIST);
	unlink(at("%s/new/5.%s", OWNER, first));
	CHECK(spool_submit(&spool, OWNER, id, 5, "{}", 2, &three, &err) == 0);
	id_make(id);
	CHECK(spool_submit(&spool, OWNER, id, 5, "{}", 2, &room, &err) == -1 && errno == ENOSPC &&
	      strstr(err.msg, "room"));
	CHECK(spool_count(&spool, OWNER, &waiting, &claimed) == 0 && waiting == 3 && claimed == 0);
	CHECK(spool_count(&spool, NULL, &waiting, &claimed) == 0 && waiting == 3);
	CHECK(entries(at("%s/tmp", OWNER)) == 0);
	end_spool();
}

static void stale_tmp(void)
{
	char id[ID_LEN + 1], other[ID_LEN + 1];
	int fd;

	new_spool();
	id_make(id);
	id_make(other);
	put(at("%s/tmp/%s", OWNER, id), "a long text of a writer that died");
	put(at("%s/tmp/%s", OWNER, other), "half");
	CHECK(submit(id, 5) == 0); /* takes the dead writer's place */
	CHECK(!exists(at("%s/tmp/%s", OWNER, id)));
	fd = open(at("%s/tmp/%s", OWNER, other), O_RDWR | O_CLOEXEC);
	CHECK(file_lock(fd, false) == 0);
	CHECK(spool_sweep(&spool, OWNER) == 0 && exists(at("%s/tmp/%s", OWNER, other)));
	close(fd);
	CHECK(fsck(0, NULL)); /* a note */
	CHECK(fsck(0, "--fix") && !exists(at("%s/tmp/%s", OWNER, other)));
	end_spool();
}

/* ---- the runner's side --------------------------------------------------------------- */

static int take_first(void *arg, const char *owner, const char *id, int priority, int attempts)
{
	(void)owner, (void)priority, (void)attempts;
	strcpy(arg, id);
	return 1;
}

static void life(void)
{
	char id[ID_LEN + 1], first[ID_LEN + 1];
	struct spool_runner r;
	struct spool_where w;
	struct spool_attempt a;
	AUTO_BUF struct buf b = { 0 }, c = { 0 }, d = { 0 };
	int n;

	new_spool();
	id_make(id);
	CHECK(submit(id, 5) == 0);
	CHECK(spool_runner_alive(&spool, &n) == 0 && n == 0);
	CHECK(spool_runner_open(&r, &spool, &err) == 0);
	CHECK(spool_runner_alive(&spool, &n) == 1 && n == 1);
	CHECK(spool_each_new(&spool, OWNER, take_first, first) == 1 && strcmp(first, id) == 0);
	CHECK(spool_claim(&r, OWNER, id, 5, 0) == 1);
	CHECK(spool_claim(&r, OWNER, id, 5, 0) == -1 && errno == ENOENT);
	CHECK(submit(id, 5) == -1 && errno == EEXIST);
	CHECK(spool_find(&spool, OWNER, id, &w, &err) == 0 && w.state == STATE_PENDING && w.attempt == 1 &&
	      strcmp(w.runner, r.name) == 0);
	CHECK(spool_claimed_read(&r, OWNER, id, 1, 10, &b) == 0 && b.len == 2);
	CHECK(spool_claimed_read(&r, OWNER, id, 1, 1, &c) == -1 && errno == EFBIG);
	CHECK(place_out(&spool, OWNER, id) == -1 && errno == ENOENT);
	CHECK(spool_attempt_open(&r, OWNER, id, 1, &a) == 0 && spool_attempt_begin(&a) == 0);
	CHECK(spool_find(&spool, OWNER, id, &w, &err) == 0 && w.state == STATE_EXECUTING);
	CHECK(!spool_cancel_wanted(&spool, OWNER, id) && spool_cancel(&spool, OWNER, id, &err) == 0);
	CHECK(spool_cancel_wanted(&spool, OWNER, id) && fsck(0, NULL));
	write_output(&a, "hello\n");
	write_result(&a, id, 1);
	CHECK(spool_read_result(&spool, OWNER, id, &c) == -1 && errno == ENOENT);
	CHECK(spool_result_publish(&a) == 0 && fsck(0, NULL));
	CHECK(spool_find(&spool, OWNER, id, &w, &err) == 0 && w.state == STATE_FINISHED && w.attempt == 1);
	CHECK(spool_job_retire(&r, OWNER, id, 1) == 0);
	spool_attempt_release(&a);
	CHECK(!spool_cancel_wanted(&spool, OWNER, id) && spool_cancel_clear(&spool, OWNER, id) == 0);
	CHECK(spool_read_job(&spool, OWNER, id, 100, &c) == 0 && c.len == 2);
	CHECK(spool_read_result(&spool, OWNER, id, &d) == 0 && strstr(d.data, id));
	CHECK(submit(id, 5) == -1 && errno == EEXIST);
	CHECK(spool_cancel(&spool, OWNER, id, &err) == 0 && !spool_cancel_wanted(&spool, OWNER, id));
	spool_runner_release(&r);
	CHECK(entries(at("cur")) == 0 && entries(at("tmp")) == 0 && fsck(0, "--json"));
	end_spool();
}

static void reruns(void)
{
	char id[ID_LEN + 1];
	struct spool_runner r;
	struct spool_attempt a;
	struct spool_where w;

	new_spool();
	id_make(id);
	CHECK(spool_runner_open(&r, &spool, &err) == 0 && submit(id, 9) == 0);
	CHECK(spool_claim(&r, OWNER, id, 9, 0) == 1);
	CHECK(spool_attempt_open(&r, OWNER, id, 1, &a) == 0 && spool_attempt_begin(&a) == 0);
	spool_attempt_release(&a);
	CHECK(spool_requeue(&r, OWNER, id, 1) == 0 && exists(at("%s/new/0.%s.1", OWNER, id)));
	CHECK(submit(id, 5) == -1 && errno == EEXIST);
	CHECK(spool_find(&spool, OWNER, id, &w, &err) == 0 && w.state == STATE_CREATED && w.attempt == 1);
	CHECK(fsck(0, NULL));
	CHECK(spool_claim(&r, OWNER, id, 0, 1) == 2);
	/* attempt 2 is there, from a claim that a power cut took back */
	CHECK(spool_attempt_open(&r, OWNER, id, 2, &a) == 0 && spool_attempt_begin(&a) == 0);
	spool_attempt_release(&a);
	finish(&r, id, 2);
	id_make(id);
	CHECK(submit(id, 0) == 0);
	for (int i = 0; i < 12; i++) { /* the ninth attempt is the last number */
		int n = i < 9 ? i + 1 : 9;

		CHECK(spool_claim(&r, OWNER, id, 0, i < 9 ? i : 9) == n);
		CHECK(spool_attempt_open(&r, OWNER, id, n, &a) == 0 && spool_attempt_begin(&a) == 0);
		spool_attempt_release(&a);
		CHECK(spool_requeue(&r, OWNER, id, n) == 0);
	}
	id_make(id); /* claimed, but not begun: the attempt does not count */
	CHECK(submit(id, 3) == 0 && spool_claim(&r, OWNER, id, 3, 0) == 1 && spool_requeue(&r, OWNER, id, 1) == 0);
	CHECK(exists(at("%s/new/0.%s", OWNER, id)));
	CHECK(fsck(0, NULL));
	spool_runner_release(&r);
	end_spool();
}

static void hostile(void)
{
	char id[4][ID_LEN + 1];
	struct spool_runner r;
	AUTO_BUF struct buf b = { 0 };

	new_spool();
	CHECK(spool_runner_open(&r, &spool, &err) == 0);
	for (int i = 0; i < 4; i++)
		id_make(id[i]);
	put(at("secret"), "secret");
	CHECK(symlink("../../secret", at("%s/new/5.%s", OWNER, id[0])) == 0);
	CHECK(link(at("secret"), at("%s/new/5.%s", OWNER, id[1])) == 0);
	CHECK(mkfifo(at("%s/new/5.%s", OWNER, id[2]), 0600) == 0);
	CHECK(mkdir(at("%s/new/5.%s", OWNER, id[3]), 0700) == 0);
	for (int i = 0; i < 4; i++) {
		CHECK(spool_claim(&r, OWNER, id[i], 5, 0) == 1);
		CHECK(spool_claimed_read(&r, OWNER, id[i], 1, 100, &b) == -1 && b.len == 0);
	}
	CHECK(fsck(1, NULL));
	CHECK(rename(at("%s/new", OWNER), at("%s/gone", OWNER)) == 0 && symlink("gone", at("%s/new", OWNER)) == 0);
	CHECK(submit(id[0], 5) == -1); /* no link is followed */
	spool_runner_release(&r);
	end_spool();
}

/* ---- races ----------------------------------------------------------------------------- */

struct claimer {
	struct spool_runner r;
	int n;
};

static int claim_it(void *arg, const char *owner, const char *id, int priority, int attempts)
{
	struct claimer *c = arg;

	if (spool_claim(&c->r, owner, id, priority, attempts) == attempts + 1)
		c->n++;
	else if (errno != ENOENT)
		return -1;
	return 0;
}

static void claim_all(int start)
{
	struct claimer c = { .n = 0 };
	char b;

	if (read(start, &b, 1) < 0 || spool_runner_open(&c.r, &spool, &err) < 0)
		_exit(100);
	for (int i = 0; i < 50; i++)
		if (spool_each_new(&spool, OWNER, claim_it, &c) < 0)
			_exit(101);
	_exit(c.n > 0 ? 0 : 1);
}

static int adopt_dead(void *arg, const char *name)
{
	return spool_adopt(arg, name, NULL, NULL);
}

static void claim_race(void)
{
	int start[2], status, winners = 0;
	char id[ID_LEN + 1];
	int64_t waiting, claimed;
	struct spool_runner r;

	new_spool();
	for (int i = 0; i < 500; i++) {
		id_make(id);
		CHECK(submit(id, i % 10) == 0);
	}
	CHECK(pipe(start) == 0);
	for (int i = 0; i < 2; i++)
		if (fork() == 0) {
			close(start[1]);
			claim_all(start[0]);
		}
	close(start[0]);
	close(start[1]); /* the start */
	for (int i = 0; i < 2; i++) {
		CHECK(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) <= 1);
		winners += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	CHECK(winners > 0); /* on a loaded host one of them may come too late for any */
	CHECK(spool_count(&spool, OWNER, &waiting, &claimed) == 0 && waiting == 0 && claimed == 500);
	CHECK(entries(at("cur")) == 2 && fsck(0, NULL));
	CHECK(spool_runner_open(&r, &spool, &err) == 0);
	CHECK(spool_each_dead(&r, adopt_dead, &r) == 0);
	CHECK(spool_count(&spool, NULL, &waiting, &claimed) == 0 && waiting == 500 && claimed == 0);
	CHECK(entries(at("cur")) == 1 && entries(at("tmp")) == 0 && fsck(0, NULL));
	spool_runner_release(&r);
	end_spool();
}

static void submit_race(void)
{
	char id[ID_LEN + 1];
	int start[2], status, won = 0, there = 0;

	new_spool();
	spool.durable = true;
	id_make(id);
	CHECK(pipe(start) == 0);
	for (int i = 0; i < 20; i++)
		if (fork() == 0) {
			char b;

			close(start[1]);
			if (read(start[0], &b, 1) < 0)
				_exit(2);
			_exit(submit(id, i % 10) == 0 ? 0 : errno == EEXIST ? 1 : 2);
		}
	close(start[0]);
	close(start[1]);
	for (int i = 0; i < 20; i++) {
		CHECK(wait(&status) > 0 && WIFEXITED(status));
		won += WEXITSTATUS(status) == 0;
		there += WEXITSTATUS(status) == 1;
	}
	CHECK(won == 1 && there == 19);
	CHECK(entries(at("%s/new", OWNER)) == 1 && entries(at("%s/tmp", OWNER)) == 0 && fsck(0, NULL));
	end_spool();
}

/* Submitters of one id against a runner that takes, requeues and retires it: one run. */
static void submit_against_runner(void)
{
	char id[ID_LEN + 1];
	struct spool_runner r;
	int status, won = 0;

	new_spool();
	id_make(id);
	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			int n = 0;

			for (int k = 0; k < 300; k++)
				n += submit(id, k % 10) == 0;
			_exit(n);
		}
	CHECK(spool_runner_open(&r, &spool, &err) == 0);
	for (int k = 0; k < 300; k++) {
		struct spool_where w;

		for (int p = 0; p <= 9; p++)
			if (spool_claim(&r, OWNER, id, p, 0) == 1)
				finish(&r, id, 1);
		CHECK(spool_find(&spool, OWNER, id, &w, NULL) == 0 || errno == ENOENT);
	}
	for (int i = 0; i < 4; i++) {
		CHECK(wait(&status) > 0 && WIFEXITED(status));
		won += WEXITSTATUS(status);
	}
	CHECK(won == 1);
	spool_runner_release(&r);
	CHECK(fsck(0, NULL));
	end_spool();
}

/* ---- kill -9 at every transition ------------------------------------------------------------ */

/* A whole life with a rerun, in a process that stops itself at the transition. */
static void live_and_stop(const char *id, const char *transition)
{
	struct spool_runner r;
	struct spool_attempt a;

	setenv("CEE_STOP_AT", transition, 1);
	spool.durable = true;
	if (submit(id, 5) < 0 || spool_runner_open(&r, &spool, &err) < 0 || spool_claim(&r, OWNER, id, 5, 0) != 1 ||
	    spool_attempt_open(&r, OWNER, id, 1, &a) < 0 || spool_attempt_begin(&a) < 0)
		_exit(1);
	spool_attempt_release(&a);
	if (spool_requeue(&r, OWNER, id, 1) < 0 || spool_claim(&r, OWNER, id, 0, 1) != 2)
		_exit(2);
	finish(&r, id, 2);
	_exit(0);
}

static void kill_at(const char *transition)
{
	char id[ID_LEN + 1], name[LAYOUT_NAME_MAX];
	struct spool_runner r;
	struct spool_where w;
	int status, priority, attempts = 0;
	pid_t pid;
	AUTO_BUF struct buf b = { 0 };

	new_spool();
	id_make(id);
	if ((pid = fork()) == 0)
		live_and_stop(id, transition);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	CHECK(spool_runner_open(&r, &spool, &err) == 0);
	/* stopped is not dead */
	CHECK(spool_each_dead(&r, adopt_dead, &r) == 0 && spool_sweep(&spool, OWNER) == 0 && fsck(0, NULL));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	CHECK(fsck(0, NULL));
	CHECK(spool_each_dead(&r, adopt_dead, &r) == 0 && spool_sweep(&spool, OWNER) == 0);
	CHECK(entries(at("cur")) == 1 && entries(at("%s/tmp", OWNER)) == 0 && entries(at("tmp")) == 0 && fsck(0, NULL));
	if (strcmp(transition, "submit-written") == 0)
		CHECK(submit(id, 5) == 0);
	else
		CHECK(submit(id, 5) == -1 && errno == EEXIST);
	CHECK(spool_find(&spool, OWNER, id, &w, &err) == 0);
	if (w.state == STATE_CREATED) { /* it runs once more, and ends */
		AUTO_CLOSE int new = open(at("%s/new", OWNER), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		char found[ID_LEN + 1];

		CHECK(lookup_new(new, id, name) && layout_new_parse(name, found, &priority, &attempts));
		CHECK(spool_claim(&r, OWNER, id, priority, attempts) == attempts + 1);
		finish(&r, id, attempts + 1);
	}
	CHECK(spool_find(&spool, OWNER, id, &w, &err) == 0 && w.state == STATE_FINISHED);
	CHECK(spool_read_job(&spool, OWNER, id, 10, &b) == 0);
	spool_runner_release(&r);
	CHECK(entries(at("cur")) == 0 && entries(at("%s/new", OWNER)) == 0 && fsck(0, NULL));
	end_spool();
}

static void kills(void)
{
	static const char *const transition[] = { "submit-written",   "submit-renamed", "claimed",
						  "attempt-made",     "requeued",	"result-written",
						  "result-published", "retired" };

	for (size_t i = 0; i < sizeof(transition) / sizeof(*transition); i++) {
		printf("# %s\n", transition[i]);
		fflush(stdout);
		kill_at(transition[i]);
	}
}

/* ---- cee-fsck finds what is planted ------------------------------------------------------------ */

static void plant(const char *what, bool live)
{
	char id[ID_LEN + 1], out[OWNER_MAX + 64];
	struct spool_runner r;
	struct spool_attempt a;
	int fd;

	new_spool();
	id_make(id);
	CHECK(submit(id, 5) == 0 && spool_runner_open(&r, &spool, &err) == 0 && spool_claim(&r, OWNER, id, 5, 0) == 1);
	layout_out_path(out, OWNER, id);
	if (live) {
		CHECK(spool_attempt_open(&r, OWNER, id, 1, &a) == 0 && spool_attempt_begin(&a) == 0);
		write_output(&a, "half a ");
		CHECK(write_full(a.out, "line", 4) == 0); /* not covered yet */
		spool_attempt_release(&a);
	} else {
		finish(&r, id, 1);
	}
	CHECK(fsck(0, NULL));
	printf("# %s\n", what);
	if (strcmp(what, "index covers too much") == 0)
		CHECK(truncate(at("%s/1/stdout", out), 2) == 0);
	else if (strcmp(what, "bytes behind the index") == 0)
		put(at("%s/1/stdout", out), "hello\nand more");
	else if (strcmp(what, "no record") == 0)
		put(at("%s/1/index", out), "five o 6\n");
	else if (strcmp(what, "index cut off") == 0) {
		fd = open(at("%s/1/index", out), O_WRONLY | O_APPEND | O_CLOEXEC);
		CHECK(write_full(fd, "12 o", 4) == 0);
		close(fd);
	} else if (strcmp(what, "bad result") == 0)
		put(at("%s/result", out), "{}");
	else if (strcmp(what, "lost") == 0)
		unlink(at("cur/%s/%s/%s.1", r.name, OWNER, id));
	else if (strcmp(what, "job without result") == 0)
		unlink(at("%s/result", out));
	else if (strcmp(what, "result without job") == 0)
		unlink(at("%s/job", out));
	else if (strcmp(what, "twice") == 0)
		put(at("%s/new/5.%s", OWNER, id), "{}");
	else if (strcmp(what, "claimed twice") == 0)
		put(at("cur/%s/%s/%s.2", r.name, OWNER, id), "{}");
	else if (strcmp(what, "odd name") == 0)
		put(at("%s/new/5.hello", OWNER), "{}");
	else if (strcmp(what, "others may write") == 0)
		CHECK(chmod(at("%s/new", OWNER), 0777) == 0);
	CHECK(fsck(1, NULL) && fsck(1, "--json"));
	spool_runner_release(&r);
	end_spool();
}

static void planted(void)
{
	static const char *const ended[] = {
		"index covers too much", "bytes behind the index", "no record", "index cut off", "bad result",
		"job without result",	 "result without job",	   "twice",	"odd name",	 "others may write"
	};
	static const char *const live[] = { "index covers too much", "no record", "lost", "twice", "claimed twice" };

	for (size_t i = 0; i < sizeof(ended) / sizeof(*ended); i++)
		plant(ended[i], false);
	for (size_t i = 0; i < sizeof(live) / sizeof(*live); i++)
		plant(live[i], true);
}

static void input_names(void)
{
	static const char *const bad[] = { ".END", ".KILL", ".INT.", ".", "x", ".window2", ".end\n" };
	char id[ID_LEN + 1], got[ID_LEN + 1], name[128];
	enum spool_input_kind kind = INPUT_SIGNAL;
	int sig = 0;

	id_make(id);
	CHECK(spool_input_parse(id, got, &kind, &sig) && kind == INPUT_BYTES && strcmp(got, id) == 0);
	snprintf(name, sizeof(name), "%s.end", id);
	CHECK(spool_input_parse(name, got, &kind, &sig) && kind == INPUT_END);
	snprintf(name, sizeof(name), "%s.window", id);
	CHECK(spool_input_parse(name, got, &kind, &sig) && kind == INPUT_WINDOW);
	snprintf(name, sizeof(name), "%s.INT", id);
	CHECK(spool_input_parse(name, got, &kind, &sig) && kind == INPUT_SIGNAL && sig == SIGINT);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(name, sizeof(name), "%s%s", id, bad[i]);
		CHECK(!spool_input_parse(name, got, &kind, &sig));
	}
	CHECK(!spool_input_parse("", got, &kind, &sig) && !spool_input_parse("tmp", got, &kind, &sig));
	id[14] = 'x';
	CHECK(!spool_input_parse(id, got, &kind, &sig));
}

static void input_life(void)
{
	struct spool_input in, other;
	char id[ID_LEN + 1];
	unsigned rows = 1, columns = 1;
	int fd;

	new_spool();
	id_make(id);
	CHECK(spool_input_open(&spool, OWNER, id) == -1 && errno == ENOENT);
	CHECK(spool_input_make(&spool, OWNER, id, &in, &err) == 0);
	CHECK(spool_input_make(&spool, OWNER, id, &other, &err) == -1 && errno == EEXIST &&
	      exists(at("%s/in/%s", OWNER, id)));
	CHECK(spool_input_write(&in, "hello", 5) == 0 && in.size == 5);
	fd = spool_input_open(&spool, OWNER, id);
	CHECK(fd >= 0 && !spool_input_left(fd) && spool_input_size(&spool, OWNER, id) == -1);
	CHECK(!spool_input_stale(&spool, OWNER, id));
	CHECK(spool_input_end(&in) == 0 && in.fd == -1);
	CHECK(spool_input_left(fd) && spool_input_size(&spool, OWNER, id) == 5);
	put(at("%s/in/%s.end", OWNER, id), "5"); /* not there yet */
	CHECK(spool_input_size(&spool, OWNER, id) == -1);
	put(at("%s/in/%s.end", OWNER, id), "-5\n");
	CHECK(spool_input_size(&spool, OWNER, id) == -1);
	put(at("%s/in/%s.end", OWNER, id), "99999999999999999999\n");
	CHECK(spool_input_size(&spool, OWNER, id) == -1);
	CHECK(spool_signal(&spool, OWNER, id, SIGKILL, &err) == -1 && errno == EINVAL);
	CHECK(spool_signal(&spool, OWNER, id, SIGINT, &err) == 0 && spool_signal(&spool, OWNER, id, SIGINT, &err) == 0);
	CHECK(spool_signal_take(&spool, OWNER, id, SIGINT) && !spool_signal_take(&spool, OWNER, id, SIGINT));
	CHECK(!spool_window_read(&spool, OWNER, id, &rows, &columns) && rows == 1);
	CHECK(spool_window(&spool, OWNER, id, 50, 132, &err) == 0);
	CHECK(spool_window_read(&spool, OWNER, id, &rows, &columns) && rows == 50 && columns == 132);
	put(at("%s/in/%s.window", OWNER, id), "70000 1\n");
	CHECK(!spool_window_read(&spool, OWNER, id, &rows, &columns) && rows == 50);
	CHECK(fsck(0, NULL));
	spool_input_clear(&spool, OWNER, id);
	CHECK(entries(at("%s/in", OWNER)) == 0);
	close(fd);
	end_spool();
}

static void stale_cancel(void)
{
	char id[ID_LEN + 1];

	new_spool();
	id_make(id);
	put(at("%s/cancel/%s", OWNER, id), "");
	CHECK(fsck(0, NULL) && exists(at("%s/cancel/%s", OWNER, id)));
	CHECK(fsck(0, "--fix") && !exists(at("%s/cancel/%s", OWNER, id)));
	CHECK(spool_cancel(&spool, OWNER, id, &err) == -1 && errno == ENOENT);
	end_spool();
}

/* The instance is closed also where no descriptor is free for the pipe that closes it later. */
static void watch_end(void)
{
	struct rlimit before, few;
	int fd = inotify_init1(IN_CLOEXEC);

	CHECK(fd >= 0 && getrlimit(RLIMIT_NOFILE, &before) == 0);
	CHECK(fcntl(fd, F_GETFD) >= 0);
	few = (struct rlimit){ .rlim_cur = (rlim_t)fd + 1, .rlim_max = before.rlim_max };
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	follow_watch_end(fd);
	CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
	CHECK(fcntl(fd, F_GETFD) == -1 && errno == EBADF);
}

/* A power cut took the end of a stream: a gap that was behind it is at its end. */
static void short_stream(void)
{
	struct spool_runner r;
	struct spool_attempt a;
	struct output_extent x;
	char id[ID_LEN + 1];
	int fd;

	new_spool();
	id_make(id);
	CHECK(submit(id, 5) == 0 && spool_runner_open(&r, &spool, &err) == 0 && spool_claim(&r, OWNER, id, 5, 0) == 1);
	CHECK(spool_attempt_open(&r, OWNER, id, 1, &a) == 0 && spool_attempt_begin(&a) == 0);
	CHECK(write_full(a.out, "abc", 3) == 0 && write_full(a.index, "1 o 2\n2 O 7\n3 o 9\n4 O 8\n", 24) == 0);
	fd = spool_open_output(&spool, OWNER, id, 1, SPOOL_STDOUT, &x);
	CHECK(fd >= 0 && x.size == 3 && x.ngaps == 2 && x.gap[0].at == 2 && x.gap[1].at == 3 && x.gap[1].missing == 8);
	output_extent_release(&x);
	close_ptr(&fd);
	spool_attempt_release(&a);
	spool_runner_release(&r);
	end_spool();
}

static void languages(void)
{
	AUTO_BUF struct buf b = { 0 }, c = { 0 };

	new_spool();
	CHECK(spool_languages_read(&spool, &b) == -1 && errno == ENOENT);
	CHECK(spool_languages_write(&spool, "{}", 2) == 0 && spool_languages_write(&spool, "{ }", 3) == 0);
	CHECK(spool_languages_read(&spool, &c) == 0 && c.len == 3);
	CHECK(entries(at("tmp")) == 0 && fsck(0, NULL));
	end_spool();
}

int main(void)
{
	RUN(names);
	RUN(opening);
	RUN(submitting);
	RUN(bounds);
	RUN(stale_tmp);
	RUN(life);
	RUN(reruns);
	RUN(hostile);
	RUN(claim_race);
	RUN(submit_race);
	RUN(submit_against_runner);
	RUN(kills);
	RUN(planted);
	RUN(stale_cancel);
	RUN(input_names);
	RUN(input_life);
	RUN(watch_end);
	RUN(short_stream);
	RUN(languages);
	return check_status();
}
