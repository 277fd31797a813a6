/* tool_result.c - a job as the result of a tool (tool_result.h)
 *
 * The result is bounded, since a model reads it: a long output keeps its beginning and its end, images and small
 * texts come along, of other files only the names do.
 */
#include "mcp/tool_result.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json_write.h"
#include "base/text.h"
#include "cli/client.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/cursor.h"
#include "http/image_type.h"
#include "http/notice.h"
#include "http/request.h"
#include "http/task_state.h"
#include "job/reasons.h"
#include "job/result.h"
#include "mcp/call.h"
#include "mcp/tool.h"
#include "spool/attempt_read.h"
#include "spool/collected.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum {
	SHOWN_HEAD = 24 << 10, /* bytes of an output that are shown: of its beginning and of its end */
	SHOWN_TAIL = 24 << 10,
	IMAGE_MOST = 1 << 20, /* bytes of an image that comes along */
	TEXT_MOST = 64 << 10, /* of another file */
	FILES_MOST = 4 << 20, /* of all of them */
	FILES_LISTED_MOST = 1000
};

/* ---- text ------------------------------------------------------------------------- */

static void must(struct call *c, int r)
{
	if (r < 0)
		answer_die(c->rq);
}

/* At the borders of characters. */
void tool_result_shorten(struct call *c, struct buf *b, const char *rest)
{
	AUTO_BUF struct buf shown = { 0 };
	size_t head = SHOWN_HEAD, tail;

	if (b->len <= SHOWN_HEAD + SHOWN_TAIL + 256)
		return;
	head -= utf8_tail(b->data, head);
	tail = b->len - SHOWN_TAIL;
	while (tail < b->len && ((unsigned char)b->data[tail] & 0xc0) == 0x80)
		tail++;
	must(c, buf_add(&shown, b->data, head));
	must(c, buf_printf(&shown, "\n[%zu bytes are %s]\n", tail - head, rest));
	must(c, buf_add(&shown, b->data + tail, b->len - tail));
	buf_release(b);
	*b = shown;
	shown = (struct buf){ 0 };
}

void tool_result_put_part(struct call *c, struct buf *all, const char *title, const struct buf *part)
{
	if (part->len == 0)
		return;
	if (all->len > 0 && all->data[all->len - 1] != '\n')
		must(c, buf_add(all, "\n", 1));
	if (title)
		must(c, buf_printf(all, "[%s]\n", title));
	must(c, buf_add(all, part->data, part->len));
}

/* One line in brackets: how it ended, where that is not simply with 0. */
static void put_end(struct call *c, struct buf *all, const struct task *t)
{
	const struct result *r = &t->result;
	const char *notice = t->ended ? NULL : notice_text(c->rq);

	if (t->ended && r->why == REASON_EXITED && r->exit_code == 0) {
		if (all->len == 0)
			must(c, buf_printf(all, "[exit code 0, no output]"));
		return;
	}
	if (all->len > 0 && all->data[all->len - 1] != '\n')
		must(c, buf_add(all, "\n", 1));
	if (!t->ended) {
		must(c, buf_printf(all, "[%s: job %s has not ended; job_status waits for it, cancel_job ends it%s%s]",
				   state_name[t->state], t->id, notice ? ". Now " : "", notice ? notice : ""));
		return;
	}
	must(c, buf_printf(all, "[%s", reason_name[r->why]));
	if (r->exit_code >= 0)
		must(c, buf_printf(all, ", exit code %d", r->exit_code));
	if (r->signal > 0)
		must(c, buf_printf(all, ", signal %d", r->signal));
	must(c, buf_printf(all, "%s%s]", r->message ? ": " : "", r->message ? r->message : ""));
}

/* ---- files --------------------------------------------------------------------------- */

struct files {
	struct files_list list;
	int fd;
};

static void open_files(struct call *c, const struct task *t, struct files *f)
{
	struct client *o = &c->rq->client;

	*f = (struct files){ .fd = -1 };
	if (t->ended && t->result.files.count > 0)
		f->fd = spool_open_files(&o->spool, o->owner, t->id, t->attempt, &f->list, NULL);
}

static void close_files(struct files *f)
{
	files_release(&f->list);
	if (f->fd >= 0)
		close(f->fd);
}

int tool_result_read(int fd, int64_t from, int64_t length, struct buf *b)
{
	if (buf_room(b, (size_t)length) < 0)
		return -1;
	while (length > 0) {
		ssize_t n = pread(fd, b->data + b->len, (size_t)length, (off_t)from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : EPROTO;
			return -1;
		}
		b->len += (size_t)n;
		from += n;
		length -= n;
	}
	if (b->data)
		b->data[b->len] = 0;
	return 0;
}

static void put_coded(struct call *c, struct json_writer *w, const char *name, const struct buf *bytes)
{
	AUTO_FREE char *coded = base64_encode((const unsigned char *)(bytes->data ? bytes->data : ""), bytes->len);

	must(c, coded ? 0 : -1);
	json_put_text(w, name, coded);
}

void tool_result_put_file(struct call *c, struct json_writer *w, const char *id, const char *name, const char *type,
			  const struct buf *bytes)
{
	bool text = utf8_valid(bytes->data ? bytes->data : "", bytes->len);
	AUTO_BUF struct buf uri = { 0 };

	json_open(w, NULL, '{');
	if (type) {
		json_put_text(w, "type", "image");
		put_coded(c, w, "data", bytes);
		json_put_text(w, "mimeType", type);
		json_close(w, '}');
		return;
	}
	must(c, buf_printf(&uri, "cee:///jobs/%s/files/", id));
	must(c, cgi_escape(&uri, name, false));
	json_put_text(w, "type", "resource");
	json_open(w, "resource", '{');
	json_put_text(w, "uri", uri.data);
	json_put_text(w, "mimeType", text ? "text/plain" : "application/octet-stream");
	if (text)
		json_put_bytes(w, "text", bytes->data ? bytes->data : "", bytes->len);
	else
		put_coded(c, w, "blob", bytes);
	json_close(w, '}');
	json_close(w, '}');
}

/* Those that are small enough. */
static void put_files(struct call *c, struct json_writer *w, const struct task *t, const struct files *f)
{
	int64_t left = FILES_MOST;

	for (size_t i = 0; i < f->list.n && f->fd >= 0; i++) {
		const struct files_record *r = &f->list.v[i];
		const char *type = image_type(f->fd, r->offset, r->size);
		AUTO_BUF struct buf bytes = { 0 };

		if (r->size > (type ? IMAGE_MOST : TEXT_MOST) || r->size > left ||
		    tool_result_read(f->fd, r->offset, r->size, &bytes) < 0)
			continue;
		left -= r->size;
		tool_result_put_file(c, w, t->id, r->name, type, &bytes);
	}
}

static void put_list(struct json_writer *w, const struct files *f)
{
	json_open(w, "files", '[');
	for (size_t i = 0; i < f->list.n && i < FILES_LISTED_MOST; i++) {
		const struct files_record *r = &f->list.v[i];
		const char *type = f->fd < 0 ? NULL : image_type(f->fd, r->offset, r->size);

		json_open(w, NULL, '{');
		json_put_text(w, "name", r->name);
		json_put_integer(w, "size", r->size);
		json_put_text(w, "type", type ? type : "application/octet-stream");
		json_close(w, '}');
	}
	json_close(w, ']');
}

/* ---- the result ------------------------------------------------------------------------ */

static void put_name(struct call *c, struct buf *all, const struct files_record *r)
{
	must(c, buf_printf(all, "%s %s (%" PRId64 " bytes)", all->len ? "," : "", r->name, r->size));
}

static void put_text(struct call *c, struct json_writer *w, const struct task *t, const struct files *f)
{
	AUTO_BUF struct buf all = { 0 }, names = { 0 };

	tool_result_put_part(c, &all, t->compile.len > 0 || t->err.len > 0 ? "stdout" : NULL, &t->out);
	tool_result_put_part(c, &all, "compiler", &t->compile);
	tool_result_put_part(c, &all, "stderr", &t->err);
	put_end(c, &all, t);
	for (size_t i = 0; i < f->list.n && names.len < 4096; i++)
		put_name(c, &names, &f->list.v[i]);
	if (names.len > 0)
		must(c, buf_printf(&all, "\n[files of job %s:%s]", t->id, names.data));
	tool_put_content(w, all.data ? all.data : "", all.len);
}

static void put_bytes(struct json_writer *w, const char *name, const struct buf *b)
{
	json_put_bytes(w, name, b->data ? b->data : "", b->len);
}

static void put_fields(struct call *c, struct json_writer *w, const struct task *t, const struct files *f)
{
	const struct result *r = &t->result;

	(void)c;
	json_open(w, "structuredContent", '{');
	json_put_text(w, "job", t->id);
	json_put_text(w, "status", state_name[t->state]);
	if (t->ended) {
		json_put_text(w, "why", reason_name[r->why]);
		if (r->exit_code >= 0)
			json_put_integer(w, "exitCode", r->exit_code);
		if (r->signal > 0)
			json_put_integer(w, "signal", r->signal);
		if (r->message)
			json_put_text(w, "message", r->message);
	}
	put_bytes(w, "stdout", &t->out);
	put_bytes(w, "stderr", &t->err);
	if (t->compile.len > 0)
		put_bytes(w, "compiler", &t->compile);
	if (t->ended && r->phase[PHASE_RUN].ran) {
		json_put_seconds(w, "cpu", r->phase[PHASE_RUN].cpu_us);
		json_put_seconds(w, "wall", r->phase[PHASE_RUN].wall_us);
		json_put_integer(w, "memory", r->phase[PHASE_RUN].peak_bytes);
	}
	put_list(w, f);
	json_close(w, '}');
}

/* Did it not come to an end of its own? A program's exit code is its own affair. */
static bool failed(const struct task *t)
{
	return t->ended && t->result.why != REASON_EXITED;
}

static void put_all(struct call *c, struct task *t)
{
	static const char left_out[] = "left out here: get_output reads them";
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w;
	struct files f;

	tool_result_shorten(c, &t->out, left_out);
	tool_result_shorten(c, &t->err, left_out);
	tool_result_shorten(c, &t->compile, left_out);
	open_files(c, t, &f);
	w = call_open(c, &b);
	json_open(&w, "content", '[');
	put_text(c, &w, t, &f);
	put_files(c, &w, t, &f);
	json_close(&w, ']');
	put_fields(c, &w, t, &f);
	json_put_bool(&w, "isError", failed(t));
	close_files(&f);
	call_close(c, &w);
}

void tool_result_answer(struct call *c, const char *id)
{
	struct task_room room = TASK_ROOM;
	struct task t = { .id = id };
	struct cee_err e = { 0 };
	int r = task_find(c->rq, &t, &e);

	room.rest = "cut here: get_output reads all of it";
	if (r == 0 && t.state != STATE_CREATED)
		r = task_read_output(c->rq, &t, &room, &e);
	if (r < 0)
		answer_error(c->rq, errno, &e);
	else
		put_all(c, &t);
	task_release(&t);
}
