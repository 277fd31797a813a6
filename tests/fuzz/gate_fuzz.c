/* gate_fuzz - the way of a box's network: hosts in lists and addresses of images and of cee.conf, the configuration made
 * of them, and a conversation of a program and a gate through the relay. No text adds a line to the configuration, each
 * address that nobody may reach is refused unless it is listed, every byte arrives once and in order, and is counted. */
#include "fuzz.h"

#include "base/buf.h"
#include "base/error.h"
#include "conf/host_port.h"
#include "runner/box/gate_config.h"

#include "init/relay.c" /* its ways are its own */

#include <arpa/inet.h>
#include <stddef.h>

/* ---- hosts and the configuration ------------------------------------------------------------- */

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/* The lines of the fixed part are in gate_config.c; the others are of these kinds, and deny all is the last. */
static void check_config(const struct buf *b, const struct gate_rules *r)
{
	const char *last = NULL;
	size_t allowed = 0;

	MUST(strlen(b->data) == b->len && b->data[b->len - 1] == '\n');
	for (char *line = strtok(b->data, "\n"); line; line = strtok(NULL, "\n")) {
		bool allow = begins(line, "http_access allow ");

		last = line;
		allowed += allow;
		MUST(!allow || strstr(line, " port"));
		MUST(!allow || *r->proxy || strstr(line, " !special"));
		MUST(!begins(line, "include") && !strchr(line, '\\') && !strchr(line, '"'));
		if (begins(line,
			   "acl special")) /* not one of them is missing for a reason other than a listed address */
			MUST(strstr(line, "169.254.") && strstr(line, "127.0.0.") && strstr(line, "fe80::"));
	}
	MUST(allowed == r->nhosts && last && strcmp(last, "http_access deny all") == 0);
}

static void check_host(const struct host_port *h)
{
	unsigned char address[HOST_ADDRESS_LEN];
	bool is_address = host_address(address, h->host);

	MUST(h->port >= 1 && h->port <= 65535 && *h->host);
	MUST(!strpbrk(h->host, " \t\r\n/@?#\\\"'"));
	MUST(is_address == (h->kind == HOST_ADDRESS));
	MUST(!is_address || memcmp(address, h->address, sizeof address) == 0);
	/* inet_aton's forms of an address (127.1, 0x7f.1) are not names */
	MUST(h->kind != HOST_NAME || !inet_aton(h->host, &(struct in_addr){ 0 }));
}

static void hosts(char *text)
{
	struct host_port h[8];
	struct gate_rules r = { .hosts = h, .proxy = "", .dns = "", .network = "n", .image = "i" };
	struct cee_err e;
	struct buf b = { 0 };

	for (char *word = strtok(text, " "); word && r.nhosts < 8; word = strtok(NULL, " ")) {
		struct host_port *next = &h[r.nhosts];

		if (host_port_parse(next, word, &e) == 0 || host_port_of_url(next, word, &e) == 0) {
			check_host(next);
			r.nhosts++;
		} else {
			MUST(*e.msg && !strchr(e.msg, '\n'));
		}
		if (r.nhosts > 4 && *word == 'h')
			r.proxy = word; /* perhaps an invalid one */
	}
	r.inside = r.nhosts & 1;
	if (gate_config(&b, &r, 3128) == 0)
		check_config(&b, &r);
	buf_release(&b);
}

/* ---- the relay --------------------------------------------------------------------------------- */

/* The program's end of a way, and the gate's. */
struct end {
	int fd;
	struct buf said, heard;
};

static void hear(struct end *e)
{
	char bytes[4096];
	ssize_t n;

	while (e->fd >= 0 && (n = recv(e->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
		buf_add(&e->heard, bytes, (size_t)n);
}

/* times: so often, as much as there is room for */
static void say(struct end *e, const uint8_t *data, size_t n, int times)
{
	while (times--) {
		ssize_t sent = e->fd < 0 ? -1 : send(e->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent > 0)
			buf_add(&e->said, data, (size_t)sent);
	}
}

/* One round of the relay, as serve() has it for one way. */
static void turn(struct relay *r, struct way *w)
{
	if (w->fd[PROGRAM] < 0)
		return;
	choose(r);
	for (int i = 1; i < 3; i++)
		r->p[i].revents = 0;
	if (poll(r->p + 1, 2, 0) > 0)
		serve_way(r, w, r->p + 1);
	if (spent(r))
		cut_all(r);
}

static void way_open(struct relay *r, struct end ends[2])
{
	for (int i = 0; i < 2; i++) {
		int pair[2];

		MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
		setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &(int){ 1 },
			   sizeof(int)); /* the least, so that some of it waits */
		r->way[0].fd[i] = pair[0];
		ends[i].fd = pair[1];
	}
	r->counts->connections = 1;
}

static void check_way(const struct relay *r, const struct end ends[2], bool heard)
{
	const struct relay_counts *c = r->counts;

	for (int i = 0; i < 2; i++) {
		const struct end *from = &ends[i], *to = &ends[!i];

		MUST(to->heard.len <= from->said.len);
		MUST(!to->heard.len || memcmp(to->heard.data, from->said.data, to->heard.len) == 0);
		if (heard && r->way[0].fd[PROGRAM] >= 0 && from->fd >= 0) /* nothing waits without reason */
			MUST(to->fd < 0 || to->heard.len == from->said.len);
	}
	MUST(c->out <= ends[PROGRAM].said.len && c->in <= ends[GATE].said.len);
	MUST(c->out >= ends[GATE].heard.len && c->in >= ends[PROGRAM].heard.len);
	MUST(c->connections + c->refused == 1);
}

/* Each step is a byte that says who speaks (once or often), ends or closes and whether anybody listens, and for speech a
 * length and its bytes. */
static void conversation(const uint8_t *data, size_t size)
{
	static struct relay r;
	struct relay_counts counts = { 0 };
	struct end ends[2] = { { -1, { 0 }, { 0 } }, { -1, { 0 }, { 0 } } };

	memset(r.way[0].from, 0, offsetof(struct half, data)); /* not their megabytes */
	memset(&r.way[0].from[GATE], 0, offsetof(struct half, data));
	r.way[0].answered = false;
	r.counts = &counts;
	r.listener = -1;
	r.bounds = (struct relay_bounds){ 1, size > 200 && size < 400 ? 300 : UINT64_MAX };
	for (int k = 0; k < WAYS; k++)
		r.way[k].fd[0] = r.way[k].fd[1] = -1;
	way_open(&r, ends);
	while (size >= 2) {
		struct end *e = &ends[data[0] & 1];
		bool listens = !(data[0] & 8);
		size_t n = data[1] < size - 2 ? data[1] : size - 2;

		switch (data[0] >> 1 & 3) {
		case 0:
		case 1:
			say(e, data + 2, n, data[0] & 16 ? 120 : 1);
			data += n, size -= n;
			break;
		case 2:
			if (e->fd >= 0)
				shutdown(e->fd, SHUT_WR);
			break;
		case 3:
			if (e->fd >= 0)
				close(e->fd);
			e->fd = -1;
		}
		data += 2, size -= 2;
		for (int i = 0; i < (listens ? 40 : 4); i++) {
			turn(&r, &r.way[0]);
			if (listens) {
				hear(&ends[0]);
				hear(&ends[1]);
			}
		}
		check_way(&r, ends, listens);
	}
	cut_all(&r);
	for (int i = 0; i < 2; i++) {
		if (ends[i].fd >= 0)
			close(ends[i].fd);
		buf_release(&ends[i].said);
		buf_release(&ends[i].heard);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct relay_bounds bounds;
	char text[600];

	if (size < 1 || size >= sizeof text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] == 'b' && relay_bounds_read(&bounds, text))
		MUST(strspn(text, "0123456789 \t\n\v\f\r+-") == strlen(text));
	else if (data[0] == 'h')
		hosts(text);
	else
		conversation(data, size);
	return 0;
}
