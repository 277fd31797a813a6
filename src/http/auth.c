/* auth.c - authentication and authorization of a request
 *
 * A caller is identified by a bearer token, else by the web server's login (REMOTE_USER), which is
 * trusted. The owner of the caller's jobs is derived from that name:
 *
 *     http-REALM-NAME        a user
 *     http-REALM-APP-USER    USER, named in Cee-User by the application APP, whose token may delegate
 *     anon                   an anonymous caller
 *
 * A ticket (ticket.h) needs no login: its bearer may read one task.
 *
 * Bytes of a name other than a-z and 0-9 become _xx (hexadecimal), so an encoded name has no '-' and
 * no two names are encoded alike; a long name is replaced by a part of its hash. So no caller can take
 * the owner of another caller, of a local user (uid-N) or of anonymous callers.
 *
 * Anonymous callers share one owner. They may read a task if they know its id, which has 62 random
 * bits; they have no list, no groups and no keys.
 */
#include "http/auth.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "cli/prog.h"
#include "conf/token.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/request.h"
#include "http/route.h"
#include "http/ticket.h"
#include "spool/owner_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { OWNER_PART_MAX = 40, PART_HASH = 24 };

/* ---- owners' names ------------------------------------------------------------------ */

/* Appends name, encoded: at most OWNER_PART_MAX bytes. */
static int put_part(struct buf *b, const char *name)
{
	AUTO_BUF struct buf part = { 0 };

	for (const char *s = name; *s; s++) {
		bool plain = (*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9');

		if (buf_printf(&part, plain ? "%c" : "_%02x", (unsigned char)*s) < 0)
			return -1;
	}
	if (part.len > OWNER_PART_MAX) { /* "_s" is not an escape, so it cannot be confused with one */
		char hash[TOKEN_HASH + 1];

		token_hash(hash, name);
		return buf_printf(b, "_s%.*s", PART_HASH, hash);
	}
	return buf_add(b, part.data, part.len);
}

int auth_owner(char owner[OWNER_MAX], const char *realm, const char *name, const char *user)
{
	AUTO_BUF struct buf b = { 0 };

	if (buf_printf(&b, "http-%s-", realm) < 0 || put_part(&b, name) < 0 ||
	    (user && (buf_add(&b, "-", 1) < 0 || put_part(&b, user) < 0)) || b.len >= OWNER_MAX)
		return -1;
	memcpy(owner, b.data, b.len + 1);
	return spool_owner_valid(owner) ? 0 : -1;
}

/* ---- tokens ------------------------------------------------------------------------- */

static const char *bearer(struct request *rq)
{
	const char *s = cgi_variable(&rq->cgi, "HTTP_AUTHORIZATION");

	if (!s || strncasecmp(s, "Bearer ", 7) != 0)
		return NULL;
	s += 7;
	return s + strspn(s, " ");
}

static bool find_token(struct request *rq, const char *text, struct token *t)
{
	AUTO_CLOSE int fd = open(rq->client.conf.http_tokens, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	AUTO_BUF struct buf b = { 0 };

	if (fd < 0 || read_fd(fd, TOKENS_MAX_BYTES, &b) < 0) {
		if (errno != ENOENT)
			prog_error("%s: %s", rq->client.conf.http_tokens, strerror(errno));
		return false;
	}
	return token_find(t, b.data ? b.data : "", b.len, text, now_us()) == 1;
}

/* ---- the caller --------------------------------------------------------------------------- */

static void set_anonymous(struct request *rq)
{
	snprintf(rq->client.owner, sizeof rq->client.owner, "anon");
	rq->anonymous = true;
	rq->scopes |= (rq->client.conf.http_anonymous_submit ? SCOPE_SUBMIT : 0) |
		      (rq->client.conf.http_anonymous_read ? SCOPE_READ : 0);
}

static bool forbid(struct request *rq, const char *what)
{
	answer_problem(rq, 403, "%s", what);
	return false;
}

static bool ask_for_login(struct request *rq, bool bad_token)
{
	answer_header(rq, "WWW-Authenticate",
		      bad_token ? "Bearer realm=\"cee\", error=\"invalid_token\"" : "Bearer realm=\"cee\"");
	answer_problem(rq, 401,
		       bad_token ? "the token is unknown or has expired"
				 : "login required: send a bearer token or use the server's login");
	return false;
}

static bool set_owner(struct request *rq, const char *name, const char *user)
{
	if (auth_owner(rq->client.owner, rq->client.conf.http_realm, name, user) == 0)
		return true;
	answer_problem(rq, 500, "the user's name cannot be made into an owner's name");
	return false;
}

/* Sets the owner and the scopes; false: answered. */
static bool identify(struct request *rq)
{
	const char *text = bearer(rq), *login = cgi_variable(&rq->cgi, "REMOTE_USER"),
		   *user = cgi_variable(&rq->cgi, "HTTP_CEE_USER");
	struct token t = { 0 };

	if (text && !find_token(rq, text, &t))
		return ask_for_login(rq, true);
	if (user && !(text && (t.scopes & SCOPE_DELEGATE)))
		return forbid(rq, "Cee-User: requires a token with the scope delegate");
	if (text && (t.scopes & SCOPE_DELEGATE) && !user) {
		rq->scopes = t.scopes & SCOPE_ADMIN;
		set_anonymous(rq);
		return true;
	}
	if (!text && !login) {
		set_anonymous(rq);
		return true;
	}
	rq->scopes = text ? t.scopes : SCOPE_SUBMIT | SCOPE_READ;
	return set_owner(rq, text ? t.name : login, user);
}

/* A ticket replaces the login, and allows reading its task only. */
static bool allow_ticket(struct request *rq, const char *text, unsigned needs)
{
	if (!ticket_check(rq, text)) {
		answer_header(rq, "WWW-Authenticate", "Bearer realm=\"cee\", error=\"invalid_token\"");
		answer_problem(rq, 401, "the ticket is for another task, or has expired");
		return false;
	}
	rq->scopes = SCOPE_READ;
	return (needs & ~rq->scopes) == 0;
}

bool auth_allow(struct request *rq, unsigned needs, bool by_ticket)
{
	const char *ticket = by_ticket ? cgi_query(&rq->cgi, "ticket") : NULL;

	if (needs == SCOPE_NONE)
		return true;
	if (ticket)
		return allow_ticket(rq, ticket, needs);
	if (!identify(rq))
		return false;
	if (needs == SCOPE_ANY ? rq->scopes != 0 : (rq->scopes & needs) == needs)
		return true;
	if (rq->anonymous)
		return ask_for_login(rq, false);
	return forbid(rq, "the token's scopes do not allow this");
}
