/* retention_test - what stays in a spool and what goes: foreign things, finished jobs, owners without jobs */
#include "base/clock.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/limit.h"
#include "base/loop.h"
#include "base/time_text.h"
#include "runner/core/queued.h"
#include "runner/queue/queue.h"
#include "spool/attempt.h"
#include "spool/claim.h"
#include "spool/find.h"
#include "spool/group.h"
#include "spool/kept.h"
#include "spool/key.h"
#include "spool/layout.h"
#include "spool/owner_drop.h"
#include "spool/places.h"
#include "spool/registration.h"
#include "spool/remove.h"
#include "spool/remove_tree.h"
#include "spool/retention.h"
#include "spool/submission.h"
#include "spool/walk.h"
#include "spool_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void put_at(int at, const char *path, const char *text)
{
	int fd = openat(at, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write_full(fd, text, strlen(text)) == 0);
	close(fd);
}

static bool is_file(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1;
}

static int entries_of(const char *path)
{
	DIR *d = dir_list(spool.fd, path);
	int n = 0;

	while (d && dir_next(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* ---- what cee did not put there ------------------------------------------------------------ */

/* A claimed entry with a result, as a run leaves it before it is retired. */
static void claim_and_end(struct spool_runner *r, const char *id)
{
	struct spool_attempt a;

	CHECK(spool_claim(r, OWNER, id, 5, 0) == 1);
	CHECK(spool_attempt_open(r, OWNER, id, 1, &a) == 0 && spool_attempt_begin(&a) == 0);
	CHECK(spool_result_write(&a, "{}\n", 3) == 0 && spool_result_publish(&a) == 0);
	spool_attempt_release(&a);
}

/* A folder in new/, with something in it, while its owner has taken the name that it would get in tmp/. */
static void a_folder_never_gets_into_out(void)
{
	char id[ID_LEN + 1], path[300], taken[300];
	struct spool_runner r;

	new_spool();
	CHECK(spool_runner_open(&r, &spool, &err) == 0);
	for (int deep = 0; deep < 2; deep++) {
		AUTO_CLOSE int out = -1;

		id_make(id);
		snprintf(path, sizeof path, "%s/new/5.%s", OWNER, id);
		CHECK(mkdirat(spool.fd, path, 0700) == 0);
		snprintf(path, sizeof path, "%s/new/5.%s/result", OWNER, id);
		put_at(spool.fd, path, "{\"why\":\"exited\"}");
		snprintf(taken, sizeof taken, "%s/tmp/%s.1", OWNER, id);
		CHECK(mkdirat(spool.fd, taken, 0700) == 0);
		claim_and_end(&r, id);
		CHECK(spool_job_retire(&r, OWNER, id, 1) == 0);
		out = place_out(&spool, OWNER, id);
		CHECK(out >= 0 && is_file(out, LAYOUT_JOB) && is_file(out, LAYOUT_RESULT));
		CHECK(entries_of("uid-1000/tmp") == 2 * (deep + 1)); /* the folder is its owner's again */
		CHECK(spool_remove(&spool, OWNER, id, &err) == 0);
	}
	spool_runner_release(&r);
	end_spool();
}

/* While the folder has nowhere to go, the job is not retired; it is as soon as there is room. */
static void a_folder_without_a_place_waits(void)
{
	char id[ID_LEN + 1], path[300];
	AUTO_CLOSE int out = -1;
	struct spool_runner r;

	new_spool();
	CHECK(spool_runner_open(&r, &spool, &err) == 0);
	id_make(id);
	snprintf(path, sizeof path, "%s/new/5.%s/d", OWNER, id);
	CHECK(dir_make(spool.fd, path, 0700) >= 0);
	claim_and_end(&r, id);
	CHECK(renameat(spool.fd, "uid-1000/tmp", spool.fd, "uid-1000/away") == 0);
	CHECK(spool_job_retire(&r, OWNER, id, 1) == -1);
	out = place_out(&spool, OWNER, id);
	CHECK(out >= 0 && !dir_has(out, LAYOUT_JOB));
	CHECK(renameat(spool.fd, "uid-1000/away", spool.fd, "uid-1000/tmp") == 0);
	CHECK(spool_job_retire(&r, OWNER, id, 1) == 0 && is_file(out, LAYOUT_JOB));
	spool_runner_release(&r);
	end_spool();
}

/* Links, a fifo, a file that is missing: an ended job has a regular file of one link as its job, always. */
static void what_is_not_a_job_becomes_an_empty_one(void)
{
	char id[ID_LEN + 1], path[300], claim[300];
	struct spool_runner r;

	new_spool();
	CHECK(spool_runner_open(&r, &spool, &err) == 0);
	for (int kind = 0; kind < 5; kind++) {
		AUTO_CLOSE int out = -1;

		id_make(id);
		snprintf(path, sizeof path, "%s/new/5.%s", OWNER, id);
		snprintf(claim, sizeof claim, "cur/%s/%s/%s.1", r.name, OWNER, id);
		if (kind == 0)
			CHECK(symlinkat("/etc/passwd", spool.fd, path) == 0);
		else if (kind == 1)
			CHECK(mkfifoat(spool.fd, path, 0600) == 0);
		else if (kind == 2)
			CHECK(mkdirat(spool.fd, path, 0700) == 0);
		else
			put_at(spool.fd, path, "{}");
		if (kind == 3)
			CHECK(linkat(spool.fd, path, spool.fd, "uid-1000/second", 0) == 0);
		claim_and_end(&r, id);
		if (kind == 4)
			CHECK(unlinkat(spool.fd, claim, 0) == 0);
		CHECK(spool_job_retire(&r, OWNER, id, 1) == 0);
		out = place_out(&spool, OWNER, id);
		CHECK(out >= 0 && is_file(out, LAYOUT_JOB));
		CHECK(spool_remove(&spool, OWNER, id, &err) == 0);
	}
	spool_runner_release(&r);
	end_spool();
}

/* A tree far deeper than any walk's descriptors or names: made as a hostile user makes one. */
static void deep_trees_go(void)
{
	int at;

	new_spool();
	CHECK(mkdirat(spool.fd, "uid-1000/tmp/deep", 0700) == 0);
	at = dir_open(spool.fd, "uid-1000/tmp/deep");
	for (int i = 0; i < 5000; i++) {
		int next = mkdirat(at, "d", 0700) == 0 ? dir_open(at, "d") : -1;

		CHECK(next >= 0);
		if (i % 500 == 0)
			put_at(at, "file", "x");
		close(at);
		at = next;
	}
	close(at);
	CHECK(spool_remove_tree(spool.fd, "uid-1000/tmp/deep") == 0 && entries_of("uid-1000/tmp") == 0);
	end_spool();
}

/* ---- finished jobs ------------------------------------------------------------------------- */

#define MINUTE INT64_C(60000000)
#define DAY (24 * 60 * MINUTE)

static struct spool_runner runner;
static char last_removed[ID_LEN + 1];

static void note_removed(void *arg, const char *owner, const char *what, const char *name)
{
	(void)arg, (void)owner;
	if (strcmp(what, "job") == 0)
		memcpy(last_removed, name, ID_LEN + 1);
}

/* A job of so many bytes that ended so long ago; keep_us: of its result, or -1. Its id is made now, or given. */
static void finished(char id[ID_LEN + 1], int64_t age_us, int64_t keep_us, size_t bytes)
{
	struct spool_attempt a;
	char text[600], ended[TIME_TEXT_MAX], expires[TIME_TEXT_MAX] = "";
	int64_t end = now_us() - age_us;
	int n;

	if (!*id)
		id_make(id);
	CHECK(spool_submit(&spool, OWNER, id, 5, "{}", 2, NULL, &err) == 0 &&
	      spool_claim(&runner, OWNER, id, 5, 0) == 1);
	CHECK(spool_attempt_open(&runner, OWNER, id, 1, &a) == 0 && spool_attempt_begin(&a) == 0);
	CHECK(bytes == 0 || fallocate(a.out, 0, 0, (off_t)bytes) == 0);
	time_format(ended, end);
	if (keep_us >= 0)
		time_format(expires, end + keep_us);
	n = snprintf(text, sizeof text,
		     "{\"version\":1,\"id\":\"%s\",\"attempt\":1,\"state\":\"Finished\",\"why\":\"exited\",\"code\":0,"
		     "\"ended\":\"%s\"%s%s%s}\n",
		     id, ended, keep_us >= 0 ? ",\"expires\":\"" : "", expires, keep_us >= 0 ? "\"" : "");
	CHECK(spool_result_write(&a, text, (size_t)n) == 0 && spool_result_publish(&a) == 0);
	spool_attempt_release(&a);
	CHECK(spool_job_retire(&runner, OWNER, id, 1) == 0);
}

static bool there(const char *id)
{
	AUTO_CLOSE int out = place_out(&spool, OWNER, id);

	return out >= 0;
}

static void begin(struct retention *r, const struct retention_rules *rules)
{
	const struct retention_ops ops = { .removed = note_removed };

	new_spool();
	CHECK(spool_runner_open(&runner, &spool, &err) == 0);
	retention_init(r, &spool, rules, &ops);
}

static void end(struct retention *r)
{
	retention_release(r);
	spool_runner_release(&runner);
	end_spool();
}

static void the_expired_go(void)
{
	const struct retention_rules rules = {
		.keep_us = 10 * DAY, .older_us = -1, .keep_bytes = LIMIT_NONE, .owner_us = -1
	};
	char own_over[ID_LEN + 1] = "", own_long[ID_LEN + 1] = "", old[ID_LEN + 1] = "", young[ID_LEN + 1] = "";
	char waiting[ID_LEN + 1], claimed[ID_LEN + 1];
	struct retention r;

	begin(&r, &rules);
	finished(own_over, DAY, DAY / 2, 0);
	finished(own_long, 20 * DAY, 30 * DAY, 0);
	finished(old, 11 * DAY, -1, 0);
	finished(young, 9 * DAY, -1, 0);
	id_make(waiting);
	CHECK(spool_submit(&spool, OWNER, waiting, 5, "{}", 2, NULL, &err) == 0);
	id_make(claimed);
	CHECK(spool_submit(&spool, OWNER, claimed, 5, "{}", 2, NULL, &err) == 0);
	claim_and_end(&runner, claimed); /* its result is there, and it is not retired */
	CHECK(retention_pass(&r) == 0 && r.removed == 2 && r.total.jobs == 3);
	CHECK(!there(own_over) && there(own_long) && !there(old) && there(young) && there(claimed));
	CHECK(spool_find(&spool, OWNER, own_over, &(struct spool_where){ .attempt = 0 }, &err) == -1 &&
	      errno == ENOENT);
	CHECK(retention_pass(&r) == 0 && r.removed == 0 && r.total.jobs == 3);
	end(&r);
}

/* By their ends and not by their ids, those that ended last stay; a bucket that has not changed is not read again. */
static void the_oldest_go_for_bytes(void)
{
	const struct retention_rules rules = { .keep_us = -1, .older_us = -1, .keep_bytes = 10 << 20, .owner_us = -1 };
	char id[6][ID_LEN + 1] = { "" };
	struct retention r;
	struct kept k;

	begin(&r, &rules);
	for (int i = 0; i < 6; i++) /* the later its id, the longer ago its end */
		finished(id[i], (i + 2) * DAY, -1, 2 << 20);
	CHECK(retention_pass(&r) == 0 && r.removed == 2 && r.total.jobs == 4 && r.total.bytes <= 10 << 20);
	CHECK(there(id[0]) && there(id[3]) && !there(id[4]) && !there(id[5]) && strcmp(last_removed, id[4]) == 0);
	CHECK(kept_read(&spool, OWNER, &k) && k.jobs == 4 && k.bytes == r.total.bytes);
	CHECK(retention_pass(&r) == 0 && r.removed == 0 && r.total.jobs == 4);
	end(&r);
}

/* A job with an old id, that has just ended, is not removed for an owner's bytes before others are; submits wait for
 * room when only such are left, and beyond twice the bound the oldest of them go. */
static void young_ones_stay(void)
{
	const struct retention_rules rules = { .keep_us = -1, .older_us = -1, .keep_bytes = 8 << 20, .owner_us = -1 };
	const struct spool_bounds bounds = { .keep_bytes = 8 << 20 };
	char old[ID_LEN + 1] = "", id[4][ID_LEN + 1] = { "01890000-0000-7000-8000-000000000000" }, next[ID_LEN + 1];
	struct retention r;

	begin(&r, &rules);
	finished(id[0], MINUTE, -1, 4 << 20);
	finished(old, DAY, -1, 4 << 20);
	finished(id[1], 2 * MINUTE, -1, 4 << 20);
	CHECK(retention_pass(&r) == 0 && r.removed == 1 && !there(old) && there(id[0]) && there(id[1]));
	id_make(next);
	CHECK(spool_submit(&spool, OWNER, next, 5, "{}", 2, &bounds, &err) == -1 && errno == EDQUOT);
	CHECK(strstr(err.msg, "keep_bytes") && strstr(err.msg, "cee-rm"));
	CHECK(entries_of("uid-1000/tmp") == 0);
	finished(id[2], 3 * MINUTE, -1, 4 << 20);
	finished(id[3], 4 * MINUTE, -1, 4 << 20);
	CHECK(retention_pass(&r) == 0 && r.removed >= 1 && !there(id[3]) && there(id[0]) && r.total.bytes <= 16 << 20);
	for (int i = 0; i < 3; i++)
		if (there(id[i]))
			CHECK(spool_remove(&spool, OWNER, id[i], &err) == 0);
	CHECK(retention_pass(&r) == 0 && r.total.bytes == 0);
	CHECK(spool_submit(&spool, OWNER, next, 5, "{}", 2, &bounds, &err) == 0);
	end(&r);
}

/* What lies in a job's folder, in its bucket or deep in a tree, and is not cee's, counts as the owner's. */
static void foreign_things_count(void)
{
	const struct retention_rules rules = {
		.keep_us = -1, .older_us = -1, .keep_bytes = LIMIT_NONE, .owner_us = -1
	};
	char id[ID_LEN + 1] = "", path[LAYOUT_PATH_MAX + 40], bucket[LAYOUT_BUCKET + 1];
	struct retention r;
	int64_t before;

	begin(&r, &rules);
	finished(id, DAY, -1, 0);
	CHECK(retention_pass(&r) == 0);
	before = r.total.bytes;
	for (int i = 0; i < 2; i++) {
		AUTO_CLOSE int fd = -1;

		layout_bucket_of(bucket, id);
		snprintf(path, sizeof path, i ? "%s/out/%s/foreign" : "%s/out/%s/%s/foreign", OWNER, bucket, id);
		fd = openat(spool.fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		CHECK(fd >= 0 && fallocate(fd, 0, 0, 1 << 20) == 0);
	}
	CHECK(retention_pass(&r) == 0 && r.total.bytes == before + (2 << 20) && r.total.jobs == 1);
	end(&r);
}

/* ---- owners --------------------------------------------------------------------------------------- */

static void idle_owners_go(void)
{
	const struct retention_rules day = { .keep_us = -1, .older_us = -1, .keep_bytes = LIMIT_NONE, .owner_us = DAY },
				     now = { .keep_us = -1, .older_us = -1, .keep_bytes = LIMIT_NONE, .owner_us = 0 };
	char id[ID_LEN + 1] = "", path[300];
	struct retention r;

	begin(&r, &day);
	CHECK(retention_pass(&r) == 0 && dir_has(spool.fd, OWNER)); /* it was just made */
	retention_rules(&r, &now);
	id_make(id);
	CHECK(spool_submit(&spool, OWNER, id, 5, "{}", 2, NULL, &err) == 0);
	CHECK(retention_pass(&r) == 0 && dir_has(spool.fd, OWNER)); /* a job waits */
	CHECK(spool_claim(&runner, OWNER, id, 5, 0) == 1);
	CHECK(retention_pass(&r) == 0 && dir_has(spool.fd, "uid-1000/new")); /* it is claimed */
	CHECK(spool_requeue(&runner, OWNER, id, 1) == 0);
	snprintf(path, sizeof path, "%s/new/0.%s", OWNER, id);
	CHECK(unlinkat(spool.fd, path, 0) == 0);
	for (int i = 0; i < PART_COUNT; i++) { /* an entry of any part, hidden too, keeps it */
		snprintf(path, sizeof path, i == PART_TMP ? "%s/%s/.x" : "%s/%s/x", OWNER, owner_part_name[i]);
		put_at(spool.fd, path, "x");
		CHECK(retention_pass(&r) == 0 && dir_has(spool.fd, OWNER));
		CHECK(unlinkat(spool.fd, path, 0) == 0);
	}
	snprintf(path, sizeof path, "%s/out/0189000", OWNER); /* an empty bucket is nothing */
	CHECK(mkdirat(spool.fd, path, 0700) == 0);
	for (int i = 0; i < 100 && dir_has(spool.fd, OWNER); i++) {
		usleep(1000); /* what changed in this very moment is not idle */
		CHECK(retention_pass(&r) == 0);
	}
	CHECK(!dir_has(spool.fd, OWNER) && r.total.bytes == 0);
	CHECK(spool_submit(&spool, OWNER, id, 5, "{}", 2, NULL, &err) == 0); /* and it comes back */
	end(&r);
}

/* Processes that submit, with a group and a key or without, while others remove the owner again and again: each id that
 * was said to be submitted is there. */
enum { SUBMITTERS = 3, SUBMITS = 50 };

static void submit_many(int out, int number)
{
	char id[ID_LEN + 1], key[40];
	struct spool s;

	srand((unsigned)number + 1);
	if (spool_open(&s, dir, 0, false, &err) < 0)
		_exit(1);
	for (int i = 0; i < SUBMITS; i++) {
		struct group g;
		struct key k;

		id_make(id);
		if (number == 0) {
			snprintf(key, sizeof key, "key %d", i);
			if (key_take(&k, &s, OWNER, key, id, &err) < 0)
				_exit(2);
		} else if (number == 1) {
			group_init(&g);
			snprintf(key, sizeof key, "group %d", i);
			if (group_open(&g, &s, OWNER, key, &err) < 0 || group_next(&g, id, &err) < 0)
				_exit(3);
		}
		if (spool_submit(&s, OWNER, id, 5, "{}", 2, NULL, &err) < 0) {
			printf("# job %d: %s\n", i, err.msg);
			fflush(stdout);
			_exit(4);
		}
		if (write_full(out, id, ID_LEN) < 0)
			_exit(5);
		if (number == 0)
			key_release(&k);
		else if (number == 1)
			group_release(&g);
		usleep((useconds_t)(rand() % 10000)); /* so that at times nobody has a job */
	}
	_exit(0);
}

/* Takes each job away as a runner and cee-rm do, so that the owner has none, and counts it. */
static int take_away(void *arg, const char *owner, const char *id, int priority, int attempts)
{
	char name[LAYOUT_NAME_MAX], path[400];

	(void)arg;
	layout_new_name(name, id, priority, attempts);
	snprintf(path, sizeof path, "%s/new/%s", owner, name);
	if (unlinkat(spool.fd, path, 0) == 0)
		put_at(*(int *)arg, id, "");
	return 0;
}

static void drop_names(void)
{
	static const char *const part[] = { "uid-1000/groups", "uid-1000/keys" };

	for (int i = 0; i < 2; i++) {
		DIR *d = dir_list(spool.fd, part[i]);
		struct dirent *e;

		while (d && (e = dir_next(d)))
			if (i)
				key_drop(&spool, OWNER, e->d_name, false);
			else
				group_drop(&spool, OWNER, e->d_name, false);
		if (d)
			closedir(d);
	}
}

/* Stops a child at a transition, lets f happen, lets it go on: its status. */
static int stopped_at(const char *transition, void (*child)(void), void (*f)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		setenv("CEE_STOP_AT", transition, 1);
		child();
		_exit(0);
	}
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	f();
	kill(pid, SIGCONT);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static char the_id[ID_LEN + 1];

static void child_submits(void)
{
	if (spool_submit(&spool, OWNER, the_id, 5, "{}", 2, NULL, &err) < 0)
		_exit(1);
}

static void child_drops(void)
{
	_exit(owner_drop(&spool, OWNER, INT64_MAX) ? 1 : 0);
}

static bool waits(void)
{
	struct spool_where w;

	return spool_find(&spool, OWNER, the_id, &w, &err) == 0 && w.state == STATE_CREATED;
}

static void owner_goes(void)
{
	CHECK(owner_drop(&spool, OWNER, INT64_MAX) && !dir_has(spool.fd, OWNER));
}

static void owner_stays(void)
{
	CHECK(!owner_drop(&spool, OWNER, INT64_MAX));
}

static void parent_submits(void)
{
	CHECK(!dir_has(spool.fd, "uid-1000/new"));
	CHECK(spool_submit(&spool, OWNER, the_id, 5, "{}", 2, NULL, &err) == 0);
}

static void a_submit_meets_a_removal(void)
{
	new_spool();
	id_make(the_id);
	/* all is removed between the opening of the directories and the first file */
	CHECK(stopped_at("submit-opened", child_submits, owner_goes) == 0 && waits());
	end_spool();
	new_spool();
	CHECK(stopped_at("submit-written", child_submits, owner_stays) == 0 && waits());
	end_spool();
	new_spool();
	CHECK(stopped_at("part-dropped", child_drops, parent_submits) == 0 && waits());
	end_spool();
}

static void no_id_is_lost_to_a_removal(void)
{
	int pipes[2], seen, running = SUBMITTERS, status, dropped = 0, lost = 0, read_ids = 0;
	char id[ID_LEN + 1] = "";

	new_spool();
	CHECK(mkdirat(spool.fd, "tmp/seen", 0700) == 0 && (seen = dir_open(spool.fd, "tmp/seen")) >= 0);
	CHECK(pipe(pipes) == 0 && fcntl(pipes[1], F_SETPIPE_SZ, 1 << 20) > 0);
	for (int i = 0; i < SUBMITTERS; i++)
		if (fork() == 0)
			submit_many(pipes[1], i);
	close(pipes[1]);
	while (running > 0) {
		spool_each_new(&spool, OWNER, take_away, &seen);
		drop_names();
		if (owner_drop(&spool, OWNER, INT64_MAX)) {
			dropped++;
			usleep((useconds_t)(rand() % 400)); /* a runner drops what is old, so not again and again */
		}
		while (waitpid(-1, &status, WNOHANG) > 0) {
			running--;
			CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		}
	}
	spool_each_new(&spool, OWNER, take_away, &seen);
	while (read(pipes[0], id, ID_LEN) == ID_LEN) {
		read_ids++;
		lost += !dir_has(seen, id);
	}
	printf("# %d ids, %d lost; the owner was removed %d times\n", read_ids, lost, dropped);
	CHECK(read_ids == SUBMITTERS * SUBMITS && lost == 0);
	close(pipes[0]);
	close(seen);
	end_spool();
}

/* ---- what a runner remembers of owners ------------------------------------------------------------ */

static void changed(void *arg)
{
	(void)arg;
}

static enum request_result request(void *arg, const char *owner, const char *id)
{
	(void)arg, (void)owner, (void)id;
	return REQUEST_DONE;
}

static void count_gone(void *arg, const char *owner)
{
	(void)owner;
	++*(int *)arg;
}

/* inotify watches of this process */
static int watches(void)
{
	DIR *d = opendir("/proc/self/fdinfo");
	struct dirent *e;
	int n = 0;

	while (d && (e = dir_next(d))) {
		AUTO_BUF struct buf b = { 0 };
		AUTO_CLOSE int fd = openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || read_fd(fd, 1 << 20, &b) < 0 || !b.data)
			continue;
		for (const char *p = b.data; (p = strstr(p, "inotify wd:")); p++)
			n++;
	}
	if (d)
		closedir(d);
	return n;
}

static void owners_that_come_and_go_leave_nothing(void)
{
	int gone = 0, before, most = 0;
	struct queue_ops ops = { .changed = changed,
				 .cancel = request,
				 .input = request,
				 .removal = request,
				 .owner_gone = count_gone,
				 .arg = &gone };
	char owner[40], id[ID_LEN + 1], path[200];
	struct queued job;
	struct queue *q;
	struct loop l;

	new_spool();
	CHECK(loop_init(&l) == 0);
	q = queue_new(&l, &spool, &ops, 100, &err);
	queue_scan(q);
	before = watches();
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 10; i++) {
			snprintf(owner, sizeof owner, "http-web-u%d", 10 * round + i);
			id_make(id);
			CHECK(spool_submit(&spool, owner, id, 5, "{}", 2, NULL, &err) == 0);
		}
		queue_scan(q);
		most = watches() > most ? watches() : most;
		CHECK(queue_length(q) == 10);
		while (queue_next(q, NULL, NULL, &job)) {
			snprintf(path, sizeof path, "%s/new/5.%s", job.owner, job.id);
			CHECK(unlinkat(spool.fd, path, 0) == 0 && owner_drop(&spool, job.owner, INT64_MAX));
		}
		if (round % 2)
			loop_once(&l);
		queue_scan(q);
	}
	printf("# %d watches before, %d at most, %d after 200 owners\n", before, most, watches());
	CHECK(gone >= 200 && watches() == before && most <= before + 3 * 20);
	snprintf(owner, sizeof owner, "http-web-u%d", 3); /* one of them comes back */
	CHECK(spool_submit(&spool, owner, id, 5, "{}", 2, NULL, &err) == 0);
	queue_scan(q);
	CHECK(queue_next(q, NULL, NULL, &job) && strcmp(job.owner, owner) == 0 && watches() == before + 3);
	queue_free(q);
	loop_release(&l);
	end_spool();
}

int main(void)
{
	RUN(owners_that_come_and_go_leave_nothing);
	RUN(the_expired_go);
	RUN(the_oldest_go_for_bytes);
	RUN(young_ones_stay);
	RUN(foreign_things_count);
	RUN(idle_owners_go);
	RUN(a_submit_meets_a_removal);
	RUN(no_id_is_lost_to_a_removal);
	RUN(a_folder_never_gets_into_out);
	RUN(a_folder_without_a_place_waits);
	RUN(what_is_not_a_job_becomes_an_empty_one);
	RUN(deep_trees_go);
	return check_status();
}
