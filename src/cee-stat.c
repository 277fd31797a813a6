/* cee-stat.c - cee-stat(1): what is known of a job, of many, of the queue; waiting for ends
 *
 * What a result says is printed as it stands there with --json; text is for people.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "follow.h"
#include "lib/spool_internal.h"

struct stat_prog {
	struct client c;
	struct follow f;
	bool json, wait, all;
	bool lines;			/* several jobs: a line each */
	bool headed;			/* the table's head is printed */
	bool warned;
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
	if (r->attempt)
		out("%-9s %d%s%s%s\n", "attempt", r->attempt, r->runner ? " by " : "", clean(r->runner),
		    r->cells ? ", in a cell" : "");
	put_clock("created", r->created_us);
	put_clock("ended", r->ended_us);
	out("%-9s %.3f s\n", "queued", seconds(r->queued_us));
	put_phase("compile", &r->phase[PHASE_COMPILE]);
	put_phase("run", &r->phase[PHASE_RUN]);
	if (r->dropped_by_disk)
		out("%-9s %" PRId64 " bytes of output: the spool's disk was full\n", "lost", r->dropped_by_disk);
}

/* ---- a job on a line ------------------------------------------------------------------ */

static void put_head(struct stat_prog *p)
{
	if (!p->headed)
		out("%-36s  %-9s  %-14s  %6s  %9s  %9s  %10s\n", "ID", "STATE", "WHY", "STATUS", "CPU", "WALL", "MEMORY");
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

/* ---- jobs -------------------------------------------------------------------------------- */

/* The result's own text, on one line whatever is in it. 1 when the job did not end well. */
static int ended(struct stat_prog *p, const char *id, const struct buf *text)
{
	struct result r;
	struct cee_err e = {0};
	int bad;

	if (result_parse(&r, text->data ? text->data : "", text->len, &e) < 0) {
		prog_error("%s: its result cannot be read: %s", id, e.msg);
		return 1;
	}
	if (p->json)
		out("%s", text->data);
	else if (p->lines)
		put_result_line(p, &r);
	else
		put_result(&r);
	done();
	bad = p->wait && result_exit_status(&r) != 0;
	result_release(&r);
	return bad;
}

static void not_ended(struct stat_prog *p, const char *id, struct spool_where *w)
{
	char created[TIME_TEXT_MAX];

	time_format(created, id_time_us(id));
	text_clean(w->runner);
	if (p->json) {
		out("{\"id\":\"%s\",\"state\":\"%s\",\"attempt\":%d,\"created\":\"%s\"", id, state_name[w->state], w->attempt, created);
		out(*w->runner ? ",\"runner\":\"%s\"}\n" : "}\n", w->runner);
	} else if (p->lines) {
		put_head(p);
		out("%-36s  %-9s  %-14s  %6s  %9s  %9s  %10s\n", id, state_name[w->state], "-", "-", "-", "-", "-");
	} else {
		out("%-9s %s\n%-9s %s\n", "id", id, "state", state_name[w->state]);
		if (w->attempt)
			out("%-9s %d%s%s\n", "attempt", w->attempt, *w->runner ? " by " : "", w->runner);
		put_clock("created", id_time_us(id));
		out("%-9s %.3f s\n", "age", seconds(now_us() - id_time_us(id)));
	}
	done();
	client_warn_runner(&p->c, &p->warned);
}

static int wait_end(struct stat_prog *p, const char *id)
{
	struct cee_err e = {0};
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
	AUTO_BUF struct buf text = {0};
	struct spool_where w;
	struct cee_err e = {0};

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
			continue;	/* it has ended since we looked */
		if (!p->wait) {
			not_ended(p, id, &w);
			return 0;
		}
		if (wait_end(p, id) < 0)
			return 1;
	}
}

/* ---- the queue ----------------------------------------------------------------------------- */

struct running { struct stat_prog *p; const char *runner, *owner; bool alive, first; };

static void put_running(struct running *r, const char *id, int attempt)
{
	double age = seconds(now_us() - id_time_us(id));

	if (r->p->json)
		out("%s{\"id\":\"%s\",\"owner\":\"%s\",\"attempt\":%d,\"runner\":\"%s\",\"alive\":%s}", r->first ? "" : ",",
		    id, r->owner, attempt, r->runner, r->alive ? "true" : "false");
	else
		out("%-36s  %-12s  %7d  %8.1f s  %s%s\n", id, r->owner, attempt, age, r->runner,
		    r->alive ? "" : " (dead: another runner will take it over)");
	r->first = false;
}

static void jobs_of_owner(struct running *r, int runner)
{
	DIR *d = spool_list(runner, r->owner);
	char id[ID_LEN + 1];
	struct dirent *e;
	int attempt;

	while (d && (e = spool_next(d)))
		if (spool_parse_cur(e->d_name, id, &attempt))
			put_running(r, id, attempt);
	if (d)
		closedir(d);
}

static void jobs_of_runner(struct running *r, int cur)
{
	DIR *d = spool_list(cur, r->runner);
	AUTO_CLOSE int lock = d ? openat(dirfd(d), "lock", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
	struct dirent *e;

	r->alive = lock >= 0 && spool_locked(lock) == 1;
	while (d && (e = spool_next(d))) {
		r->owner = e->d_name;
		if (spool_owner_valid(e->d_name) && spool_is_dir(d, e) &&
		    (r->p->all || strcmp(e->d_name, r->p->c.owner) == 0))
			jobs_of_owner(r, dirfd(d));
	}
	if (d)
		closedir(d);
}

static void each_running(struct stat_prog *p)
{
	struct running r = { .p = p, .first = true };
	DIR *d = spool_list(p->c.spool.fd, "cur");
	struct dirent *e;

	while (d && (e = spool_next(d)))
		if (spool_runner_valid(e->d_name) && spool_is_dir(d, e)) {
			r.runner = e->d_name;
			jobs_of_runner(&r, dirfd(d));
		}
	if (d)
		closedir(d);
}

static int queue(struct stat_prog *p)
{
	const char *owner = p->all ? NULL : p->c.owner;
	int64_t waiting, claimed;
	int runners;

	if (spool_count(&p->c.spool, owner, &waiting, &claimed) < 0)
		prog_die(EX_UNAVAILABLE, "%s: %s", p->c.conf.spool, strerror(errno));
	spool_runner_alive(&p->c.spool, &runners);
	if (p->json) {
		out("{\"owner\":");
		out(owner ? "\"%s\"" : "null", owner);
		out(",\"runners\":%d,\"waiting\":%" PRId64 ",\"running\":%" PRId64 ",\"jobs\":[", runners, waiting, claimed);
		each_running(p);
		out("]}\n");
	} else {
		out("%-9s %d alive%s\n", "runners", runners, runners ? "" : ": jobs wait until cee-runner is started");
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
	"Says what is known of jobs (- reads their ids from standard input), or without an ID of the queue.\n\n"
	"  -w, --wait          until they have ended; the exit status is 1 when one did not end with 0\n"
	"  -a, --all           the queue of all owners\n"
	"      --json          one JSON object a job: its result, when it has ended\n"
	CLIENT_HELP;

enum { OPT_JSON = CLIENT_OWN };
static const struct option options[] = {
	CLIENT_LONG, {"wait", no_argument, NULL, 'w'}, {"all", no_argument, NULL, 'a'},
	{"json", no_argument, NULL, OPT_JSON}, {NULL, 0, NULL, 0}
};

int main(int argc, char **argv)
{
	struct stat_prog p = {0};
	int opt, n, failed;

	client_init(&p.c, argv[0]);
	while ((opt = getopt_long(argc, argv, CLIENT_SHORT "wa", options, NULL)) != -1)
		switch (opt) {
		case 'w': p.wait = true; break;
		case 'a': p.all = true; break;
		case OPT_JSON: p.json = true; break;
		default: client_option(&p.c, opt, help);
		}
	n = argc - optind;
	if (n == 0 && p.wait)
		prog_usage("--wait needs an id (- reads them from standard input)");
	client_open(&p.c, 0);
	follow_init(&p.f, &p.c.spool, true);
	p.f.result_only = true;
	p.lines = n > 1 || (n == 1 && strcmp(argv[optind], "-") == 0);
	failed = n == 0 ? queue(&p) : client_each_id(argv + optind, n, stat_one, &p);
	follow_release(&p.f);
	client_release(&p.c);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
