/* wait_many.c - cee-stat --wait for many jobs (wait_many.h)
 *
 * The jobs are followed together and end in any order; they are printed in the given order. A line that shows the
 * progress is printed on a terminal only.
 */
#include "cmd/cee-stat/wait_many.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "cli/client.h"
#include "cli/id_reader.h"
#include "cli/prog.h"
#include "cmd/cee-stat/job_stat.h"
#include "cmd/cee-stat/stat_print.h"
#include "cmd/cee-stat/stat_prog.h"
#include "job/result.h"
#include "spool/find.h"
#include "spool/follow_many.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WARN_MS = 500, PROGRESS_US = 100000 };

struct waiting {
	struct stat_prog *p;
	struct follow_many many;
	size_t printed; /* number of jobs printed */
	long ended, bad;
	bool asked;	      /* whether a runner is alive was checked */
	bool progress, shown; /* stderr is a terminal; the line is shown now */
	int64_t began_us, drawn_us;
};

static void clear_progress(struct waiting *w)
{
	if (w->shown && write_full(STDERR_FILENO, "\r\033[K", 4) == 0)
		w->shown = false;
}

static void span_text(char text[32], double s)
{
	if (s < 100)
		snprintf(text, 32, "%.0f s", s);
	else if (s < 6000)
		snprintf(text, 32, "%.0f min", s / 60);
	else
		snprintf(text, 32, "%.1f h", s / 3600);
}

static void draw_progress(struct waiting *w, bool all)
{
	int64_t now = mono_us();
	double rate = (double)w->ended / (seconds(now - w->began_us) + 0.001);
	char text[160], left[32] = "";
	int n;

	if (!w->progress || now - w->drawn_us < PROGRESS_US)
		return;
	w->drawn_us = now;
	n = snprintf(text, sizeof text, "\r\033[K%ld of %zu%s ended, %ld failed, %zu running", w->ended, w->many.ids.n,
		     all ? "" : " so far", w->bad, w->many.begun);
	if (w->ended > 0) {
		span_text(left, (double)w->many.left / rate);
		n += snprintf(text + n, sizeof text - (size_t)n, ", %.1f a second, %s left", rate, left);
	}
	if (write_full(STDERR_FILENO, text, (size_t)n) == 0)
		w->shown = true;
}

/* Prints jobs in the given order, up to the first that has not ended. */
static void print_ended(struct waiting *w)
{
	for (; w->printed < w->many.first; w->printed++) {
		clear_progress(w);
		stat_one(w->p, w->many.ids.v[w->printed]);
	}
}

static void one_ended(void *arg, size_t i, const struct buf *result, const struct cee_err *e)
{
	struct waiting *w = arg;
	struct result r;

	(void)i, (void)e; /* stat_one reports the error in its place */
	w->ended++;
	if (!result || result_parse(&r, result->data, result->len, NULL) < 0) {
		w->bad++;
		return;
	}
	w->bad += has_labels(w->p, r.labels, r.nlabels) && result_exit_status(&r) != 0;
	result_release(&r);
}

static int wait_add(void *arg, const char *id)
{
	struct waiting *w = arg;
	struct spool_where where;
	struct cee_err e = { 0 };

	if (spool_find(&w->p->c.spool, w->p->c.owner, id, &where, &e) < 0) {
		clear_progress(w);
		prog_error("%s", e.msg);
		return 1;
	}
	if (follow_many_add(&w->many, id) < 0)
		prog_die(EX_OSERR, "out of memory");
	return 0;
}

/* Checks once whether a runner is alive, if no job has begun for a while. */
static void ask_for_runner(struct waiting *w)
{
	if (w->asked || w->many.left == 0 || w->many.begun > 0 || mono_us() - w->began_us < WARN_MS * 1000)
		return;
	w->asked = true;
	clear_progress(w);
	client_warn_runner(&w->p->c, &w->p->warned);
}

static int wait_timeout(const struct waiting *w, const struct id_reader *f)
{
	int group = id_reader_timeout(f), mine = w->progress ? PROGRESS_US / 1000 : w->asked ? -1 : WARN_MS;

	return group < 0 || (mine >= 0 && mine < group) ? mine : group;
}

int wait_many(struct stat_prog *p, char *const *ids, int n)
{
	static const struct follow_many_ops ops = { .ended = one_ended };
	struct waiting w = { .p = p };
	bool readable = false, all = false;
	struct id_reader f;
	int failed;

	w.progress = isatty(STDERR_FILENO);
	w.began_us = mono_us();
	follow_many_init(&w.many, &p->c.spool, p->c.owner, &ops, &w);
	id_reader_init(&f, &p->c, ids, n, wait_add, &w);
	for (;;) {
		struct pollfd more = { .events = POLLIN };

		all = all || id_reader_take(&f, readable);
		follow_many_step(&w.many);
		print_ended(&w);
		if (all && w.many.left == 0)
			break;
		ask_for_runner(&w);
		draw_progress(&w, all);
		more.fd = id_reader_fd(&f);
		follow_many_wait(&w.many, wait_timeout(&w, &f), &more, 1);
		readable = more.revents;
	}
	clear_progress(&w);
	failed = f.failed;
	id_reader_release(&f);
	follow_many_release(&w.many);
	return failed || w.bad;
}
