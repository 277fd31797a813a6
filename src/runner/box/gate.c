/* gate.c - the life of a gate
 *
 *     NEW → CREATING → ATTACHING → STARTING → OPENING → OPEN
 *      │        │           │          │          │       │
 *      └────────┴───────────┴──────────┴──────────┴───────┴─→ REMOVING → GONE
 *
 * states[] is that picture as data. Like a box (box.c) a gate ends with the connection to its standard input, so that the
 * engine removes it if this process is killed. It is as locked down as a box; what it has besides is a network of
 * the engine's.
 *
 * Why the box has no network at all, not even an internal one of the engine: its bridge is an interface of the host, whose
 * services a program without privileges reaches there by datagrams, also when the host has no address on the bridge
 * (SO_BINDTODEVICE with SO_DONTROUTE).
 */
#include "runner/box/gate.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/text.h"
#include "base/state_step.h"
#include "engine/attach.h"
#include "engine/container_spec.h"
#include "engine/engine.h"
#include "runner/box/boxes.h"
#include "runner/box/gate_config.h"
#include "runner/box/shared_folder.h"
#include "runner/core/log.h"
#include "spool/owner_name.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PORT = 3128, PROCESSES = 160, OPEN_FILES = 1024, AGAIN_US = 500000, BUSY_US = 20000 };
#define MEMORY ((int64_t)256 << 20)
#define READY "gate: ready"

/* Process 1 of the gate ends with its standard input, the proxy or socat, whichever is first; the rest ends with it. */
static const char script[] =
	"exec 3<&0; set -eu; umask 0\n"
	"printf %s \"$GATE_CONFIG\" > /tmp/squid.conf; unset GATE_CONFIG\n"
	"squid -N -f /tmp/squid.conf 3<&- &\n"
	"until (: < \"/dev/tcp/127.0.0.1/$GATE_PORT\") 2> /dev/null; do kill -0 $!; sleep 0.02; done\n"
	"socat UNIX-LISTEN:/run/gate/socket,fork,backlog=64,max-children=70,mode=666 \"TCP:127.0.0.1:$GATE_PORT\" 3<&- "
	"&\n"
	"until test -S /run/gate/socket; do kill -0 $!; sleep 0.02; done\n"
	"echo '" READY "' >&2\n"
	"cat <&3 > /dev/null &\n"
	"wait -n\n";

#define TO(state) (1u << GATE_##state)
static const struct {
	int64_t deadline_us; /* 0: none */
	const char *late;
	unsigned next; /* the states that may follow */
} states[GATE_STATE_COUNT] = {
	[GATE_NEW] = { 0, NULL, TO(CREATING) | TO(REMOVING) },
	[GATE_CREATING] = { 60000000, "the engine did not create it within a minute", TO(ATTACHING) | TO(REMOVING) },
	[GATE_ATTACHING] = { 20000000, "the engine did not attach it within 20 s", TO(STARTING) | TO(REMOVING) },
	[GATE_STARTING] = { 60000000, "the engine did not start it within a minute", TO(OPENING) | TO(REMOVING) },
	[GATE_OPENING] = { 30000000, "its proxy did not answer within 30 s", TO(OPEN) | TO(REMOVING) },
	[GATE_OPEN] = { 0, NULL, TO(REMOVING) },
	[GATE_REMOVING] = { 1000000, NULL, TO(REMOVING) | TO(GONE) },
	[GATE_GONE] = { 0, NULL, 0 },
};

const char *gate_state_name(enum gate_state s)
{
	static const char *const name[GATE_STATE_COUNT] = {
#define S(id, text) [GATE_##id] = text,
		GATE_STATES(S)
#undef S
	};

	return name[s];
}

static void enter_for(struct gate *g, enum gate_state s, int64_t us)
{
	struct loop *l = g->boxes->loop;

	if (!state_step("gate", states[g->state].next, g->state, s))
		log_event("gate", "id", g->container, "trouble", "unexpected change of state", "from",
			  gate_state_name(g->state), "to", gate_state_name(s), NULL);
	if (g->state != s)
		log_event("gate", "id", g->container[0] ? g->container : "-", "from", gate_state_name(g->state), "to",
			  gate_state_name(s), NULL);
	g->state = s;
	loop_timer(&g->deadline, us ? loop_now(l) + us : 0);
}

static void gate_enter(struct gate *g, enum gate_state s)
{
	enter_for(g, s, states[s].deadline_us);
}

/* ---- its folder on the host ------------------------------------------------------------ */

static int make_folder(struct gate *g)
{
	struct boxes *bs = g->boxes;

	g->folder = bs->gates_path ? shared_folder_make(bs->gates_path, bs->runner, ++bs->serial, 0777) : NULL;
	return g->folder ? 0 : -1;
}

/* ---- the end ------------------------------------------------------------------------------ */

static void gate_free(void *p)
{
	struct gate *g = p;

	shared_folder_remove(g->folder);
	free(g->folder);
	free(g);
}

static void went(struct gate *g)
{
	struct gate **p = &g->boxes->gates;

	gate_enter(g, GATE_GONE);
	while (*p != g)
		p = &(*p)->next;
	*p = g->next;
	loop_doom(g->boxes->loop, gate_free, g);
}

static void removed(void *arg, const struct engine_answer *a)
{
	struct gate *g = arg;

	g->call = NULL;
	if (a->result == ENGINE_OK || a->result == ENGINE_MISSING)
		went(g);
	else
		enter_for(g, GATE_REMOVING, a->result == ENGINE_BUSY ? BUSY_US : AGAIN_US);
}

static struct engine_call *ask(struct gate *g, enum engine_op op, engine_done *done)
{
	return engine_ask(g->boxes->engine, &(struct engine_request){ .op = op, .name = g->container }, done, g);
}

static void remove_container(struct gate *g)
{
	if (g->call) /* the create, whose answer will have the id, or a removal */
		gate_enter(g, GATE_REMOVING);
	else if (!g->container[0])
		went(g);
	else if (!(g->call = ask(g, ENGINE_REMOVE, removed)))
		gate_enter(g, GATE_REMOVING);
}

void gate_close(struct gate *g)
{
	if (!g)
		return;
	g->opened = NULL;
	g->failed = NULL;
	if (g->state >= GATE_REMOVING)
		return;
	attach_close(&g->attach);
	if (g->call && g->state != GATE_CREATING) {
		engine_forget(g->call);
		g->call = NULL;
	}
	gate_enter(g, GATE_REMOVING);
	remove_container(g);
}

static void gate_failed(struct gate *g, const char *reason)
{
	void (*failed)(void *, const char *) = g->failed;
	void *arg = g->arg;
	char text[600];

	snprintf(text, sizeof text, "the gate to the network: %s", reason);
	log_event("gate", "id", g->container, "in", gate_state_name(g->state), "trouble", text, NULL);
	gate_close(g);
	if (failed)
		failed(arg, text);
}

static void late(struct timer *t)
{
	struct gate *g = (struct gate *)((char *)t - offsetof(struct gate, deadline));

	if (g->state == GATE_REMOVING)
		remove_container(g);
	else
		gate_failed(g, g->state == GATE_NEW ? g->trouble : states[g->state].late);
}

/* ---- its stream ------------------------------------------------------------------------------ */

static void stream_frame(void *arg, const struct frame *f)
{
	(void)f;
	gate_failed(arg, "it wrote to its standard output");
}

static void stream_message(void *arg, const char *line)
{
	struct gate *g = arg;

	if (strcmp(line, READY) != 0) {
		snprintf(g->trouble, sizeof g->trouble, "it ended: %.300s", line);
		text_clean(g->trouble);
		return;
	}
	if (g->state != GATE_OPENING && g->state != GATE_STARTING)
		return;
	if (g->call) { /* the answer to the start has not come yet */
		engine_forget(g->call);
		g->call = NULL;
		gate_enter(g, GATE_OPENING);
	}
	gate_enter(g, GATE_OPEN);
	g->trouble[0] = '\0';
	if (g->opened)
		g->opened(g->arg);
}

static void stream_closed(void *arg, const char *reason)
{
	struct gate *g = arg;

	if (g->state == GATE_STARTING && g->call)
		return; /* a failed start: the answer has the reason */
	gate_failed(g, g->trouble[0] ? g->trouble : reason ? reason : "it ended");
}

static void started(void *arg, const struct engine_answer *a)
{
	struct gate *g = arg;

	g->call = NULL;
	if (a->result != ENGINE_OK)
		gate_failed(g, a->message);
	else if (!g->attach.engine)
		gate_failed(g, g->trouble[0] ? g->trouble : "it ended at once");
	else
		gate_enter(g, GATE_OPENING);
}

static void stream_opened(void *arg)
{
	struct gate *g = arg;

	gate_enter(g, GATE_STARTING);
	g->call = ask(g, ENGINE_START, started);
	if (!g->call)
		gate_failed(g, "out of memory");
}

static void created(void *arg, const struct engine_answer *a)
{
	struct gate *g = arg;

	g->call = NULL;
	if (a->result == ENGINE_OK)
		snprintf(g->container, sizeof g->container, "%s", a->id);
	if (g->state == GATE_REMOVING) {
		remove_container(g);
	} else if (a->result == ENGINE_MISSING) {
		gate_failed(g, "its image is missing: run cee-lang build gate");
	} else if (a->result != ENGINE_OK) {
		gate_failed(g, a->message);
	} else {
		g->attach = (struct attach){ .opened = stream_opened,
					     .frame = stream_frame,
					     .message = stream_message,
					     .closed = stream_closed,
					     .arg = g };
		gate_enter(g, GATE_ATTACHING);
		if (attach_start(&g->attach, g->boxes->engine, g->container) < 0)
			gate_failed(g, "cannot connect to the engine");
	}
}

/* ---- its container ------------------------------------------------------------------------------ */

/* In the host's network the proxy needs a port that nobody has. Whoever can connect to it there could as well connect to
 * the hosts behind it. */
static unsigned free_port(const struct gate_rules *r)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	AUTO_CLOSE int fd = -1;

	if (strcmp(r->network, "host") != 0)
		return PORT;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return PORT;
	return ntohs(a.sin_port);
}

static struct engine_call *create(struct gate *g, const struct gate_rules *r)
{
	struct boxes *bs = g->boxes;
	static const char *const entry[] = { "/bin/bash", "-c", script, NULL };
	const struct container_tmpfs tmpfs[] = { { "/tmp", "rw,noexec,nosuid,nodev,size=16m,mode=1777" },
						 { "/dev/shm", "rw,noexec,nosuid,nodev,size=16m,mode=1777" } };
	const struct container_mount mounts[] = { { .from = g->folder, .to = "/run/gate" } };
	const struct engine_label labels[] = { { "cee.spool", bs->spool },
					       { "cee.runner", bs->runner },
					       { "cee.gate", "yes" },
					       { "cee.site", bs->site } };
	unsigned port = free_port(r);
	AUTO_BUF struct buf config = { 0 };
	AUTO_FREE char *text = NULL, *number = NULL, *name = NULL;

	if (gate_config(&config, r, port) < 0 || asprintf(&text, "GATE_CONFIG=%s", config.data) < 0 ||
	    asprintf(&number, "GATE_PORT=%u", port) < 0 ||
	    asprintf(&name, "cee-%s-gate-%u", bs->runner, ++bs->serial) < 0)
		return NULL;
	const char *const env[] = { text, number, "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	const struct container_spec spec = { .name = name,
					     .image = r->image,
					     .hostname = strcmp(r->network, "host") == 0 ? NULL : "gate",
					     .workdir = "/tmp",
					     .entrypoint = entry,
					     .env = env,
					     .uid = boxes_uid(bs, g->slot),
					     .attach = true,
					     .network = r->network,
					     .memory = MEMORY,
					     .processes = PROCESSES,
					     .open_files = OPEN_FILES,
					     .mounts = mounts,
					     .nmounts = 1,
					     .tmpfs = tmpfs,
					     .ntmpfs = 2,
					     .labels = labels,
					     .nlabels = *bs->site ? 4 : 3 };

	return engine_ask(bs->engine, &(struct engine_request){ .op = ENGINE_CREATE, .container = &spec }, created, g);
}

struct gate *gate_new(struct boxes *bs, const struct gate_rules *rules, void (*opened)(void *arg),
		      void (*failed)(void *arg, const char *reason), void *arg)
{
	struct gate *g = calloc(1, sizeof *g);

	if (!g)
		return NULL;
	g->boxes = bs;
	g->opened = opened;
	g->failed = failed;
	g->arg = arg;
	g->slot = boxes_free_slot(bs);
	timer_init(&g->deadline, bs->loop, late);
	if (make_folder(g) < 0) {
		snprintf(g->trouble, sizeof g->trouble, "its folder %.200s: %s",
			 bs->gates_path ? bs->gates_path : "(layers of cee.conf)",
			 bs->gates_path ? strerror(errno) : "the directory of layers could not be opened");
		loop_after(&g->deadline, 0);
	} else if (!(g->call = create(g, rules))) {
		gate_free(g);
		return NULL;
	}
	g->next = bs->gates;
	bs->gates = g;
	if (g->call)
		gate_enter(g, GATE_CREATING);
	return g;
}
