/* cee-log.c - cee-log(1): prints what jobs wrote, and follows them while they run
 *
 * Both streams go to standard output, in the order in which they were read from
 * the program. Notes (a gap, a rerun) go to standard error, never between the bytes.
 * Many jobs come one after the other, each whole; with --as-come line by line as they
 * are read, each line behind the end of its job's id.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time_text.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "job/compose.h"
#include "job/result.h"
#include "job/test_result.h"
#include "spool/find.h"
#include "spool/follow.h"
#include "spool/follow_many.h"
#include "spool/index.h"
#include "wire/frame_types.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>


enum { WARN_MS = 500, LINE_MOST = 65536, SHORT_ID = 8 };

/* --as-come: the line that each stream of a job is in, until it is whole. */
struct half_lines {
	struct buf b[STREAM_COMPILE + 1];
};

struct log {
	struct client c;
	struct follow f;
	struct sink out;
	bool follow, times, json, raw;
	bool only_out, only_err, as_come;
	int64_t last; /* -n, or -1: all */
	int verdict;  /* results' JSON goes there too; -1 nowhere */
	bool warned;
	int jobs, bad, status; /* followed to their ends; of these not 0; of the last, as cee(7) has it */
	/* of the job at hand */
	const char *id;
	bool counting;			  /* the first pass of -n */
	int64_t units, skip;		  /* lines (records with --json) seen; still to be passed over */
	const char *test;		  /* --test */
	struct test_result which;	  /* its bytes */
	int64_t pos[2];			  /* in stdout and stderr: what was seen of them */
	bool open_line;			  /* the last byte seen was no newline */
	bool in_line[STREAM_COMPILE + 1]; /* -t: this line has its time already */
	/* --as-come */
	struct crowd crowd;
	struct half_lines *half; /* as many as crowd.cap */
	size_t nhalf;
	bool colour;
};

static _Noreturn void output_failed(void)
{
	prog_die(EX_IOERR, "standard output: %s", strerror(errno));
}

static void put(struct log *l, const void *data, size_t len)
{
	if (sink_put(&l->out, data, len) < 0 && errno != EINTR)
		output_failed();
}

static void flush(struct log *l)
{
	while (sink_flush(&l->out) < 0)
		if (errno != EINTR)
			output_failed();
}

static bool selected(const struct log *l, enum frame_stream s)
{
	return s == STREAM_OUT ? !l->only_err : !l->only_out;
}

/* ---- text ------------------------------------------------------------------- */

static void put_time(struct log *l, int64_t us)
{
	static time_t known = -1;
	static char text[32];
	time_t t = (time_t)(us / 1000000);
	char micro[16];
	struct tm tm;

	if (t != known && localtime_r(&t, &tm)) {
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
		known = t;
	}
	put(l, text, strlen(text));
	snprintf(micro, sizeof micro, ".%06d ", (int)(us % 1000000));
	put(l, micro, strlen(micro));
}

static void put_lines(struct log *l, const struct index_record *rec, const char *p, size_t len)
{
	if (!l->times) {
		put(l, p, len);
		return;
	}
	while (len > 0) {
		const char *nl = memchr(p, '\n', len);
		size_t n = nl ? (size_t)(nl - p) + 1 : len;

		if (!l->in_line[rec->stream])
			put_time(l, rec->time_us);
		put(l, p, n);
		l->in_line[rec->stream] = !nl;
		p += n;
		len -= n;
	}
}

static void text_data(struct log *l, const struct follow_item *it)
{
	const char *p = it->data, *end = p + it->len, *nl;

	if (l->counting) {
		l->open_line = it->data[it->len - 1] != '\n';
		for (; (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1)
			l->units++;
		return;
	}
	for (; l->skip > 0; p = nl + 1, l->skip--)
		if (!(nl = memchr(p, '\n', (size_t)(end - p))))
			return;
	put_lines(l, &it->rec, p, (size_t)(end - p));
}

static void text_item(struct log *l, const struct follow_item *it)
{
	switch (it->what) {
	case FOLLOW_DATA:
		text_data(l, it);
		break;
	case FOLLOW_GAP:
		if (l->counting || l->skip > 0)
			break;
		flush(l);
		prog_error("%s: %llu bytes of %s are missing here", l->f.id, (unsigned long long)it->rec.len,
			   client_stream_name(it->rec.stream));
		break;
	case FOLLOW_TEST:
	case FOLLOW_MARK:
		break;
	case FOLLOW_RERUN:
		flush(l);
		prog_error("%s: was run again after a failure of the engine; attempt %d begins", l->f.id, it->attempt);
		break;
	}
}

/* ---- JSON -------------------------------------------------------------------- */

static int json_payload(struct buf *b, const struct follow_item *it)
{
	AUTO_FREE char *text = NULL;

	if (it->what == FOLLOW_RERUN)
		return buf_printf(b, ",\"rerun\":true}\n");
	if (it->what == FOLLOW_GAP)
		return buf_printf(b, ",\"missing\":%llu}\n", (unsigned long long)it->rec.len);
	if (utf8_valid(it->data, it->len))
		return buf_add(b, ",\"text\":", 8) || json_quote(b, it->data, it->len) || buf_add(b, "}\n", 2) ? -1 : 0;
	text = base64_encode((const unsigned char *)it->data, it->len);
	return text ? buf_printf(b, ",\"base64\":\"%s\"}\n", text) : -1;
}

static void json_item(struct log *l, const struct follow_item *it)
{
	AUTO_BUF struct buf b = { 0 };
	char when[TIME_TEXT_MAX];
	int r;

	if (l->counting) {
		l->units++;
		return;
	}
	if (l->skip > 0 && it->what != FOLLOW_RERUN) {
		l->skip--;
		return;
	}
	r = buf_printf(&b, "{\"id\":\"%s\",\"attempt\":%d", l->id, it->attempt);
	if (r == 0 && it->what != FOLLOW_RERUN) {
		time_format(when, it->rec.time_us);
		r = buf_printf(&b, ",\"time\":\"%s\",\"stream\":\"%s\"", when, client_stream_name(it->rec.stream));
	}
	if (r < 0 || json_payload(&b, it) < 0)
		prog_die(EX_OSERR, "out of memory");
	put(l, b.data, b.len);
}

/* ---- one test ------------------------------------------------------------------ */

/* What a test wrote are bytes of the streams; its line in the attempt's tests says which. */
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
			   : "%s: has no tests, so no test %s",
		   id, l->test);
	return -1;
}

/* The part of it that is the test's; false when there is none. */
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

/* ---- one job ----------------------------------------------------------------- */

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
	} else if (!selected(l, it->rec.stream)) {
		return 0;
	}
	(l->json ? json_item : text_item)(l, it);
	return 0;
}

static int step(struct log *l)
{
	struct cee_err e = { 0 };
	int r = follow_step(&l->f, item, l, &e);

	flush(l);
	if (r < 0)
		prog_error("%s", e.msg);
	return r;
}

/* -n: the first pass counts, the second leaves out what comes before the last ones. */
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

/* Sleeps until there is more. Who reads us may go away while the job is silent: then
 * we end as the write that is not coming would have ended us. */
static void wait_more(struct log *l, int timeout_ms)
{
	struct pollfd reader = { .fd = STDOUT_FILENO };

	if (follow_wait(&l->f, timeout_ms, &reader, 1) == 2 && (reader.revents & (POLLERR | POLLHUP))) {
		raise(SIGPIPE);
		exit(EX_IOERR);
	}
}

/* A job without a trace in out/ is in the queue, or unknown. */
static int check_known(struct log *l)
{
	struct spool_where w;
	struct cee_err e = { 0 };

	if (spool_find(&l->c.spool, l->f.owner, l->f.id, &w, &e) < 0) {
		prog_error("%s", e.msg);
		return -1;
	}
	if (w.state != STATE_CREATED)
		l->f.look_dir = true; /* it has moved on since we looked */
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

/* The job has ended, and all of it is printed. */
static int ended(struct log *l, const char *id, const struct buf *text)
{
	struct result r;
	struct cee_err e = { 0 };

	if (result_parse(&r, text->data, text->len, &e) < 0) {
		prog_error("%s: its result cannot be read: %s", id, e.msg);
		return -1;
	}
	client_verdict(l->verdict, text->data, text->len);
	l->jobs++;
	l->status = result_exit_status(&r);
	l->bad += l->status != 0;
	if (l->status == STATUS_OURS && result_is_ours(&r))
		prog_error("%s: %s: %s (a failure of the engine, not of the program)", id, why_name[r.why],
			   r.message ? r.message : "cee-stat says more");
	result_release(&r);
	return 0;
}

static int log_one(void *arg, const char *id)
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
		r = ended(l, id, &l->f.result);
	return r < 0;
}

/* ---- as they come --------------------------------------------------------------- */

/* Colours of ours go past what keeps the job's own away from a terminal. */
static void put_prefix(struct log *l, size_t i)
{
	const char *tail = l->crowd.ids.v[i] + ID_LEN - SHORT_ID;
	char text[48];
	int n;

	if (!l->colour) {
		n = snprintf(text, sizeof text, "%s | ", tail);
		put(l, text, (size_t)n);
		return;
	}
	flush(l);
	n = snprintf(text, sizeof text, "\033[%dm%s |\033[0m ", 31 + (int)(i % 6), tail);
	if (write_full(STDOUT_FILENO, text, (size_t)n) < 0)
		output_failed();
}

static void put_whole_line(struct log *l, size_t i, int64_t time_us, const char *line, size_t len)
{
	put_prefix(l, i);
	if (l->times)
		put_time(l, time_us);
	put(l, line, len);
	put(l, "\n", 1);
}

static void add_half(struct buf *half, const char *p, size_t len)
{
	if (buf_add(half, p, len) < 0)
		prog_die(EX_OSERR, "out of memory");
}

static void put_pieces(struct log *l, size_t i, const struct follow_item *it)
{
	struct buf *half = &l->half[i].b[it->rec.stream];
	const char *p = it->data, *end = p + it->len, *nl;

	for (; (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1) {
		add_half(half, p, (size_t)(nl - p));
		put_whole_line(l, i, it->rec.time_us, half->data ? half->data : "", half->len);
		half->len = 0;
	}
	add_half(half, p, (size_t)(end - p));
	if (half->len < LINE_MOST)
		return;
	put_whole_line(l, i, it->rec.time_us, half->data, half->len); /* who never ends a line */
	half->len = 0;
}

/* What a job wrote last need not end with a newline. */
static void end_lines(struct log *l, size_t i)
{
	for (int s = 0; i < l->nhalf && s <= STREAM_COMPILE; s++) {
		struct buf *half = &l->half[i].b[s];

		if (half->len > 0)
			put_whole_line(l, i, now_us(), half->data, half->len);
		buf_release(half);
		*half = (struct buf){ 0 };
	}
}

static int come_item(void *arg, size_t i, const struct follow_item *it)
{
	struct log *l = arg;

	l->id = l->crowd.ids.v[i];
	if (it->what != FOLLOW_RERUN && !selected(l, it->rec.stream))
		return 0;
	if (l->json) {
		json_item(l, it);
	} else if (it->what == FOLLOW_DATA) {
		put_pieces(l, i, it);
	} else {
		end_lines(l, i);
		flush(l);
		if (it->what == FOLLOW_GAP)
			prog_error("%s: %llu bytes of %s are missing here", l->id, (unsigned long long)it->rec.len,
				   client_stream_name(it->rec.stream));
		else
			prog_error("%s: is run again after a failure of the engine; attempt %d begins", l->id,
				   it->attempt);
	}
	return 0;
}

static void come_ended(void *arg, size_t i, const struct buf *result, const struct cee_err *e)
{
	struct log *l = arg;

	end_lines(l, i);
	flush(l);
	if (!result)
		prog_error("%s", e->msg);
	if (!result || (l->follow && ended(l, l->crowd.ids.v[i], result) < 0))
		l->bad++;
}

static int come_add(void *arg, const char *id)
{
	struct log *l = arg;
	struct spool_where w;
	struct cee_err e = { 0 };
	struct half_lines *half;

	if (spool_find(&l->c.spool, l->c.owner, id, &w, &e) < 0) {
		prog_error("%s", e.msg);
		return 1;
	}
	if (crowd_add(&l->crowd, id) < 0)
		prog_die(EX_OSERR, "out of memory");
	if (l->nhalf >= l->crowd.ids.n)
		return 0;
	half = realloc(l->half, l->crowd.cap * sizeof *half);
	if (!half)
		prog_die(EX_OSERR, "out of memory");
	memset(half + l->nhalf, 0, (l->crowd.cap - l->nhalf) * sizeof *half);
	l->half = half;
	l->nhalf = l->crowd.cap;
	return 0;
}

static void come_loop(struct log *l, struct feed *f, int *failed)
{
	int64_t begin = mono_us();
	bool readable = false, all = false, asked = false;

	for (;;) {
		struct pollfd more[2] = { { .events = POLLIN }, { .fd = STDOUT_FILENO } };

		all = all || feed_take(f, readable, come_add, l, failed);
		if (crowd_step(&l->crowd) < 0)
			break;
		flush(l);
		if (all && (!l->follow || l->crowd.left == 0))
			break;
		if (!asked && l->crowd.left > 0 && l->crowd.begun == 0 && mono_us() - begin > WARN_MS * 1000) {
			asked = true;
			client_warn_runner(&l->c, &l->warned);
		}
		more[0].fd = feed_fd(f);
		crowd_wait(&l->crowd, asked || feed_timeout(f) >= 0 ? feed_timeout(f) : WARN_MS, more, 2);
		readable = more[0].revents;
		if (more[1].revents & (POLLERR | POLLHUP)) {
			raise(SIGPIPE);
			exit(EX_IOERR);
		}
	}
}

static int log_as_come(struct log *l, char *const *ids, int n)
{
	static const struct crowd_ops ops = { .item = come_item, .ended = come_ended };
	struct feed f;
	int failed = 0;

	l->colour = prog_colour(STDOUT_FILENO);
	crowd_init(&l->crowd, &l->c.spool, l->c.owner, &ops, l);
	feed_init(&f, &l->c, ids, n, come_add, l, &failed);
	come_loop(l, &f, &failed);
	for (size_t i = 0; i < l->crowd.ids.n; i++) /* without -f */
		end_lines(l, i);
	flush(l);
	feed_release(&f);
	crowd_release(&l->crowd);
	free(l->half);
	return failed;
}

/* ---- options ------------------------------------------------------------------ */

static const char help[] =
	"usage: cee-log [options] [ID...]\n"
	"Prints what jobs wrote. Without an ID they are read from standard input, one a line.\n\n"
	"  -f, --follow        goes on until the jobs have ended; of a single one its exit status is ours,\n"
	"                      of many it is 1 when one did not end with 0\n"
	"      --as-come       lines of all jobs as they come, each behind the end of its job's id\n" CLIENT_GROUP_HELP
	"  -o, --stdout        only standard output\n"
	"  -e, --stderr        only standard error and the compiler's output\n"
	"      --test NAME     only what this test of the job wrote\n"
	"  -n, --lines N       only the last N lines\n"
	"  -t, --times         each line with the time at which it was read\n"
	"      --json          one JSON object a record\n"
	"      --raw           control sequences as they are, also on a terminal\n"
	"      --verdict FILE|fd:N  with -f: writes the result's JSON there, a line a job\n" CLIENT_HELP;

enum { OPT_JSON = CLIENT_OWN, OPT_RAW, OPT_VERDICT, OPT_AS_COME, OPT_TEST };
static const struct option options[] = { CLIENT_LONG,
					 CLIENT_GROUP_LONG,
					 { "as-come", no_argument, NULL, OPT_AS_COME },
					 { "follow", no_argument, NULL, 'f' },
					 { "stdout", no_argument, NULL, 'o' },
					 { "stderr", no_argument, NULL, 'e' },
					 { "lines", required_argument, NULL, 'n' },
					 { "times", no_argument, NULL, 't' },
					 { "json", no_argument, NULL, OPT_JSON },
					 { "raw", no_argument, NULL, OPT_RAW },
					 { "verdict", required_argument, NULL, OPT_VERDICT },
					 { "test", required_argument, NULL, OPT_TEST },
					 { NULL, 0, NULL, 0 } };

static int64_t number_of_lines(const char *s)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(s, &end, 10);
	if (errno || end == s || *end || n < 0)
		prog_usage("-n %s: must be a number of lines", s);
	return n;
}

static void parse_options(struct log *l, int argc, char **argv)
{
	const char *verdict = NULL;
	int opt;

	while ((opt = prog_getopt(argc, argv, CLIENT_SHORT CLIENT_GROUP_SHORT "foen:t", options)) != -1)
		switch (opt) {
		case 'f':
			l->follow = true;
			break;
		case 'o':
			l->only_out = true;
			break;
		case 'e':
			l->only_err = true;
			break;
		case 'n':
			l->last = number_of_lines(optarg);
			break;
		case 't':
			l->times = true;
			break;
		case OPT_JSON:
			l->json = true;
			break;
		case OPT_RAW:
			l->raw = true;
			break;
		case OPT_VERDICT:
			verdict = optarg;
			break;
		case OPT_AS_COME:
			l->as_come = true;
			break;
		case OPT_TEST:
			l->test = optarg;
			break;
		default:
			client_option(&l->c, opt, help);
		}
	if (l->only_out && l->only_err) /* both is what is printed without them */
		l->only_out = l->only_err = false;
	if (l->as_come && l->last >= 0)
		prog_usage("-n: the last lines of many jobs at once cannot be told; leave --as-come out");
	if (l->test && (l->follow || l->as_come))
		prog_usage("--test: is for a test that has ended: leave %s out", l->follow ? "-f" : "--as-come");
	if (verdict && !l->follow)
		prog_usage("--verdict: the result is known to who waits for it: give -f too, or use cee-stat --json");
	if (verdict)
		l->verdict = client_verdict_open(verdict);
}

int main(int argc, char **argv)
{
	struct log l = { .last = -1, .verdict = -1 };
	int failed;

	client_init(&l.c, argv[0]);
	parse_options(&l, argc, argv);
	client_open(&l.c, 0);
	sink_init(&l.out, STDOUT_FILENO, l.raw);
	follow_init(&l.f, &l.c.spool, l.follow);
	failed = l.as_come ? log_as_come(&l, argv + optind, argc - optind)
			   : client_each(&l.c, argv + optind, argc - optind, l.follow, log_one, &l);
	follow_release(&l.f);
	buf_release(&l.out.b);
	client_release(&l.c);
	if (!failed && l.jobs == 1 && !l.c.group) /* like a process that was waited for */
		return l.status;
	return failed || l.bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
