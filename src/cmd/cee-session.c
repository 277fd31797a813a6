/* cee-session.c - cee-session(1): state that is kept between requests */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/json_write.h"
#include "base/limit.h"
#include "cli/session_cell.h"
#include "cli/checked_job.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "cli/signals.h"
#include "cli/submit.h"
#include "job/published.h"
#include "spool/cancel.h"
#include "spool/find.h"
#include "spool/input.h"
#include "spool/jobs.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"usage: cee-session new [-L NAME=VALUE]... [-p PACKAGE]... [--idle TIME] [--life TIME] LANGUAGE\n"
	"       cee-session run [-e CODE] [--wall TIME] [--json] ID [FILE]\n"
	"       cee-session ls\n"
	"       cee-session end ID...\n"
	"Keeps a program's state between requests: new prints the id of a session, run runs code in it.\n\n"
	"  -L, --limit NAME=VALUE  a limit of the whole session (not cpu and wall)\n"
	"  -p, --package NAME      a package, or NAME=VERSION\n"
	"      --idle TIME         without a request or output for so long it ends (15m)\n"
	"      --life TIME         it ends after so long (24h)\n"
	"  -e, --code CODE         this, instead of FILE or standard input\n"
	"      --wall TIME         time of the cell (60s), at most the idle time\n"
	"      --json              prints the events, a line each\n" CLIENT_HELP;

enum { IDLE = CLIENT_OWN, LIFE, WALL, JSON_LINES, LIST_MOST = 64, WAIT_END_MS = 5000 };

struct session {
	struct client c;
	const char *limits[LIST_MOST], *packages[LIST_MOST];
	size_t nlimits, npackages;
	const char *idle, *life, *code;
	int64_t wall_us;
	bool json;
	int status; /* of the cell */
};

/* ---- new ---------------------------------------------------------------------------- */

static const char *split(char *text, const char *what, bool required)
{
	char *equals = strchr(text, '=');

	if (!equals && required)
		prog_usage("%s %s: must be NAME=VALUE", what, text);
	if (!equals)
		return NULL;
	*equals = 0;
	return equals + 1;
}

static void put_lists(struct session *s, struct json_writer *w)
{
	json_open(w, "limits", '{');
	for (size_t i = 0; i < s->nlimits; i++) {
		const char *value = split((char *)s->limits[i], "-L", true);

		json_put_text(w, s->limits[i], value);
	}
	json_close(w, '}');
	if (s->npackages == 0)
		return;
	json_open(w, "packages", '[');
	for (size_t i = 0; i < s->npackages; i++) {
		const char *version = split((char *)s->packages[i], "-p", false);

		json_open(w, NULL, '{');
		json_put_text(w, "name", s->packages[i]);
		if (version)
			json_put_text(w, "version", version);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void put_job(struct session *s, struct buf *text, const char *language)
{
	struct json_writer w = json_writer(text);

	json_open(&w, NULL, '{');
	json_put_text(&w, "language", language);
	json_open(&w, "session", '{');
	if (s->idle)
		json_put_text(&w, "idle", s->idle);
	if (s->life)
		json_put_text(&w, "life", s->life);
	json_close(&w, '}');
	put_lists(s, &w);
	json_close(&w, '}');
	if (json_written(&w) < 0)
		prog_die(EX_OSERR, "out of memory");
}

static int new_session(struct session *s, const char *language)
{
	AUTO_BUF struct buf text = { 0 };
	struct spool_input input = { .dir = -1, .fd = -1 };
	AUTO_PUBLISHED struct published *languages = checked_job_languages(&s->c);
	struct submitter t = { .c = &s->c, .languages = languages, .input = &input };
	struct cee_err e = { 0 };
	char id[ID_LEN + 1];
	bool warned = false;
	int r;

	put_job(s, &text, language);
	r = submitter_put(&t, &text, NULL, id, &e);
	if (r > 0)
		prog_die(EX_DATAERR, "%s", e.msg);
	if (r < 0)
		prog_die(submitter_status(errno), "%s", e.msg);
	if (spool_input_keep(&input) < 0)
		prog_die(EX_IOERR, "%s: its requests: %s", id, strerror(errno));
	submitter_release(&t);
	client_warn_runner(&s->c, &warned);
	puts(id);
	return EXIT_SUCCESS;
}

/* ---- run ------------------------------------------------------------------------------ */

static const char *member(const cJSON *o, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	return cJSON_IsString(v) ? v->valuestring : "";
}

static int status_of(const char *why)
{
	static const struct {
		const char *why;
		int status;
	} table[] = { { "exited", 0 }, { "error", 1 }, { "time limit", 124 }, { "cancelled", 130 }, { "died", 137 } };

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(table[i].why, why) == 0)
			return table[i].status;
	return 1;
}

static void end_of_cell(struct session *s, const cJSON *o)
{
	const char *why = member(o, "why");
	const cJSON *dropped = cJSON_GetObjectItemCaseSensitive(o, "dropped");

	s->status = status_of(why);
	if (s->json)
		return;
	if (s->status > 1)
		prog_error("%s", why);
	if (cJSON_IsNumber(dropped))
		prog_error("%.0f bytes of output were dropped", dropped->valuedouble);
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "restarted")))
		prog_error("its state is lost: the session goes on with a new one");
}

static int show(void *arg, const char *event, const cJSON *o)
{
	struct session *s = arg;

	if (strcmp(event, "end") == 0)
		end_of_cell(s, o);
	if (s->json) {
		AUTO_FREE char *text = cJSON_PrintUnformatted(o);

		printf("%s\n", text ? text : "");
	} else if (strcmp(event, "stdout") == 0) {
		fputs(member(o, "text"), stdout);
	} else if (strcmp(event, "stderr") == 0) {
		fflush(stdout);
		fputs(member(o, "text"), stderr);
	} else if (strcmp(event, "result") == 0) {
		puts(member(o, "text"));
	} else if (strcmp(event, "error") == 0) {
		fflush(stdout);
		fputs(*member(o, "traceback") ? member(o, "traceback") : member(o, "value"), stderr);
		if (!*member(o, "traceback"))
			fputc('\n', stderr);
	}
	return fflush(stdout) == 0 ? 0 : -1;
}

static void read_code(struct session *s, const char *file, struct buf *code)
{
	AUTO_CLOSE int fd = -1;

	if (s->code) {
		if (buf_add(code, s->code, strlen(s->code)) < 0)
			prog_die(EX_OSERR, "out of memory");
		return;
	}
	fd = file && strcmp(file, "-") != 0 ? open(file, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	if (fd < 0 || read_fd(fd, CELL_CODE_MAX, code) < 0)
		prog_die(EX_NOINPUT, "%s: %s", file ? file : "standard input", strerror(errno));
}

static int failed(const struct cee_err *e)
{
	prog_error("%s", e->msg);
	return errno == ENOENT ? EX_NOINPUT : errno == EPIPE ? EX_UNAVAILABLE : errno == EINVAL ? EX_DATAERR : EX_IOERR;
}

/* The first signal interrupts the cell. */
static void heed(struct cell_reader *r, int *heeded)
{
	struct cee_err e = { 0 };

	signals_drain();
	if (signals_count() > *heeded && cell_cancel(r, &e) < 0)
		prog_error("%s", e.msg);
	*heeded = signals_count();
	signals_let_end(); /* a second one ends this program */
}

static int run(struct session *s, const char *id, const char *file)
{
	AUTO_BUF struct buf code = { 0 };
	struct cell_reader r;
	struct cee_err e = { 0 };
	enum cell_how how = CELL_FAILED;
	int heeded = 0, status;

	read_code(s, file, &code);
	if (cell_begin(&r, &s->c, id, &e) == 0) {
		int64_t wall = s->wall_us ? s->wall_us : r.idle_us < CELL_WALL_US ? r.idle_us : CELL_WALL_US;
		struct cell cell = { code.data ? code.data : "", code.len, wall, CELL_OUTPUT };

		if (cell_send(&r, &cell, &e) == 0) {
			signals_catch(false, false);
			while ((how = cell_step(&r, show, s, &e)) == CELL_RUNS) {
				struct pollfd fd = { .fd = signals_fd(), .events = POLLIN };

				if (cell_wait(&r, -1, &fd, 1) == 2)
					heed(&r, &heeded);
			}
		}
	}
	status = how == CELL_ENDED ? s->status : failed(&e);
	cell_release(&r);
	return status;
}

/* ---- ls, end -------------------------------------------------------------------------- */

static int list_one(void *arg, const char *id)
{
	struct session *s = arg;
	AUTO_BUF struct buf text = { 0 };
	struct spool_where w;
	int64_t idle_us;

	if (spool_find(&s->c.spool, s->c.owner, id, &w, NULL) < 0 || w.state == STATE_FINISHED ||
	    spool_read_job(&s->c.spool, s->c.owner, id, (size_t)s->c.conf.max_job, &text) < 0 ||
	    !cell_is_session(text.data ? text.data : "", text.len, &idle_us))
		return 0;
	printf("%s  %s\n", id, state_name[w.state]);
	return 0;
}

static int list(struct session *s)
{
	struct spool_range range = { .newest_first = true };

	if (spool_each_job(&s->c.spool, s->c.owner, &range, list_one, s) < 0)
		prog_die(EX_IOERR, "the sessions cannot be listed: %s", strerror(errno));
	return EXIT_SUCCESS;
}

/* The driver ends by itself, so that files are collected; one that does not is cancelled. */
static int end(struct session *s, const char *id)
{
	struct cell_reader r;
	struct cee_err e = { 0 };
	enum cell_how how = CELL_RUNS;
	int status = 0;

	if (cell_begin(&r, &s->c, id, &e) < 0 || cell_end_session(&r, &e) < 0) {
		status = failed(&e);
	} else {
		for (int left = WAIT_END_MS; left > 0 && (how = cell_step(&r, NULL, NULL, &e)) == CELL_RUNS;
		     left -= 100)
			cell_wait(&r, 100, NULL, 0);
		if (how == CELL_RUNS && spool_cancel(&s->c.spool, s->c.owner, id, &e) < 0)
			status = failed(&e);
	}
	cell_release(&r);
	return status;
}

/* ---- main ------------------------------------------------------------------------------- */

static void add(const char **list, size_t *n, const char *what)
{
	if (*n == LIST_MOST)
		prog_usage("%s: too many of them (at most %d)", what, LIST_MOST);
	list[(*n)++] = optarg;
}

static void options(struct session *s, int argc, char **argv)
{
	static const struct option table[] = { CLIENT_LONG,
					       { "limit", required_argument, NULL, 'L' },
					       { "package", required_argument, NULL, 'p' },
					       { "code", required_argument, NULL, 'e' },
					       { "idle", required_argument, NULL, IDLE },
					       { "life", required_argument, NULL, LIFE },
					       { "wall", required_argument, NULL, WALL },
					       { "json", no_argument, NULL, JSON_LINES },
					       { NULL, 0, NULL, 0 } };
	struct cee_err e = { 0 };
	int opt;

	while ((opt = prog_getopt(argc, argv, CLIENT_SHORT "L:p:e:", table)) != -1) {
		if (opt == 'L')
			add(s->limits, &s->nlimits, "-L");
		else if (opt == 'p')
			add(s->packages, &s->npackages, "-p");
		else if (opt == 'e')
			s->code = optarg;
		else if (opt == IDLE)
			s->idle = optarg;
		else if (opt == LIFE)
			s->life = optarg;
		else if (opt == JSON_LINES)
			s->json = true;
		else if (opt != WALL)
			client_option(&s->c, opt, help);
		else if (duration_parse(optarg, &s->wall_us, &e) < 0)
			prog_usage("--wall: %s", e.msg);
	}
}

int main(int argc, char **argv)
{
	struct session s = { 0 };
	int status = 0, words;
	char **word;

	client_init(&s.c, argv[0]);
	options(&s, argc, argv);
	word = argv + optind;
	words = argc - optind;
	client_open(&s.c, 0);
	if (words == 2 && strcmp(word[0], "new") == 0)
		status = new_session(&s, word[1]);
	else if ((words == 2 || words == 3) && strcmp(word[0], "run") == 0)
		status = run(&s, word[1], word[2]);
	else if (words == 1 && strcmp(word[0], "ls") == 0)
		status = list(&s);
	else if (words >= 2 && strcmp(word[0], "end") == 0)
		for (int i = 1; i < words; i++)
			status = end(&s, word[i]) ? EXIT_FAILURE : status;
	else
		prog_usage("give one of: new LANGUAGE, run ID [FILE], ls, end ID...");
	client_release(&s.c);
	return status;
}
