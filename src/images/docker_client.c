/* engine.c - a Docker Engine, one blocking call at a time (engine.h)
 *
 * Rules: every answer is bounded; a 2xx status is not yet a success (pull,
 * import and build answer 200 and fail inside the stream); an interrupt ends
 * the call under way by closing its connection, at which the engine gives up
 * what it was doing for us.
 */
#include "images/docker_client.h"
#include "base/buf.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { ANSWER_MAX = 8 << 20, LINE_MAX_BYTES = 1 << 20, API_MAJOR = 1, API_MINOR = 41 };

volatile sig_atomic_t engine_interrupted;

static int progress(void *arg, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un)
{
	const struct engine *e = arg;

	(void)dt, (void)dn, (void)ut, (void)un;
	return engine_interrupted && !e->tidying;
}

/* Puts the handle into the state that each request starts from. The base URL
 * and the socket stay. */
static void request_reset(struct engine *e, const char *method, const char *url)
{
	curl_easy_setopt(e->curl, CURLOPT_URL, url);
	curl_easy_setopt(e->curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(e->curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(e->curl, CURLOPT_HTTPHEADER, NULL);
	/* with data left over and no function libcurl would call the write function with it */
	curl_easy_setopt(e->curl, CURLOPT_HEADERFUNCTION, NULL);
	curl_easy_setopt(e->curl, CURLOPT_HEADERDATA, NULL);
	curl_easy_setopt(e->curl, CURLOPT_READFUNCTION, NULL);
	curl_easy_setopt(e->curl, CURLOPT_LOW_SPEED_LIMIT, 0L);
	curl_easy_setopt(e->curl, CURLOPT_LOW_SPEED_TIME, 0L);
	curl_easy_setopt(e->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(e->curl, CURLOPT_XFERINFOFUNCTION, progress);
	curl_easy_setopt(e->curl, CURLOPT_XFERINFODATA, e);
}

static int failure(struct engine *e, CURLcode code, const char *path, struct cee_err *err)
{
	if (engine_interrupted && !e->tidying)
		return cee_fail(err, EINTR, "interrupted");
	if (code == CURLE_OPERATION_TIMEDOUT)
		return cee_fail(err, ETIMEDOUT, "engine: no answer in time to %s", path);
	if (code == CURLE_COULDNT_CONNECT)
		return cee_fail(err, ECONNREFUSED,
				"engine: it does not answer; start it (scripts/engine-start) or set DOCKER_HOST");
	return cee_fail(err, EIO, "engine: %s: %s", path, curl_easy_strerror(code));
}

static size_t take(char *data, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;

	(void)size;
	if (b->len + n > ANSWER_MAX || buf_add(b, data, n) < 0)
		return 0;
	return n;
}

int engine_call(struct engine *e, const char *method, const char *path, const char *body, struct buf *answer,
		struct cee_err *err)
{
	struct curl_slist *headers = NULL;
	AUTO_BUF struct buf url = { 0 };
	CURLcode code;
	long status = 0;

	if (buf_printf(&url, "%s%s", e->base, path) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	request_reset(e, method, url.data);
	if (body || !strcmp(method, "POST")) {
		headers = curl_slist_append(NULL, "Content-Type: application/json");
		curl_easy_setopt(e->curl, CURLOPT_POST, 1L);
		curl_easy_setopt(e->curl, CURLOPT_POSTFIELDSIZE, -1L);
		curl_easy_setopt(e->curl, CURLOPT_POSTFIELDS, body ? body : "");
		curl_easy_setopt(e->curl, CURLOPT_HTTPHEADER, headers);
	}
	curl_easy_setopt(e->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(e->curl, CURLOPT_WRITEDATA, answer);
	code = curl_easy_perform(e->curl);
	curl_slist_free_all(headers);
	if (code != CURLE_OK)
		return failure(e, code, path, err);
	curl_easy_getinfo(e->curl, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

const char *engine_error_text(const struct buf *answer)
{
	static char text[400];
	cJSON *o = answer->data ? cJSON_ParseWithLength(answer->data, answer->len) : NULL;
	const char *m = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "message"));

	snprintf(text, sizeof text, "%s", m ? m : "no reason given");
	cJSON_Delete(o);
	return text;
}

/* ---- streams ----------------------------------------------------------- */

struct stream {
	struct buf line;
	engine_say_fn say;
	void *arg;
	const struct engine_source *src;
	bool source_failed, too_long;
	char error[400];
};

/* A line of the stream; one that is not what we expect is passed over: the
 * last word is the error object's or the HTTP status's. */
static void stream_line(struct stream *s)
{
	cJSON *o = s->line.data ? cJSON_ParseWithLength(s->line.data, s->line.len) : NULL;
	const char *error = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "error"));
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "stream"));

	if (!error)
		error = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "message"));
	if (!text)
		text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "status"));
	if (error)
		snprintf(s->error, sizeof s->error, "%s", error);
	else if (text && s->say)
		s->say(s->arg, text);
	cJSON_Delete(o);
	s->line.len = 0;
}

static size_t stream_take(char *data, size_t size, size_t n, void *arg)
{
	struct stream *s = arg;
	const char *end = data + n;

	(void)size;
	for (const char *p = data; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((nl ? nl : end) - p);

		if (s->line.len + len > LINE_MAX_BYTES || buf_add(&s->line, p, len) < 0) {
			s->too_long = true;
			return 0;
		}
		if (nl)
			stream_line(s);
		p += len + (nl != NULL);
	}
	return n;
}

static size_t stream_give(char *data, size_t size, size_t n, void *arg)
{
	struct stream *s = arg;
	ssize_t got;

	do
		got = read(s->src->fd, data, size * n);
	while (got < 0 && errno == EINTR && !engine_interrupted);
	/* an end that the writer did not mean must not look like the end of the tar */
	if (got < 0 || (got == 0 && s->src->finish && s->src->finish(s->src->arg) < 0)) {
		s->source_failed = true;
		return CURL_READFUNC_ABORT;
	}
	return (size_t)got;
}

static struct curl_slist *upload(struct engine *e, struct stream *s)
{
	char type[100];
	struct curl_slist *h;

	snprintf(type, sizeof type, "Content-Type: %s", s->src->type);
	h = curl_slist_append(NULL, type);
	h = curl_slist_append(h, "Transfer-Encoding: chunked");
	h = curl_slist_append(h, "Expect:");
	curl_easy_setopt(e->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(e->curl, CURLOPT_POSTFIELDS, NULL);
	curl_easy_setopt(e->curl, CURLOPT_POSTFIELDSIZE, -1L);
	curl_easy_setopt(e->curl, CURLOPT_READFUNCTION, stream_give);
	curl_easy_setopt(e->curl, CURLOPT_READDATA, s);
	curl_easy_setopt(e->curl, CURLOPT_HTTPHEADER, h);
	return h;
}

static int stream_outcome(struct engine *e, struct stream *s, CURLcode code, const char *path, struct cee_err *err)
{
	long status = 0;

	if (s->line.len)
		stream_line(s);
	if (s->source_failed && !engine_interrupted)
		return cee_fail(err, EIO, "what was to be sent could not be made");
	if (s->error[0])
		return cee_fail(err, EIO, "%s", s->error);
	if (s->too_long)
		return cee_fail(err, EPROTO, "engine: %s: a line of its answer is too long", path);
	if (code != CURLE_OK)
		return failure(e, code, path, err);
	curl_easy_getinfo(e->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 300)
		return cee_fail(err, EIO, "engine: %s: HTTP status %ld", path, status);
	return 0;
}

int engine_post(struct engine *e, const char *path, const struct engine_source *src, int idle, engine_say_fn say,
		void *arg, struct cee_err *err)
{
	struct stream s = { .say = say, .arg = arg, .src = src };
	struct curl_slist *headers = NULL;
	AUTO_BUF struct buf url = { 0 };
	CURLcode code;
	int r;

	if (buf_printf(&url, "%s%s", e->base, path) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	request_reset(e, "POST", url.data);
	if (src) {
		headers = upload(e, &s);
	} else {
		curl_easy_setopt(e->curl, CURLOPT_POST, 1L);
		curl_easy_setopt(e->curl, CURLOPT_POSTFIELDSIZE, 0L);
		curl_easy_setopt(e->curl, CURLOPT_POSTFIELDS, "");
	}
	curl_easy_setopt(e->curl, CURLOPT_WRITEFUNCTION, stream_take);
	curl_easy_setopt(e->curl, CURLOPT_WRITEDATA, &s);
	if (idle) {
		curl_easy_setopt(e->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(e->curl, CURLOPT_LOW_SPEED_TIME, (long)idle);
	}
	code = curl_easy_perform(e->curl);
	r = stream_outcome(e, &s, code, path, err);
	curl_slist_free_all(headers);
	buf_release(&s.line);
	return r;
}

char *engine_escape(const char *s)
{
	static const char hex[] = "0123456789ABCDEF";
	char *out = malloc(strlen(s) * 3 + 1), *o = out;

	if (!out)
		return NULL;
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
		    c == '_' || c == '.' || c == '~') {
			*o++ = (char)c;
		} else {
			*o++ = '%';
			*o++ = hex[c >> 4];
			*o++ = hex[c & 15];
		}
	}
	*o = '\0';
	return out;
}

/* ---- opening ----------------------------------------------------------- */

/* The header "Api-Version: 1.41" into version[2]. */
static size_t version_header(char *data, size_t size, size_t n, void *arg)
{
	static const char name[] = "api-version:";
	int *version = arg;
	char line[64];

	if (n > sizeof name && !strncasecmp(data, name, sizeof name - 1)) {
		snprintf(line, sizeof line, "%.*s", (int)(n - sizeof name + 1), data + sizeof name - 1);
		if (sscanf(line, " %d.%d", &version[0], &version[1]) != 2)
			version[0] = 0;
	}
	return size * n;
}

static int host_use(struct engine *e, const char *host, struct cee_err *err)
{
	if (!strncmp(host, "unix://", 7) && host[7] == '/') {
		curl_easy_setopt(e->curl, CURLOPT_UNIX_SOCKET_PATH, host + 7);
		snprintf(e->base, sizeof e->base, "http://localhost");
		return 0;
	}
	if (!strncmp(host, "tcp://", 6) && host[6] && strlen(host) < 256 && !strpbrk(host, "@?# ")) {
		snprintf(e->base, sizeof e->base, "http://%s", host + 6);
		return 0;
	}
	return cee_fail(err, EINVAL, "docker_host: '%s': expected unix:///PATH or tcp://HOST:PORT", host);
}

/* The engine's own version is asked for: of all calls here none changed between
 * 1.41 and today, and new engines refuse old versions. */
static int version_ask(struct engine *e, struct cee_err *err)
{
	AUTO_BUF struct buf answer = { 0 };
	char url[320];
	int version[2] = { 0, 0 };
	CURLcode code;

	snprintf(url, sizeof url, "%s/_ping", e->base);
	request_reset(e, "GET", url);
	curl_easy_setopt(e->curl, CURLOPT_HEADERFUNCTION, version_header);
	curl_easy_setopt(e->curl, CURLOPT_HEADERDATA, version);
	curl_easy_setopt(e->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(e->curl, CURLOPT_WRITEDATA, &answer);
	curl_easy_setopt(e->curl, CURLOPT_TIMEOUT, 10L);
	code = curl_easy_perform(e->curl);
	curl_easy_setopt(e->curl, CURLOPT_TIMEOUT, 0L);
	if (code != CURLE_OK)
		return failure(e, code, "/_ping", err);
	if (version[0] != API_MAJOR || version[1] < API_MINOR)
		return cee_fail(err, EPROTO, "engine: its API version is %d.%d; %d.%d or later is needed", version[0],
				version[1], API_MAJOR, API_MINOR);
	snprintf(e->base + strlen(e->base), sizeof e->base - strlen(e->base), "/v%d.%d", version[0], version[1]);
	return 0;
}

int engine_open(struct engine *e, const char *host, struct cee_err *err)
{
	memset(e, 0, sizeof *e);
	e->curl = curl_easy_init();
	if (!e->curl)
		return cee_fail(err, ENOMEM, "libcurl cannot start");
	curl_easy_setopt(e->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(e->curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(e->curl, CURLOPT_CONNECTTIMEOUT, 10L);
	if (host_use(e, host, err) < 0 || version_ask(e, err) < 0) {
		engine_close(e);
		return -1;
	}
	return 0;
}

void engine_close(struct engine *e)
{
	curl_easy_cleanup(e->curl);
	e->curl = NULL;
}
