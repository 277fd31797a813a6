/* box.c - the life of a box
 *
 *     CREATING → ATTACHING → STARTING → GREETING → READY → REMOVING → GONE
 *                                                     └→ DOUBTED ─┘
 * box_enter is the only writer of a state: it logs the step and arms the
 * state's deadline. A box leaves by REMOVING and GONE alone, whatever
 * happened, and its slot is free only then.
 *
 * The attach comes before the start, so that nothing init says is missed.
 * StdinOnce and AutoRemove let a box die with the connection that feeds it:
 * when this process is killed its boxes go by themselves.
 */
#include "runner/box/box.h"
#include "base/buf.h"
#include "base/limit.h"
#include "base/loop.h"
#include "base/testhook.h"
#include "base/text.h"
#include "conf/conf.h"
#include "engine/attach.h"
#include "engine/docker.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "spool/spool.h"
#include "spool/owner_name.h"
#include "wire/frame.h"
#include "wire/frame_types.h"
#include "wire/payload.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


static const char *const state_text[BOX_STATE_COUNT] = {
#define S(id, name) [BOX_##id] = name,
	BOX_STATES(S)
#undef S
};

static const struct {
	int64_t us;
	const char *late;
} deadlines[BOX_STATE_COUNT] = {
	[BOX_CREATING] = { 60000000, "the engine did not create the box within a minute" },
	[BOX_ATTACHING] = { 20000000, "the engine did not attach the box within 20 s" },
	[BOX_STARTING] = { 60000000, "the engine did not start the box within a minute" },
	[BOX_GREETING] = { 20000000, "cee-init did not answer within 20 s" },
	[BOX_READY] = { 0, "cee-init did not get ready for another job within 20 s" },
	[BOX_DOUBTED] = { 500000, NULL },   /* then the engine is asked */
	[BOX_REMOVING] = { 1000000, NULL }, /* then it is tried again */
};

static void box_late(struct timer *t);
static void remove_again(struct box *b);

void boxes_init(struct boxes *bs, struct loop *l, struct engine *en, const struct config *c)
{
	*bs = (struct boxes){ .loop = l, .engine = en, .config = c, .cells = !c->conf.cells_never };
}

void boxes_on_gone(struct boxes *bs, void (*gone)(void *arg), void *arg)
{
	bs->gone = gone;
	bs->arg = arg;
}

void boxes_label(struct boxes *bs, const char *spool, const char *runner)
{
	snprintf(bs->spool, sizeof(bs->spool), "%s", spool);
	snprintf(bs->runner, sizeof(bs->runner), "%s", runner);
}

void boxes_reconfigure(struct boxes *bs, const struct config *c)
{
	bs->config = c;
}

void boxes_release(struct boxes *bs)
{
	free(bs->layers);
	bs->layers = NULL;
}

void boxes_set_layers(struct boxes *bs, const char *path)
{
	free(bs->layers);
	bs->layers = NULL;
	if (path && asprintf(&bs->layers, "%s/whole", path) < 0)
		bs->layers = NULL;
}

bool box_file_there(const char *path)
{
	return *path && access(path, R_OK) == 0;
}

bool boxes_cells(const struct boxes *bs)
{
	return bs->cells;
}

void boxes_set_cells(struct boxes *bs, bool cells)
{
	bs->cells = cells;
}

static int count_from_to(const struct boxes *bs, enum box_state from, enum box_state to)
{
	int n = 0;

	for (struct box *b = bs->first; b; b = b->next)
		n += b->state >= from && b->state <= to;
	return n;
}

int boxes_count(const struct boxes *bs)
{
	return count_from_to(bs, BOX_NEW, BOX_GONE);
}

int boxes_coming(const struct boxes *bs)
{
	return count_from_to(bs, BOX_NEW, BOX_GREETING);
}

int boxes_going(const struct boxes *bs)
{
	return count_from_to(bs, BOX_REMOVING, BOX_REMOVING);
}

void boxes_by_state(const struct boxes *bs, int n[BOX_STATE_COUNT])
{
	memset(n, 0, BOX_STATE_COUNT * sizeof(*n));
	for (struct box *b = bs->first; b; b = b->next)
		n[b->state == BOX_READY && b->idle.state != BOX_IN_USE ? BOX_GONE : b->state]++;
}

const char *box_state_name(enum box_state s)
{
	return state_text[s];
}

struct box *boxes_first(const struct boxes *bs)
{
	return bs->first;
}

int64_t box_memory(const struct conf *c, const struct limits *l)
{
	int64_t want = l->v[LIMIT_MEMORY] + l->v[LIMIT_DISK] + l->v[LIMIT_OUTPUT] / 4 + c->box_reserve;
	int64_t step = 64LL << 20;

	while (step * 8 < want) /* eight steps to each doubling or so */
		step *= 2;
	return (want + step - 1) / step * step;
}

static void box_enter(struct box *b, enum box_state s)
{
	log_event("box", "id", b->container[0] ? b->container : "-", "from", state_text[b->state], "to", state_text[s],
		  "ms", log_number((loop_now(b->boxes->loop) - b->born) / 1000), NULL);
	b->state = s;
	loop_timer(&b->deadline, deadlines[s].us ? loop_now(b->boxes->loop) + deadlines[s].us : 0);
}

/* ---- the end -------------------------------------------------------------- */

static void box_free(void *p)
{
	struct box *b = p;

	free(b->doubt);
	free((char *)b->spec.image);
	free(b);
}

static void box_went(struct box *b)
{
	struct boxes *bs = b->boxes;
	struct box **p = &bs->first;

	box_enter(b, BOX_GONE);
	while (*p != b)
		p = &(*p)->next;
	*p = b->next;
	if (b->gone)
		b->gone(b->arg);
	loop_doom(bs->loop, box_free, b);
	if (bs->gone)
		bs->gone(bs->arg);
}

static void removed(void *arg, int status, const char *body, size_t len)
{
	struct box *b = arg;

	(void)body;
	(void)len;
	b->call = NULL;
	if (status == 204 || status == 404)
		box_went(b);
	else /* 409: its removal is under way; 0: the engine is away. Asked again by the timer. */
		loop_timer(&b->deadline, loop_now(b->boxes->loop) + (status == 409 ? 20000 : 500000));
}

static void remove_again(struct box *b)
{
	char path[160];

	if (b->call) {
		loop_timer(&b->deadline, loop_now(b->boxes->loop) + deadlines[BOX_REMOVING].us);
		return;
	}
	if (!b->container[0]) {
		box_went(b); /* never made; a lost answer's container is swept by label */
		return;
	}
	snprintf(path, sizeof(path), "/containers/%s?force=1&v=1", b->container);
	b->call = engine_request(b->boxes->engine, "DELETE", path, NULL, 60000, removed, b);
	if (!b->call)
		loop_timer(&b->deadline, loop_now(b->boxes->loop) + deadlines[BOX_REMOVING].us);
}

void box_remove(struct box *b)
{
	b->ready = NULL;
	b->frame = NULL;
	b->ended = NULL;
	if (b->state >= BOX_REMOVING)
		return;
	attach_close(&b->attach); /* first: an undrained stream makes the engine hang */
	if (b->call && b->state != BOX_CREATING) {
		engine_forget(b->call);
		b->call = NULL;
	}
	if (b->state == BOX_CREATING && b->call) { /* its id is still to come */
		b->state = BOX_REMOVING;
		return;
	}
	box_enter(b, BOX_REMOVING);
	remove_again(b);
}

static void box_failed(struct box *b, enum box_end how, const char *reason)
{
	void (*ended)(void *, enum box_end, const char *) = b->ended;
	void *arg = b->arg;
	char text[400];

	snprintf(text, sizeof(text), "%s", reason);
	log_event("box", "id", b->container, "in", state_text[b->state], "trouble", text, NULL);
	box_remove(b);
	if (ended)
		ended(arg, how, text);
}

void box_use(struct box *b, void (*ready)(void *), void (*frame)(void *, const struct frame *),
	     void (*ended)(void *, enum box_end, const char *), void *arg)
{
	b->ready = ready;
	b->frame = frame;
	b->ended = ended;
	b->arg = arg;
	if (b->state == BOX_READY)
		loop_timer(&b->deadline, 0);
}

void box_rest(struct box *b)
{
	b->greeted = false;
	loop_timer(&b->deadline, loop_now(b->boxes->loop) + deadlines[BOX_GREETING].us);
}

/* ---- the way up ------------------------------------------------------------ */

static void inspected(void *arg, int status, const char *body, size_t len)
{
	struct box *b = arg;

	(void)body;
	(void)len;
	b->call = NULL;
	if (status == 0 || !engine_up(b->boxes->engine))
		box_failed(b, BOX_OURS, "the engine went away under the job");
	else
		box_failed(b, BOX_DIED, b->doubt ? b->doubt : "the box died");
}

/* The stream ended while its user wanted it. An engine that goes down closes
 * streams before it stops to answer: so we wait a little, then ask. */
static void ask_engine(struct box *b)
{
	char path[160];

	snprintf(path, sizeof(path), "/containers/%s/json", b->container);
	b->call = engine_request(b->boxes->engine, "GET", path, NULL, 10000, inspected, b);
	if (!b->call)
		box_failed(b, BOX_OURS, "out of memory");
}

static void box_late(struct timer *t)
{
	struct box *b = (struct box *)((char *)t - offsetof(struct box, deadline));

	if (b->state == BOX_REMOVING)
		remove_again(b);
	else if (b->state == BOX_DOUBTED)
		ask_engine(b);
	else
		box_failed(b, BOX_OURS, deadlines[b->state].late);
}

static void stream_closed(void *arg, const char *reason)
{
	struct box *b = arg;

	if (b->state < BOX_READY && !(b->state == BOX_STARTING && b->call)) {
		box_failed(b, BOX_OURS,
			   b->state == BOX_GREETING && !b->hello ? "what was started as cee-init ended without a word"
								 : reason);
		return;
	}
	free(b->doubt);
	b->doubt = strdup(reason);
	if (b->state == BOX_STARTING) /* a start that fails: its answer says why, and is about to come */
		return;
	box_enter(b, BOX_DOUBTED);
}

static void take_hello(struct box *b, const struct frame *f)
{
	struct frame_hello h;

	if (!frame_unpack_hello(f->data, f->len, &h) || h.version != FRAME_VERSION) {
		box_failed(b, BOX_OURS, "cee-init speaks another version: install the one of this runner");
		return;
	}
	b->hello = true;
	b->cells = h.flags & HELLO_CELLS;
	snprintf(b->build, sizeof(b->build), "%.*s", (int)h.build_len, h.build);
	text_clean(b->build);
}

/* init may be heard before the engine has answered the start. */
static void maybe_ready(struct box *b)
{
	if (b->state != BOX_GREETING || !b->greeted)
		return;
	box_enter(b, BOX_READY);
	if (b->ready)
		b->ready(b->arg);
}

static void stream_frame(void *arg, const struct frame *f)
{
	struct box *b = arg;

	if (!b->hello) {
		if (f->type == FRAME_HELLO)
			take_hello(b, f);
		else
			box_failed(b, BOX_OURS, "cee-init did not say HELLO first");
	} else if (f->type == FRAME_READY) { /* the first, or that after a job */
		b->greeted = true;
		if (b->state == BOX_READY)
			loop_timer(&b->deadline, 0);
		maybe_ready(b);
	} else if (b->frame) {
		b->frame(b->arg, f);
	}
}

static void stream_words(void *arg, const char *text)
{
	struct box *b = arg;

	log_event("box", "id", b->container, "stderr", text, NULL);
	snprintf(b->said, sizeof(b->said), "%s", text);
	text_clean(b->said);
}

static void started(void *arg, int status, const char *body, size_t len)
{
	struct box *b = arg;
	AUTO_FREE char *m = NULL;

	b->call = NULL;
	if (status != 204 && status != 304) {
		m = engine_message(status, body, len);
		box_failed(b, BOX_OURS, m ? m : "start failed");
		return;
	}
	if (b->frame)
		spool_hook("box-started");
	if (b->state == BOX_STARTING) {
		box_enter(b, BOX_GREETING);
		if (b->doubt)
			stream_closed(b, b->doubt);
		else
			maybe_ready(b);
	}
}

static void stream_opened(void *arg)
{
	struct box *b = arg;
	struct frame_hello hello = { .version = FRAME_VERSION,
				     .build = CEE_VERSION,
				     .build_len = sizeof(CEE_VERSION) - 1 };
	struct payload p;
	char path[160];

	frame_pack_hello(&p, &hello);
	attach_send(&b->attach, FRAME_HELLO, p.data, p.len);
	attach_flush(&b->attach);
	box_enter(b, BOX_STARTING);
	snprintf(path, sizeof(path), "/containers/%s/start", b->container);
	b->call = engine_request(b->boxes->engine, "POST", path, NULL, 60000, started, b);
	if (!b->call)
		box_failed(b, BOX_OURS, "out of memory");
}

static bool container_id_valid(const char *s)
{
	return s && *s && strlen(s) < sizeof(((struct box *)0)->container) &&
	       strspn(s, "0123456789abcdef") == strlen(s);
}

static void attach_box(struct box *b)
{
	b->attach.opened = stream_opened;
	b->attach.frame = stream_frame;
	b->attach.words = stream_words;
	b->attach.closed = stream_closed;
	b->attach.arg = b;
	box_enter(b, BOX_ATTACHING);
	if (attach_start(&b->attach, b->boxes->engine, b->container) < 0)
		box_failed(b, BOX_OURS, "cannot connect to the engine");
}

static void created(void *arg, int status, const char *body, size_t len)
{
	struct box *b = arg;
	cJSON *j = status == 201 ? cJSON_ParseWithLength(body, len) : NULL;
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, "Id"));
	AUTO_FREE char *m = NULL;

	b->call = NULL;
	if (container_id_valid(id))
		snprintf(b->container, sizeof(b->container), "%s", id);
	cJSON_Delete(j);
	if (b->state == BOX_REMOVING) { /* let go meanwhile */
		box_enter(b, BOX_REMOVING);
		remove_again(b);
	} else if (b->container[0]) {
		if (b->frame) /* a job's, not the self-test's */
			spool_hook("box-created");
		attach_box(b);
	} else {
		m = engine_message(status, body, len);
		box_failed(b, status == 404 ? BOX_NO_IMAGE : BOX_OURS, m ? m : "create failed");
	}
}

/* ---- the container ----------------------------------------------------------- */

static void add_strings(cJSON *o, const char *name, const char *const *v, int n)
{
	/* cJSON makes no array of nothing, and a missing list is the engine's default */
	cJSON_AddItemToObject(o, name, n ? cJSON_CreateStringArray(v, n) : cJSON_CreateArray());
}

static void add_tmpfs(cJSON *host, const struct boxes *bs, const struct box_spec *s, unsigned uid)
{
	cJSON *t = cJSON_AddObjectToObject(host, "Tmpfs");
	char opt[160];
	/* a cell mounts its own over these; without cells they are the job's, and share its disk */
	int64_t work = bs->cells ? 65536 : s->disk / 2, tmp = bs->cells ? 65536 : s->disk / 4;

	snprintf(opt, sizeof(opt), "rw,exec,nosuid,nodev,size=%lld,nr_inodes=%lld,mode=0755,uid=%u,gid=%u",
		 (long long)work, (long long)s->inodes / 2, uid, uid);
	cJSON_AddStringToObject(t, "/work", opt);
	snprintf(opt, sizeof(opt), "rw,exec,nosuid,nodev,size=%lld,nr_inodes=%lld,mode=1777,uid=%u,gid=%u",
		 (long long)tmp, (long long)s->inodes / 4, uid, uid);
	cJSON_AddStringToObject(t, "/tmp", opt);
	snprintf(opt, sizeof(opt), "rw,nosuid,nodev,noexec,size=%lld,nr_inodes=%lld,mode=1777,uid=%u,gid=%u",
		 (long long)tmp, (long long)s->inodes / 4, uid, uid);
	cJSON_AddStringToObject(t, "/dev/shm", opt);
}

static void add_mount(cJSON *mounts, const char *from, const char *to, bool read_only)
{
	cJSON *m = from ? cJSON_CreateObject() : NULL;

	if (!m)
		return;
	cJSON_AddStringToObject(m, "Type", "bind");
	cJSON_AddStringToObject(m, "Source", from);
	cJSON_AddStringToObject(m, "Target", to);
	cJSON_AddBoolToObject(m, "ReadOnly", read_only);
	cJSON_AddItemToArray(mounts, m);
}

static void add_mounts(cJSON *host, const struct boxes *bs, const struct box_spec *s)
{
	cJSON *m = cJSON_AddArrayToObject(host, "Mounts");

	add_mount(m, bs->config->conf.init, "/.cee/init", true);
	if (!s->tools)
		add_mount(m, bs->layers, "/.cee/layers", true);
	else
		add_mount(m, bs->config->conf.init, "/.cee/pack", true);
	add_mount(m, s->writable, "/.cee/layer", false);
	add_mount(m, s->index, "/.cee/index", true);
	add_mount(m, s->authorities, "/.cee/authorities.pem", true);
}

static void add_security(cJSON *host, const struct boxes *bs)
{
	static const char *const all[] = { "ALL" }, *const masked[] = { "/sys/firmware",
									"/sys/devices/virtual/powercap" };
	AUTO_FREE char *seccomp = NULL, *apparmor = NULL;
	const char *opt[3];
	int n = 0;

	add_strings(host, "CapDrop", all, 1);
	opt[n++] = "no-new-privileges";
	if (asprintf(&seccomp, "seccomp=%s", bs->config->seccomp) < 0)
		seccomp = NULL;
	if (seccomp)
		opt[n++] = seccomp;
	if (bs->config->conf.apparmor && bs->config->conf.apparmor[0] &&
	    asprintf(&apparmor, "apparmor=%s", bs->config->conf.apparmor) > 0)
		opt[n++] = apparmor;
	add_strings(host, "SecurityOpt", opt, n);
	if (bs->cells) { /* a cell's own procfs is refused while any path of /proc is masked; the cell masks them */
		add_strings(host, "MaskedPaths", masked, 2);
		add_strings(host, "ReadonlyPaths", NULL, 0);
	}
}

static void add_ulimit(cJSON *list, const char *name, int64_t n)
{
	cJSON *u = cJSON_CreateObject();

	cJSON_AddStringToObject(u, "Name", name);
	cJSON_AddNumberToObject(u, "Soft", (double)n);
	cJSON_AddNumberToObject(u, "Hard", (double)n);
	cJSON_AddItemToArray(list, u);
}

static void add_bounds(cJSON *host, const struct config *config, const struct box_spec *s)
{
	cJSON *log = cJSON_AddObjectToObject(host, "LogConfig"), *u;

	cJSON_AddStringToObject(log, "Type", "none");
	cJSON_AddNumberToObject(host, "Memory", (double)s->memory);
	cJSON_AddNumberToObject(host, "MemorySwap", (double)s->memory);
	cJSON_AddNumberToObject(host, "PidsLimit", (double)s->processes);
	if (config->conf.cpus > 0)
		cJSON_AddNumberToObject(host, "NanoCpus", config->conf.cpus * 1e9);
	u = cJSON_AddArrayToObject(host, "Ulimits");
	add_ulimit(u, "nofile", s->open_files);
	add_ulimit(u, "memlock", 65536);
	add_ulimit(u, "msgqueue", 65536);
}

static cJSON *host_config(const struct boxes *bs, const struct box_spec *s, unsigned uid)
{
	cJSON *host = cJSON_CreateObject(), *sys;

	cJSON_AddBoolToObject(host, "AutoRemove", true);
	cJSON_AddBoolToObject(host, "ReadonlyRootfs", true);
	cJSON_AddStringToObject(host, "NetworkMode", s->network ? s->network : "none");
	cJSON_AddStringToObject(host, "IpcMode", "private");
	cJSON_AddStringToObject(host, "CgroupnsMode", "private");
	if (bs->config->conf.runtime && bs->config->conf.runtime[0])
		cJSON_AddStringToObject(host, "Runtime", bs->config->conf.runtime);
	sys = cJSON_AddObjectToObject(host, "Sysctls");
	if (!s->network || strcmp(s->network, "host") != 0) /* the host's network keeps its own */
		cJSON_AddStringToObject(sys, "net.ipv4.tcp_max_tw_buckets", "0");
	add_security(host, bs);
	add_bounds(host, bs->config, s);
	add_tmpfs(host, bs, s, uid);
	add_mounts(host, bs, s);
	return host;
}

static char *create_body(const struct boxes *bs, const struct box_spec *s, unsigned uid)
{
	static const char *const entry[] = { "/.cee/init" }, *const none[] = { "NONE" },
				 *const never[] = { "CEE_CELLS=never" };
	cJSON *j = cJSON_CreateObject(), *labels;
	char user[32], *text;

	snprintf(user, sizeof(user), "%u:%u", uid, uid);
	cJSON_AddStringToObject(j, "Image", s->image);
	cJSON_AddStringToObject(j, "User", user);
	cJSON_AddStringToObject(j, "Hostname", "box");
	cJSON_AddStringToObject(j, "WorkingDir", "/");
	add_strings(j, "Entrypoint", entry, 1);
	add_strings(j, "Cmd", NULL, 0);
	add_strings(j, "Env", never, bs->cells ? 0 : 1);
	cJSON_AddBoolToObject(j, "NetworkDisabled", !s->network || strcmp(s->network, "none") == 0);
	for (int i = 0; i < 5; i++) {
		static const char *const yes[] = { "OpenStdin", "StdinOnce", "AttachStdin", "AttachStdout",
						   "AttachStderr" };

		cJSON_AddBoolToObject(j, yes[i], true);
	}
	cJSON_AddBoolToObject(j, "Tty", false);
	add_strings(cJSON_AddObjectToObject(j, "Healthcheck"), "Test", none, 1);
	labels = cJSON_AddObjectToObject(j, "Labels");
	cJSON_AddStringToObject(labels, "cee.spool", bs->spool);
	cJSON_AddStringToObject(labels, "cee.runner", bs->runner);
	cJSON_AddItemToObject(j, "HostConfig", host_config(bs, s, uid));
	text = cJSON_PrintUnformatted(j);
	cJSON_Delete(j);
	return text;
}

/* The lowest number that no box has: uids are reused only when a box has gone. */
static unsigned free_slot(const struct boxes *bs)
{
	for (unsigned slot = 0;; slot++) {
		struct box *b = bs->first;

		while (b && b->slot != slot)
			b = b->next;
		if (!b)
			return slot;
	}
}

/* Runners of one host begin at different places of the range. */
static unsigned slot_uid(const struct boxes *bs, unsigned slot)
{
	unsigned h = 5381;

	for (const char *p = bs->runner; *p; p++)
		h = h * 33 ^ (unsigned char)*p;
	return bs->config->conf.uid_base + (h + slot) % (bs->config->conf.uid_count ? bs->config->conf.uid_count : 1);
}

struct box *box_new(struct boxes *bs, const struct box_spec *spec)
{
	struct box *b = calloc(1, sizeof(*b));
	AUTO_FREE char *body = NULL;
	char path[OWNER_MAX + 64];

	if (!b)
		return NULL;
	b->boxes = bs;
	b->attach.watch.fd = -1;
	b->slot = free_slot(bs);
	b->born = loop_now(b->boxes->loop);
	timer_init(&b->deadline, bs->loop, box_late);
	b->spec = *spec;
	b->spec.network = b->spec.writable = b->spec.index = b->spec.authorities = NULL; /* the caller's */
	b->spec.image = strdup(spec->image);
	body = b->spec.image ? create_body(bs, spec, slot_uid(bs, b->slot)) : NULL;
	snprintf(path, sizeof(path), "/containers/create?name=cee-%s-%u", bs->runner, ++bs->serial);
	b->call = body ? engine_request(b->boxes->engine, "POST", path, body, 60000, created, b) : NULL;
	if (!b->call) {
		box_free(b);
		return NULL;
	}
	b->next = bs->first;
	bs->first = b;
	box_enter(b, BOX_CREATING);
	return b;
}

/* ---- sweeping what a dead runner, or an engine's absence, left -------------------- */

struct sweep {
	struct boxes *boxes;
	char runner[OWNER_MAX];
	void (*done)(void *arg, int result);
	void *arg;
	int open; /* removals under way */
	bool failed;
	struct timer again;
};

static void sweep_list(struct timer *t);

static void sweep_end(struct sweep *s, int result)
{
	s->done(s->arg, result);
	loop_timer(&s->again, 0);
	loop_doom(s->boxes->loop, free, s);
}

static void sweep_removed(void *arg, int status, const char *body, size_t len)
{
	struct sweep *s = arg;

	(void)body;
	(void)len;
	s->failed |= status == 0;
	if (--s->open > 0)
		return;
	if (s->failed)
		sweep_end(s, -1);
	else /* the list again: it must be empty before anything runs a second time */
		loop_after(&s->again, 50000);
}

static bool box_known(const struct boxes *bs, const char *id)
{
	for (struct box *b = bs->first; b; b = b->next)
		if (strcmp(b->container, id) == 0)
			return true;
	return false;
}

static void sweep_listed(void *arg, int status, const char *body, size_t len)
{
	struct sweep *s = arg;
	cJSON *j = status == 200 ? cJSON_ParseWithLength(body, len) : NULL, *c;
	char path[160];

	s->open = 0;
	s->failed = false;
	cJSON_ArrayForEach(c, j)
	{
		const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "Id"));

		if (!container_id_valid(id) || box_known(s->boxes, id))
			continue;
		log_event("sweep", "runner", s->runner, "box", id, NULL);
		snprintf(path, sizeof(path), "/containers/%s?force=1&v=1", id);
		if (engine_request(s->boxes->engine, "DELETE", path, NULL, 60000, sweep_removed, s))
			s->open++;
	}
	if (!cJSON_IsArray(j))
		sweep_end(s, -1);
	else if (s->open == 0)
		sweep_end(s, 0);
	cJSON_Delete(j);
}

static void sweep_list(struct timer *t)
{
	struct sweep *s = (struct sweep *)((char *)t - offsetof(struct sweep, again));
	cJSON *f = cJSON_CreateObject(), *l = cJSON_AddArrayToObject(f, "label");
	AUTO_FREE char *json = NULL, *label = NULL;
	char path[2 * PATH_MAX];
	size_t n;

	if (asprintf(&label, "cee.spool=%s", s->boxes->spool) > 0)
		cJSON_AddItemToArray(l, cJSON_CreateString(label));
	free(label);
	if (asprintf(&label, "cee.runner=%s", s->runner) > 0)
		cJSON_AddItemToArray(l, cJSON_CreateString(label));
	json = cJSON_PrintUnformatted(f);
	cJSON_Delete(f);
	n = (size_t)snprintf(path, sizeof(path), "/containers/json?all=1&filters=");
	for (const char *p = json ? json : "{}"; *p && n + 4 < sizeof(path); p++)
		n += (size_t)snprintf(path + n, 4, "%%%02X", (unsigned char)*p);
	if (!engine_request(s->boxes->engine, "GET", path, NULL, 20000, sweep_listed, s))
		sweep_end(s, -1);
}

void boxes_sweep(struct boxes *bs, const char *runner, void (*done)(void *, int), void *arg)
{
	struct sweep *s = calloc(1, sizeof(*s));

	if (!s) {
		done(arg, -1);
		return;
	}
	snprintf(s->runner, sizeof(s->runner), "%s", runner);
	s->done = done;
	s->arg = arg;
	s->boxes = bs;
	timer_init(&s->again, bs->loop, sweep_list);
	sweep_list(&s->again);
}
