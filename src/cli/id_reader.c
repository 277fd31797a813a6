/* id_reader.c - reads the ids of a command's jobs: from arguments, a group, standard input (id_reader.h) */
#include "cli/id_reader.h"
#include "base/clock.h"
#include "base/id.h"
#include "cli/client.h"
#include "cli/lines.h"
#include "cli/members.h"
#include "cli/prog.h"
#include "spool/group.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ID_LINE_MAX = 4096, GROUP_LOOK_MS = 100 };

static int one_id(const char *id, client_id_fn fn, void *arg)
{
	if (id_valid(id))
		return fn(arg, id) != 0;
	prog_error("%.80s: not a job id (they look like 01890a5d-ac96-774b-bcce-b302099a8057)", id);
	return 1;
}

/* Handles the available lines of standard input: 0 its end, 1 no more for now. */
static int take_lines(struct lines *l, client_id_fn fn, void *arg, int *failed)
{
	char *line;
	size_t len;
	int r;

	while ((r = lines_next(l, &line, &len)) != 0) {
		if (r < 0 && errno == EAGAIN)
			return 1;
		if (r < 0 && errno != EFBIG)
			prog_die(EX_IOERR, "standard input: %s", strerror(errno));
		if (r < 0) {
			prog_error("standard input: a line of more than %d bytes is not a job id", ID_LINE_MAX);
			*failed = 1;
			continue;
		}
		while (len > 0 && strchr(" \t\r", line[len - 1]))
			line[--len] = 0;
		line += strspn(line, " \t");
		if (*line)
			*failed |= one_id(line, fn, arg);
	}
	return 0;
}

static void check_stdin(void)
{
	if (isatty(STDIN_FILENO))
		prog_usage("no job ids: give them as arguments, or on a standard input other than a terminal");
}

static int ids_of_stdin(client_id_fn fn, void *arg)
{
	struct lines l = { .fd = STDIN_FILENO, .max = ID_LINE_MAX };
	int failed = 0;

	check_stdin();
	take_lines(&l, fn, arg, &failed);
	lines_release(&l);
	return failed;
}

static int each_id(char *const *ids, int n, client_id_fn fn, void *arg)
{
	int failed = 0;

	if (n == 0 || (n == 1 && strcmp(ids[0], "-") == 0))
		return ids_of_stdin(fn, arg);
	for (int i = 0; i < n; i++)
		failed |= one_id(ids[i], fn, arg);
	return failed;
}

static int none_found(struct client *c)
{
	prog_error("group %s: %s has no jobs in it", c->group, c->owner);
	return 1;
}

static int each_member(struct client *c, bool wait, client_id_fn fn, void *arg)
{
	const struct timespec pause = { .tv_nsec = GROUP_LOOK_MS * 1000000L };
	struct members m = { 0 };
	int failed = 0, n;
	bool busy;

	do {
		/* asked before reading: members added after that are found by the next read */
		busy = wait && group_busy(&c->spool, c->owner, c->group);
		n = members_look(&m, c, !busy, fn, arg, &failed);
		if (busy && n == 0)
			nanosleep(&pause, NULL);
	} while (n >= 0 && (busy || (wait && n > 0)));
	if (n >= 0 && m.found == 0)
		failed |= none_found(c);
	members_release(&m);
	return failed | (n < 0);
}

int id_reader_each(struct client *c, char *const *ids, int n, bool wait, client_id_fn fn, void *arg)
{
	int failed = c->group ? each_member(c, wait, fn, arg) : 0;

	return c->group && n == 0 ? failed : each_id(ids, n, fn, arg) | failed;
}

/* ---- as they come ---------------------------------------------------------------------- */

void id_reader_init(struct id_reader *r, struct client *c, char *const *ids, int n, client_id_fn fn, void *arg)
{
	bool standard = (n == 0 && !c->group) || (n == 1 && strcmp(ids[0], "-") == 0);

	*r = (struct id_reader){ .c = c, .fn = fn, .arg = arg, .group = c->group };
	if (standard) {
		check_stdin();
		r->lines = calloc(1, sizeof *r->lines);
		if (!r->lines)
			prog_die(EX_OSERR, "out of memory");
		*r->lines = (struct lines){ .fd = STDIN_FILENO, .max = ID_LINE_MAX, .counting = true };
		return;
	}
	for (int i = 0; i < n; i++)
		r->failed |= one_id(ids[i], fn, arg);
}

static void look_at_group(struct id_reader *r)
{
	bool busy;
	int n;

	if (!r->group || mono_us() < r->look_us)
		return;
	busy = group_busy(&r->c->spool, r->c->owner, r->c->group);
	n = members_look(&r->members, r->c, !busy, r->fn, r->arg, &r->failed);
	r->look_us = mono_us() + GROUP_LOOK_MS * 1000;
	r->group = n >= 0 && busy;
	if (n < 0)
		r->failed = 1;
	else if (!busy && r->members.found == 0)
		r->failed |= none_found(r->c);
}

bool id_reader_take(struct id_reader *r, bool readable)
{
	look_at_group(r);
	if (r->lines && readable) {
		r->lines->reads = 1;
		if (take_lines(r->lines, r->fn, r->arg, &r->failed) == 0) {
			lines_release(r->lines);
			free(r->lines);
			r->lines = NULL;
		}
	}
	return !r->lines && !r->group;
}

int id_reader_fd(const struct id_reader *r)
{
	return r->lines ? r->lines->fd : -1;
}

int id_reader_timeout(const struct id_reader *r)
{
	return r->group ? GROUP_LOOK_MS : -1;
}

void id_reader_release(struct id_reader *r)
{
	if (r->lines)
		lines_release(r->lines);
	free(r->lines);
	members_release(&r->members);
}
