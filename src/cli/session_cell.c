/* session_cell.c - cells of a session (session_cell.h)
 *
 * The events of a cell are looked for behind the end that the session's output had when the cell was sent; the first,
 * perhaps incomplete, line there is passed over. So nothing is read again that came before.
 */
#include "cli/session_cell.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/json.h"
#include "base/json_member.h"
#include "base/json_write.h"
#include "cli/client.h"
#include "job/job_session.h"
#include "job/result.h"
#include "spool/attempt_read.h"
#include "spool/find.h"
#include "spool/follow.h"
#include "spool/input.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { BLOCK = 65536, BLIND_MS = 20 };

bool cell_is_session(const char *text, size_t len, int64_t *idle_us)
{
	AUTO_JSON cJSON *v = json_member(text, len, "session");
	struct job_session s;

	if (!cJSON_IsObject(v) || job_session_read(v, "session", &s, NULL) < 0)
		return false;
	*idle_us = s.idle_us;
	return true;
}

/* ---- the session ------------------------------------------------------------------------ */

static int over(struct cell_reader *r, struct cee_err *e)
{
	AUTO_BUF struct buf text = { 0 };
	struct result result;

	if (spool_read_result(&r->c->spool, r->c->owner, r->session, &text) < 0 ||
	    result_parse(&result, text.data, text.len, NULL) < 0)
		return cee_fail(e, EPIPE, "%s: the session has ended", r->session);
	cee_fail(e, EPIPE, "%s: the session has ended: %s%s%s", r->session, reason_name[result.why],
		 result.message ? ": " : "", result.message ? result.message : "");
	result_release(&result);
	return -1;
}

/* The driver's events, from their present end on. They may not have begun. */
static void open_events(struct cell_reader *r, bool from_end)
{
	struct spool_where w;
	char path[64], last;
	int64_t size;

	if (spool_find(&r->c->spool, r->c->owner, r->session, &w, NULL) < 0 || w.attempt < 1)
		return;
	r->fd = spool_open_tail(&r->c->spool, r->c->owner, r->session, w.attempt, &size);
	if (r->fd < 0)
		return;
	r->at = from_end ? size : 0;
	r->whole = r->at == 0 || (pread(r->fd, &last, 1, (off_t)r->at - 1) == 1 && last == '\n');
	r->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	snprintf(path, sizeof path, "/proc/self/fd/%d", r->fd);
	if (r->inotify >= 0 && inotify_add_watch(r->inotify, path, IN_MODIFY) < 0)
		close_ptr(&r->inotify);
}

int cell_begin(struct cell_reader *r, struct client *c, const char *session, struct cee_err *e)
{
	AUTO_BUF struct buf text = { 0 };
	struct spool_where w;

	*r = (struct cell_reader){ .c = c, .fd = -1, .inotify = -1 };
	snprintf(r->session, sizeof r->session, "%s", session);
	id_make(r->id);
	follow_init(&r->f, &c->spool, true);
	r->f.result_only = true;
	follow_job(&r->f, c->owner, session);
	if (spool_find(&c->spool, c->owner, session, &w, e) < 0)
		return -1;
	if ((w.state == STATE_FINISHED ? spool_read_ended_job : spool_read_job)(&c->spool, c->owner, session,
										(size_t)c->conf.max_job, &text) < 0)
		return cee_fail(e, errno, "%s: its job: %s", session, strerror(errno));
	if (!cell_is_session(text.data ? text.data : "", text.len, &r->idle_us))
		return cee_fail(e, EINVAL, "%s: is not a session", session);
	return w.state == STATE_FINISHED ? over(r, e) : 0;
}

void cell_release(struct cell_reader *r)
{
	int err = errno;

	close_ptr(&r->fd);
	close_ptr(&r->inotify);
	buf_release(&r->line);
	follow_release(&r->f);
	errno = err;
}

/* ---- requests ----------------------------------------------------------------------------- */

static int append(struct cell_reader *r, const struct buf *line, struct cee_err *e)
{
	struct spool_input in = { .dir = -1, .fd = -1 };
	int result = 0;

	if (spool_input_again(&r->c->spool, r->c->owner, r->session, &in, e) < 0)
		return errno == ENOENT ? over(r, e) : -1;
	if (in.size + (int64_t)line->len > r->c->conf.max_stdin)
		result = cee_fail(e, EDQUOT, "%s: the session has had as many bytes as it may (max_stdin of cee.conf)",
				  r->session);
	else if (spool_input_write(&in, line->data, line->len) < 0)
		result = cee_fail(e, errno, "%s: its requests: %s", r->session, strerror(errno));
	spool_input_leave(&in);
	return result;
}

static int check(const struct cell_reader *r, const struct cell *cell, struct cee_err *e)
{
	if (cell->len > CELL_CODE_MAX)
		return cee_fail(e, EFBIG, "code: is %zu bytes (at most %d)", cell->len, CELL_CODE_MAX);
	if (cell->wall_us <= 0 || cell->wall_us > r->idle_us)
		return cee_fail(e, EINVAL, "wall: must be more than 0 and at most the session's idle time, %lld s",
				(long long)(r->idle_us / 1000000));
	if (cell->output < 0)
		return cee_fail(e, EINVAL, "output: must be 0 or more");
	return 0;
}

int cell_send(struct cell_reader *r, const struct cell *cell, struct cee_err *e)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	if (check(r, cell, e) < 0)
		return -1;
	json_open(&w, NULL, '{');
	json_put_text(&w, "cell", r->id);
	json_put_bytes(&w, "code", cell->code, cell->len);
	json_put_seconds(&w, "wall", cell->wall_us);
	json_put_integer(&w, "output", cell->output);
	json_close(&w, '}');
	if (json_end_line(&w) < 0)
		return cee_no_memory(e);
	open_events(r, true);
	return append(r, &b, e);
}

static int ask(struct cell_reader *r, const char *member, struct cee_err *e)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '{');
	if (member)
		json_put_text(&w, member, r->id);
	else
		json_put_bool(&w, "end", true);
	json_close(&w, '}');
	return json_end_line(&w) < 0 ? cee_no_memory(e) : append(r, &b, e);
}

int cell_cancel(struct cell_reader *r, struct cee_err *e)
{
	return ask(r, "cancel", e);
}

int cell_end_session(struct cell_reader *r, struct cee_err *e)
{
	return ask(r, NULL, e);
}

/* ---- events --------------------------------------------------------------------------------- */

/* A line of this cell goes to fn; others, and what is no event, are passed over. */
static int take_line(struct cell_reader *r, const char *line, size_t len, cell_fn fn, void *arg, bool *end)
{
	AUTO_JSON cJSON *o = memmem(line, len, r->id, ID_LEN) ? json_parse(line, len, NULL) : NULL;
	const cJSON *cell = cJSON_GetObjectItemCaseSensitive(o, "cell"),
		    *event = cJSON_GetObjectItemCaseSensitive(o, "event");

	if (!cJSON_IsString(cell) || strcmp(cell->valuestring, r->id) != 0 || !cJSON_IsString(event))
		return 0;
	*end = strcmp(event->valuestring, "end") == 0;
	return fn ? fn(arg, event->valuestring, o) : 0;
}

static int take_lines(struct cell_reader *r, cell_fn fn, void *arg, bool *end)
{
	size_t at = 0;
	char *nl;

	while (!*end && at < r->line.len && (nl = memchr(r->line.data + at, '\n', r->line.len - at))) {
		size_t n = (size_t)(nl - r->line.data) - at;

		if (r->whole && take_line(r, r->line.data + at, n, fn, arg, end) != 0)
			return -1;
		r->whole = true;
		at += n + 1;
	}
	if (at > 0)
		memmove(r->line.data, r->line.data + at, r->line.len - at);
	r->line.len -= at;
	if (r->line.len > CELL_LINE_MAX) { /* no event is that long */
		r->line.len = 0;
		r->whole = false;
	}
	return 0;
}

/* Reads what has come. */
static int read_events(struct cell_reader *r, cell_fn fn, void *arg, bool *end)
{
	char block[BLOCK];
	ssize_t n = 0;

	if (r->fd < 0)
		open_events(r, false);
	while (r->inotify >= 0 && read(r->inotify, block, sizeof block) > 0)
		;
	while (!*end && r->fd >= 0 && (n = pread(r->fd, block, sizeof block, (off_t)r->at)) > 0) {
		r->at += n;
		if (buf_add(&r->line, block, (size_t)n) < 0 || take_lines(r, fn, arg, end) < 0)
			return -1;
	}
	return n < 0 ? -1 : 0;
}

enum cell_how cell_step(struct cell_reader *r, cell_fn fn, void *arg, struct cee_err *e)
{
	bool end = false;
	int ended = follow_step(&r->f, NULL, NULL, e); /* first: what came before the end is then there to read */

	if (ended < 0)
		return CELL_FAILED;
	if (read_events(r, fn, arg, &end) < 0) {
		cee_fail(e, errno, "%s: its events: %s", r->session, strerror(errno));
		return CELL_FAILED;
	}
	if (end)
		return CELL_ENDED;
	if (ended == 1) {
		over(r, e);
		return CELL_SESSION_OVER;
	}
	return CELL_RUNS;
}

int cell_wait(struct cell_reader *r, int timeout_ms, struct pollfd *more, int nmore)
{
	struct pollfd fds[FOLLOW_MORE];
	int n, blind = r->inotify < 0 ? BLIND_MS : timeout_ms;

	fds[0] = (struct pollfd){ .fd = r->inotify, .events = POLLIN };
	for (int i = 0; i < nmore; i++)
		fds[1 + i] = more[i];
	n = follow_wait(&r->f, timeout_ms >= 0 && timeout_ms < blind ? timeout_ms : blind, fds, 1 + nmore);
	for (int i = 0; i < nmore; i++)
		more[i].revents = fds[1 + i].revents;
	for (int i = 0; n == 2 && i < nmore; i++)
		if (more[i].revents)
			return 2;
	return n == 2 ? 1 : n;
}
