/* cgi_test - requests, routes, ranges, owners' names and tokens of cee-http, without a server */
#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json_write.h"
#include "conf/token.h"
#include "http/auth.h"
#include "http/bounds.h"
#include "http/byte_streams.h"
#include "http/cgi.h"
#include "http/route.h"
#include "spool/owner_name.h"
#include "check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


static struct cgi q;
static int parse(char *const *env)
{
	struct cee_err e = { 0 };

	cgi_release(&q);
	return cgi_parse(&q, env, &e);
}
#define ENV(...) ((char *const[]){ __VA_ARGS__, NULL })

static void requests(void)
{
	CHECK(parse(ENV("REQUEST_METHOD=POST", "PATH_INFO=/tasks", "CONTENT_LENGTH=7",
			"QUERY_STRING=wait=5&a=%41+b&&c")) == 0);
	CHECK(q.method == METHOD_POST && q.length == 7 && q.nquery == 3);
	CHECK(strcmp(cgi_query(&q, "a"), "A b") == 0 && strcmp(cgi_query(&q, "c"), "") == 0 && !cgi_query(&q, "d"));
	CHECK(parse(ENV("REQUEST_METHOD=GET")) == 0 && strcmp(q.path, "/") == 0 && strcmp(q.prefix, "") == 0 &&
	      q.length == 0);
	CHECK(parse(ENV("REQUEST_METHOD=BREW")) == 0 && q.method == METHOD_OTHER);
	CHECK(parse(ENV("SCRIPT_NAME=/a/b//")) == 0 && strcmp(q.prefix, "/a/b") == 0);
	CHECK(parse(ENV("HTTP_TRANSFER_ENCODING=chunked")) == 0 && q.length == -1);
	CHECK(parse(ENV("PATH_INFO=/%2e%2e/%41")) == 0 && strcmp(q.path, "/%2e%2e/%41") == 0);
}

static void refused(void)
{
	CHECK(parse(ENV("CONTENT_LENGTH=-1")) == 400);
	CHECK(parse(ENV("CONTENT_LENGTH=1, 1")) == 400);
	CHECK(parse(ENV("CONTENT_LENGTH=9999999999999999")) == 413);
	CHECK(parse(ENV("PATH_INFO=x")) == 400);
	CHECK(parse(ENV("PATH_INFO=/\r\n")) == 400);
	CHECK(parse(ENV("PATH_INFO=/\xff")) == 400);
	CHECK(parse(ENV("SCRIPT_NAME=/\n")) == 400);
	CHECK(parse(ENV("QUERY_STRING=%00")) == 400);
	CHECK(parse(ENV("QUERY_STRING=%4")) == 400);
	CHECK(parse(ENV("QUERY_STRING=%ff")) == 400);
	CHECK(parse(ENV("REMOTE_USER=a", "REMOTE_USER=b")) == 400);
	CHECK(parse(ENV("REMOTE_USER=a", "REMOTE_USER=a")) == 0);
	CHECK(parse(ENV("HTTP_CEE_USER=a", "X=1", "HTTP_CEE_USER=b")) == 400);
}

static void accepts(void)
{
	CHECK(cgi_accepts("text/event-stream", "text/event-stream"));
	CHECK(cgi_accepts("a/b, Text/Event-Stream ; q=0.5", "text/event-stream"));
	CHECK(!cgi_accepts("text/event-stream;q=0", "text/event-stream"));
	CHECK(!cgi_accepts("text/event-stream; q=0.000, x/y", "text/event-stream"));
	CHECK(cgi_accepts("text/event-stream;q=0.001", "text/event-stream"));
	CHECK(!cgi_accepts("*/*", "text/event-stream") && !cgi_accepts("", "a/b") && !cgi_accepts(NULL, "a/b"));
	CHECK(!cgi_accepts("text/event-streams, xtext/event-stream", "text/event-stream"));
}

#define UUID "01890a5d-ac96-774b-bcce-b302099a8057"
static void routes(void)
{
	char id[ID_LEN + 1];
	const char *rest;

	CHECK(route_match("/tasks", "/tasks", id, &rest) && route_match("/tasks", "/tasks/", id, &rest));
	CHECK(!route_match("/tasks", "/tasksx", id, &rest) && !route_match("/tasks", "/task", id, &rest) &&
	      !route_match("/tasks", "/tasks//", id, &rest));
	CHECK(route_match("/tasks/{id}", "/tasks/01890A5D-AC96-774B-BCCE-B302099A8057", id, &rest) &&
	      strcmp(id, UUID) == 0);
	CHECK(!route_match("/tasks/{id}", "/tasks/" UUID "x", id, &rest) &&
	      !route_match("/tasks/{id}", "/tasks/x", id, &rest));
	CHECK(route_match("/tasks/{id}/files/{rest}", "/tasks/" UUID "/files/a/../b", id, &rest) &&
	      strcmp(rest, "a/../b") == 0);
	CHECK(!route_match("/tasks/{id}/files/{rest}", "/tasks/" UUID "/files/", id, &rest));
}

static int64_t range_of(const char *s, int64_t size, int64_t *last)
{
	int64_t first = -1;
	int r = byte_range(s, size, &first, last);

	return r == 1 ? first : r == 0 ? -1 : -2;
}

static void ranges(void)
{
	int64_t last;

	CHECK(range_of("bytes=0-0", 10, &last) == 0 && last == 0);
	CHECK(range_of("bytes=3-", 10, &last) == 3 && last == 9);
	CHECK(range_of("bytes=3-99999999999999999999", 10, &last) == 3 && last == 9);
	CHECK(range_of("bytes=-3", 10, &last) == 7 && last == 9);
	CHECK(range_of("bytes=-30", 10, &last) == 0 && last == 9);
	CHECK(range_of("bytes=10-", 10, &last) == -2 && range_of("bytes=-0", 10, &last) == -2);
	CHECK(range_of("bytes=0-", 0, &last) == -2 && range_of("bytes=-1", 0, &last) == -2);
	CHECK(range_of("bytes=99999999999999999999-", 10, &last) == -2);
	CHECK(range_of("bytes=5-3", 10, &last) == -1 && range_of("bytes=1-2,4-5", 10, &last) == -1);
	CHECK(range_of("bytes=-", 10, &last) == -1 && range_of("lines=1-2", 10, &last) == -1 &&
	      range_of(NULL, 10, &last) == -1);
}

static const char *owner(const char *name, const char *user)
{
	static char text[4][OWNER_MAX];
	static int n;

	n = (n + 1) % 4;
	return auth_owner(text[n], "web", name, user) == 0 ? text[n] : "";
}

static void hosts(void)
{
	static const char list[] = "127.0.0.1 localhost  [::1] a.example:81";

	CHECK(bounds_host_listed(list, "localhost") && bounds_host_listed(list, "LocalHost:8080"));
	CHECK(bounds_host_listed(list, "127.0.0.1:80") && bounds_host_listed(list, "[::1]") &&
	      bounds_host_listed(list, "[::1]:80"));
	CHECK(bounds_host_listed(list, "a.example:81") && !bounds_host_listed(list, "a.example:82"));
	CHECK(!bounds_host_listed(list, "evil.example:8080") && !bounds_host_listed(list, "") &&
	      !bounds_host_listed("", "x"));
	CHECK(!bounds_host_listed(list, "localhost.evil.example") && !bounds_host_listed(list, "local"));
	CHECK(!bounds_host_listed(list, "[::1]evil.example:80") && !bounds_host_listed(list, "[::1]evil") &&
	      !bounds_host_listed(list, "localhost:80evil") && !bounds_host_listed(list, "localhost:80:80"));
	CHECK(!bounds_host_listed(list, "[::1") && !bounds_host_listed(list, "127.0.0.10"));
}

static void owners(void)
{
	CHECK(strcmp(owner("alice", NULL), "http-web-alice") == 0);
	CHECK(strcmp(owner("app", "alice"), "http-web-app-alice") == 0);
	CHECK(strcmp(owner("app-alice", NULL), "http-web-app_2dalice") == 0);
	CHECK(strcmp(owner("Alice", NULL), owner("alice", NULL)) != 0);
	CHECK(strcmp(owner("_41lice", NULL), owner("Alice", NULL)) != 0);
	CHECK(strcmp(owner("../..", NULL), "http-web-_2e_2e_2f_2e_2e") == 0);
	CHECK(strcmp(owner("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1", "x"),
		     owner("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2", "x")) != 0);
	CHECK(*owner("\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", "\x01\xff"));
}

static void tokens(void)
{
	char text[TOKEN_LEN + 1], other[TOKEN_LEN + 1];
	struct token t = { .name = "ann", .scopes = SCOPE_READ | SCOPE_SUBMIT, .expires_us = 2000000 }, back;
	struct buf b = { 0 };

	CHECK(token_make(text) == 0 && token_make(other) == 0 && strcmp(text, other) != 0);
	CHECK(strlen(text) == TOKEN_LEN && strncmp(text, "cee_", 4) == 0);
	token_hash(t.hash, text);
	CHECK(buf_add(&b, "# people\n\nnonsense\n", 19) == 0 && token_format(&b, &t) == 0);
	CHECK(token_find(&back, b.data, b.len, text, 1999999) == 1 && strcmp(back.name, "ann") == 0 &&
	      back.scopes == t.scopes);
	CHECK(token_find(&back, b.data, b.len - 1, text, 1999999) == 1);
	CHECK(token_find(&back, b.data, b.len, text, 2000000) == 0);
	CHECK(token_find(&back, b.data, b.len, other, 0) == 0);
	CHECK(token_find(&back, b.data, b.len, t.hash, 0) == 0); /* the hash is no token */
	CHECK(token_scopes_parse("read,write", &t.scopes, NULL) == -1 && token_scopes_parse("", &t.scopes, NULL) == -1);
	CHECK(!token_name_valid("a b") && !token_name_valid("") && !token_name_valid("a\n") &&
	      token_name_valid("\xc3\xbc@x"));
	buf_release(&b);
}

static void quoting(void)
{
	struct buf b = { 0 };

	CHECK(json_quote(&b, "a\"\\\n\0\xff\xc3\xbc\xe2\x82\x7f", 11) == 0);
	CHECK(strcmp(b.data, "\"a\\\"\\\\\\n\\u0000\xEF\xBF\xBD\xc3\xbc\xEF\xBF\xBD\xEF\xBF\xBD\\u007f\"") == 0);
	buf_release(&b);
}

int main(void)
{
	RUN(requests);
	RUN(refused);
	RUN(accepts);
	RUN(routes);
	RUN(ranges);
	RUN(owners);
	RUN(hosts);
	RUN(tokens);
	RUN(quoting);
	cgi_release(&q);
	return check_status();
}
