/* cee-stat.c - cee-stat(1): what is known of a job, of many, of the queue; waiting for ends
 *
 * What a result says is printed as it stands there with --json; text is for people.
 * Waiting for many goes by one crowd, in whatever order they end; what is printed keeps the
 * order given. A line about how far they are is for a terminal only.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/limit.h"
#include "base/text.h"
#include "base/time_text.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "job/compose.h"
#include "job/job.h"
#include "job/labels.h"
#include "job/result.h"
#include "job/tap.h"
#include "job/test_result.h"
#include "spool/count.h"
#include "spool/find.h"
#include "spool/follow.h"
#include "spool/follow_many.h"
#include "spool/health.h"
#include "spool/ids.h"
#include "spool/jobs.h"
#include "spool/runners.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>


enum { WARN_MS = 500, PROGRESS_US = 100000 };
#define DAY_US (INT64_C(86400) * 1000000)

struct stat_prog {
	struct client c;
	struct follow f;
	bool json, wait, all;
	bool lines;  /* several jobs: a line each */
	bool headed; /* the table's head is printed */
	bool warned;
	struct strings labels; /* --label: all of them must fit */
	int64_t since_us;      /* --since, epoch; 0 not given */
	/* --wait for many */
	struct crowd crowd;
	size_t printed; /* so many of the crowd are */
	long ended, bad;
	bool asked;	      /* whether a runner is alive */
	bool progress, shown; /* there is a terminal for it; the line stands there now */
	int64_t began_us, drawn_us;
};

static void out(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void out(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vprintf(fmt, ap) < 0)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
	va_end(ap);
}

static void done(void)
{
	if (fflush(stdout) < 0)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
}

/* Text that came from a runner or a box, for a terminal. */
static const char *clean(char *s)
{
	if (s)
		text_clean(s);
	return s ? s : "";
}

/* ---- a job in words --------------------------------------------------------------- */

static void put_clock(const char *what, int64_t us)
{
	time_t t = (time_t)(us / 1000000);
	char text[64] = "";
	struct tm tm;

	if (us <= 0)
		return;
	if (localtime_r(&t, &tm))
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
	out("%-9s %s.%03d\n", what, text, (int)(us / 1000 % 1000));
}

static double seconds(int64_t us)
{
	return (double)us / 1e6;
}

static void size_text(char text[LIMIT_TEXT_MAX], int64_t bytes)
{
	static const char unit[] = "BKMGT";
	double n = (double)bytes;
	int u = 0;

	while (n >= 1024 && unit[u + 1]) {
		n /= 1024;
		u++;
	}
	snprintf(text, LIMIT_TEXT_MAX, u ? "%.1f %c%s" : "%.0f %c%s", n, unit[u], u ? "iB" : "");
}

static void put_limit(const struct result_phase *p, enum limit_id id)
{
	char text[LIMIT_TEXT_MAX];

	if (p->limits.v[id] < 0)
		return;
	limit_format(text, id, p->limits.v[id]);
	out(" of %s", text);
}

static void put_phase(const char *name, const struct result_phase *p)
{
	char text[LIMIT_TEXT_MAX];

	if (!p->ran)
		return;
	out("%-9s cpu %.3f s", name, seconds(p->cpu_us));
	put_limit(p, LIMIT_CPU);
	out(", wall %.3f s", seconds(p->wall_us));
	put_limit(p, LIMIT_WALL);
	size_text(text, p->peak_bytes);
	out(", memory %s", text);
	put_limit(p, LIMIT_MEMORY);
	out(" (%s)\n", p->peak_how == 1 ? "cgroup" : "largest process");
	out("%-9s stdout %" PRId64 " bytes, stderr %" PRId64 " bytes", "", p->out_bytes, p->err_bytes);
	if (p->dropped)
		out(", %" PRId64 " not kept", p->dropped);
	if (p->oom_kills)
		out(", %" PRId64 " processes killed for memory", p->oom_kills);
	for (int i = 0, first = 1; i < LIMIT_COUNT; i++)
		if (p->hit & 1ull << i) {
			out("%s%s", first ? "; touched: " : ", ", limit_name[i]);
			first = 0;
		}
	out("\n");
}

static void put_files(struct result_files *f)
{
	if (!f->wanted)
		return;
	out("%-9s %" PRId64 ", %" PRId64 " bytes", "files", f->count, f->bytes);
	if (f->left_count)
		out("; %" PRId64 " stayed behind", f->left_count);
	out("\n");
	for (size_t i = 0; i < f->nleft; i++)
		out("%-9s %s: %s\n", "", left_name[f->left[i].why], clean(f->left[i].name));
}

static void put_result(struct result *r)
{
	out("%-9s %s\n", "id", r->id);
	out("%-9s %s\n", "state", state_name[why_state[r->why]]);
	out("%-9s %s%s%s\n", "why", why_name[r->why], r->message ? ": " : "", clean(r->message));
	if (r->exit_code >= 0)
		out("%-9s %d\n", "exit code", r->exit_code);
	if (r->signal > 0)
		out("%-9s %d (%s)\n", "signal", r->signal, strsignal(r->signal));
	out("%-9s %d\n", "status", result_exit_status(r));
	if (r->language)
		out("%-9s %s\n", "language", clean(r->language));
	if (r->image)
		out("%-9s %s\n", "image", clean(r->image));
	if (r->runtime)
		out("%-9s %s\n", "runtime", clean(r->runtime));
	if (r->attempt)
		out("%-9s %d%s%s%s\n", "attempt", r->attempt, r->runner ? " by " : "", clean(r->runner),
		    r->cells ? ", in a cell" : "");
	if (r->group && strcmp(r->group, r->id) != 0)
		out("%-9s %s\n", "group", clean(r->group));
	if (r->key)
		out("%-9s %s\n", "key", clean(r->key));
	for (size_t i = 0; i < r->nlabels; i++)
		out("%-9s %s=%s\n", i ? "" : "labels", clean(r->labels[i].name), clean(r->labels[i].value));
	put_clock("created", r->created_us);
	put_clock("ended", r->ended_us);
	put_clock("expires", r->expires_us);
	out("%-9s %.3f s\n", "queued", seconds(r->queued_us));
	put_phase("compile", &r->phase[PHASE_COMPILE]);
	put_phase("run", &r->phase[PHASE_RUN]);
	put_files(&r->files);
	if (r->dropped_by_disk)
		out("%-9s %" PRId64 " bytes of output: the spool's disk was full\n", "lost", r->dropped_by_disk);
}

/* ---- its tests ---------------------------------------------------------------------- */

static void put_test(struct test_result *t, const char *line, size_t len)
{
	char why[128];

	(void)line;
	(void)len;
	test_explain(t, why, sizeof why);
	out("%-9s %5d  %8.3f s  %s: %s\n", t->number == 1 ? "tests" : "", t->number, seconds(t->phase.wall_us),
	    clean(t->name), why);
}

static const char *test_comma;

static void json_test(struct test_result *t, const char *line, size_t len)
{
	(void)t;
	out("%s%.*s", test_comma, (int)len, line);
	test_comma = ",";
}

/* Those that have ended, also while the job still runs. */
static void each_test(struct stat_prog *p, const char *id, int attempt,
		      void (*fn)(struct test_result *t, const char *line, size_t len))
{
	AUTO_BUF struct buf b = { 0 };
	struct test_result t;

	if (attempt < 1 || spool_read_tests(&p->c.spool, p->c.owner, id, attempt, &b) < 0)
		return;
	for (char *s = b.data, *end = s + b.len, *nl; s && (nl = memchr(s, '\n', (size_t)(end - s))); s = nl + 1)
		if (test_parse(&t, s, (size_t)(nl - s), NULL) == 0) {
			fn(&t, s, (size_t)(nl - s));
			test_release(&t);
		}
}

/* Behind the last field of the job's object. */
static void json_tests(struct stat_prog *p, const char *id, int attempt)
{
	test_comma = "";
	out(",\"test_results\":[");
	each_test(p, id, attempt, json_test);
	out("]}\n");
}

static void json_result(struct stat_prog *p, const struct result *r, const struct buf *text)
{
	size_t n = text->len;

	if (!r->tests.total) {
		out("%s", text->data);
		return;
	}
	while (n > 0 && text->data[n - 1] != '}')
		n--;
	out("%.*s", (int)n - 1, text->data);
	json_tests(p, r->id, r->attempt);
}

/* ---- a job on a line ------------------------------------------------------------------ */

static void put_head(struct stat_prog *p)
{
	if (!p->headed)
		out("%-36s  %-9s  %-14s  %6s  %9s  %9s  %10s\n", "ID", "STATE", "WHY", "STATUS", "CPU", "WALL",
		    "MEMORY");
	p->headed = true;
}

static void put_result_line(struct stat_prog *p, const struct result *r)
{
	const struct result_phase *run = &r->phase[PHASE_RUN];
	char memory[LIMIT_TEXT_MAX] = "-";

	put_head(p);
	out("%-36s  %-9s  %-14s  %6d", r->id, state_name[why_state[r->why]], why_name[r->why], result_exit_status(r));
	if (run->ran) {
		size_text(memory, run->peak_bytes);
		out("  %7.3f s  %7.3f s  %10s\n", seconds(run->cpu_us), seconds(run->wall_us), memory);
	} else {
		out("  %9s  %9s  %10s\n", "-", "-", "-");
	}
}

/* ---- labels ------------------------------------------------------------------------ */

static bool has_label(const struct job_label *l, size_t n, const char *wanted)
{
	size_t len = strcspn(wanted, "=");

	for (size_t i = 0; i < n; i++)
		if (strlen(l[i].name) == len && memcmp(l[i].name, wanted, len) == 0 &&
		    strcmp(l[i].value, wanted + len + 1) == 0)
			return true;
	return false;
}

static bool fits(const struct stat_prog *p, const struct job_label *l, size_t n)
{
	for (size_t i = 0; i < p->labels.n; i++)
		if (!has_label(l, n, p->labels.v[i]))
			return false;
	return true;
}

/* ---- jobs -------------------------------------------------------------------------------- */

/* The result's own text, on one line whatever is in it. 1 when the job did not end well. */
static int ended(struct stat_prog *p, const char *id, const struct buf *text)
{
	struct result r;
	struct cee_err e = { 0 };
	int bad;

	if (result_parse(&r, text->data ? text->data : "", text->len, &e) < 0) {
		prog_error("%s: its result cannot be read: %s", id, e.msg);
		return 1;
	}
	if (!fits(p, r.labels, r.nlabels)) {
		result_release(&r);
		return 0;
	}
	if (p->json) {
		json_result(p, &r, text);
	} else if (p->lines) {
		put_result_line(p, &r);
	} else {
		put_result(&r);
		each_test(p, id, r.attempt, put_test);
	}
	done();
	bad = p->wait && result_exit_status(&r) != 0;
	result_release(&r);
	return bad;
}

/* Of a job that has no result yet: group and labels as fields of an object. */
static void json_words(const struct job *j, const char *id)
{
	AUTO_BUF struct buf b = { 0 };
	const char *group = j->group ? j->group : id;
	int r = buf_printf(&b, ",\"group\":") || json_quote(&b, group, strlen(group));

	if (j->key)
		r |= buf_printf(&b, ",\"key\":") || json_quote(&b, j->key, strlen(j->key));
	for (size_t i = 0; i < j->nlabels; i++)
		r |= buf_printf(&b, i ? "," : ",\"labels\":{") ||
		     json_quote(&b, j->labels[i].name, strlen(j->labels[i].name)) || buf_printf(&b, ":") ||
		     json_quote(&b, j->labels[i].value, strlen(j->labels[i].value));
	if (r || buf_printf(&b, j->nlabels ? "}" : "") < 0)
		prog_die(EX_OSERR, "out of memory");
	out("%s", b.data);
}

/* The job itself, for what only it knows yet; one that cannot be read has no words. */
static void read_words(struct stat_prog *p, const char *id, struct job *j)
{
	AUTO_BUF struct buf text = { 0 };

	if (spool_read_job(&p->c.spool, p->c.owner, id, (size_t)p->c.conf.max_job, &text) < 0 ||
	    job_parse(j, text.data ? text.data : "", text.len, NULL) < 0)
		memset(j, 0, sizeof *j);
}

static void print_not_ended(struct stat_prog *p, const char *id, struct spool_where *w, const struct job *j);

static void not_ended(struct stat_prog *p, const char *id, struct spool_where *w)
{
	struct job j = { 0 };

	if (p->json || p->labels.n > 0 || !p->lines)
		read_words(p, id, &j);
	if (fits(p, j.labels, j.nlabels))
		print_not_ended(p, id, w, &j);
	job_release(&j);
}

static void print_not_ended(struct stat_prog *p, const char *id, struct spool_where *w, const struct job *j)
{
	char created[TIME_TEXT_MAX];

	time_format(created, id_time_us(id));
	text_clean(w->runner);
	if (p->json) {
		out("{\"id\":\"%s\",\"state\":\"%s\",\"attempt\":%d,\"created\":\"%s\"", id, state_name[w->state],
		    w->attempt, created);
		json_words(j, id);
		if (*w->runner)
			out(",\"runner\":\"%s\"", w->runner);
		if (j->ntests)
			json_tests(p, id, w->attempt);
		else
			out("}\n");
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
		each_test(p, id, w->attempt, put_test);
	}
	done();
	client_warn_runner(&p->c, &p->warned);
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

static int stat_one(void *arg, const char *id)
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
			continue; /* it has ended since we looked */
		if (!p->wait || p->lines) {
			not_ended(p, id, &w);
			return 0;
		}
		if (wait_end(p, id) < 0)
			return 1;
	}
}

/* ---- waiting for many ---------------------------------------------------------------- */

static void clear_progress(struct stat_prog *p)
{
	if (p->shown && write_full(STDERR_FILENO, "\r\033[K", 4) == 0)
		p->shown = false;
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

static void draw_progress(struct stat_prog *p, bool all)
{
	int64_t now = mono_us();
	double rate = (double)p->ended / (seconds(now - p->began_us) + 0.001);
	char text[160], left[32] = "";
	int n;

	if (!p->progress || now - p->drawn_us < PROGRESS_US)
		return;
	p->drawn_us = now;
	n = snprintf(text, sizeof text, "\r\033[K%ld of %zu%s ended, %ld failed, %zu running", p->ended, p->crowd.ids.n,
		     all ? "" : " so far", p->bad, p->crowd.begun);
	if (p->ended > 0) {
		span_text(left, (double)p->crowd.left / rate);
		n += snprintf(text + n, sizeof text - (size_t)n, ", %.1f a second, %s left", rate, left);
	}
	if (write_full(STDERR_FILENO, text, (size_t)n) == 0)
		p->shown = true;
}

/* In the order given, as far as they have ended. */
static void print_ended(struct stat_prog *p)
{
	for (; p->printed < p->crowd.first; p->printed++) {
		clear_progress(p);
		stat_one(p, p->crowd.ids.v[p->printed]);
	}
}

static void crowd_ended(void *arg, size_t i, const struct buf *result, const struct cee_err *e)
{
	struct stat_prog *p = arg;
	struct result r;

	(void)i, (void)e; /* stat_one says it at its place */
	p->ended++;
	if (!result || result_parse(&r, result->data, result->len, NULL) < 0) {
		p->bad++;
		return;
	}
	p->bad += fits(p, r.labels, r.nlabels) && result_exit_status(&r) != 0;
	result_release(&r);
}

static int wait_add(void *arg, const char *id)
{
	struct stat_prog *p = arg;
	struct spool_where w;
	struct cee_err e = { 0 };

	if (spool_find(&p->c.spool, p->c.owner, id, &w, &e) < 0) {
		clear_progress(p);
		prog_error("%s", e.msg);
		return 1;
	}
	if (crowd_add(&p->crowd, id) < 0)
		prog_die(EX_OSERR, "out of memory");
	return 0;
}

/* A runner is asked for once, when nothing has begun for a while. */
static void ask_for_runner(struct stat_prog *p)
{
	if (p->asked || p->crowd.left == 0 || p->crowd.begun > 0 || mono_us() - p->began_us < WARN_MS * 1000)
		return;
	p->asked = true;
	clear_progress(p);
	client_warn_runner(&p->c, &p->warned);
}

static int wait_timeout(const struct stat_prog *p, const struct feed *f)
{
	int group = feed_timeout(f), mine = p->progress ? PROGRESS_US / 1000 : p->asked ? -1 : WARN_MS;

	return group < 0 || (mine >= 0 && mine < group) ? mine : group;
}

static int wait_many(struct stat_prog *p, char *const *ids, int n)
{
	static const struct crowd_ops ops = { .ended = crowd_ended };
	bool readable = false, all = false;
	struct feed f;
	int failed = 0;

	p->progress = isatty(STDERR_FILENO);
	p->began_us = mono_us();
	crowd_init(&p->crowd, &p->c.spool, p->c.owner, &ops, p);
	feed_init(&f, &p->c, ids, n, wait_add, p, &failed);
	for (;;) {
		struct pollfd more = { .events = POLLIN };

		all = all || feed_take(&f, readable, wait_add, p, &failed);
		crowd_step(&p->crowd);
		print_ended(p);
		if (all && p->crowd.left == 0)
			break;
		ask_for_runner(p);
		draw_progress(p, all);
		more.fd = feed_fd(&f);
		crowd_wait(&p->crowd, wait_timeout(p, &f), &more, 1);
		readable = more.revents;
	}
	clear_progress(p);
	feed_release(&f);
	crowd_release(&p->crowd);
	return failed || p->bad;
}

/* ---- recent jobs ----------------------------------------------------------------------- */

static int recent_job(void *arg, const char *id)
{
	return ids_add(arg, id) < 0 ? -1 : 0;
}

/* All jobs that were made since then, the oldest first. */
static int recent(struct stat_prog *p)
{
	struct spool_range range = { .since_us = p->since_us };
	struct ids l = { 0 };
	int failed = 0;

	/* first their ids: what is printed takes time, in which more may come */
	if (spool_each_job(&p->c.spool, p->c.owner, &range, recent_job, &l) < 0)
		prog_die(EX_OSERR, "out of memory");
	for (size_t i = 0; i < l.n; i++)
		failed |= stat_one(p, l.v[i]);
	ids_release(&l);
	return failed;
}

/* ---- the queue ----------------------------------------------------------------------------- */

struct running {
	struct stat_prog *p;
	bool first;
};

static int put_running(void *arg, const struct spool_claimed *job)
{
	struct running *r = arg;
	double age = seconds(now_us() - id_time_us(job->id));

	if (r->p->json)
		out("%s{\"id\":\"%s\",\"owner\":\"%s\",\"attempt\":%d,\"runner\":\"%s\",\"alive\":%s}",
		    r->first ? "" : ",", job->id, job->owner, job->attempt, job->runner, job->alive ? "true" : "false");
	else
		out("%-36s  %-12s  %7d  %8.1f s  %s%s\n", job->id, job->owner, job->attempt, age, job->runner,
		    job->alive ? "" : " (dead: another runner will take it over)");
	r->first = false;
	return 0;
}

static void each_running(struct stat_prog *p)
{
	struct running r = { .p = p, .first = true };

	spool_each_claimed(&p->c.spool, p->all ? NULL : p->c.owner, put_running, &r);
}

static int queue(struct stat_prog *p)
{
	const char *owner = p->all ? NULL : p->c.owner;
	int64_t waiting, claimed;
	struct health health;

	if (spool_count(&p->c.spool, owner, &waiting, &claimed) < 0) {
		if (errno == EACCES && p->c.spool.shared)
			prog_die(EX_NOPERM, "%s: users share it: %s is for root to see", p->c.conf.spool,
				 owner ? "another's part" : "the whole queue (-a)");
		prog_die(EX_UNAVAILABLE, "%s: %s", p->c.conf.spool, strerror(errno));
	}
	health_look(&p->c.spool, p->c.conf.min_room, &health);
	if (p->json) {
		out("{\"owner\":");
		out(owner ? "\"%s\"" : "null", owner);
		out(",\"runners\":%d,\"health\":\"%s\",\"waiting\":%" PRId64 ",\"running\":%" PRId64 ",\"jobs\":[",
		    health.runners, health_text[health.state], waiting, claimed);
		each_running(p);
		out("]}\n");
	} else {
		out("%-9s %d alive%s\n", "runners", health.runners,
		    health.runners ? "" : ": jobs wait until cee-runner is started");
		if (health.state != HEALTH_OK && health.state != HEALTH_NO_RUNNER)
			out("%-9s %s: %s\n", "trouble", health_text[health.state], health.detail);
		out("%-9s %" PRId64 "\n%-9s %" PRId64 "\n", "waiting", waiting, "running", claimed);
		if (claimed > 0)
			out("\n%-36s  %-12s  %7s  %10s  %s\n", "ID", "OWNER", "ATTEMPT", "AGE", "RUNNER");
		each_running(p);
	}
	done();
	return EXIT_SUCCESS;
}

/* ---- options ---------------------------------------------------------------------------------- */

static const char help[] =
	"usage: cee-stat [options] [ID...]\n"
	"Says what is known of jobs (- reads their ids from standard input), or without an ID of the "
	"queue.\n\n" CLIENT_GROUP_HELP
	"      --label NAME=VALUE  only jobs that have this label; without an ID or group, of the last day\n"
	"      --since TIME    the jobs made in that time, as 90s, 2h, 7d\n"
	"  -w, --wait          until they have ended; the exit status is 1 when one did not end with 0\n"
	"  -a, --all           the queue of all owners\n"
	"      --json          one JSON object a job: its result, when it has ended\n" CLIENT_HELP;

enum { OPT_JSON = CLIENT_OWN, OPT_LABEL, OPT_SINCE };
static const struct option options[] = { CLIENT_LONG,
					 CLIENT_GROUP_LONG,
					 { "label", required_argument, NULL, OPT_LABEL },
					 { "since", required_argument, NULL, OPT_SINCE },
					 { "wait", no_argument, NULL, 'w' },
					 { "all", no_argument, NULL, 'a' },
					 { "json", no_argument, NULL, OPT_JSON },
					 { NULL, 0, NULL, 0 } };

static void add_label(struct stat_prog *p, char *label)
{
	if (!strchr(label, '=') || *label == '=')
		prog_usage("--label %s: must be NAME=VALUE", label);
	if (strings_add(&p->labels, label) < 0)
		prog_die(EX_OSERR, "out of memory");
}

static int64_t since(const char *text)
{
	struct cee_err e = { 0 };
	int64_t us, now = now_us();

	if (duration_parse(text, &us, &e) < 0)
		prog_usage("--since %s: %s", text, e.msg);
	return us < now ? now - us : 1;
}

int main(int argc, char **argv)
{
	struct stat_prog p = { 0 };
	int opt, n, failed;
	bool some;

	client_init(&p.c, argv[0]);
	while ((opt = prog_getopt(argc, argv, CLIENT_SHORT CLIENT_GROUP_SHORT "wa", options)) != -1)
		switch (opt) {
		case 'w':
			p.wait = true;
			break;
		case 'a':
			p.all = true;
			break;
		case OPT_JSON:
			p.json = true;
			break;
		case OPT_LABEL:
			add_label(&p, optarg);
			break;
		case OPT_SINCE:
			p.since_us = since(optarg);
			break;
		default:
			client_option(&p.c, opt, help);
		}
	n = argc - optind;
	some = n > 0 || p.c.group;
	if (!some && p.wait)
		prog_usage("--wait needs an id (- reads them from standard input) or a group");
	if (some && p.since_us)
		prog_usage("--since is for jobs that are not named");
	if (!p.since_us && p.labels.n > 0)
		p.since_us = now_us() - DAY_US;
	client_open(&p.c, 0);
	follow_init(&p.f, &p.c.spool, true);
	p.f.result_only = true;
	p.lines = n != 1 || p.c.group || strcmp(argv[optind], "-") == 0;
	if (some)
		failed = p.wait && p.lines ? wait_many(&p, argv + optind, n)
					   : client_each(&p.c, argv + optind, n, false, stat_one, &p);
	else
		failed = p.since_us ? recent(&p) : queue(&p);
	follow_release(&p.f);
	client_release(&p.c);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
