/* gate_test.c - gates: the proxy's configuration, and the state machine against an engine that the test plays */
#include "check.h"
#include "steps.h"
#include "fake_engine.h"
#include "base/buf.h"
#include "conf/host_port.h"
#include "runner/box/box.h"
#include "runner/box/boxes.h"
#include "runner/box/gate.h"
#include "runner/box/gate_config.h"
#include "runner/core/config.h"
#include "runner/core/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECOND = 1000000, HOSTS = 4 };

/* ---- the configuration ------------------------------------------------------------------ */

static char *config(const char *const *hosts, bool inside, const char *proxy)
{
	static struct buf b;
	struct host_port list[HOSTS];
	struct gate_rules r = { .hosts = list, .inside = inside, .proxy = proxy, .dns = "", .network = "bridge" };

	buf_release(&b);
	for (; *hosts; hosts++)
		if (host_port_parse(&list[r.nhosts++], *hosts, NULL) < 0)
			return NULL;
	return gate_config(&b, &r, 3128) == 0 ? b.data : NULL;
}

static bool has(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *p = text; p && (p = strstr(p, line)); p++)
		if ((p == text || p[-1] == '\n') && p[n] == '\n')
			return true;
	return false;
}

static void rules(void)
{
	static const char *const names[] = { "example.org:443", "*.example.net:80", NULL },
				 *const addresses[] = { "Mirror.test:443", "10.0.0.5:443", "10.0.0.0:443",
							"127.0.0.1:8080", NULL },
				 *const six[] = { "[fe80::1]:443", NULL };
	const char *text = config(names, false, "");

	CHECK(has(text, "http_port 127.0.0.1:3128") && has(text, "client_persistent_connections off"));
	CHECK(has(text, "acl host0 dstdomain -n example.org") && has(text, "acl host1 dstdomain -n .example.net"));
	CHECK(has(text, "acl port443 port 443") && has(text, "acl port80 port 80"));
	CHECK(has(text, "http_access allow host0 port443 !special443"));
	CHECK(has(text, "http_access allow host1 port80 !special80"));
	CHECK(has(text, "http_access deny other"));
	CHECK(has(text, "http_access deny all") && !strstr(text, "cache_peer"));
	CHECK(strstr(text, " 127.0.0.0-127.255.255.255") && strstr(text, " 169.254.0.0-169.254.255.255"));
	CHECK(strstr(text, " 10.0.0.0-10.255.255.255") && strstr(text, " 100.64.0.0-100.127.255.255"));
	CHECK(strstr(text, " fc00::-fdff:") && strstr(text, " fe80::-ffff:"));
	/* the last rule is the refusal */
	CHECK(strcmp(text + strlen(text) - strlen("http_access deny all\n"), "http_access deny all\n") == 0);

	/* listed addresses are cut out of the ranges of their port, and of no other */
	text = config(addresses, false, "");
	CHECK(has(text, "acl host0 dstdomain -n mirror.test"));
	CHECK(strstr(text, " 10.0.0.1-10.0.0.4 10.0.0.6-10.255.255.255"));
	CHECK(strstr(text, "acl special8080") && strstr(strstr(text, "acl special8080"), " 10.0.0.0-10.255.255.255"));
	CHECK(strstr(text, " 127.0.0.0 127.0.0.2-127.255.255.255") && strstr(text, " 127.0.0.0-127.255.255.255"));
	text = config(six, false, "");
	CHECK(has(text, "acl host0 dstdomain -n [fe80::1]"));
	CHECK(strstr(text, " fe80:: fe80::2-ffff:"));

	text = config(names, true, ""); /* the administrator's own registry may lie inside */
	CHECK(!strstr(text, " 10.0.0.0-") && strstr(text, " 127.0.0.0-") && strstr(text, " 169.254.0.0-"));
	text = config(names, false, "https://proxy.test:8443/"); /* which looks names up itself */
	CHECK(strstr(text, "cache_peer proxy.test parent 8443 0") && strstr(text, " tls\nnever_direct allow all\n"));
	CHECK(has(text, "http_access allow host0 port443") && has(text, "http_access deny all"));
	CHECK(!config(names, false, "proxy"));
}

static bool refused(const char *text)
{
	struct host_port h;
	struct cee_err e;

	return host_port_parse(&h, text, &e) == -1 && strstr(e.msg, "HOST:PORT");
}

static void hosts(void)
{
	static const char *const wrong[] = { "",	 "example.org", ":443",	    "example.org:",  "example.org:0",
					     "a b:1",	 "a:65536",	"127.1:80", "0x7f000001:80", "2130706433:80",
					     "a..b:1",	 ".a:1",	"a.:1",	    "::1:80",	     "[10.0.0.300]:1",
					     "*.1:1",	 "*:443",	"a/b:1",    "http://a.b:80", "user@a.b:80",
					     "a\nb.c:1", "[::1]80",	"a:1:2",    "a.b:443\tc.d:1" };
	struct host_port h;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (!refused(wrong[i]))
			CHECK(!wrong[i]);
	CHECK(host_port_parse(&h, "[::1]:80", NULL) == 0 && h.kind == HOST_ADDRESS && h.port == 80);
	CHECK(host_port_parse(&h, "*.Example.ORG:8080", NULL) == 0 && h.kind == HOST_BELOW &&
	      strcmp(h.host, ".example.org") == 0);
	CHECK(host_port_of_url(&h, "https://a.test/simple/", NULL) == 0 && h.port == 443 && h.kind == HOST_NAME);
	CHECK(host_port_of_url(&h, "http://[::1]:81", NULL) == 0 && h.port == 81 && h.kind == HOST_ADDRESS);
	CHECK(host_port_of_url(&h, "http://127.0.0.1/x:9", NULL) == 0 && h.port == 80);
	CHECK(host_port_of_url(&h, "ftp://a.test/", NULL) == -1 && host_port_of_url(&h, "http:///x", NULL) == -1);
}

/* ---- its life --------------------------------------------------------------------------------- */

struct bench {
	struct loop loop;
	struct fake_engine fake;
	struct config config;
	struct boxes boxes;
	char path[100];
	int opened, failed, ready, ended;
	char reason[600];
	struct box *box;
};

static void on_opened(void *arg)
{
	((struct bench *)arg)->opened++;
}

static void on_failed(void *arg, const char *reason)
{
	struct bench *t = arg;

	t->failed++;
	snprintf(t->reason, sizeof t->reason, "%s", reason);
}

static void bench_start(struct bench *t)
{
	*t = (struct bench){ .config = { .conf = { .init = (char *)"/init", .uid_base = 1000, .uid_count = 9 },
					 .seccomp = (char *)"{}" } };
	loop_init(&t->loop);
	loop_hold(&t->loop);
	fake_init(&t->fake, &t->loop, NULL, NULL);
	boxes_init(&t->boxes, &t->loop, &t->fake.engine, &t->config);
	boxes_label(&t->boxes, "/spool", "", "runner");
	snprintf(t->path, sizeof t->path, "/tmp/gate_test.XXXXXX");
	if (!mkdtemp(t->path))
		abort();
	boxes_set_layers(&t->boxes, t->path);
}

static void bench_end(struct bench *t)
{
	char command[200];

	boxes_release(&t->boxes);
	fake_release(&t->fake);
	loop_release(&t->loop);
	snprintf(command, sizeof command, "rm -rf '%s'", t->path);
	CHECK(system(command) == 0);
}

static const struct gate_rules *some_rules(void)
{
	static struct host_port host;
	static const struct gate_rules r = {
		.hosts = &host, .nhosts = 1, .proxy = "", .dns = "", .network = "bridge", .image = "cee/gate"
	};

	host_port_parse(&host, "example.org:443", NULL);
	return &r;
}

static struct gate *make_up_to(struct bench *t, enum gate_state s)
{
	struct gate *g = gate_new(&t->boxes, some_rules(), on_opened, on_failed, t);

	if (s >= GATE_ATTACHING)
		fake_ok(&t->fake, ENGINE_CREATE);
	if (s >= GATE_STARTING)
		fake_opened(fake_stream(&t->fake));
	if (s >= GATE_OPENING)
		fake_ok(&t->fake, ENGINE_START);
	if (s >= GATE_OPEN)
		fake_message(fake_stream(&t->fake), "gate: ready\n");
	return g;
}

static bool removed(struct bench *t)
{
	return fake_ok(&t->fake, ENGINE_REMOVE) && !t->boxes.gates;
}

static void life(void)
{
	struct bench t;
	struct gate *g;
	struct stat st;
	char folder[200];

	bench_start(&t);
	g = make_up_to(&t, GATE_OPEN);
	snprintf(folder, sizeof folder, "%s", g->folder);
	CHECK(g->state == GATE_OPEN && t.opened == 1 && !t.failed && g->slot == 0 &&
	      boxes_have(&t.boxes, g->container));
	CHECK(strstr(folder, "/gates/runner.") && stat(folder, &st) == 0 && (st.st_mode & 0777) == 0777);
	CHECK(stat(t.boxes.gates_path, &st) == 0 && (st.st_mode & 0777) == 0700);
	gate_close(g);
	CHECK(removed(&t));
	loop_advance(&t.loop, 0);
	CHECK(stat(folder, &st) < 0 && !t.failed);
	bench_end(&t);
}

static void early_ready(void)
{
	struct bench t;

	bench_start(&t);
	make_up_to(&t, GATE_STARTING);
	fake_message(fake_stream(&t.fake), "gate: ready\n"); /* before the answer to the start */
	CHECK(t.boxes.gates->state == GATE_OPEN && t.opened == 1);
	bench_end(&t);
}

/* In each state: it is closed, its deadline passes, its stream ends. */
static void ends(void)
{
	for (enum gate_state s = GATE_CREATING; s <= GATE_OPEN; s++) {
		struct bench t;

		bench_start(&t);
		gate_close(make_up_to(&t, s));
		if (s == GATE_CREATING)
			CHECK(fake_ok(&t.fake, ENGINE_CREATE));
		CHECK(removed(&t) && !t.failed);
		bench_end(&t);

		bench_start(&t);
		make_up_to(&t, s);
		loop_advance(&t.loop, 61 * (int64_t)SECOND);
		if (s == GATE_OPEN)
			CHECK(!t.failed);
		else
			CHECK(t.failed == 1 && strstr(t.reason, "the gate to the network: "));
		bench_end(&t);

		bench_start(&t);
		make_up_to(&t, s);
		if (s >= GATE_STARTING) {
			fake_message(fake_stream(&t.fake), "FATAL: Bungled\n");
			fake_end(fake_stream(&t.fake), NULL);
			if (s == GATE_STARTING)
				CHECK(fake_ok(&t.fake, ENGINE_START));
			CHECK(t.failed == 1 && strstr(t.reason, "FATAL: Bungled"));
			CHECK(removed(&t));
		}
		bench_end(&t);
	}
}

static void failures(void)
{
	struct bench t;

	bench_start(&t);
	make_up_to(&t, GATE_CREATING);
	CHECK(fake_fail(&t.fake, ENGINE_CREATE, ENGINE_MISSING, "no such image") && t.failed == 1);
	CHECK(strstr(t.reason, "cee-lang build gate") && !t.boxes.gates);
	bench_end(&t);

	bench_start(&t);
	make_up_to(&t, GATE_CREATING);
	CHECK(fake_fail(&t.fake, ENGINE_CREATE, ENGINE_REFUSED, "network lab not found") && t.failed == 1);
	CHECK(strstr(t.reason, "network lab not found"));
	bench_end(&t);

	bench_start(&t);
	make_up_to(&t, GATE_STARTING);
	CHECK(fake_fail(&t.fake, ENGINE_START, ENGINE_REFUSED, "no bridge") && t.failed == 1);
	CHECK(strstr(t.reason, "no bridge") && removed(&t));
	bench_end(&t);

	bench_start(&t);
	boxes_set_layers(&t.boxes, NULL); /* nowhere to put its socket */
	gate_new(&t.boxes, some_rules(), on_opened, on_failed, &t);
	CHECK(!t.failed); /* not before control returns to the loop */
	loop_advance(&t.loop, 1);
	CHECK(t.failed == 1 && strstr(t.reason, "directory of layers") && !t.fake.asked[ENGINE_CREATE] &&
	      !t.boxes.gates);
	bench_end(&t);

	bench_start(&t);
	t.fake.no_memory = true;
	CHECK(!gate_new(&t.boxes, some_rules(), on_opened, on_failed, &t) && !t.boxes.gates);
	bench_end(&t);
}

static void sweep(void)
{
	struct bench t;
	char path[300];
	struct stat st;

	bench_start(&t);
	CHECK(mkdir(t.boxes.gates_path, 0700) == 0);
	snprintf(path, sizeof path, "%s/dead.7", t.boxes.gates_path);
	CHECK(mkdir(path, 0777) == 0);
	boxes_sweep_folders(&t.boxes, "dea");
	CHECK(stat(path, &st) == 0);
	boxes_sweep_folders(&t.boxes, "dead");
	CHECK(stat(path, &st) < 0);
	bench_end(&t);
}

/* ---- a box with a gate ------------------------------------------------------------------------- */

static void box_ready(void *arg)
{
	((struct bench *)arg)->ready++;
}

static void box_frame(void *arg, const struct frame *f)
{
	(void)arg;
	(void)f;
}

static void box_ended(void *arg, enum box_end how, const char *reason)
{
	struct bench *t = arg;

	t->ended += how == BOX_OURS;
	snprintf(t->reason, sizeof t->reason, "%s", reason);
}

/* The box's container is asked for after its gate's, and so are its stream and its start. */
static void make_box(struct bench *t)
{
	t->box = box_new(&t->boxes, &(struct box_spec){ .image = "cee/c", .memory = 1 << 28, .gate = some_rules() });
	box_use(t->box, box_ready, box_frame, box_ended, t);
}

static struct fake_stream *stream_of(struct bench *t, const char *container)
{
	struct fake_stream *s = t->fake.streams;

	while (s && strcmp(s->container, container) != 0)
		s = s->next;
	return s;
}

static void bring_up(struct bench *t)
{
	struct gate *g = t->box->gate;

	CHECK(fake_ok(&t->fake, ENGINE_CREATE) && fake_ok(&t->fake, ENGINE_CREATE));
	fake_opened(stream_of(t, g->container));
	fake_opened(stream_of(t, t->box->container));
	CHECK(fake_ok(&t->fake, ENGINE_START) && fake_ok(&t->fake, ENGINE_START));
}

static void box_waits_for_gate(void)
{
	struct bench t;

	bench_start(&t);
	make_box(&t);
	CHECK(t.box->slot != t.box->gate->slot && boxes_coming(&t.boxes) == 1);
	bring_up(&t);
	fake_ready(stream_of(&t, t.box->container));
	CHECK(t.box->state == BOX_GATING && !t.ready);
	fake_message(stream_of(&t, t.box->gate->container), "gate: ready\n");
	CHECK(t.box->state == BOX_READY && t.ready == 1);
	box_remove(t.box);
	CHECK(fake_ok(&t.fake, ENGINE_REMOVE) && fake_ok(&t.fake, ENGINE_REMOVE));
	CHECK(!t.boxes.gates && boxes_count(&t.boxes) == 0);
	bench_end(&t);

	bench_start(&t);
	make_box(&t);
	bring_up(&t);
	fake_message(stream_of(&t, t.box->gate->container), "gate: ready\n");
	CHECK(!t.ready);
	fake_ready(stream_of(&t, t.box->container));
	CHECK(t.box->state == BOX_READY && t.ready == 1);
	bench_end(&t);
}

/* No gate, no box: never one with another way to a network. */
static void box_ends_with_gate(void)
{
	for (int late = 0; late < 3; late++) {
		struct bench t;

		bench_start(&t);
		make_box(&t);
		if (late) {
			bring_up(&t);
			fake_ready(stream_of(&t, t.box->container));
			if (late == 2)
				fake_message(stream_of(&t, t.box->gate->container), "gate: ready\n");
			fake_end(stream_of(&t, t.box->gate->container), NULL);
		} else {
			CHECK(fake_fail(&t.fake, ENGINE_CREATE, ENGINE_MISSING, "no such image"));
		}
		CHECK(t.ended == 1 && strstr(t.reason, "the gate to the network: "));
		CHECK(late == 2 ? t.ready == 1 : t.ready == 0);
		CHECK(t.box->state == BOX_REMOVING && !t.box->gate);
		bench_end(&t);
	}
}

int main(void)
{
	log_off();
	RUN(rules);
	RUN(hosts);
	RUN(life);
	RUN(early_ready);
	RUN(ends);
	RUN(failures);
	RUN(sweep);
	RUN(box_waits_for_gate);
	RUN(box_ends_with_gate);
	return check_steps("gate", 1u << GATE_GONE) || check_status();
}
