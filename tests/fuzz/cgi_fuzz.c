/* cgi_fuzz - the request of a web server: any environment is parsed or refused with a status, what
 * is parsed is bounded and well-formed, and unescaping what was escaped gives it back. The input is
 * the environment's strings, a NUL after each. */
#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "base/text.h"
#include "http/auth.h"
#include "http/bounds.h"
#include "http/byte_streams.h"
#include "http/cgi.h"
#include "http/route.h"
#include "spool/owner_name.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct cgi *q)
{
	struct buf b = { 0 };
	char *back;

	if (*q->path != '/' || strlen(q->path) > CGI_PATH_MAX || !utf8_valid(q->path, strlen(q->path)) ||
	    q->length < -1)
		abort();
	if (*q->prefix && q->prefix[strlen(q->prefix) - 1] == '/')
		abort();
	for (size_t i = 0; i < q->nquery; i++)
		if (!utf8_valid(q->query[i].value, strlen(q->query[i].value)) || !cgi_query(q, q->query[i].name))
			abort();
	if (cgi_escape(&b, q->path, false) < 0 || strpbrk(b.data, " \r\n\"<>?#"))
		abort();
	back = strdup(b.data);
	if (cgi_unescape(back, false) < 0 || strcmp(back, q->path) != 0)
		abort();
	free(back);
	buf_release(&b);
	cgi_accepts(cgi_variable(q, "HTTP_ACCEPT"), "text/event-stream");
}

/* What the handlers read of a request's variables besides. */
static void headers(const struct cgi *q)
{
	static const char *const patterns[] = { "/tasks/{id}/files/{rest}", "/tasks/{id}", "/page/{rest}", "/tasks" };
	const char *host = cgi_variable(q, "HTTP_HOST"), *hosts = cgi_variable(q, "CEE_HTTP_HOSTS"), *rest;
	const char *user = cgi_variable(q, "REMOTE_USER"), *other = cgi_variable(q, "HTTP_CEE_USER");
	char id[ID_LEN + 1], owner[OWNER_MAX], alone[OWNER_MAX];
	int64_t first, last;

	for (int64_t size = 0; size < 2000; size += 999)
		if (byte_range(cgi_variable(q, "HTTP_RANGE"), size, &first, &last) == 1 &&
		    (first < 0 || first > last || last >= size))
			abort();
	if (cgi_content_type(q, "application/json") && cgi_content_type(q, "text/plain"))
		abort();
	if (host && hosts && bounds_host_listed(hosts, host) && strlen(host) > strlen(hosts) + 6)
		abort();
	if (user && auth_owner(owner, "web", user, other) == 0) {
		if (!spool_owner_valid(owner) || strncmp(owner, "http-web-", 9) != 0 || strncmp(owner, "uid-", 4) == 0)
			abort();
		if (other && (auth_owner(alone, "web", user, NULL) < 0 || strcmp(alone, owner) == 0))
			abort();
	}
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		*id = 0;
		rest = NULL;
		if (route_match(patterns[i], q->path, id, &rest) && ((*id && !id_valid(id)) || (rest && !*rest)))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), **env = calloc(size + 2, sizeof *env);
	struct cee_err e = { 0 };
	struct cgi q;
	size_t n = 0;
	int r;

	memcpy(text, data, size);
	text[size] = 0;
	for (size_t at = 0; at < size; at += strlen(text + at) + 1)
		env[n++] = text + at;
	r = cgi_parse(&q, env, &e);
	if (r == 0) {
		check(&q);
		headers(&q);
	} else if (r < 400 || r > 599 || !*e.msg) {
		abort();
	}
	cgi_release(&q);
	free(env);
	free(text);
	return 0;
}
