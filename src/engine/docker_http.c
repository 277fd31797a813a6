/* docker_http.c - HTTP requests to a Docker Engine, by libcurl's multi interface in the loop
 *
 * libcurl reports the descriptors and the timer that it needs; the loop serves them. A finished request is freed
 * after its done was called; a request may be cancelled at any time except in its own line callback.
 */
#include "engine/docker_http.h"
#include "base/buf.h"
#include "base/loop.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

struct docker_http {
	struct loop *loop;
	CURLM *multi; /* NULL: given up, the next request makes another */
	struct timer timer;
	const char *socket_path, *address, *port;
	struct http_call *calls;
};

struct http_call {
	struct docker_http *http;
	struct http_request request;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	struct buf body; /* or the incomplete line */
	const char *failure;
	bool unset; /* an option could not be set: it must not be sent */
	bool given_up;
	struct http_call *next;
};

/* ---- libcurl's sockets and timer in our loop ---------------------------------------- */

struct curl_socket {
	struct watch watch;
	struct docker_http *http;
};

static void act(struct docker_http *h, curl_socket_t fd, int what);

static void socket_ready(struct watch *w, uint32_t events)
{
	struct docker_http *h = ((struct curl_socket *)w)->http;
	int what = 0;

	if (events & (EPOLLIN | EPOLLHUP))
		what |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (events & EPOLLERR)
		what |= CURL_CSELECT_ERR;
	act(h, w->fd, what);
}

static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *arg, void *per_socket)
{
	struct docker_http *h = arg;
	struct curl_socket *s = per_socket;
	uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s) {
			loop_unwatch(&s->watch);
			s->watch.fd = -1;
			loop_doom(h->loop, free, s); /* libcurl forgets it too: it removes the socket's entry */
		}
		return 0;
	}
	if (s) {
		loop_change(&s->watch, events);
		return 0;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return -1; /* act() then gives up all requests */
	s->http = h;
	s->watch.fd = fd;
	s->watch.ready = socket_ready;
	curl_multi_assign(h->multi, fd, s);
	return loop_watch(h->loop, &s->watch, events);
}

static int timer_changed(CURLM *m, long ms, void *arg)
{
	struct docker_http *h = arg;

	if (m == h->multi) /* not one that was given up */
		loop_timer(&h->timer, ms < 0 ? 0 : loop_now(h->loop) + ms * 1000);
	return 0;
}

static void timer_fired(struct timer *t)
{
	struct docker_http *h = (struct docker_http *)((char *)t - offsetof(struct docker_http, timer));

	act(h, CURL_SOCKET_TIMEOUT, 0);
}

/* ---- bytes ------------------------------------------------------------------------------ */

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;

	if (c->body.len + size * n > HTTP_BODY_MAX || buf_add(&c->body, data, size * n) < 0) {
		c->failure = "the answer is too long";
		return 0;
	}
	return size * n;
}

static void end_line(struct http_call *c)
{
	c->request.line(c->request.arg, c->body.data ? c->body.data : "", c->body.len);
	c->body.len = 0;
}

static size_t take_lines(char *data, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;
	const char *end = data + size * n;

	for (const char *p = data; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((newline ? newline : end) - p);

		if (c->body.len + len > HTTP_LINE_MAX || buf_add(&c->body, p, len) < 0) {
			c->failure = "a line of the answer is too long";
			return 0;
		}
		if (newline)
			end_line(c);
		p += len + (newline != NULL);
	}
	return size * n;
}

static size_t give_upload(char *data, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;
	ssize_t got = c->request.upload->read(c->request.upload->arg, data, size * n);

	if (got >= 0)
		return (size_t)got;
	/* a failed reader must not look like the end of the data */
	c->failure = "the data to be sent could not be made";
	return CURL_READFUNC_ABORT;
}

/* ---- a request ---------------------------------------------------------------------------- */

static void call_free(struct http_call *c)
{
	struct http_call **p = &c->http->calls;

	while (*p && *p != c)
		p = &(*p)->next;
	if (*p)
		*p = c->next;
	if (c->easy)
		curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->headers);
	buf_release(&c->body);
	free(c);
}

/* libcurl copies texts, so each option may lack memory. A request with half of its options could go to another host. */
static void set(struct http_call *c, CURLcode code)
{
	c->unset = c->unset || code != CURLE_OK;
}

static void add_header(struct http_call *c, const char *header)
{
	struct curl_slist *more = curl_slist_append(c->headers, header);

	if (more)
		c->headers = more;
	else
		c->unset = true;
}

static void set_content(struct http_call *c, const char *type)
{
	char header[100];

	snprintf(header, sizeof(header), "Content-Type: %s", type);
	add_header(c, header);
	add_header(c, "Expect:");
	if (c->request.upload)
		add_header(c, "Transfer-Encoding: chunked");
	set(c, curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers));
}

static void set_sending(struct http_call *c)
{
	const struct http_request *r = &c->request;

	if (r->upload) {
		set_content(c, r->upload->type);
		set(c, curl_easy_setopt(c->easy, CURLOPT_POST, 1L));
		set(c, curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE, -1L));
		set(c, curl_easy_setopt(c->easy, CURLOPT_READFUNCTION, give_upload));
		set(c, curl_easy_setopt(c->easy, CURLOPT_READDATA, c));
	} else if (r->body) {
		set_content(c, "application/json");
		set(c, curl_easy_setopt(c->easy, CURLOPT_COPYPOSTFIELDS, r->body));
	} else if (strcmp(r->method, "POST") == 0) {
		set(c, curl_easy_setopt(c->easy, CURLOPT_COPYPOSTFIELDS, ""));
	}
	set(c, curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, r->method));
}

static int set_up(struct http_call *c, const char *url)
{
	const struct http_request *r = &c->request;

	c->easy = curl_easy_init();
	if (!c->easy)
		return -1;
	set(c, curl_easy_setopt(c->easy, CURLOPT_URL, url));
	set(c, curl_easy_setopt(c->easy, CURLOPT_PROXY, "")); /* ignore the proxy settings of the environment */
	set(c, curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L));
	set(c, curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "http"));
	set(c, curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, r->line ? take_lines : take_body));
	set(c, curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c));
	set(c, curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c));
	set(c, curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, r->timeout_ms));
	set(c, curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT, 10L));
	if (r->idle_s) {
		set(c, curl_easy_setopt(c->easy, CURLOPT_LOW_SPEED_LIMIT, 1L));
		set(c, curl_easy_setopt(c->easy, CURLOPT_LOW_SPEED_TIME, r->idle_s));
	}
	if (c->http->socket_path)
		set(c, curl_easy_setopt(c->easy, CURLOPT_UNIX_SOCKET_PATH, c->http->socket_path));
	set_sending(c);
	return c->unset ? -1 : 0;
}

static int make_multi(struct docker_http *h)
{
	h->multi = curl_multi_init();
	if (!h->multi)
		return -1;
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, timer_changed);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	return 0;
}

struct http_call *docker_http_send(struct docker_http *h, const struct http_request *r)
{
	struct http_call *c = calloc(1, sizeof(*c));
	AUTO_BUF struct buf url = { 0 };

	if (!c || (!h->multi && make_multi(h) < 0)) {
		free(c);
		return NULL;
	}
	c->http = h;
	c->multi = h->multi;
	c->request = *r;
	if (buf_printf(&url, "http://%s%s%s%s", h->socket_path ? "engine" : h->address, h->port ? ":" : "",
		       h->port ? h->port : "", r->path) < 0 ||
	    set_up(c, url.data) < 0 || curl_multi_add_handle(h->multi, c->easy) != CURLM_OK) {
		call_free(c);
		return NULL;
	}
	c->next = h->calls;
	h->calls = c;
	return c;
}

void docker_http_cancel(struct http_call *c)
{
	curl_multi_remove_handle(c->multi, c->easy);
	call_free(c);
}

static void finish(struct http_call *c, CURLcode code)
{
	long status = 0;

	curl_multi_remove_handle(c->multi, c->easy);
	if (code == CURLE_OK)
		curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	if (c->request.line && c->body.len)
		end_line(c);
	if (status == 0) {
		buf_release(&c->body);
		buf_printf(&c->body, "%s", c->failure ? c->failure : curl_easy_strerror(code));
	}
	c->request.done(c->request.arg, (int)status, c->body.data ? c->body.data : "", c->body.len);
	call_free(c);
}

static void check_finished(struct docker_http *h)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(h->multi, &left))) {
		struct http_call *c = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
		finish(c, code);
	}
}

/* libcurl had no memory for its table of sockets, or a socket cannot be watched: its requests would never end, and the
 * next one on that socket would divide by the size of a table that is not there. So all of them end, and libcurl begins
 * anew: requests that done callbacks send meanwhile are in another table. */
static void give_up(struct docker_http *h, CURLMcode code)
{
	CURLM *broken = h->multi;
	struct http_call *c;

	h->multi = NULL;
	loop_timer(&h->timer, 0);
	for (c = h->calls; c; c = c->next)
		c->given_up = true;
	do {
		for (c = h->calls; c && !c->given_up; c = c->next)
			;
		if (c) {
			c->failure = curl_multi_strerror(code);
			finish(c, CURLE_OUT_OF_MEMORY);
		}
	} while (c);
	curl_multi_cleanup(broken);
}

static void act(struct docker_http *h, curl_socket_t fd, int what)
{
	int running;
	CURLMcode code = curl_multi_socket_action(h->multi, fd, what, &running);

	check_finished(h);
	if (code != CURLM_OK)
		give_up(h, code);
}

/* ---- creation and release -------------------------------------------------------------------------------------- */

struct docker_http *docker_http_new(struct loop *l, const char *socket_path, const char *address, const char *port)
{
	struct docker_http *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) { /* curl counts these calls */
		free(h);
		return NULL;
	}
	h->loop = l;
	h->socket_path = socket_path;
	h->address = address;
	h->port = port;
	timer_init(&h->timer, l, timer_fired);
	if (make_multi(h) < 0) {
		curl_global_cleanup();
		free(h);
		return NULL;
	}
	return h;
}

void docker_http_free(struct docker_http *h)
{
	while (h->calls)
		docker_http_cancel(h->calls);
	curl_multi_cleanup(h->multi); /* NULL after give_up is an error that it answers */
	curl_global_cleanup();
	loop_timer(&h->timer, 0);
	free(h);
}
