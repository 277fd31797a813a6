/* job_stat.c - printing the state of one job (job_stat.h) */
#include "cmd/cee-stat/job_stat.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json_write.h"
#include "base/text.h"
#include "base/time_text.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "cmd/cee-stat/job_text.h"
#include "cmd/cee-stat/stat_print.h"
#include "cmd/cee-stat/stat_prog.h"
#include "cmd/cee-stat/test_list.h"
#include "job/job.h"
#include "job/labels.h"
#include "job/reasons.h"
#include "job/result.h"
#include "spool/find.h"
#include "spool/follow.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

bool has_labels(const struct stat_prog *p, const struct job_label *l, size_t n)
{
	for (size_t i = 0; i < p->labels.n; i++)
		if (!labels_have(l, n, p->labels.v[i]))
			return false;
	return true;
}

/* Prints the result's JSON on one line. 1: the job did not succeed. */
static int ended(struct stat_prog *p, const char *id, const struct buf *text)
{
	struct result r;
	struct cee_err e = { 0 };
	int bad;

	if (result_parse(&r, text->data ? text->data : "", text->len, &e) < 0) {
		prog_error("%s: its result cannot be read: %s", id, e.msg);
		return 1;
	}
	if (!has_labels(p, r.labels, r.nlabels)) {
		result_release(&r);
		return 0;
	}
	if (p->json) {
		json_result(p, &r, text);
	} else if (p->lines) {
		put_result_line(p, &r);
	} else {
		put_result(&r);
		put_tests(p, id, r.attempt);
	}
	out_flush();
	bad = p->wait && result_exit_status(&r) != 0;
	result_release(&r);
	return bad;
}

/* Group and labels of a job without a result, as fields of an object. */
static void json_job_fields(struct json_writer *w, const struct job *j, const char *id)
{
	json_put_text(w, "group", j->group ? j->group : id);
	if (j->key)
		json_put_text(w, "key", j->key);
	if (j->nlabels > 0)
		json_put_labels(w, "labels", j->labels, j->nlabels);
}

static void json_not_ended(struct stat_prog *p, const char *id, const struct spool_where *where, const struct job *j)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);
	char created[TIME_TEXT_MAX];

	time_format(created, id_time_us(id));
	json_open(&w, NULL, '{');
	json_put_text(&w, "id", id);
	json_put_text(&w, "state", state_name[where->state]);
	json_put_integer(&w, "attempt", where->attempt);
	json_put_text(&w, "created", created);
	json_job_fields(&w, j, id);
	if (*where->runner)
		json_put_text(&w, "runner", where->runner);
	if (j->ntests)
		json_tests(p, &w, id, where->attempt);
	out_json(&w);
}

/* Reads the job, for data that no other file has yet; all zero if it cannot be read. */
static void read_job(struct stat_prog *p, const char *id, struct job *j)
{
	AUTO_BUF struct buf text = { 0 };

	if (spool_read_job(&p->c.spool, p->c.owner, id, (size_t)p->c.conf.max_job, &text) < 0 ||
	    job_parse(j, text.data ? text.data : "", text.len, NULL) < 0)
		memset(j, 0, sizeof *j);
}

static void print_not_ended(struct stat_prog *p, const char *id, struct spool_where *w, const struct job *j)
{
	text_clean(w->runner);
	if (p->json) {
		json_not_ended(p, id, w, j);
	} else if (p->lines) {
		put_head(p);
		out("%-36s  %-9s  %-14s  %6s  %9s  %9s  %10s\n", id, state_name[w->state], "-", "-", "-", "-", "-");
	} else {
		out("%-9s %s\n%-9s %s\n", "id", id, "state", state_name[w->state]);
		if (w->attempt)
			out("%-9s %d%s%s\n", "attempt", w->attempt, *w->runner ? " by " : "", w->runner);
		if (j->group)
			out("%-9s %s\n", "group", clean(j->group));
		for (size_t i = 0; i < j->nlabels; i++)
			out("%-9s %s=%s\n", i ? "" : "labels", clean(j->labels[i].name), clean(j->labels[i].value));
		put_clock("created", id_time_us(id));
		out("%-9s %.3f s\n", "age", seconds(now_us() - id_time_us(id)));
		put_tests(p, id, w->attempt);
	}
	out_flush();
	client_warn_runner(&p->c, &p->warned);
}

static void not_ended(struct stat_prog *p, const char *id, struct spool_where *w)
{
	struct job j = { 0 };

	if (p->json || p->labels.n > 0 || !p->lines)
		read_job(p, id, &j);
	if (has_labels(p, j.labels, j.nlabels))
		print_not_ended(p, id, w, &j);
	job_release(&j);
}

static int wait_end(struct stat_prog *p, const char *id)
{
	struct cee_err e = { 0 };
	int timeout = 500, r;

	follow_job(&p->f, p->c.owner, id);
	while ((r = follow_step(&p->f, NULL, NULL, &e)) == 0)
		if (follow_wait(&p->f, timeout, NULL, 0) == 0 && timeout > 0) {
			client_warn_runner(&p->c, &p->warned);
			timeout = -1;
		}
	if (r < 0)
		prog_error("%s", e.msg);
	return r;
}

int stat_one(void *arg, const char *id)
{
	struct stat_prog *p = arg;
	AUTO_BUF struct buf text = { 0 };
	struct spool_where w;
	struct cee_err e = { 0 };

	for (;;) {
		if (spool_read_result(&p->c.spool, p->c.owner, id, &text) == 0)
			return ended(p, id, &text);
		if (errno != ENOENT) {
			prog_error("%s: %s", id, strerror(errno));
			return 1;
		}
		if (spool_find(&p->c.spool, p->c.owner, id, &w, &e) < 0) {
			prog_error("%s", e.msg);
			return 1;
		}
		if (w.state == STATE_FINISHED)
			continue; /* it has ended meanwhile */
		if (!p->wait || p->lines) {
			not_ended(p, id, &w);
			return 0;
		}
		if (wait_end(p, id) < 0)
			return 1;
	}
}
