/* cee-token.c - cee-token(8): bearer tokens for cee-http
 *
 * A token is printed once, when it is made; the file has its hash. The file is replaced as a whole,
 * under a lock on FILE.lock, and keeps its owner, group and mode.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "base/json_write.h"
#include "base/limit.h"
#include "base/time_text.h"
#include "cli/prog.h"
#include "conf/conf.h"
#include "conf/token.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


struct prog {
	const char *conf_path, *file;
	struct conf conf;
	unsigned scopes;
	int64_t expires_us; /* from now; -1 never */
	bool json;
	struct buf text; /* of the file */
	int lock;
};

/* ---- the file -------------------------------------------------------------------- */

static void read_file(struct prog *p)
{
	AUTO_CLOSE int fd = open(p->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0 || read_fd(fd, TOKENS_MAX_BYTES, &p->text) < 0)
		prog_die(errno == EACCES ? EX_NOPERM : EX_IOERR, "%s: %s", p->file, strerror(errno));
}

static void lock_file(struct prog *p)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s.lock", p->file);
	p->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (p->lock < 0 || file_lock(p->lock, true) < 0)
		prog_die(errno == EACCES ? EX_NOPERM : EX_CANTCREAT, "%s: %s", path, strerror(errno));
}

/* Copies owner, group and mode of the file that it replaces; a new file is for its owner only. */
static int like_before(const struct prog *p, int fd)
{
	struct stat st;

	if (stat(p->file, &st) < 0)
		return errno == ENOENT ? 0 : -1;
	return fchown(fd, st.st_uid, st.st_gid) < 0 || fchmod(fd, st.st_mode & 0777) < 0 ? -1 : 0;
}

static void write_file(struct prog *p, const struct buf *text)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof path, "%s.new", p->file);
	unlink(path); /* left by a process that was killed: this one holds the lock */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write_full(fd, text->data ? text->data : "", text->len) < 0 || like_before(p, fd) < 0 ||
	    fsync(fd) < 0 || rename(path, p->file) < 0) {
		int err = errno;

		unlink(path);
		prog_die(EX_CANTCREAT, "%s: %s", path, strerror(err));
	}
	close_ptr(&fd);
}

/* Calls fn for each line, with its token, or NULL for other lines. */
static void each(struct prog *p, void (*fn)(void *arg, const struct token *t, const char *line, size_t len), void *arg)
{
	const char *s = p->text.data;
	size_t left = p->text.len;

	for (int number = 1; left > 0; number++) {
		const char *nl = memchr(s, '\n', left);
		size_t n = nl ? (size_t)(nl - s) : left;
		struct cee_err e = { 0 };
		struct token t;
		int r = token_parse(&t, s, n, &e);

		if (r < 0)
			prog_error("%s:%d: %s", p->file, number, e.msg);
		fn(arg, r == 1 ? &t : NULL, s, n);
		n += nl != NULL;
		s += n;
		left -= n;
	}
}

/* ---- the commands ----------------------------------------------------------------- */

static void add(struct prog *p, const char *name)
{
	char text[TOKEN_LEN + 1];
	AUTO_BUF struct buf line = { 0 };
	struct token t = { .scopes = p->scopes, .expires_us = p->expires_us < 0 ? -1 : now_us() + p->expires_us };

	if (!token_name_valid(name))
		prog_usage("%s: a name has 1 to %d bytes, no spaces and no control characters", name, TOKEN_NAME_MAX);
	if (token_make(text) < 0)
		prog_die(EX_OSERR, "no random bytes: %s", strerror(errno));
	token_hash(t.hash, text);
	snprintf(t.name, sizeof t.name, "%s", name);
	lock_file(p);
	read_file(p);
	if ((p->text.len > 0 && p->text.data[p->text.len - 1] != '\n' && buf_add(&p->text, "\n", 1) < 0) ||
	    token_format(&p->text, &t) < 0)
		prog_die(EX_OSERR, "out of memory");
	write_file(p, &p->text);
	if (buf_printf(&line, "%s\n", text) < 0 || write_full(STDOUT_FILENO, line.data, line.len) < 0)
		prog_die(EX_IOERR, "standard output: %s; the token %.8s is lost: revoke it", strerror(errno), t.hash);
}

static void show_json(const struct token *t, const char *scopes, const char *expires, bool expired)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '{');
	json_put_bytes(&w, "id", t->hash, 8);
	json_put_text(&w, "name", t->name);
	json_put_text(&w, "scopes", scopes);
	json_put_text(&w, "expires", expires);
	json_put_bool(&w, "expired", expired);
	json_close(&w, '}');
	if (json_end_line(&w) < 0)
		prog_die(EX_OSERR, "out of memory");
	fwrite(b.data, 1, b.len, stdout);
}

static void show(void *arg, const struct token *t, const char *line, size_t len)
{
	const struct prog *p = arg;
	char scopes[64], expires[TIME_TEXT_MAX] = "never";
	bool expired;

	(void)line, (void)len;
	if (!t)
		return;
	expired = t->expires_us >= 0 && t->expires_us <= now_us();
	token_scopes_format(scopes, t->scopes);
	if (t->expires_us >= 0)
		time_format(expires, t->expires_us);
	if (p->json)
		show_json(t, scopes, expires, expired);
	else
		printf("%.8s  %-20s  %-26s  %s%s\n", t->hash, t->name, scopes, expires, expired ? " (expired)" : "");
}

struct revoke {
	struct buf kept;
	const char *what;
	int gone;
};

static void keep(void *arg, const struct token *t, const char *line, size_t len)
{
	struct revoke *r = arg;

	if (t && (strcmp(t->name, r->what) == 0 || (strlen(r->what) == 8 && memcmp(t->hash, r->what, 8) == 0))) {
		r->gone++;
		return;
	}
	if (buf_add(&r->kept, line, len) < 0 || buf_add(&r->kept, "\n", 1) < 0)
		prog_die(EX_OSERR, "out of memory");
}

static void revoke_all(struct prog *p, const char *what)
{
	struct revoke r = { .what = what };

	lock_file(p);
	read_file(p);
	each(p, keep, &r);
	if (r.gone == 0)
		prog_die(EX_NOINPUT, "%s: no token has this id or name; cee-token list shows them", what);
	write_file(p, &r.kept);
	buf_release(&r.kept);
}

/* ---- options ------------------------------------------------------------------------- */

static const char help[] =
	"usage: cee-token [options] add NAME\n"
	"       cee-token [options] list\n"
	"       cee-token [options] revoke ID|NAME\n"
	"Manages the bearer tokens of cee-http. add prints the new token; it is kept nowhere else.\n\n"
	"      --scopes LIST   submit, read, delegate, admin (default submit,read)\n"
	"      --expires TIME  as 12h, 90d, or never (default 365d)\n"
	"      --json          list: one JSON object for each token\n"
	"  -c, --conf FILE     the configuration (CEE_CONF, else etc/cee.conf), whose http_tokens is the file\n"
	"  -h, --help\n"
	"      --version\n";

enum { OPT_SCOPES = 256, OPT_EXPIRES, OPT_JSON, OPT_VERSION };
/* clang-format off */
static const struct option options[] = {
	{ "scopes", required_argument, NULL, OPT_SCOPES },
	{ "expires", required_argument, NULL, OPT_EXPIRES },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "conf", required_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 }
};
/* clang-format on */

static void one_option(struct prog *p, int opt)
{
	struct cee_err e = { 0 };

	switch (opt) {
	case 'c':
		p->conf_path = optarg;
		break;
	case OPT_JSON:
		p->json = true;
		break;
	case OPT_SCOPES:
		if (token_scopes_parse(optarg, &p->scopes, &e) < 0)
			prog_usage("--scopes: %s", e.msg);
		break;
	case OPT_EXPIRES:
		p->expires_us = -1;
		if (strcmp(optarg, "never") != 0 && duration_parse(optarg, &p->expires_us, &e) < 0)
			prog_usage("--expires %s: %s", optarg, e.msg);
		break;
	case 'h':
		prog_help(help);
	default:
		prog_version();
	}
}

int main(int argc, char **argv)
{
	struct prog p = { .scopes = SCOPE_SUBMIT | SCOPE_READ,
			  .expires_us = INT64_C(365) * 86400 * 1000000,
			  .lock = -1 };
	struct cee_err e = { 0 };
	const char *command, *what;
	int opt;

	prog_init(argv[0]);
	while ((opt = prog_getopt(argc, argv, "c:h", options)) != -1)
		one_option(&p, opt);
	command = optind < argc ? argv[optind] : "";
	what = optind + 1 < argc ? argv[optind + 1] : NULL;
	if (optind + 2 < argc || !what != (strcmp(command, "list") == 0) ||
	    (what && strcmp(command, "add") != 0 && strcmp(command, "revoke") != 0))
		prog_usage("add NAME, list or revoke ID|NAME must be given");
	if (conf_load(&p.conf, p.conf_path, NULL, &e) < 0)
		prog_die(prog_config_status(), "%s", e.msg);
	p.file = p.conf.http_tokens;
	if (!what) {
		read_file(&p);
		each(&p, show, &p);
	} else if (strcmp(command, "add") == 0) {
		add(&p, what);
	} else {
		revoke_all(&p, what);
	}
	buf_release(&p.text);
	close_ptr(&p.lock);
	conf_release(&p.conf);
	return EXIT_SUCCESS;
}
