/* group_key_test - lists of ids, groups, keys, removal, on real files */
#include "base/dir.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/names.h"
#include "job/result.h"
#include "spool/attempt.h"
#include "spool/claim.h"
#include "spool/count.h"
#include "spool/find.h"
#include "spool/group.h"
#include "spool/ids.h"
#include "spool/key.h"
#include "spool/layout.h"
#include "spool/registration.h"
#include "spool/remove.h"
#include "spool/remove_tree.h"
#include "spool/submission.h"
#include "spool_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>


static int open_at(const char *path, int flags)
{
	return openat(spool.fd, path, flags | O_CLOEXEC, 0600);
}

static void put(const char *path, const char *text)
{
	int fd = open_at(path, O_WRONLY | O_CREAT | O_APPEND);

	CHECK(fd >= 0 && write_full(fd, text, strlen(text)) == 0);
	close(fd);
}

/* ---- ids ---------------------------------------------------------------------------- */

static void ids_are_kept_once_and_in_order(void)
{
	enum { N = 3000 };
	struct ids l = { 0 };
	static char id[N][ID_LEN + 1];

	CHECK(ids_find(&l, "01890000-0000-7000-8000-000000000000") == -1);
	for (int i = 0; i < N; i++) {
		id_make(id[i]);
		CHECK(ids_add(&l, id[i]) == 1);
		CHECK(ids_add(&l, id[i / 2]) == 0);
	}
	CHECK(l.n == N);
	for (int i = 0; i < N; i++)
		CHECK(strcmp(l.v[i], id[i]) == 0 && ids_find(&l, id[i]) == i);
	ids_release(&l);
}

/* ---- groups --------------------------------------------------------------------------- */

static void group_names(void)
{
	char name[GROUP_NAME_MAX + 2];

	memset(name, 'x', sizeof(name));
	name[GROUP_NAME_MAX] = 0;
	CHECK(group_name_valid(name));
	name[GROUP_NAME_MAX] = 'x';
	name[GROUP_NAME_MAX + 1] = 0;
	CHECK(!group_name_valid(name));
	CHECK(group_name_valid("a b, ü") && group_name_valid("a.b") && group_name_valid("-"));
	CHECK(!group_name_valid("") && !group_name_valid(".") && !group_name_valid("..") && !group_name_valid(".a"));
	CHECK(!group_name_valid("a/b") && !group_name_valid("a\nb") && !group_name_valid("\x1b") &&
	      !group_name_valid("\xff"));
	CHECK(!group_name_valid("\xc2\x9b")); /* a C1 control character */
}

static void group_members(void)
{
	struct group g;
	struct ids l = { 0 };
	char id[ID_LEN + 1], first[ID_LEN + 1], last[ID_LEN + 1];

	new_spool();
	group_init(&g);
	CHECK(group_load(&spool, OWNER, "g", &l, &err) == -1 && errno == ENOENT);
	CHECK(group_open(&g, &spool, OWNER, "../x", &err) == -1 && errno == EINVAL);
	CHECK(group_open(&g, &spool, OWNER, "g", &err) == 0);
	CHECK(group_next(&g, first, &err) == 0);
	CHECK(group_next(&g, id, &err) == 0 && strcmp(id, first) != 0);
	group_back(&g);
	CHECK(group_next(&g, last, &err) == 0 && strcmp(id, last) == 0);
	group_release(&g);
	put("uid-1000/groups/g", "junk\n\n");
	put("uid-1000/groups/g", first); /* a torn tail, and the first once more */
	CHECK(group_open(&g, &spool, OWNER, "g", &err) == 0);
	id_make(id);
	CHECK(group_add(&g, id, &err) == 0);
	group_release(&g);
	CHECK(group_load(&spool, OWNER, "g", &l, &err) == 0);
	CHECK(ids_find(&l, first) == 0 && ids_find(&l, last) >= 1 && ids_find(&l, id) >= 2);
	ids_release(&l);
	CHECK(group_load(&spool, OWNER, id, &l, &err) == 0 && l.n == 1); /* a job alone */
	ids_release(&l);
	end_spool();
}

static void group_that_is_no_file(void)
{
	struct group g;
	struct ids l = { 0 };

	new_spool();
	group_init(&g);
	put("uid-1000/target", "01890000-0000-7000-8000-000000000000\n");
	CHECK(symlinkat("../target", spool.fd, "uid-1000/groups/link") == 0);
	CHECK(linkat(spool.fd, "uid-1000/target", spool.fd, "uid-1000/groups/hard", 0) == 0);
	CHECK(mkfifoat(spool.fd, "uid-1000/groups/fifo", 0600) == 0);
	CHECK(mkdirat(spool.fd, "uid-1000/groups/dir", 0700) == 0);
	CHECK(group_load(&spool, OWNER, "link", &l, &err) == -1 && group_load(&spool, OWNER, "hard", &l, &err) == -1);
	CHECK(group_load(&spool, OWNER, "fifo", &l, &err) == -1 && group_load(&spool, OWNER, "dir", &l, &err) == -1);
	CHECK(group_open(&g, &spool, OWNER, "link", &err) == -1 && group_open(&g, &spool, OWNER, "fifo", &err) == -1);
	CHECK(l.n == 0);
	ids_release(&l);
	end_spool();
}

static void group_is_dropped_when_nothing_is_left(void)
{
	struct group g;
	char id[ID_LEN + 1], path[64];

	new_spool();
	group_init(&g);
	CHECK(group_open(&g, &spool, OWNER, "g", &err) == 0 && group_next(&g, id, &err) == 0);
	CHECK(group_drop(&spool, OWNER, "g", false) == 0); /* somebody submits to it */
	CHECK(spool_submit(&spool, OWNER, id, 5, "{}", 2, NULL, &err) == 0);
	group_release(&g);
	CHECK(group_drop(&spool, OWNER, "g", false) == 0); /* it has a job */
	snprintf(path, sizeof(path), "uid-1000/new/5.%s", id);
	CHECK(unlinkat(spool.fd, path, 0) == 0);
	CHECK(group_drop(&spool, OWNER, "g", true) == 1 && dir_has(spool.fd, "uid-1000"));
	CHECK(group_drop(&spool, OWNER, "g", false) == 1);
	CHECK(group_drop(&spool, OWNER, "g", false) == 0);
	end_spool();
}

/* ---- keys ------------------------------------------------------------------------------- */

static void key_stands_for_the_first_id(void)
{
	struct key k;
	char a[ID_LEN + 1], b[ID_LEN + 1], name[KEY_NAME_MAX], path[128];

	new_spool();
	id_make(a);
	id_make(b);
	CHECK(key_take(&k, &spool, OWNER, "k", a, &err) == 0 && !k.found && strcmp(k.id, a) == 0);
	key_release(&k);
	CHECK(key_take(&k, &spool, OWNER, "k", b, &err) == 0 && k.found && strcmp(k.id, a) == 0);
	CHECK(key_remove(&spool, OWNER, "k", a) == -1 && errno == EAGAIN); /* it is held */
	key_release(&k);
	CHECK(key_take(&k, &spool, OWNER, "other", b, &err) == 0 && !k.found);
	key_release(&k);
	CHECK(key_remove(&spool, OWNER, "k", b) == 0); /* not that one's */
	CHECK(key_take(&k, &spool, OWNER, "k", b, &err) == 0 && k.found);
	key_release(&k);
	CHECK(key_remove(&spool, OWNER, "k", a) == 0);
	CHECK(key_take(&k, &spool, OWNER, "k", b, &err) == 0 && !k.found && strcmp(k.id, b) == 0);
	key_release(&k);
	/* torn by a power cut */
	key_name(name, "k");
	snprintf(path, sizeof(path), "uid-1000/keys/%s", name);
	close(open_at(path, O_WRONLY | O_TRUNC));
	CHECK(key_take(&k, &spool, OWNER, "k", a, &err) == 0 && !k.found && strcmp(k.id, a) == 0);
	key_release(&k);
	/* what somebody put there under a name that is not its key's */
	close(open_at(path, O_WRONLY | O_TRUNC));
	put(path, "01890000-0000-7000-8000-000000000000 z\n");
	CHECK(key_take(&k, &spool, OWNER, "k", a, &err) == 0 && !k.found);
	key_release(&k);
	end_spool();
}

static void key_raced(void)
{
	enum { N = 12 };
	char mine[ID_LEN + 1];
	struct key k;

	new_spool();
	for (int i = 0; i < N; i++)
		if (fork() == 0) {
			id_make(mine);
			if (key_take(&k, &spool, OWNER, "k", mine, NULL) < 0)
				_exit(1);
			spool_submit(&spool, OWNER, k.id, 5, "{}", 2, NULL, NULL);
			_exit(0);
		}
	for (int i = 0; i < N; i++) {
		int status = 1;

		CHECK(wait(&status) > 0 && status == 0);
	}
	{
		int64_t waiting, claimed;

		CHECK(spool_count(&spool, OWNER, &waiting, &claimed) == 0 && waiting == 1);
	}
	end_spool();
}

/* ---- removal ------------------------------------------------------------------------------- */

static void trees_go_and_links_are_not_followed(void)
{
	new_spool();
	CHECK(mkdirat(spool.fd, "uid-1000/tmp/t", 0700) == 0 && mkdirat(spool.fd, "uid-1000/tmp/t/1", 0700) == 0);
	put("uid-1000/tmp/t/1/stdout", "x");
	put("uid-1000/tmp/t/.hidden", "x");
	put("uid-1000/kept", "x");
	CHECK(symlinkat("../../../kept", spool.fd, "uid-1000/tmp/t/1/link") == 0);
	CHECK(symlinkat("../..", spool.fd, "uid-1000/tmp/t/up") == 0);
	CHECK(mkfifoat(spool.fd, "uid-1000/tmp/t/fifo", 0600) == 0);
	CHECK(spool_remove_tree(spool.fd, "uid-1000/tmp/t") == 0);
	CHECK(!dir_has(spool.fd, "uid-1000/tmp/t") && dir_has(spool.fd, "uid-1000/kept"));
	CHECK(spool_remove_tree(spool.fd, "uid-1000/tmp/t") == 0);
	end_spool();
}

static void rests_are_known_by_their_name(void)
{
	CHECK(layout_is_gone("01890000-0000-7000-8000-000000000000.gone.0123abcd"));
	CHECK(!layout_is_gone("01890000-0000-7000-8000-000000000000"));
	CHECK(!layout_is_gone("01890000-0000-7000-8000-000000000000.gone."));
	CHECK(!layout_is_gone("x1890000-0000-7000-8000-000000000000.gone.1"));
	CHECK(!layout_is_gone("host.12.0123abcd"));
}

static void only_a_retired_job_is_removed(void)
{
	char id[ID_LEN + 1], name[KEY_NAME_MAX], path[128];
	struct spool_where w;
	struct spool_runner r;
	struct spool_attempt a;
	struct result res;
	struct key k;
	char *text;

	new_spool();
	id_make(id);
	CHECK(spool_remove(&spool, OWNER, id, &err) == -1 && errno == ENOENT);
	CHECK(key_take(&k, &spool, OWNER, "k", id, &err) == 0);
	CHECK(spool_submit(&spool, OWNER, id, 5, "{}", 2, NULL, &err) == 0);
	key_release(&k);
	CHECK(spool_remove(&spool, OWNER, id, &err) == -1 && errno == EBUSY);
	CHECK(spool_runner_open(&r, &spool, &err) == 0);
	CHECK(spool_claim(&r, OWNER, id, 5, 0) == 1);
	CHECK(spool_attempt_open(&r, OWNER, id, 1, &a) == 0 && spool_attempt_begin(&a) == 0);
	CHECK(spool_remove(&spool, OWNER, id, &err) == -1 && errno == EBUSY);
	result_init(&res);
	memcpy(res.id, id, sizeof(res.id));
	res.key = strdup("k");
	res.attempt = 1;
	text = result_format(&res);
	CHECK(text && spool_result_write(&a, text, strlen(text)) == 0 && spool_result_publish(&a) == 0);
	CHECK(spool_remove(&spool, OWNER, id, &err) == -1 && errno == EAGAIN);
	CHECK(spool_job_retire(&r, OWNER, id, 1) == 0);
	CHECK(spool_remove(&spool, OWNER, id, &err) == 0);
	CHECK(spool_find(&spool, OWNER, id, &w, NULL) == -1 && errno == ENOENT);
	key_name(name, "k");
	snprintf(path, sizeof(path), "uid-1000/keys/%s", name);
	CHECK(!dir_has(spool.fd, path));
	CHECK(spool_remove(&spool, OWNER, id, &err) == -1 && errno == ENOENT);
	free(text);
	result_release(&res);
	spool_attempt_release(&a);
	spool_runner_release(&r);
	end_spool();
}

int main(void)
{
	RUN(ids_are_kept_once_and_in_order);
	RUN(group_names);
	RUN(group_members);
	RUN(group_that_is_no_file);
	RUN(group_is_dropped_when_nothing_is_left);
	RUN(key_stands_for_the_first_id);
	RUN(key_raced);
	RUN(trees_go_and_links_are_not_followed);
	RUN(rests_are_known_by_their_name);
	RUN(only_a_retired_job_is_removed);
	return check_status();
}
