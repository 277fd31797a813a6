/* log_job.c - printing one job (log_job.h) */
#include "cmd/cee-log/log_job.h"
#include "base/buf.h"
#include "base/error.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "cli/verdict_file.h"
#include "cmd/cee-log/log_item.h"
#include "cmd/cee-log/log_output.h"
#include "cmd/cee-log/log_prog.h"
#include "cmd/cee-stat/stat_print.h"
#include "job/reasons.h"
#include "job/result.h"
#include "job/test_result.h"
#include "spool/find.h"
#include "spool/follow.h"
#include "wire/frame_types.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WARN_MS = 500 };

static int find_test(struct log *l, const char *id)
{
	AUTO_BUF struct buf b = { 0 };
	int attempt = 9;

	while (attempt > 0 && spool_read_tests(&l->c.spool, l->c.owner, id, attempt, &b) < 0)
		attempt--;
	for (char *s = b.data, *end = s + b.len, *nl; s && (nl = memchr(s, '\n', (size_t)(end - s))); s = nl + 1) {
		if (test_parse(&l->which, s, (size_t)(nl - s), NULL) == 0 && strcmp(l->which.name, l->test) == 0)
			return 0;
		test_release(&l->which);
	}
	prog_error(attempt ? "%s: no test %s has ended in it; cee-stat lists those that have"
			   : "%s: has no tests, so none is named %s",
		   id, l->test);
	return -1;
}

/* Limits the piece to the part that belongs to the test; false if there is none. */
static bool clip(struct log *l, struct follow_item *it)
{
	bool out = it->rec.stream == STREAM_OUT;
	int64_t *pos = &l->pos[!out], from = out ? l->which.out_from : l->which.err_from;
	int64_t to = out ? l->which.out_to : l->which.err_to, end = *pos + (int64_t)it->len, skip;

	if (it->what == FOLLOW_GAP)
		return l->which.phase.dropped > 0 && *pos >= from && *pos <= to;
	if (it->what != FOLLOW_DATA)
		return true;
	skip = *pos < from ? from - *pos : 0;
	if (end > to)
		it->len -= (size_t)(end - to) < it->len ? (size_t)(end - to) : it->len;
	*pos = end;
	if ((size_t)skip >= it->len)
		return false;
	it->data += skip;
	it->len -= (size_t)skip;
	return true;
}

static int item(void *arg, const struct follow_item *whole)
{
	struct follow_item part = *whole, *it = &part;
	struct log *l = arg;

	if (l->test && !clip(l, it))
		return 0;
	if (it->what == FOLLOW_RERUN) {
		l->units = l->skip = 0;
		memset(l->pos, 0, sizeof l->pos);
		l->open_line = false;
		memset(l->in_line, 0, sizeof l->in_line);
		if (l->counting)
			return 0;
	} else if (!log_selected(l, it->rec.stream)) {
		return 0;
	}
	(l->json ? log_json_item : log_text_item)(l, it);
	return 0;
}

static int step(struct log *l)
{
	struct cee_err e = { 0 };
	int r = follow_step(&l->f, item, l, &e);

	log_flush(l);
	if (r < 0)
		prog_error("%s", e.msg);
	return r;
}

/* -n: the first pass counts, the second skips all but the last lines. */
static int first_step(struct log *l)
{
	int64_t units;

	if (l->last < 0)
		return step(l);
	l->counting = true;
	if (step(l) < 0)
		return -1;
	l->counting = false;
	units = l->units + (!l->json && l->open_line);
	l->skip = units > l->last ? units - l->last : 0;
	follow_rewind(&l->f);
	memset(l->pos, 0, sizeof l->pos);
	return step(l);
}

/* Sleeps until there is more output. If the reader closes the pipe while the job is silent, ends the program as
 * the next write would. */
static void wait_more(struct log *l, int timeout_ms)
{
	struct pollfd reader = { .fd = STDOUT_FILENO };

	if (follow_wait(&l->f, timeout_ms, &reader, 1) == 2 && (reader.revents & (POLLERR | POLLHUP))) {
		raise(SIGPIPE);
		exit(EX_IOERR);
	}
}

/* A job that is not in out/ is queued, or unknown. */
static int check_known(struct log *l)
{
	struct spool_where w;
	struct cee_err e = { 0 };

	if (spool_find(&l->c.spool, l->f.owner, l->f.id, &w, &e) < 0) {
		prog_error("%s", e.msg);
		return -1;
	}
	if (w.state != STATE_CREATED)
		l->f.look_dir = true; /* it has moved meanwhile */
	return 0;
}

static int follow_on(struct log *l)
{
	int timeout = WARN_MS, r;

	do {
		wait_more(l, l->f.attempt == 0 ? timeout : -1);
		if (l->f.attempt == 0 && timeout > 0) {
			client_warn_runner(&l->c, &l->warned);
			timeout = -1;
		}
	} while ((r = step(l)) == 0);
	return r;
}

/* The job has ended and is printed. */
int log_ended(struct log *l, const char *id, const struct buf *text)
{
	struct result r;
	struct cee_err e = { 0 };

	if (result_parse(&r, text->data, text->len, &e) < 0) {
		prog_error("%s: its result cannot be read: %s", id, e.msg);
		return -1;
	}
	verdict_file_write(l->verdict, text->data, text->len);
	l->jobs++;
	l->status = result_exit_status(&r);
	l->bad += l->status != 0;
	if (l->status == STATUS_INTERNAL && result_is_internal(&r))
		prog_error("%s: %s: %s (a failure of cee, not of the program)", id, reason_name[r.why],
			   r.message ? r.message : "cee-stat says more");
	result_release(&r);
	return 0;
}

int log_one(void *arg, const char *id)
{
	struct log *l = arg;
	int r;

	l->units = l->skip = 0;
	l->open_line = false;
	memset(l->in_line, 0, sizeof l->in_line);
	memset(l->pos, 0, sizeof l->pos);
	l->id = id;
	test_release(&l->which);
	if (l->test && find_test(l, id) < 0)
		return 1;
	follow_job(&l->f, l->c.owner, id);
	r = first_step(l);
	if (r == 0 && l->f.dir < 0) {
		r = check_known(l);
		if (r == 0 && l->f.look_dir)
			r = step(l);
	}
	if (r == 0 && l->follow)
		r = follow_on(l);
	if (r > 0 && l->follow)
		r = log_ended(l, id, &l->f.result);
	return r < 0;
}
