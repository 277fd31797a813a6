/* byte_streams.c - bytes as they are: GET /tasks/{id}/stdout, /stderr, /files, /files/NAME
 *
 * A program's output may be crafted to look like a page of this site. So output is never served
 * with a type that a browser would run: text is text/plain, images are those whose first bytes
 * say so, the rest is an attachment; nosniff, and a sandbox in case all of that fails.
 *
 * Only bytes that the index covers are sent, with a line in the place of missing bytes. Bytes
 * that were sent never change, so a reader of a live job can request the new bytes with Range.
 */
#include "http/byte_streams.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/json_write.h"
#include "cli/prog.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/image_type.h"
#include "http/request.h"
#include "job/result.h"
#include "spool/attempt_read.h"
#include "spool/collected.h"
#include "spool/find.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STREAM_BLOCK = 65536 };

/* ---- ranges: RFC 9110, 14 --------------------------------------------------------------- */

/* first and last of a single "bytes=A-B", "bytes=A-" or "bytes=-N". 1 a range, 0 no usable range
 * (the whole is sent), -1 the range cannot be satisfied. */
int byte_range(const char *s, int64_t size, int64_t *first, int64_t *last)
{
	int64_t a = -1, b = -1;
	size_t n;

	if (!s || strncmp(s, "bytes=", 6) != 0)
		return 0;
	s += 6;
	n = strspn(s, "0123456789");
	if (n > 18)
		return -1;
	if (n > 0)
		a = strtoll(s, NULL, 10);
	if (s[n] != '-')
		return 0;
	s += n + 1;
	n = strspn(s, "0123456789");
	if (s[n] || (n == 0 && a < 0))
		return 0;
	if (n > 0)
		b = n > 18 ? INT64_MAX : strtoll(s, NULL, 10);
	if (a >= 0 && b >= 0 && b < a)
		return 0;
	if (a < 0) { /* the last b bytes */
		a = b < size ? size - b : 0;
		b = b > 0 ? INT64_MAX : -1;
		if (b < 0)
			return -1;
	}
	if (a >= size)
		return -1;
	*first = a;
	*last = b < 0 || b >= size ? size - 1 : b;
	return 1;
}

/* Is tag one of an If-None-Match or If-Range header's? Weak ones are compared as strong. */
static bool has_tag(const char *header, const char *tag)
{
	const char *at = header ? strstr(header, tag) : NULL;

	return at || (header && strcmp(header, "*") == 0);
}

/* ---- a part of a file --------------------------------------------------------------------- */

struct source {
	int fd;
	int64_t from, size; /* position in the file; size of the answer, including marks */
	struct output_extent extent;
	char tag[ID_LEN + 64];
	const char *type;
};
enum { MARK_MAX = 64 };

/* Formats the line that replaces missing bytes. */
static int64_t mark_format(char text[MARK_MAX], const struct output_gap *g)
{
	return snprintf(text, MARK_MAX, "\n[%" PRIu64 " bytes are missing here]\n", g->missing);
}

/* False: the reader has gone, or the file is too short. */
static bool send_file(struct request *rq, const struct source *s, int64_t at, int64_t len)
{
	char block[STREAM_BLOCK];

	while (len > 0) {
		ssize_t n = pread(s->fd, block, len < STREAM_BLOCK ? (size_t)len : STREAM_BLOCK, (off_t)(s->from + at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) { /* the length was announced, so the client notices a short answer */
			prog_error("%s: some of its bytes cannot be read: %s", rq->id,
				   n ? strerror(errno) : "the file is shorter than its index says");
			return false;
		}
		if (answer_write(rq, block, (size_t)n) < 0)
			return false;
		at += n;
		len -= n;
	}
	return true;
}

/* The range of the answer's bytes to send, and the number of bytes already passed. */
struct window {
	int64_t first, end, at;
};

/* The next len bytes of the answer: of mark, or (NULL) of the file from file_at on. */
static bool send_piece(struct request *rq, const struct source *s, struct window *w, const char *mark, int64_t file_at,
		       int64_t len)
{
	int64_t from = w->first > w->at ? w->first - w->at : 0, to = w->end - w->at < len ? w->end - w->at : len;

	w->at += len;
	if (from >= to)
		return true;
	return mark ? answer_write(rq, mark + from, (size_t)(to - from)) == 0
		    : send_file(rq, s, file_at + from, to - from);
}

static void send_bytes(struct request *rq, const struct source *s, int64_t first, int64_t len)
{
	struct window w = { .first = first, .end = first + len };
	const struct output_extent *x = &s->extent;
	bool more = rq->cgi.method != METHOD_HEAD;
	int64_t file_at = 0;
	char mark[MARK_MAX];

	for (size_t i = 0; i < x->ngaps && more; i++) {
		int64_t n = mark_format(mark, &x->gap[i]);

		more = send_piece(rq, s, &w, NULL, file_at, x->gap[i].at - file_at) &&
		       send_piece(rq, s, &w, mark, 0, n);
		file_at = x->gap[i].at;
	}
	if (more)
		send_piece(rq, s, &w, NULL, file_at, s->size - w.at);
}

static void send_source(struct request *rq, const struct source *r)
{
	const char *range = cgi_variable(&rq->cgi, "HTTP_RANGE"), *if_range = cgi_variable(&rq->cgi, "HTTP_IF_RANGE");
	int64_t first = 0, last = r->size - 1;
	int part = if_range && strcmp(if_range, r->tag) != 0 ? 0 : byte_range(range, r->size, &first, &last);

	answer_header(rq, "ETag", "%s", r->tag);
	answer_header(rq, "Accept-Ranges", "bytes");
	answer_header(rq, "Cache-Control", "private, no-cache");
	answer_header(rq, "Content-Security-Policy", "sandbox; default-src 'none'");
	if (has_tag(cgi_variable(&rq->cgi, "HTTP_IF_NONE_MATCH"), r->tag)) {
		answer_empty(rq, 304);
		return;
	}
	if (part < 0) {
		answer_header(rq, "Content-Range", "bytes */%" PRId64, r->size);
		answer_problem(rq, 416, "there are %" PRId64 " bytes", r->size);
		return;
	}
	if (part)
		answer_header(rq, "Content-Range", "bytes %" PRId64 "-%" PRId64 "/%" PRId64, first, last, r->size);
	answer_begin(rq, part ? 206 : 200, r->type, last - first + 1);
	send_bytes(rq, r, first, last - first + 1);
}

/* ---- attempts ------------------------------------------------------------------------------- */

/* The attempt that counts: that of the result, or the one that runs; 0: there is none yet. -1: answered. */
static int find_attempt(struct request *rq, struct result *r, bool *ended)
{
	AUTO_BUF struct buf text = { 0 };
	struct spool_where where = { 0 };
	struct cee_err e = { 0 };

	*ended = spool_read_result(&rq->client.spool, rq->client.owner, rq->id, &text) == 0;
	if (*ended && result_parse(r, text.data, text.len, &e) < 0) {
		answer_error(rq, EIO, &e);
		return -1;
	}
	if (!*ended && spool_find(&rq->client.spool, rq->client.owner, rq->id, &where, &e) < 0) {
		answer_error(rq, errno, &e);
		return -1;
	}
	return *ended ? r->attempt : where.attempt;
}

/* ---- streams --------------------------------------------------------------------------------- */

static void stream(struct request *rq, enum spool_output output)
{
	struct result result;
	AUTO_CLOSE int fd = -1;
	struct source r = { .fd = -1, .type = "text/plain; charset=utf-8" };
	char mark[MARK_MAX];
	bool ended;
	int attempt = find_attempt(rq, &result, &ended);

	if (attempt < 0)
		return;
	if (ended)
		result_release(&result);
	r.fd = fd = spool_open_output(&rq->client.spool, rq->client.owner, rq->id, attempt, output, &r.extent);
	r.size = r.extent.size;
	for (size_t i = 0; i < r.extent.ngaps; i++)
		r.size += mark_format(mark, &r.extent.gap[i]);
	snprintf(r.tag, sizeof r.tag, "\"%s-%s%d-%" PRId64 "\"", rq->id, output == SPOOL_STDOUT ? "out" : "err",
		 attempt, r.size);
	send_source(rq, &r);
	output_extent_release(&r.extent);
}

void byte_streams_stdout(struct request *rq)
{
	stream(rq, SPOOL_STDOUT);
}
void byte_streams_stderr(struct request *rq)
{
	stream(rq, SPOOL_STDERR);
}

/* ---- collected files ------------------------------------------------------------------------- */

/* The list of a task that has ended, empty for others; *fd has their contents. -1: answered. */
static int open_files(struct request *rq, struct files_list *l, int *fd)
{
	struct cee_err e = { 0 };
	struct result result;
	bool ended, some;
	int attempt = find_attempt(rq, &result, &ended);

	if (attempt < 0)
		return -1;
	some = ended && result.files.count > 0;
	if (ended)
		result_release(&result);
	if (!some)
		return 0;
	if ((*fd = spool_open_files(&rq->client.spool, rq->client.owner, rq->id, attempt, l, &e)) >= 0)
		return 0;
	answer_error(rq, EIO, &e);
	return -1;
}

static void put_listed(struct json_writer *w, const struct files_record *f, const char *type)
{
	char mode[16];

	snprintf(mode, sizeof mode, "%04o", f->mode);
	json_open(w, NULL, '{');
	json_put_text(w, "name", f->name);
	json_put_integer(w, "size", f->size);
	json_put_text(w, "mode", mode);
	json_put_text(w, "type", type ? type : "application/octet-stream");
	json_close(w, '}');
}

void byte_streams_files(struct request *rq)
{
	struct files_list l = { 0 };
	AUTO_CLOSE int fd = -1;
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	if (open_files(rq, &l, &fd) < 0)
		return;
	json_open(&w, NULL, '{');
	json_open(&w, "files", '[');
	for (size_t i = 0; i < l.n; i++)
		put_listed(&w, &l.v[i], fd < 0 ? NULL : image_type(fd, l.v[i].offset, l.v[i].size));
	json_close(&w, ']');
	json_close(&w, '}');
	if (json_end_line(&w) < 0)
		answer_die(rq);
	files_release(&l);
	answer_json(rq, 200, &b);
}

/* filename*=UTF-8'' of RFC 8187, the last part of the name. */
static void attachment(struct request *rq, const char *name)
{
	const char *slash = strrchr(name, '/');
	AUTO_BUF struct buf b = { 0 };

	if (cgi_escape(&b, slash ? slash + 1 : name, true) < 0)
		answer_die(rq);
	answer_header(rq, "Content-Disposition", "attachment; filename*=UTF-8''%s", b.data);
}

void byte_streams_file(struct request *rq)
{
	struct files_list l = { 0 };
	AUTO_CLOSE int fd = -1;
	struct source r = { .fd = -1 };
	size_t i = 0;

	if (open_files(rq, &l, &fd) < 0)
		return;
	while (i < l.n && strcmp(l.v[i].name, rq->rest) != 0)
		i++;
	r.fd = fd;
	if (fd < 0 || i == l.n) {
		files_release(&l);
		answer_problem(rq, 404, "no file of this name was collected");
		return;
	}
	r.from = l.v[i].offset;
	r.size = l.v[i].size;
	r.type = image_type(fd, r.from, r.size);
	if (!r.type) {
		r.type = "application/octet-stream";
		attachment(rq, l.v[i].name);
	}
	snprintf(r.tag, sizeof r.tag, "\"%s-f%zu-%" PRId64 "\"", rq->id, i, r.size);
	files_release(&l);
	send_source(rq, &r);
}
