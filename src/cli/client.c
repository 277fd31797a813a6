/* client.c - what the user's commands do alike (client.h) */
#include "cli/client.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/names.h"
#include "cli/prog.h"
#include "conf/conf.h"
#include "spool/find.h"
#include "spool/group.h"
#include "spool/ids.h"
#include "spool/owner_name.h"
#include "spool/runners.h"
#include "spool/spool.h"
#include "wire/frame_types.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SINK_FULL = 65536, LINES_BLOCK = 65536, ID_LINE_MAX = 4096, GROUP_LOOK_MS = 100, MISSING_US = 10000000 };

/* ---- options and the spool -------------------------------------------------- */

void client_init(struct client *c, const char *argv0)
{
	memset(c, 0, sizeof *c);
	c->spool.fd = -1;
	prog_init(argv0);
	spool_owner_self(c->owner);
}

void client_option(struct client *c, int opt, const char *help)
{
	switch (opt) {
	case 's':
		c->spool_path = optarg;
		break;
	case 'c':
		c->conf_path = optarg;
		break;
	case 'g':
		if (!group_name_valid(optarg))
			prog_usage("-g %s: a name has 1 to %d bytes, no '/' and does not begin with a dot", optarg,
				   GROUP_NAME_MAX);
		c->group = optarg;
		break;
	case CLIENT_OWNER:
		if (!spool_owner_valid(optarg))
			prog_usage("--owner %s: no name for an owner; they look like uid-1000", optarg);
		snprintf(c->owner, sizeof c->owner, "%s", optarg);
		break;
	case 'h':
		prog_help(help);
	case CLIENT_VERSION:
		prog_version();
	default: /* prog_getopt lets only a program's own options through */
		prog_usage("not understood");
	}
}

static int open_status(void)
{
	switch (errno) {
	case ENOENT:
		return EX_NOINPUT;
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	case EPROTO:
	case ENOTSUP:
	case ENOTEMPTY:
		return EX_CONFIG;
	default:
		return EX_UNAVAILABLE;
	}
}

void client_open(struct client *c, unsigned flags)
{
	struct cee_err e = { 0 };

	if (conf_load(&c->conf, c->conf_path, c->spool_path, &e) < 0)
		prog_die(EX_CONFIG, "%s", e.msg);
	if (spool_open(&c->spool, c->conf.spool, flags, c->conf.durable, &e) < 0)
		prog_die(open_status(), "%s", e.msg);
}

void client_release(struct client *c)
{
	spool_release(&c->spool);
	conf_release(&c->conf);
}

void client_warn_runner(struct client *c, bool *warned)
{
	if (*warned || spool_runner_alive(&c->spool, NULL))
		return;
	*warned = true;
	prog_error("no runner is alive on %s: jobs wait until cee-runner is started", c->conf.spool);
}

/* ---- lines and ids ------------------------------------------------------------ */

/* Makes room at the front and reads more. 1 something came, 0 the end, -1 */
static int lines_fill(struct lines *l)
{
	char block[LINES_BLOCK];
	ssize_t n;

	if (l->at > 0) {
		memmove(l->b.data, l->b.data + l->at, l->b.len - l->at);
		l->b.len -= l->at;
		l->scanned -= l->at;
		l->at = 0;
	}
	do
		n = read(l->fd, block, sizeof block);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		l->end = n == 0;
		return (int)n;
	}
	return buf_add(&l->b, block, (size_t)n) < 0 ? -1 : 1;
}

static int too_long(struct lines *l)
{
	l->skip = false;
	errno = EFBIG;
	return -1;
}

/* The line that ends at `end`, where its newline or the end of input is. */
static int lines_take(struct lines *l, size_t end, char **line, size_t *len)
{
	*line = l->b.data + l->at;
	*len = end - l->at;
	l->at = l->scanned = end < l->b.len ? end + 1 : end;
	if (l->skip || *len > l->max)
		return too_long(l);
	l->b.data[end] = 0;
	return 1;
}

int lines_next(struct lines *l, char **line, size_t *len)
{
	for (;;) {
		char *nl = l->b.len > l->scanned
				   ? memchr(l->b.data + l->scanned, l->nul ? 0 : '\n', l->b.len - l->scanned)
				   : NULL;
		int r;

		if (nl)
			return lines_take(l, (size_t)(nl - l->b.data), line, len);
		l->scanned = l->b.len;
		if (l->b.len - l->at > l->max) { /* keep none of it, but know that it was */
			l->skip = true;
			l->at = l->scanned = l->b.len = 0;
		}
		if (!l->end && l->counting && l->reads-- <= 0) {
			l->reads = 0;
			errno = EAGAIN;
			return -1;
		}
		if (l->end || (r = lines_fill(l)) == 0) {
			if (l->b.len > l->at)
				return lines_take(l, l->b.len, line, len);
			return l->skip ? too_long(l) : 0;
		}
		if (r < 0)
			return -1;
	}
}

void lines_release(struct lines *l)
{
	buf_release(&l->b);
}

static int one_id(const char *id, client_id_fn fn, void *arg)
{
	if (id_valid(id))
		return fn(arg, id) != 0;
	prog_error("%.80s: no job id; they look like 01890a5d-ac96-774b-bcce-b302099a8057", id);
	return 1;
}

/* What is there of standard input: 0 its end, 1 no more for now. */
static int take_lines(struct lines *l, client_id_fn fn, void *arg, int *failed)
{
	char *line;
	size_t len;
	int r;

	while ((r = lines_next(l, &line, &len)) != 0) {
		if (r < 0 && errno == EAGAIN)
			return 1;
		if (r < 0 && errno != EFBIG)
			prog_die(EX_IOERR, "standard input: %s", strerror(errno));
		if (r < 0) {
			prog_error("standard input: a line of more than %d bytes is no job id", ID_LINE_MAX);
			*failed = 1;
			continue;
		}
		while (len > 0 && strchr(" \t\r", line[len - 1]))
			line[--len] = 0;
		line += strspn(line, " \t");
		if (*line)
			*failed |= one_id(line, fn, arg);
	}
	return 0;
}

static void check_stdin(void)
{
	if (isatty(STDIN_FILENO))
		prog_usage("no job id is given, and standard input is a terminal");
}

static int ids_of_stdin(client_id_fn fn, void *arg)
{
	struct lines l = { .fd = STDIN_FILENO, .max = ID_LINE_MAX };
	int failed = 0;

	check_stdin();
	take_lines(&l, fn, arg, &failed);
	lines_release(&l);
	return failed;
}

int client_each_id(char *const *ids, int n, client_id_fn fn, void *arg)
{
	int failed = 0;

	if (n == 0 || (n == 1 && strcmp(ids[0], "-") == 0))
		return ids_of_stdin(fn, arg);
	for (int i = 0; i < n; i++)
		failed |= one_id(ids[i], fn, arg);
	return failed;
}

/* ---- groups ----------------------------------------------------------------------- */

enum { MEMBER_UNKNOWN, MEMBER_TOLD, MEMBER_MISSING };

static void members_grow(struct members *m)
{
	unsigned char *known = m->ids.cap > m->cap ? realloc(m->known, m->ids.cap) : m->known;

	if (!known)
		prog_die(EX_OSERR, "out of memory");
	m->known = known;
	for (; m->cap < m->ids.cap; m->cap++)
		m->known[m->cap] = MEMBER_UNKNOWN;
}

/* Is its job there? An id is written before its job comes, and need not be used at all. */
static bool member_there(struct members *m, struct client *c, size_t i)
{
	struct spool_where w;

	if (spool_find(&c->spool, c->owner, m->ids.v[i], &w, NULL) == 0)
		return true;
	if (now_us() - id_time_us(m->ids.v[i]) > MISSING_US)
		m->known[i] = MEMBER_MISSING;
	return false;
}

int members_look(struct members *m, struct client *c, bool last, client_id_fn fn, void *arg, int *failed)
{
	struct cee_err e = { 0 };
	int n = 0;

	if (group_load(&c->spool, c->owner, c->group, &m->ids, &e) < 0) {
		prog_error("%s", e.msg);
		return -1;
	}
	members_grow(m);
	for (size_t i = 0; i < m->ids.n; i++) {
		if (m->known[i] == MEMBER_TOLD || (m->known[i] == MEMBER_MISSING && !last) || !member_there(m, c, i))
			continue;
		m->known[i] = MEMBER_TOLD;
		m->found++;
		n++;
		*failed |= fn(arg, m->ids.v[i]) != 0;
	}
	return n;
}

void members_release(struct members *m)
{
	ids_release(&m->ids);
	free(m->known);
	*m = (struct members){ 0 };
}

static int none_found(struct client *c)
{
	prog_error("%s: this group of %s has no job", c->group, c->owner);
	return 1;
}

static int each_member(struct client *c, bool wait, client_id_fn fn, void *arg)
{
	const struct timespec pause = { .tv_nsec = GROUP_LOOK_MS * 1000000L };
	struct members m = { 0 };
	int failed = 0, n;
	bool busy;

	do {
		/* asked first: what is written after that, the next look finds */
		busy = wait && group_busy(&c->spool, c->owner, c->group);
		n = members_look(&m, c, !busy, fn, arg, &failed);
		if (busy && n == 0)
			nanosleep(&pause, NULL);
	} while (n >= 0 && (busy || (wait && n > 0)));
	if (n >= 0 && m.found == 0)
		failed |= none_found(c);
	members_release(&m);
	return failed | (n < 0);
}

int client_each(struct client *c, char *const *ids, int n, bool wait, client_id_fn fn, void *arg)
{
	int failed = c->group ? each_member(c, wait, fn, arg) : 0;

	return c->group && n == 0 ? failed : client_each_id(ids, n, fn, arg) | failed;
}

/* ---- ids as they come ---------------------------------------------------------------- */

void feed_init(struct feed *f, struct client *c, char *const *ids, int n, client_id_fn fn, void *arg, int *failed)
{
	bool standard = (n == 0 && !c->group) || (n == 1 && strcmp(ids[0], "-") == 0);

	*f = (struct feed){ .c = c, .group = c->group };
	if (standard) {
		check_stdin();
		f->lines = calloc(1, sizeof *f->lines);
		if (!f->lines)
			prog_die(EX_OSERR, "out of memory");
		*f->lines = (struct lines){ .fd = STDIN_FILENO, .max = ID_LINE_MAX, .counting = true };
		return;
	}
	for (int i = 0; i < n; i++)
		*failed |= one_id(ids[i], fn, arg);
}

static void feed_group(struct feed *f, client_id_fn fn, void *arg, int *failed)
{
	bool busy;
	int n;

	if (!f->group || mono_us() < f->look_us)
		return;
	busy = group_busy(&f->c->spool, f->c->owner, f->c->group);
	n = members_look(&f->members, f->c, !busy, fn, arg, failed);
	f->look_us = mono_us() + GROUP_LOOK_MS * 1000;
	f->group = n >= 0 && busy;
	if (n < 0)
		*failed = 1;
	else if (!busy && f->members.found == 0)
		*failed |= none_found(f->c);
}

bool feed_take(struct feed *f, bool readable, client_id_fn fn, void *arg, int *failed)
{
	feed_group(f, fn, arg, failed);
	if (f->lines && readable) {
		f->lines->reads = 1;
		if (take_lines(f->lines, fn, arg, failed) == 0) {
			lines_release(f->lines);
			free(f->lines);
			f->lines = NULL;
		}
	}
	return !f->lines && !f->group;
}

int feed_fd(const struct feed *f)
{
	return f->lines ? f->lines->fd : -1;
}

int feed_timeout(const struct feed *f)
{
	return f->group ? GROUP_LOOK_MS : -1;
}

void feed_release(struct feed *f)
{
	if (f->lines)
		lines_release(f->lines);
	free(f->lines);
	members_release(&f->members);
}

/* ---- output -------------------------------------------------------------------- */

void sink_init(struct sink *k, int fd, bool raw)
{
	*k = (struct sink){ .fd = fd, .neutralise = !raw && isatty(fd) };
}

int sink_put(struct sink *k, const void *data, size_t len)
{
	if (buf_add(&k->b, data, len) < 0)
		return -1;
	return k->b.len >= SINK_FULL ? sink_flush(k) : 0;
}

int sink_flush(struct sink *k)
{
	size_t done = 0;
	int r = 0;

	if (k->neutralise) {
		r = prog_write(k->fd, true, k->b.data, k->b.len);
		k->b.len = 0;
		return r;
	}
	while (done < k->b.len) {
		ssize_t n = write(k->fd, k->b.data + done, k->b.len - done);

		if (n < 0) {
			r = -1;
			break;
		}
		done += (size_t)n;
	}
	if (done > 0 && done < k->b.len)
		memmove(k->b.data, k->b.data + done, k->b.len - done);
	k->b.len -= done;
	return r;
}

/* ---- verdicts ------------------------------------------------------------------- */

static int verdict_descriptor(const char *number)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(number, &end, 10);
	if (*number < '0' || *number > '9' || *end || errno || n > INT_MAX || fcntl((int)n, F_GETFD) < 0)
		prog_usage("--verdict fd:%s: must be the number of an open descriptor", number);
	if ((fcntl((int)n, F_GETFL) & O_ACCMODE) == O_RDONLY)
		prog_usage("--verdict fd:%s: this descriptor is open for reading only", number);
	return (int)n;
}

int client_verdict_open(const char *where)
{
	int fd;

	if (strncmp(where, "fd:", 3) == 0)
		return verdict_descriptor(where + 3);
	fd = open(where, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666);
	if (fd < 0)
		prog_die(EX_CANTCREAT, "--verdict %s: %s", where, strerror(errno));
	return fd;
}

void client_verdict(int fd, const char *text, size_t len)
{
	if (fd >= 0 && write_full(fd, text, len) < 0)
		prog_error("--verdict: the result could not be written: %s", strerror(errno));
}

const char *client_stream_name(enum frame_stream s)
{
	switch (s) {
	case STREAM_OUT:
		return "stdout";
	case STREAM_ERR:
		return "stderr";
	case STREAM_COMPILE:
		return "compile";
	case STREAM_NONE:
		break;
	}
	return "none";
}
