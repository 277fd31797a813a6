/* cgi.c - the request of RFC 3875, without any I/O (cgi.h)
 *
 * Trusted are only the variables that the server sets itself: the user (REMOTE_USER) and those of its configuration
 * (CEE_…). All others may have been chosen by the client.
 * The rules:
 *   - PATH_INFO comes decoded and is not decoded again: a second pass would make "/.." of
 *     what the server has let through as "%252e%252e".
 *   - No path here ever becomes a path on disk.
 *   - A length that is not exactly digits is an error, not 0; so are two lengths that a server
 *     joined ("5, 7").
 */
#include "http/cgi.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"
#include "http/cursor.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const method_name[METHOD_COUNT] = {
#define M(id, text) [METHOD_##id] = text,
	METHODS(M)
#undef M
		[METHOD_OTHER] = "another"
};

static int refuse(struct cee_err *e, int status, const char *what)
{
	cee_fail(e, EINVAL, "%s", what);
	return status;
}

/* ---- the environment ---------------------------------------------------------- */

const char *cgi_variable(const struct cgi *q, const char *name)
{
	size_t n = strlen(name);

	for (char *const *v = q->env; *v; v++)
		if (strncmp(*v, name, n) == 0 && (*v)[n] == '=')
			return (*v)[n + 1] ? *v + n + 1 : NULL;
	return NULL;
}

static int bounded(const struct cgi *q, struct cee_err *e)
{
	size_t n = 0;

	for (char *const *v = q->env; *v; v++)
		if (++n > CGI_VARIABLES || strnlen(*v, CGI_VARIABLE_MAX + 1) > CGI_VARIABLE_MAX)
			return refuse(e, 431, "the request's headers are too many or too long");
	return 0;
}

/* Rejects variables with two different values (from two servers, or from client and server) that
 * decide who the caller is and what is requested. */
static int no_two(const struct cgi *q, struct cee_err *e)
{
	static const char *const names[] = {
		"REMOTE_USER",	"SCRIPT_NAME",	  "PATH_INFO",		"REQUEST_METHOD",
		"QUERY_STRING", "CONTENT_LENGTH", "HTTP_AUTHORIZATION", "HTTP_CEE_USER",
		"CEE_CONF",	"HTTP_HOST",	  "CEE_HTTP_HOSTS",	"CEE_SPOOL",
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t n = strlen(names[i]);
		const char *first = NULL;

		for (char *const *v = q->env; *v; v++) {
			if (strncmp(*v, names[i], n) != 0 || (*v)[n] != '=')
				continue;
			if (first && strcmp(first, *v) != 0) {
				cee_fail(e, EINVAL, "%s: given twice, with different values", names[i]);
				return 400;
			}
			first = *v;
		}
	}
	return 0;
}

static enum method parse_method(const char *s)
{
	for (int i = 0; s && i < METHOD_OTHER; i++)
		if (strcmp(s, method_name[i]) == 0)
			return (enum method)i;
	return METHOD_OTHER;
}

static int parse_length(struct cgi *q, struct cee_err *e)
{
	const char *s = cgi_variable(q, "CONTENT_LENGTH");

	q->length = cgi_variable(q, "HTTP_TRANSFER_ENCODING") ? -1 : 0;
	if (!s)
		return 0;
	if (s[strspn(s, "0123456789")])
		return refuse(e, 400, "Content-Length: must be one number");
	if (strlen(s) > 15)
		return refuse(e, 413, "Content-Length: the request's body is too large");
	q->length = strtoll(s, NULL, 10);
	return 0;
}

/* ---- escapes ------------------------------------------------------------------ */

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

int cgi_unescape(char *s, bool plus)
{
	char *to = s;

	for (; *s; s++) {
		int c = (unsigned char)*s;

		if (c == '%') {
			int high = hex(s[1]), low = high < 0 ? -1 : hex(s[2]);

			c = low < 0 ? 0 : high << 4 | low;
			if (c == 0)
				return -1;
			s += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		*to++ = (char)c;
	}
	*to = 0;
	return 0;
}

int cgi_escape(struct buf *b, const char *s, bool part)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *s; s++) {
		bool as_it_is = strchr(plain, *s) || (*s == '/' && !part);

		if ((as_it_is ? buf_add(b, s, 1) : buf_printf(b, "%%%02X", (unsigned char)*s)) < 0)
			return -1;
	}
	return 0;
}

/* ---- path and query ----------------------------------------------------------------- */

static bool text_ok(const char *s)
{
	for (size_t len = strlen(s), i = 0, n; i < len; i += n)
		if ((n = utf8_printable(s + i, len - i)) == 0)
			return false;
	return true;
}

static int parse_path(struct cgi *q, struct cee_err *e)
{
	const char *path = cgi_variable(q, "PATH_INFO"), *prefix = cgi_variable(q, "SCRIPT_NAME");
	size_t n;

	path = path ? path : "/";
	prefix = prefix ? prefix : "";
	if (strlen(path) > CGI_PATH_MAX || strlen(prefix) > CGI_PATH_MAX)
		return refuse(e, 414, "the path is too long");
	if (*path != '/' || !text_ok(path) || !text_ok(prefix))
		return refuse(e, 400, "the path must be UTF-8 without control characters");
	q->path = strdup(path);
	q->prefix = strdup(prefix);
	if (!q->path || !q->prefix)
		return refuse(e, 500, "out of memory");
	for (n = strlen(q->prefix); n > 0 && q->prefix[n - 1] == '/'; n--)
		q->prefix[n - 1] = 0;
	return 0;
}

/* One "name=value" of n bytes. */
static int parse_param(struct cgi *q, const char *s, size_t n, struct cee_err *e)
{
	struct cgi_param *p = &q->query[q->nquery];
	char *value;

	p->name = strndup(s, n);
	if (!p->name)
		return refuse(e, 500, "out of memory");
	q->nquery++;
	value = strchr(p->name, '=');
	if (value)
		*value++ = 0;
	p->value = strdup(value ? value : "");
	if (!p->value)
		return refuse(e, 500, "out of memory");
	if (cgi_unescape(p->name, true) < 0 || cgi_unescape(p->value, true) < 0 ||
	    !utf8_valid(p->name, strlen(p->name)) || !utf8_valid(p->value, strlen(p->value)))
		return refuse(e, 400, "the query must be UTF-8, with %XX for what is special, and without %00");
	return 0;
}

static int parse_query(struct cgi *q, struct cee_err *e)
{
	const char *s = cgi_variable(q, "QUERY_STRING");
	int r = 0;

	if (!s)
		return 0;
	q->query = calloc(CGI_PARAMS_MAX, sizeof *q->query);
	if (!q->query)
		return refuse(e, 500, "out of memory");
	while (*s && r == 0) {
		size_t n = strcspn(s, "&");

		if (q->nquery == CGI_PARAMS_MAX)
			return refuse(e, 400, "the query has too many parameters");
		if (n > 0)
			r = parse_param(q, s, n, e);
		s += n + (s[n] == '&');
	}
	return r;
}

const char *cgi_query(const struct cgi *q, const char *name)
{
	for (size_t i = 0; i < q->nquery; i++)
		if (strcmp(q->query[i].name, name) == 0)
			return q->query[i].value;
	return NULL;
}

/* ---- the whole ------------------------------------------------------------------------- */

int cgi_parse(struct cgi *q, char *const *env, struct cee_err *e)
{
	int r;

	*q = (struct cgi){ .env = env, .method = METHOD_OTHER };
	if ((r = bounded(q, e)) || (r = no_two(q, e)))
		return r;
	q->method = parse_method(cgi_variable(q, "REQUEST_METHOD"));
	if ((r = parse_path(q, e)) || (r = parse_query(q, e)) || (r = parse_length(q, e)))
		return r;
	return 0;
}

void cgi_release(struct cgi *q)
{
	for (size_t i = 0; i < q->nquery; i++) {
		free(q->query[i].name);
		free(q->query[i].value);
	}
	free(q->query);
	free(q->path);
	free(q->prefix);
	*q = (struct cgi){ 0 };
}

/* ---- Accept --------------------------------------------------------------------------------- */

static bool quality_is_zero(const char *s, size_t n)
{
	const char *q = memmem(s, n, "q=", 2);

	if (!q)
		return false;
	q += 2;
	return *q == '0' && (q + 1 >= s + n || q[strspn(q, "0.")] < '1' || q[strspn(q, "0.")] > '9');
}

bool cgi_accepts(const char *accept, const char *type)
{
	size_t len = strlen(type);

	while (accept && *accept) {
		size_t n, t;

		accept += strspn(accept, " \t,");
		n = strcspn(accept, ",");
		t = strcspn(accept, ",; \t");
		if (t == len && strncasecmp(accept, type, len) == 0)
			return !quality_is_zero(accept + t, n - t);
		accept += n;
	}
	return false;
}

bool cgi_content_type(const struct cgi *q, const char *type)
{
	const char *s = cgi_variable(q, "CONTENT_TYPE");
	size_t n = s ? strcspn(s, "; \t") : 0;

	return n == strlen(type) && n > 0 && strncasecmp(s, type, n) == 0;
}
