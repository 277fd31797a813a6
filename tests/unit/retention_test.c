/* retention_test - what stays in a spool and what goes: foreign things, finished jobs, owners without jobs */
#include "base/dir.h"
#include "base/fd.h"
#include "base/id.h"
#include "spool/attempt.h"
#include "spool/claim.h"
#include "spool/layout.h"
#include "spool/places.h"
#include "spool/registration.h"
#include "spool/remove.h"
#include "spool/remove_tree.h"
#include "spool/submission.h"
#include "spool_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

int main(void)
{
	RUN(a_folder_never_gets_into_out);
	RUN(a_folder_without_a_place_waits);
	RUN(what_is_not_a_job_becomes_an_empty_one);
	RUN(deep_trees_go);
	return check_status();
}
