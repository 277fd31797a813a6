/* auth.c - who asks, and what they may do
 *
 * A bearer token says who, else the server's own login (REMOTE_USER), which is believed. The
 * owner of what a caller submits is made of that name:
 *
 *     http-REALM-NAME        a user
 *     http-REALM-APP-USER    who asks through APP, which may delegate, and names USER in Cee-User
 *     anon                   nobody
 *
 * Of its own, a ticket (ticket.h) lets whoever has it read the one task.
 *
 * Bytes of a name that are none of a-z and 0-9 become _xx (hexadecimal), so a name has no '-' and no
 * two names are encoded alike; long ones end in a part of their hash. Nobody can so become
 * another's owner, a local user's (uid-N) or anon.
 *
 * Anonymous callers share one owner. What they may see of it is what they know the id of, which
 * has 74 random bits; they have no list, no groups and no keys.
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
	if (part.len > OWNER_PART_MAX) { /* "_s" is no escape */
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

/* ---- who -------------------------------------------------------------------------------- */

static void nobody(struct request *rq)
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
		       bad_token ? "this token is unknown, or has expired"
				 : "say who you are: a bearer token, or the server's own login");
	return false;
}

static bool somebody(struct request *rq, const char *name, const char *user)
{
	if (auth_owner(rq->client.owner, rq->client.conf.http_realm, name, user) == 0)
		return true;
	answer_problem(rq, 500, "no owner's name can be made of this user's");
	return false;
}

/* Who they are; false: answered. */
static bool identify(struct request *rq)
{
	const char *text = bearer(rq), *login = cgi_variable(&rq->cgi, "REMOTE_USER"),
		   *user = cgi_variable(&rq->cgi, "HTTP_CEE_USER");
	struct token t = { 0 };

	if (text && !find_token(rq, text, &t))
		return ask_for_login(rq, true);
	if (user && !(text && (t.scopes & SCOPE_DELEGATE)))
		return forbid(rq, "Cee-User: is for a token with the scope delegate");
	if (text && (t.scopes & SCOPE_DELEGATE) && !user) {
		rq->scopes = t.scopes & SCOPE_ADMIN;
		nobody(rq);
		return true;
	}
	if (!text && !login) {
		nobody(rq);
		return true;
	}
	rq->scopes = text ? t.scopes : SCOPE_SUBMIT | SCOPE_READ;
	return somebody(rq, text ? t.name : login, user);
}

/* A ticket says it all, and allows no more than to read the one task. */
static bool allow_ticket(struct request *rq, const char *text, unsigned needs)
{
	if (!ticket_check(rq, text)) {
		answer_header(rq, "WWW-Authenticate", "Bearer realm=\"cee\", error=\"invalid_token\"");
		answer_problem(rq, 401, "this ticket is none for this task, or has expired");
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
	return forbid(rq, "this token's scopes do not allow that");
}
