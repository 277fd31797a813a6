/* as_come.c - cee-log --as-come: many jobs at once, line by line (as_come.h) */
#include "cmd/cee-log/as_come.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "cli/client.h"
#include "cli/id_reader.h"
#include "cli/prog.h"
#include "cmd/cee-log/log_item.h"
#include "cmd/cee-log/log_job.h"
#include "cmd/cee-log/log_output.h"
#include "cmd/cee-log/log_prog.h"
#include "spool/find.h"
#include "spool/follow.h"
#include "spool/follow_many.h"
#include "wire/frame_types.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WARN_MS = 500, LINE_MOST = 65536, SHORT_ID = 8 };

/* The incomplete line of each stream of a job. */
struct half_lines {
	struct buf b[STREAM_COMPILE + 1];
};

struct come {
	struct log *l;
	struct follow_many many;
	struct half_lines *half; /* as many as many.cap */
	size_t nhalf;
	bool colour;
};

/* cee-log's own colours bypass the sink, which neutralises those of jobs. */
static void put_prefix(struct come *k, size_t i)
{
	const char *tail = k->many.ids.v[i] + ID_LEN - SHORT_ID;
	char text[48];
	int n;

	if (!k->colour) {
		n = snprintf(text, sizeof text, "%s | ", tail);
		log_put(k->l, text, (size_t)n);
		return;
	}
	log_flush(k->l);
	n = snprintf(text, sizeof text, "\033[%dm%s |\033[0m ", 31 + (int)(i % 6), tail);
	if (write_full(STDOUT_FILENO, text, (size_t)n) < 0)
		log_output_failed();
}

static void put_whole_line(struct come *k, size_t i, int64_t time_us, const char *line, size_t len)
{
	put_prefix(k, i);
	if (k->l->times)
		log_put_time(k->l, time_us);
	log_put(k->l, line, len);
	log_put(k->l, "\n", 1);
}

static void add_half(struct buf *half, const char *p, size_t len)
{
	if (buf_add(half, p, len) < 0)
		prog_die(EX_OSERR, "out of memory");
}

static void put_pieces(struct come *k, size_t i, const struct follow_item *it)
{
	struct buf *half = &k->half[i].b[it->rec.stream];
	const char *p = it->data, *end = p + it->len, *nl;

	for (; (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1) {
		add_half(half, p, (size_t)(nl - p));
		put_whole_line(k, i, it->rec.time_us, half->data ? half->data : "", half->len);
		half->len = 0;
	}
	add_half(half, p, (size_t)(end - p));
	if (half->len < LINE_MOST)
		return;
	put_whole_line(k, i, it->rec.time_us, half->data, half->len); /* an endless line is printed in pieces */
	half->len = 0;
}

/* A job's last line may lack its newline. */
static void end_lines(struct come *k, size_t i)
{
	for (int s = 0; i < k->nhalf && s <= STREAM_COMPILE; s++) {
		struct buf *half = &k->half[i].b[s];

		if (half->len > 0)
			put_whole_line(k, i, now_us(), half->data, half->len);
		buf_release(half);
		*half = (struct buf){ 0 };
	}
}

static int come_item(void *arg, size_t i, const struct follow_item *it)
{
	struct come *k = arg;

	k->l->id = k->many.ids.v[i];
	if (it->what != FOLLOW_RERUN && !log_selected(k->l, it->rec.stream))
		return 0;
	if (k->l->json) {
		log_json_item(k->l, it);
	} else if (it->what == FOLLOW_DATA) {
		put_pieces(k, i, it);
	} else {
		end_lines(k, i);
		log_flush(k->l);
		if (it->what == FOLLOW_GAP)
			prog_error("%s: %llu bytes of %s are missing here", k->l->id, (unsigned long long)it->rec.len,
				   client_stream_name(it->rec.stream));
		else
			prog_error("%s: is run again after a failure of cee; attempt %d begins", k->l->id, it->attempt);
	}
	return 0;
}

static void come_ended(void *arg, size_t i, const struct buf *result, const struct cee_err *e)
{
	struct come *k = arg;

	end_lines(k, i);
	log_flush(k->l);
	if (!result)
		prog_error("%s", e->msg);
	if (!result || (k->l->follow && log_ended(k->l, k->many.ids.v[i], result) < 0))
		k->l->bad++;
}

static int come_add(void *arg, const char *id)
{
	struct come *k = arg;
	struct spool_where w;
	struct cee_err e = { 0 };
	struct half_lines *half;

	if (spool_find(&k->l->c.spool, k->l->c.owner, id, &w, &e) < 0) {
		prog_error("%s", e.msg);
		return 1;
	}
	if (follow_many_add(&k->many, id) < 0)
		prog_die(EX_OSERR, "out of memory");
	if (k->nhalf >= k->many.ids.n)
		return 0;
	half = realloc(k->half, k->many.cap * sizeof *half);
	if (!half)
		prog_die(EX_OSERR, "out of memory");
	memset(half + k->nhalf, 0, (k->many.cap - k->nhalf) * sizeof *half);
	k->half = half;
	k->nhalf = k->many.cap;
	return 0;
}

static void come_loop(struct come *k, struct id_reader *f)
{
	int64_t begin = mono_us();
	bool readable = false, all = false, asked = false;

	for (;;) {
		struct pollfd more[2] = { { .events = POLLIN }, { .fd = STDOUT_FILENO } };

		all = all || id_reader_take(f, readable);
		if (follow_many_step(&k->many) < 0)
			break;
		log_flush(k->l);
		if (all && (!k->l->follow || k->many.left == 0))
			break;
		if (!asked && k->many.left > 0 && k->many.begun == 0 && mono_us() - begin > WARN_MS * 1000) {
			asked = true;
			client_warn_runner(&k->l->c, &k->l->warned);
		}
		more[0].fd = id_reader_fd(f);
		follow_many_wait(&k->many, asked || id_reader_timeout(f) >= 0 ? id_reader_timeout(f) : WARN_MS, more,
				 2);
		readable = more[0].revents;
		if (more[1].revents & (POLLERR | POLLHUP)) {
			raise(SIGPIPE);
			exit(EX_IOERR);
		}
	}
}

int log_as_come(struct log *l, char *const *ids, int n)
{
	static const struct follow_many_ops ops = { .item = come_item, .ended = come_ended };
	struct come k = { .l = l };
	struct id_reader f;
	int failed;

	k.colour = prog_colour(STDOUT_FILENO);
	follow_many_init(&k.many, &l->c.spool, l->c.owner, &ops, &k);
	id_reader_init(&f, &l->c, ids, n, come_add, &k);
	come_loop(&k, &f);
	for (size_t i = 0; i < k.many.ids.n; i++) /* without -f */
		end_lines(&k, i);
	log_flush(l);
	failed = f.failed;
	id_reader_release(&f);
	follow_many_release(&k.many);
	free(k.half);
	return failed;
}
