/* engine.c - the engine's plain requests, by libcurl's multi interface
 *
 * The engine is hostile too: bodies are bounded, versions are read as numbers.
 * While it does not answer, one ping at a time goes out every half second;
 * who has work for it waits for changed(true). A request that gets no answer
 * makes us look at once.
 */
#include "runner/engine/docker.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "runner/core/counters.h"
#include "runner/core/loop.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
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
	CURL *easy;
	struct curl_slist *headers;
	struct buf body;
	engine_done done;
	void *arg;
};

static CURLM *multi;
static struct timer curl_timer, ping_timer;
static char *socket_path, *address, *port; /* unix or tcp */
static char api[16];
static bool up, pinging;
static bool asked, old;	  /* an answer, or its absence, has come; its API is too old */
static char trouble[320]; /* why it is not up */
static void (*on_change)(bool up);

bool engine_up(void)
{
	return up;
}
const char *engine_api(void)
{
	return api;
}
bool engine_old(void)
{
	return old;
}
const char *engine_trouble(void)
{
	return trouble;
}

/* ---- libcurl's sockets in our epoll ----------------------------------- */

static void check_finished(void);

static void socket_ready(struct watch *w, uint32_t events)
{
	int running, what = 0;

	if (events & (EPOLLIN | EPOLLHUP))
		what |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (events & EPOLLERR)
		what |= CURL_CSELECT_ERR;
	curl_multi_socket_action(multi, w->fd, what, &running);
	check_finished();
}

static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *arg, void *per_socket)
{
	struct watch *w = per_socket;
	uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);

	(void)easy;
	(void)arg;
	if (what == CURL_POLL_REMOVE) {
		if (w) {
			loop_unwatch(w);
			w->fd = -1;
			loop_doom(free, w);
			curl_multi_assign(multi, fd, NULL);
		}
		return 0;
	}
	if (w) {
		loop_change(w, events);
		return 0;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return -1;
	w->fd = fd;
	w->ready = socket_ready;
	curl_multi_assign(multi, fd, w);
	return loop_watch(w, events);
}

static int timer_changed(CURLM *m, long ms, void *arg)
{
	(void)m;
	(void)arg;
	loop_timer(&curl_timer, ms < 0 ? 0 : mono_us() + ms * 1000);
	return 0;
}

static void timer_fired(struct timer *t)
{
	int running;

	(void)t;
	curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
	check_finished();
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

static CURL *make_easy(struct engine_call *c, const char *method, const char *url, const char *body)
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
	if (socket_path)
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket_path);
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

static struct engine_call *start_call(const char *method, const char *prefix, const char *path, const char *body,
				      long timeout_ms, engine_done done, void *arg)
{
	struct engine_call *c = calloc(1, sizeof(*c));
	AUTO_BUF struct buf url = { 0 };

	if (!c)
		return NULL;
	c->done = done;
	c->arg = arg;
	if (buf_printf(&url, "http://%s%s%s%s%s", socket_path ? "engine" : address, port ? ":" : "", port ? port : "",
		       prefix, path) == 0)
		c->easy = make_easy(c, method, url.data, body);
	if (!c->easy) {
		call_free(c);
		return NULL;
	}
	curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_multi_add_handle(multi, c->easy);
	return c;
}

struct engine_call *engine_request(const char *method, const char *path, const char *body, long timeout_ms,
				   engine_done done, void *arg)
{
	char prefix[24];

	snprintf(prefix, sizeof(prefix), "/v%s", api);
	return start_call(method, prefix, path, body, timeout_ms, done, arg);
}

void engine_forget(struct engine_call *c)
{
	if (c)
		c->done = NULL;
}

static void finish_call(struct engine_call *c, CURLcode code)
{
	long status = 0;

	curl_multi_remove_handle(multi, c->easy);
	if (code == CURLE_OK)
		curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 0) {
		buf_release(&c->body);
		buf_printf(&c->body, "%s", curl_easy_strerror(code));
	}
	if (status == 0 && up)
		loop_timer(&ping_timer, mono_us()); /* look at once whether it is still there */
	if (status == 0 || status >= 500)
		metrics_engine_error();
	if (c->done)
		c->done(c->arg, (int)status, c->body.data ? c->body.data : "", c->body.len);
	call_free(c);
}

static void check_finished(void)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(multi, &left))) {
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

static void set_up(bool now, bool too_old)
{
	bool changed = now != up || too_old != old || !asked;

	up = now;
	old = too_old;
	asked = true;
	if (changed)
		on_change(up);
	/* a healthy engine is looked at rarely: its absence shows by itself */
	loop_timer(&ping_timer, mono_us() + (up ? 20 : 1) * (int64_t)PING_EVERY_US);
}

/* "1.41" with a major version of 1 and at least API_MIN. */
static bool take_version(const char *s)
{
	int minor;

	if (!s || sscanf(s, "1.%d", &minor) != 1 || minor < API_MIN || minor > 999)
		return false;
	snprintf(api, sizeof(api), "1.%d", minor);
	return true;
}

static void version_done(void *arg, int status, const char *body, size_t len)
{
	cJSON *j = cJSON_ParseWithLength(body, len);
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(j, "ApiVersion");
	bool ok = status == 200 && take_version(cJSON_GetStringValue(v));

	(void)arg;
	pinging = false;
	trouble[0] = 0;
	if (status == 200 && !ok)
		snprintf(trouble, sizeof(trouble), "its API is %.20s, older than 1.%d",
			 cJSON_IsString(v) ? v->valuestring : "not said", API_MIN);
	else if (!ok)
		snprintf(trouble, sizeof(trouble), "%.*s", (int)strcspn(body, "\r\n"), body);
	text_clean(trouble);
	cJSON_Delete(j);
	set_up(ok, status == 200 && !ok);
}

static void ping(struct timer *t)
{
	(void)t;
	if (pinging)
		return;
	/* GET /version without a version in the path says the newest API it knows */
	pinging = start_call("GET", "", "/version", NULL, 5000, version_done, NULL) != NULL;
}

/* ---- life ------------------------------------------------------------------ */

static int parse_host(const char *host, struct cee_err *e)
{
	const char *colon;

	if (strncmp(host, "unix://", 7) == 0 && host[7] == '/') {
		socket_path = strdup(host + 7);
		return socket_path ? 0 : -1;
	}
	colon = strncmp(host, "tcp://", 6) == 0 ? strrchr(host + 6, ':') : NULL;
	if (!colon || strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return cee_fail(e, EINVAL, "docker_host: %s: want unix:///path or tcp://address:port", host);
	address = strndup(host + 6, (size_t)(colon - host - 6));
	port = strdup(colon + 1);
	return address && port ? 0 : -1;
}

int engine_init(const char *host, void (*changed)(bool), struct cee_err *e)
{
	if (parse_host(host, e) < 0)
		return -1;
	on_change = changed;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	if (!multi)
		return cee_fail(e, ENOMEM, "libcurl: no memory");
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_changed);
	curl_timer.fire = timer_fired;
	ping_timer.fire = ping;
	loop_timer(&ping_timer, mono_us());
	return 0;
}

void engine_release(void)
{
	curl_multi_cleanup(multi);
	curl_global_cleanup();
	free(socket_path);
	free(address);
	free(port);
}

static int connect_unix(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int keep;

	if (strlen(socket_path) >= sizeof(sa.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(sa.sun_path, socket_path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -1;
	keep = fd;
	fd = -1;
	return keep;
}

int engine_connect(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *ai;
	char bare[256];
	int fd = -1;

	if (socket_path)
		return connect_unix();
	/* "[::1]" has its brackets in a URL only */
	if (address[0] == '[')
		snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(address + 1, "]"), address + 1);
	else
		snprintf(bare, sizeof(bare), "%s", address);
	if (getaddrinfo(bare, port, &hints, &ai) != 0) {
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
