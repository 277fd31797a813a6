/* stdio_transport.c - MCP over standard input and output (stdio_transport.h)
 *
 * A call of a tool has a process of its own, as over HTTP, so that several run at once; each line of the output is
 * written under a lock. Cancelling a request is SIGTERM to its process, which takes it for the client having gone.
 * These processes end with the one that reads; at the end of the input it waits for them.
 */
#include "mcp/stdio_transport.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "cli/prog.h"
#include "conf/token.h"
#include "http/answer.h"
#include "http/reader.h"
#include "http/request.h"
#include "mcp/call.h"
#include "mcp/methods.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AT_ONCE = 32, ENVELOPE_MAX = 65536, BLOCK = 65536 };

struct stdio {
	struct request *rq;
	struct child {
		pid_t pid; /* 0: free */
		char *id;  /* of its request, as JSON */
	} children[AT_ONCE];
	int lock;
	struct buf line;
	bool too_long; /* the rest of the line is skipped */
};

/* ---- answers ------------------------------------------------------------------------- */

static void write_line(struct call *c, const struct buf *message)
{
	const struct stdio *s = c->state;
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	AUTO_BUF struct buf b = { 0 };

	if (buf_add(&b, message->data, message->len) < 0 || buf_add(&b, "\n", 1) < 0)
		answer_die(c->rq);
	while (fcntl(s->lock, F_SETLKW, &lock) < 0 && errno == EINTR)
		;
	reader_write(&c->rq->reader, b.data, b.len);
	lock.l_type = F_UNLCK;
	fcntl(s->lock, F_SETLK, &lock);
}

static void answer(struct call *c, int status, const struct buf *message)
{
	(void)status;
	write_line(c, message);
}

/* A pipe says by itself that nobody reads it. */
static void beat(struct call *c)
{
	c->rq->reader.written_us = mono_us();
}

static const struct transport transport = { write_line, answer, beat };

/* ---- processes of calls ------------------------------------------------------------------ */

static void reap(struct stdio *s, int flags)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, flags)) > 0 || (pid < 0 && errno == EINTR))
		for (int i = 0; i < AT_ONCE && pid > 0; i++)
			if (s->children[i].pid == pid) {
				free(s->children[i].id);
				s->children[i] = (struct child){ 0 };
			}
}

static struct child *free_child(struct stdio *s)
{
	reap(s, WNOHANG);
	for (int i = 0; i < AT_ONCE; i++)
		if (s->children[i].pid == 0)
			return &s->children[i];
	return NULL;
}

/* SIGTERM stays blocked in it: a reader (http/reader.h) then sees it whenever it came. */
static void start(struct stdio *s, struct call *c)
{
	struct child *one = free_child(s);
	pid_t parent = getpid();
	sigset_t term, old;

	if (!one || !(one->id = strdup(c->id))) {
		call_error(c, 503, RPC_REFUSED, "too many calls at once; try again when one has ended", NULL);
		return;
	}
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &old);
	one->pid = fork();
	if (one->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() == parent)
			methods_answer(c);
		_exit(0);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (one->pid < 0) {
		free(one->id);
		*one = (struct child){ 0 };
		call_error(c, 503, RPC_REFUSED, "no process can be started for this call", NULL);
	}
}

static void cancel(struct stdio *s, const struct call *c)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(c->params, "requestId");
	AUTO_FREE char *id = v ? cJSON_PrintUnformatted(v) : NULL;

	reap(s, WNOHANG);
	for (int i = 0; i < AT_ONCE && id; i++)
		if (s->children[i].pid > 0 && strcmp(s->children[i].id, id) == 0)
			kill(s->children[i].pid, SIGTERM);
}

/* ---- messages --------------------------------------------------------------------------------- */

/* In revision 2026-07-28 each request says its own. */
static bool revision_allowed(struct call *c)
{
	const cJSON *meta = cJSON_GetObjectItemCaseSensitive(c->params, "_meta");
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(meta, "io.modelcontextprotocol/protocolVersion");

	if (!c->modern || (cJSON_IsString(v) && strcmp(v->valuestring, MCP_MODERN) == 0))
		return true;
	methods_wrong_version(c, cJSON_IsString(v) ? v->valuestring : "");
	return false;
}

static void take(struct stdio *s, const char *line, size_t len)
{
	struct call c = { .rq = s->rq, .transport = &transport, .state = s, .local = true, .stream = true };
	struct cee_err e = { 0 };
	int code;

	s->rq->other = &c;
	code = call_parse(&c, line, len, &e);
	if (code != 0)
		call_error(&c, 400, code, e.msg, NULL);
	else if (c.method && strcmp(c.method, "notifications/cancelled") == 0)
		cancel(s, &c);
	else if (c.method && c.id && revision_allowed(&c)) {
		if (methods_long(&c))
			start(s, &c);
		else
			methods_answer(&c);
	}
	call_release(&c);
}

static void refuse_long(struct stdio *s)
{
	struct call c = { .rq = s->rq, .transport = &transport, .state = s };

	call_error(&c, 413, RPC_INVALID, "the message is too long (max_job of cee.conf)", NULL);
}

/* The lines of what was read; the rest waits for more. */
static void take_lines(struct stdio *s)
{
	size_t most = (size_t)s->rq->client.conf.max_job + ENVELOPE_MAX, at = 0;
	char *nl;

	while (at < s->line.len && (nl = memchr(s->line.data + at, '\n', s->line.len - at))) {
		size_t n = (size_t)(nl - s->line.data) - at;

		if (!s->too_long && strspn(s->line.data + at, " \t\r") < n)
			take(s, s->line.data + at, n);
		s->too_long = false;
		at += n + 1;
	}
	if (at > 0)
		memmove(s->line.data, s->line.data + at, s->line.len - at);
	s->line.len -= at;
	if (s->line.len <= most)
		return;
	if (!s->too_long)
		refuse_long(s);
	s->too_long = true;
	s->line.len = 0;
}

int stdio_transport_serve(struct request *rq)
{
	struct stdio s = { .rq = rq, .lock = memfd_create("cee-mcp", MFD_CLOEXEC) };
	int status = EXIT_SUCCESS;
	ssize_t n;

	rq->problem = call_problem;
	rq->begun = true; /* nothing of HTTP is ever written */
	rq->scopes = SCOPE_SUBMIT | SCOPE_READ;
	if (s.lock < 0)
		prog_die(EX_OSERR, "no memory for a lock: %s", strerror(errno));
	do {
		if (buf_room(&s.line, BLOCK) < 0)
			prog_die(EX_OSERR, "out of memory");
		n = read(STDIN_FILENO, s.line.data + s.line.len, BLOCK);
		if (n > 0) {
			s.line.len += (size_t)n;
			s.line.data[s.line.len] = 0;
			take_lines(&s);
		}
	} while ((n > 0 || (n < 0 && errno == EINTR)) && !rq->reader.gone);
	if (n < 0) {
		prog_error("standard input: %s", strerror(errno));
		status = EX_IOERR;
	}
	reap(&s, 0);
	buf_release(&s.line);
	close(s.lock);
	return status;
}
