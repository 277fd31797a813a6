/* docker.c - the engine's plain requests, by libcurl's multi interface
 *
 * The engine is hostile too: bodies are bounded, versions are read as numbers.
 * While it does not answer, one ping at a time goes out every half second;
 * who has work for it waits for changed(true). A request that gets no answer
 * makes us look at once.
 */
#include "engine/docker.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>


enum { BODY_MAX = 4 << 20, PING_EVERY_US = 500000, API_MIN = 41 };

struct engine_call {
	struct engine *engine;
	CURL *easy;
	struct curl_slist *headers;
	struct buf body;
	engine_done done;
	void *arg;
};

bool engine_up(const struct engine *en)
{
	return en->up;
}

const char *engine_api(const struct engine *en)
{
	return en->api;
}

bool engine_old(const struct engine *en)
{
	return en->old;
}

const char *engine_trouble(const struct engine *en)
{
	return en->trouble;
}

int64_t engine_errors(const struct engine *en)
{
	return en->errors;
}

/* ---- libcurl's sockets in our epoll ----------------------------------- */

static void check_finished(struct engine *en);

struct curl_socket {
	struct watch watch;
	struct engine *engine;
};

static void socket_ready(struct watch *w, uint32_t events)
{
	struct engine *en = ((struct curl_socket *)w)->engine;
	int running, what = 0;

	if (events & (EPOLLIN | EPOLLHUP))
		what |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (events & EPOLLERR)
		what |= CURL_CSELECT_ERR;
	curl_multi_socket_action(en->multi, w->fd, what, &running);
	check_finished(en);
}

static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *arg, void *per_socket)
{
	struct engine *en = arg;
	struct curl_socket *s = per_socket;
	uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s) {
			loop_unwatch(&s->watch);
			s->watch.fd = -1;
			loop_doom(en->loop, free, s);
			curl_multi_assign(en->multi, fd, NULL);
		}
		return 0;
	}
	if (s) {
		loop_change(&s->watch, events);
		return 0;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return -1;
	s->engine = en;
	s->watch.fd = fd;
	s->watch.ready = socket_ready;
	curl_multi_assign(en->multi, fd, s);
	return loop_watch(en->loop, &s->watch, events);
}

static int timer_changed(CURLM *m, long ms, void *arg)
{
	struct engine *en = arg;

	(void)m;
	loop_timer(&en->curl_timer, ms < 0 ? 0 : loop_now(en->loop) + ms * 1000);
	return 0;
}

static void timer_fired(struct timer *t)
{
	struct engine *en = (struct engine *)((char *)t - offsetof(struct engine, curl_timer));
	int running;

	curl_multi_socket_action(en->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	check_finished(en);
}

/* ---- requests ----------------------------------------------------------- */

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
	struct engine_call *c = arg;

	if (c->body.len + size * n > BODY_MAX || buf_add(&c->body, data, size * n) < 0)
		return 0;
	return size * n;
}

static void call_free(struct engine_call *c)
{
	if (c->easy)
		curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->headers);
	buf_release(&c->body);
	free(c);
}

static CURL *make_easy(const struct engine *en, struct engine_call *c, const char *method, const char *url,
		       const char *body)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		return NULL;
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* never through a proxy of the environment */
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, c);
	if (en->socket_path)
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, en->socket_path);
	if (body) {
		c->headers = curl_slist_append(NULL, "Content-Type: application/json");
		c->headers = curl_slist_append(c->headers, "Expect:");
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body);
		curl_easy_setopt(easy, CURLOPT_HTTPHEADER, c->headers);
	} else if (strcmp(method, "POST") == 0) {
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, "");
	}
	return easy;
}

static struct engine_call *start_call(struct engine *en, const char *method, const char *prefix, const char *path,
				      const char *body, long timeout_ms, engine_done done, void *arg)
{
	struct engine_call *c = calloc(1, sizeof(*c));
	AUTO_BUF struct buf url = { 0 };

	if (!c)
		return NULL;
	c->engine = en;
	c->done = done;
	c->arg = arg;
	if (buf_printf(&url, "http://%s%s%s%s%s", en->socket_path ? "engine" : en->address, en->port ? ":" : "",
		       en->port ? en->port : "", prefix, path) == 0)
		c->easy = make_easy(en, c, method, url.data, body);
	if (!c->easy) {
		call_free(c);
		return NULL;
	}
	curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_multi_add_handle(en->multi, c->easy);
	return c;
}

struct engine_call *engine_request(struct engine *en, const char *method, const char *path, const char *body,
				   long timeout_ms, engine_done done, void *arg)
{
	char prefix[24];

	snprintf(prefix, sizeof(prefix), "/v%s", en->api);
	return start_call(en, method, prefix, path, body, timeout_ms, done, arg);
}

void engine_forget(struct engine_call *c)
{
	if (c)
		c->done = NULL;
}

static void finish_call(struct engine_call *c, CURLcode code)
{
	struct engine *en = c->engine;
	long status = 0;

	curl_multi_remove_handle(en->multi, c->easy);
	if (code == CURLE_OK)
		curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 0) {
		buf_release(&c->body);
		buf_printf(&c->body, "%s", curl_easy_strerror(code));
	}
	if (status == 0 && en->up)
		loop_timer(&en->ping_timer, loop_now(en->loop)); /* look at once whether it is still there */
	if (status == 0 || status >= 500)
		en->errors++;
	if (c->done)
		c->done(c->arg, (int)status, c->body.data ? c->body.data : "", c->body.len);
	call_free(c);
}

static void check_finished(struct engine *en)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(en->multi, &left))) {
		struct engine_call *c = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
		finish_call(c, code);
	}
}

char *engine_message(int status, const char *body, size_t len)
{
	cJSON *j = cJSON_ParseWithLength(body, len);
	const cJSON *m = cJSON_GetObjectItemCaseSensitive(j, "message");
	char *s = NULL;

	if (asprintf(&s, "%.300s%s", cJSON_IsString(m) ? m->valuestring : body,
		     status ? "" : " (no answer from the engine)") < 0)
		s = NULL;
	cJSON_Delete(j);
	return s;
}

/* ---- is it there? --------------------------------------------------------- */

static void set_up(struct engine *en, bool now, bool too_old)
{
	bool changed = now != en->up || too_old != en->old || !en->asked;

	en->up = now;
	en->old = too_old;
	en->asked = true;
	if (changed)
		en->changed(en->arg, en->up);
	/* a healthy engine is looked at rarely: its absence shows by itself */
	loop_timer(&en->ping_timer, loop_now(en->loop) + (en->up ? 6 : 1) * (int64_t)PING_EVERY_US);
}

/* "1.41" with a major version of 1 and at least API_MIN. */
static bool take_version(struct engine *en, const char *s)
{
	int minor;

	if (!s || sscanf(s, "1.%d", &minor) != 1 || minor < API_MIN || minor > 999)
		return false;
	snprintf(en->api, sizeof(en->api), "1.%d", minor);
	return true;
}

static void version_done(void *arg, int status, const char *body, size_t len)
{
	struct engine *en = arg;
	cJSON *j = cJSON_ParseWithLength(body, len);
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(j, "ApiVersion");
	bool ok = status == 200 && take_version(en, cJSON_GetStringValue(v));

	en->pinging = false;
	en->trouble[0] = 0;
	if (status == 200 && !ok)
		snprintf(en->trouble, sizeof(en->trouble), "its API is %.20s, older than 1.%d",
			 cJSON_IsString(v) ? v->valuestring : "not said", API_MIN);
	else if (!ok)
		snprintf(en->trouble, sizeof(en->trouble), "%.*s", (int)strcspn(body, "\r\n"), body);
	text_clean(en->trouble);
	cJSON_Delete(j);
	set_up(en, ok, status == 200 && !ok);
}

static void ping(struct timer *t)
{
	struct engine *en = (struct engine *)((char *)t - offsetof(struct engine, ping_timer));

	if (en->pinging)
		return;
	/* GET /version without a version in the path says the newest API it knows */
	en->pinging = start_call(en, "GET", "", "/version", NULL, 5000, version_done, en) != NULL;
}

/* ---- life ------------------------------------------------------------------ */

static int parse_host(struct engine *en, const char *host, struct cee_err *e)
{
	const char *colon;

	if (strncmp(host, "unix://", 7) == 0 && host[7] == '/') {
		en->socket_path = strdup(host + 7);
		return en->socket_path ? 0 : -1;
	}
	colon = strncmp(host, "tcp://", 6) == 0 ? strrchr(host + 6, ':') : NULL;
	if (!colon || strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return cee_fail(e, EINVAL, "docker_host: %s: want unix:///path or tcp://address:port", host);
	en->address = strndup(host + 6, (size_t)(colon - host - 6));
	en->port = strdup(colon + 1);
	return en->address && en->port ? 0 : -1;
}

int engine_init(struct engine *en, struct loop *l, const char *host, void (*changed)(void *, bool), void *arg,
		struct cee_err *e)
{
	*en = (struct engine){ .loop = l, .changed = changed, .arg = arg };
	if (parse_host(en, host, e) < 0)
		return -1;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	en->multi = curl_multi_init();
	if (!en->multi)
		return cee_fail(e, ENOMEM, "libcurl: no memory");
	curl_multi_setopt(en->multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
	curl_multi_setopt(en->multi, CURLMOPT_SOCKETDATA, en);
	curl_multi_setopt(en->multi, CURLMOPT_TIMERFUNCTION, timer_changed);
	curl_multi_setopt(en->multi, CURLMOPT_TIMERDATA, en);
	timer_init(&en->curl_timer, l, timer_fired);
	timer_init(&en->ping_timer, l, ping);
	loop_timer(&en->ping_timer, loop_now(en->loop));
	return 0;
}

void engine_release(struct engine *en)
{

	loop_timer(&en->ping_timer, 0);
	curl_multi_cleanup(en->multi);
	curl_global_cleanup();
	free(en->socket_path);
	free(en->address);
	free(en->port);
}

static int connect_unix(const struct engine *en)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int keep;

	if (strlen(en->socket_path) >= sizeof(sa.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(sa.sun_path, en->socket_path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -1;
	keep = fd;
	fd = -1;
	return keep;
}

int engine_connect(const struct engine *en)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *ai;
	char bare[256];
	int fd = -1;

	if (en->socket_path)
		return connect_unix(en);
	/* "[::1]" has its brackets in a URL only */
	if (en->address[0] == '[')
		snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(en->address + 1, "]"), en->address + 1);
	else
		snprintf(bare, sizeof(bare), "%s", en->address);
	if (getaddrinfo(bare, en->port, &hints, &ai) != 0) {
		errno = EHOSTUNREACH;
		return -1;
	}
	for (struct addrinfo *a = ai; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(ai);
	return fd;
}
