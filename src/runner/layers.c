/* layers.c - layers of packages: found, or made in package boxes
 *
 *     WAITING → FETCHING → UNPACKING → (whole, or failed)
 *
 * FETCHING is a package box: the language's image, the only box besides those of network jobs
 * that has a network. In it the language's package client resolves the packages into a tree and
 * cee-init packs that (src/init/layer.c); what comes out of the box is a stream of bytes that is
 * counted, hashed and written to layers/tmp, and not looked into. UNPACKING is a box without a
 * network in which one new folder is writable. When it has ended well the folder is renamed to
 * where layers are (src/lib/layer.c), and only that makes it count.
 *
 * Jobs that want the same layer wait for one making. No code of a package runs in either box,
 * and no credential enters one. What the user did wrong (a package that does not exist, one that
 * is too large) is remembered for a few minutes; what a network or we did never is.
 *
 * Another runner on the same spool may make the same layer: its lock is seen, and the layer looked
 * for until it is there or the lock is free.
 */
#include "layers.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "engine.h"
#include "images.h"
#include "log.h"
#include "packages.h"

#define STATES_OF(S) S(WAITING, "waiting") S(FETCHING, "fetching") S(UNPACKING, "unpacking")
enum making_state {
#define S(id, name) id,
	STATES_OF(S)
#undef S
	NSTATES
};
static const char *const state_text[NSTATES] = {
#define S(id, name) [id] = name,
	STATES_OF(S)
#undef S
};

#define TOOL "/.cee/pack"
#define WRITABLE "/.cee/layer"
#define INDEX "/.cee/index"
#define AUTHORITIES "/.cee/authorities.pem"
#define WHOLE "/.cee/layers"

enum {
	WORDS_MAX = 64 << 10,
	LOOK_AGAIN_US = 200000,		/* while another runner makes it */
	REMEMBER_US = 180000000, REMEMBER_MOST = 256,
	PRUNE_US = 600000000,
	BOX_SLACK_US = 30000000,	/* for making the box, over the time of the client */
	UNPACK_US = 120000000,
	PIECE = 65536, DATA_ERROR = 65
};

struct layer_wish {
	struct layer_order order;
	struct making *making;		/* NULL: the image is asked for */
	struct layer_wish *next;
};

struct making {
	enum making_state state;
	char name[LAYER_NAME + 1];
	struct layer layer;		/* what it will be */
	char *request;			/* JSON for the package client */
	const struct lang *lang;
	int fd;				/* layers/tmp/NAME and its lock */
	struct box *box;
	struct timer timer;
	int64_t began, got;		/* mono_us; bytes of the stream */
	off_t sent;
	struct sha256_ctx hash;
	unsigned char digest[SHA256_DIGEST_SIZE];	/* of the stream as it came */
	struct buf words, lock, manifest;
	char trouble[200];
	bool gap, ended[PHASE_COUNT];
	uint64_t end[PHASE_COUNT][END_FIELDS];
	struct layer_wish *wishes;
	struct making *next;
};

struct remembered { char name[LAYER_NAME + 1]; char message[512]; struct buf words; int64_t until; };

static const struct config *config;
static struct layers store = LAYERS_NONE;
static struct cee_err store_trouble;
static struct making *makings;
static struct layer_wish *askers;	/* for an image's id */
static struct remembered memory[REMEMBER_MOST];
static unsigned nmemory;
static struct timer prune_timer;
static pthread_t pruner;
static bool pruner_there;
static atomic_bool pruning;

static void pump(void);
static enum layer_answer resolve(struct layer_wish *w, const char *image, struct layer_got *got);

/* ---- pruning: beside the loop, since it removes trees ------------------------------ */

struct prune { char *path; int64_t max; };

static void *prune(void *arg)
{
	struct prune *p = arg;
	struct layers l;
	int64_t n, bytes;

	if (layers_open(&l, p->path, false, NULL) == 0) {
		layers_prune(&l, p->max, &n, &bytes);
		layers_sweep(&l);
		layers_close(&l);
	}
	free(p->path);
	free(p);
	atomic_store(&pruning, false);
	return NULL;
}

static void join_pruner(void)
{
	if (pruner_there)
		pthread_join(pruner, NULL);
	pruner_there = false;
}

static void prune_now(void)
{
	struct prune *p;

	loop_timer(&prune_timer, mono_us() + PRUNE_US);
	if (store.dir < 0 || atomic_load(&pruning))
		return;
	join_pruner();
	p = calloc(1, sizeof *p);
	if (!p || !(p->path = strdup(store.path))) {
		free(p);
		return;
	}
	p->max = config->conf.layers_max;
	atomic_store(&pruning, true);
	pruner_there = pthread_create(&pruner, NULL, prune, p) == 0;
	if (!pruner_there) {
		atomic_store(&pruning, false);
		free(p->path);
		free(p);
	}
}

static void prune_fired(struct timer *t)
{
	(void)t;
	prune_now();
}

/* ---- memory of what does not exist --------------------------------------------------- */

static struct remembered *recall(const char *name)
{
	for (unsigned i = 0; i < nmemory; i++)
		if (memory[i].until > mono_us() && strcmp(memory[i].name, name) == 0)
			return &memory[i];
	return NULL;
}

/* In the place of what is over, else of what is over first. */
static struct remembered *place_to_remember(void)
{
	struct remembered *first = &memory[0];

	if (nmemory < REMEMBER_MOST)
		return &memory[nmemory++];
	for (unsigned i = 1; i < nmemory; i++)
		if (memory[i].until < first->until)
			first = &memory[i];
	return first;
}

static void remember(struct making *m, const char *message)
{
	struct remembered *r = place_to_remember();

	buf_release(&r->words);
	memcpy(r->name, m->name, sizeof r->name);
	snprintf(r->message, sizeof r->message, "%s", message);
	r->words = m->words;
	m->words = (struct buf){0};
	r->until = mono_us() + REMEMBER_US;
}

/* ---- the end of a making ---------------------------------------------------------------- */

static void making_free(void *p)
{
	struct making *m = p;

	layer_release(&m->layer);
	buf_release(&m->words);
	buf_release(&m->lock);
	buf_release(&m->manifest);
	free(m->request);
	free(m);
}

static void drop_box(struct making *m)
{
	if (!m->box)
		return;
	m->box->gone = NULL;
	box_remove(m->box);
	m->box = NULL;
}

static void making_leave(struct making *m, const char *how)
{
	struct making **p = &makings;

	log_event("layer", "id", m->name, "from", state_text[m->state], "to", how, "ms",
		  log_number((mono_us() - m->began) / 1000), "bytes", log_number(m->got), NULL);
	loop_timer(&m->timer, 0);
	while (*p != m)
		p = &(*p)->next;
	*p = m->next;
	drop_box(m);
	if (m->fd >= 0)
		layer_make_end(&store, m->name, m->fd);
	m->fd = -1;
}

/* Everybody who waits hears the same; somebody who is told may ask anew. */
static void tell(struct layer_wish *list, enum layer_answer a, const struct layer_got *what)
{
	while (list) {
		struct layer_wish *w = list;
		struct layer_got got = *what;

		list = w->next;
		w->order.done(w->order.arg, a, &got);
		free(w);
	}
}

static struct layer_wish *take_wishes(struct making *m)
{
	struct layer_wish *list = m->wishes;

	m->wishes = NULL;
	return list;
}

static void made(struct making *m)
{
	struct layer_wish *list = take_wishes(m);
	char image[LAYER_DIGEST + 64];

	snprintf(image, sizeof image, "%s", m->layer.image);
	making_leave(m, "whole");
	while (list) {
		struct layer_wish *w = list;
		struct layer_got got = { .fd = -1 };
		enum layer_answer a;

		list = w->next;
		w->making = NULL;
		a = resolve(w, image, &got);
		if (a == LAYER_LATER)	/* gone again already: it waits once more */
			continue;
		w->order.done(w->order.arg, a, &got);
		free(w);
	}
	loop_doom(making_free, m);
	prune_now();
	pump();
}

static void failed(struct making *m, enum layer_answer a, const char *message)
{
	struct layer_wish *list = take_wishes(m);
	struct layer_got got = { .fd = -1 };

	snprintf(got.message, sizeof got.message, "packages: %.480s", message);
	text_clean(got.message);
	log_event("layer", "id", m->name, "trouble", got.message, "whose", a == LAYER_REFUSED ? "the job's" : "ours", NULL);
	making_leave(m, "failed");
	if (a == LAYER_REFUSED)
		remember(m, got.message);
	if (a == LAYER_REFUSED && recall(m->name)) {
		got.words = recall(m->name)->words.data;
		got.nwords = recall(m->name)->words.len;
	} else {
		got.words = m->words.data;
		got.nwords = m->words.len;
	}
	tell(list, a, &got);
	loop_doom(making_free, m);
	pump();
}

/* The client's words as one line: its lines, joined. */
static void one_line(const struct buf *words, const char *otherwise, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < words->len && n + 3 < size; i++) {
		char c = words->data[i];

		if (c == '\n' || c == '\r') {
			if (n && out[n - 1] != ' ' && i + 1 < words->len) {
				out[n++] = ';';
				out[n++] = ' ';
			}
		} else if (c != ' ' || (n && out[n - 1] != ' ')) {
			out[n++] = c;
		}
	}
	while (n && (out[n - 1] == ' ' || out[n - 1] == ';'))
		n--;
	out[n] = '\0';
	if (!n)
		snprintf(out, size, "%s", otherwise);
}

/* ---- frames to and from boxes ------------------------------------------------------------- */

static void enter(struct making *m, enum making_state s, int64_t deadline_us)
{
	log_event("layer", "id", m->name, "from", state_text[m->state], "to", state_text[s], "language", m->lang->name,
		  "ms", log_number((mono_us() - m->began) / 1000), NULL);
	m->state = s;
	memset(m->ended, 0, sizeof m->ended);
	loop_timer(&m->timer, mono_us() + deadline_us);
}

static void send_text(struct box *b, enum frame_type type, const char *s)
{
	attach_send(&b->attach, type, s, strlen(s));
}

static void send_job(struct making *m, int64_t disk, int64_t inodes)
{
	unsigned char job[8 * JOB_FIELDS] = {0};

	frame_put64(job + 8 * JOB_FLAGS, JOB_STOP_ON_OUTPUT | (m->box->cells ? 0 : JOB_NO_CELL));
	frame_put64(job + 8 * JOB_DISK, (uint64_t)disk);
	frame_put64(job + 8 * JOB_INODES, (uint64_t)inodes);
	attach_send(&m->box->attach, FRAME_JOB, job, sizeof job);
}

static void send_phase(struct making *m, enum frame_phase phase, int64_t output, int64_t wall_us)
{
	unsigned char p[4 + 8 * LIMIT_COUNT] = {0};
	const struct { enum limit_id id; int64_t v; } limits[] = {
		{ LIMIT_OUTPUT, output }, { LIMIT_WALL, wall_us }, { LIMIT_MEMORY, config->conf.package_memory },
		{ LIMIT_PROCESSES, 128 }, { LIMIT_OPEN_FILES, 1024 },
	};

	frame_put32(p, phase);
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
		frame_put64(p + 4 + 8 * limits[i].id, (uint64_t)limits[i].v);
	attach_send(&m->box->attach, FRAME_PHASE, p, sizeof p);
}

static void send_number(struct box *b, int64_t n)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", (long long)n);
	send_text(b, FRAME_ARG, text);
}

static bool is_folder_index(const char *index)
{
	return index && *index == '/';
}

/* Names by which one client or another knows where to go and whom to believe. */
static void send_surroundings(struct making *m)
{
	static const char *const proxies[] = { "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY" },
		*const authorities[] = { "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "npm_config_cafile" };
	const struct job none = { .language = m->lang->name };
	char **env = lang_env(m->lang, PHASE_COMPILE, &none), text[600];

	for (char **v = env; v && *v; v++)
		if (strncmp(*v, "HOME=", 5) != 0)
			send_text(m->box, FRAME_ENV, *v);
	strv_free(env);
	send_text(m->box, FRAME_ENV, "HOME=/tmp");
	for (size_t i = 0; *config->conf.package_proxy && i < sizeof proxies / sizeof *proxies; i++) {
		snprintf(text, sizeof text, "%s=%.500s", proxies[i], config->conf.package_proxy);
		send_text(m->box, FRAME_ENV, text);
	}
	for (size_t i = 0; box_file_there(config->conf.package_certificates) && i < sizeof authorities / sizeof *authorities; i++) {
		snprintf(text, sizeof text, "%s=" AUTHORITIES, authorities[i]);
		send_text(m->box, FRAME_ENV, text);
	}
}

static void send_fetch(struct making *m)
{
	unsigned char head[12 + 16];
	const struct job j = { .language = m->lang->name, .framework = m->layer.framework };
	char **argv = lang_argv(m->lang, m->lang->layer.fetch, m->lang->layer.nfetch, &j);

	send_job(m, config->conf.package_bytes, config->conf.package_inodes);
	frame_put32(head, 0600);
	frame_put64(head + 4, strlen(m->request));
	memcpy(head + 12, "request.json", 12);
	attach_send(&m->box->attach, FRAME_FILE, head, 12 + 12);
	attach_send(&m->box->attach, FRAME_DATA, m->request, strlen(m->request));
	send_phase(m, PHASE_COMPILE, 1 << 20, config->conf.package_wall_us);
	send_text(m->box, FRAME_ARG, TOOL);
	send_text(m->box, FRAME_ARG, "fetch");
	send_text(m->box, FRAME_ARG, "request.json");
	for (char **v = argv; v && *v; v++)
		send_text(m->box, FRAME_ARG, *v);
	strv_free(argv);
	send_surroundings(m);
	/* frames have headers: of a file its name, of its contents a little more */
	send_phase(m, PHASE_RUN, config->conf.package_bytes + config->conf.package_inodes * 1100, UNPACK_US);
	send_text(m->box, FRAME_ARG, TOOL);
	send_text(m->box, FRAME_ARG, "pack");
	send_number(m->box, config->conf.package_inodes);
	send_number(m->box, config->conf.package_bytes);
	attach_send(&m->box->attach, FRAME_GO, NULL, 0);
	attach_flush(&m->box->attach);
}

static void send_unpack(struct making *m)
{
	send_job(m, 1 << 20, 64);
	send_phase(m, PHASE_RUN, LAYER_MANIFEST_MAX, UNPACK_US);
	send_text(m->box, FRAME_ARG, TOOL);
	send_text(m->box, FRAME_ARG, "unpack");
	send_text(m->box, FRAME_ARG, WRITABLE);
	send_number(m->box, config->conf.package_inodes);
	send_number(m->box, config->conf.package_bytes);
	attach_send(&m->box->attach, FRAME_GO, NULL, 0);
	attach_flush(&m->box->attach);
	m->sent = 0;
	sha256_init(&m->hash);
}

/* So much more of the stream as the unpacking box takes. */
static void send_stream(struct making *m, uint32_t credit)
{
	static unsigned char bytes[PIECE];

	while (credit && m->sent < m->got) {
		size_t want = credit < PIECE ? credit : PIECE;
		ssize_t n = pread(m->fd, bytes, want, m->sent);

		if (n <= 0) {
			failed(m, LAYER_OURS, n < 0 ? strerror(errno) : "its stream on the disk is shorter than it was");
			return;
		}
		sha256_update(&m->hash, (size_t)n, bytes);
		attach_send(&m->box->attach, FRAME_STDIN, bytes, (size_t)n);
		m->sent += n;
		credit -= (uint32_t)n;
		if (m->sent == m->got)
			attach_send(&m->box->attach, FRAME_STDIN_END, NULL, 0);
	}
	attach_flush(&m->box->attach);
}

/* ---- what a box made ------------------------------------------------------------------------- */

static bool went_well(const struct making *m, enum frame_phase p)
{
	return m->ended[p] && m->end[p][END_HOW] == END_EXITED && m->end[p][END_STATUS] == 0;
}

/* It wanted more than it may have: the job asked for too much. */
static const char *too_much(const struct making *m, enum frame_phase p)
{
	uint64_t how = m->ended[p] ? m->end[p][END_HOW] : END_TROUBLE, hit = m->ended[p] ? m->end[p][END_HIT] : 0;

	if (how == END_DISK_LIMIT || how == END_FILE_SIZE_LIMIT || hit & (1u << LIMIT_DISK | 1u << LIMIT_INODES) ||
	    (p == PHASE_RUN && how == END_OUTPUT_LIMIT))
		return "what these packages need is larger than a layer may be here (packages.bytes, packages.inodes)";
	if (how == END_MEMORY_LIMIT)
		return "resolving these packages needs more memory than there is for it (packages.memory)";
	if (how == END_OUTPUT_LIMIT)
		return "the package client says more than it may";
	return NULL;
}

static void begin_box(struct making *m);

static void fetched(struct making *m)
{
	const uint64_t *end = m->end[PHASE_COMPILE];
	char text[400];

	one_line(&m->words, "the package client failed without a word", text, sizeof text);
	if (went_well(m, PHASE_COMPILE) && went_well(m, PHASE_RUN) && !m->gap) {
		sha256_digest(&m->hash, sizeof m->digest, m->digest);
		drop_box(m);
		spool_hook("packages-fetched");
		enter(m, UNPACKING, UNPACK_US + BOX_SLACK_US);
		begin_box(m);
	} else if (too_much(m, PHASE_COMPILE) || too_much(m, PHASE_RUN)) {
		failed(m, LAYER_REFUSED, too_much(m, PHASE_COMPILE) ? too_much(m, PHASE_COMPILE) : too_much(m, PHASE_RUN));
	} else if (m->ended[PHASE_COMPILE] && end[END_HOW] == END_EXITED && end[END_STATUS] == 1) {
		failed(m, LAYER_REFUSED, text);
	} else if (m->ended[PHASE_COMPILE] && end[END_HOW] == END_WALL_LIMIT) {
		failed(m, LAYER_OURS, "the registry did not answer in time (packages.wall)");
	} else if (*m->trouble) {
		failed(m, LAYER_OURS, m->trouble);
	} else {
		failed(m, LAYER_OURS, text);
	}
}

static void unpacked(struct making *m)
{
	unsigned char digest[SHA256_DIGEST_SIZE];
	struct cee_err e = { "out of memory" };
	char text[400];

	one_line(&m->words, *m->trouble ? m->trouble : "it could not be unpacked", text, sizeof text);
	sha256_digest(&m->hash, sizeof digest, digest);
	if (m->ended[PHASE_RUN] && m->end[PHASE_RUN][END_HOW] == END_EXITED && m->end[PHASE_RUN][END_STATUS] == DATA_ERROR) {
		failed(m, LAYER_REFUSED, text);
	} else if (!went_well(m, PHASE_RUN) || m->gap || m->sent != m->got || memcmp(digest, m->digest, sizeof digest) != 0) {
		failed(m, LAYER_OURS, text);
	} else if (layer_lock_parse(m->lock.data ? m->lock.data : "", m->lock.len, &m->layer.packages, &m->layer.npackages, &e) < 0 ||
		   layer_make_whole(&store, m->name, &m->layer, m->manifest.data ? m->manifest.data : "", m->manifest.len, &e) < 0) {
		failed(m, LAYER_OURS, e.msg);
	} else {
		made(m);
	}
}

static void take_stream(struct making *m, const struct frame *f)
{
	if (write_full(m->fd, f->data, f->len) < 0) {
		failed(m, LAYER_OURS, strerror(errno));
		return;
	}
	m->got += (int64_t)f->len;
	sha256_update(&m->hash, f->len, f->data);
}

static void take_output(struct making *m, const struct frame *f)
{
	struct buf *b = f->stream == STREAM_OUT ? &m->manifest : f->stream == STREAM_ERR && m->state == FETCHING ? &m->lock : &m->words;
	size_t most = b == &m->manifest ? LAYER_MANIFEST_MAX : b == &m->lock ? LAYER_LOCK_MAX : WORDS_MAX;

	if (m->state == FETCHING && f->stream == STREAM_OUT)
		take_stream(m, f);
	else if (b->len + f->len <= most)
		buf_add(b, f->data, f->len);
	else if (b != &m->words)
		m->gap = true;
}

static void take_end(struct making *m, const struct frame *f)
{
	uint64_t phase = f->len == 8 * END_FIELDS ? frame_get64(f->data) : PHASE_COUNT;

	if (phase >= PHASE_COUNT)
		return;
	m->ended[phase] = true;
	for (int i = 0; i < END_FIELDS; i++)
		m->end[phase][i] = frame_get64(f->data + 8 * i);
}

static void box_frame(void *arg, const struct frame *f)
{
	struct making *m = arg;

	switch ((unsigned)f->type) {
	case FRAME_START:
		break;
	case FRAME_OUT:
		take_output(m, f);
		break;
	case FRAME_GAP:
		m->gap |= f->stream != STREAM_COMPILE;
		break;
	case FRAME_CREDIT:
		if (m->state == UNPACKING && f->len == 4)
			send_stream(m, frame_get32(f->data));
		break;
	case FRAME_TROUBLE:
		snprintf(m->trouble, sizeof m->trouble, "%.*s", (int)(f->len < 190 ? f->len : 190), (const char *)f->data);
		break;
	case FRAME_END:
		take_end(m, f);
		break;
	case FRAME_DONE:
		if (m->state == FETCHING)
			fetched(m);
		else
			unpacked(m);
		break;
	default:
		failed(m, LAYER_OURS, "cee-init sent a frame that is not its to send");
	}
}

static void box_ready(void *arg)
{
	struct making *m = arg;

	if (!m->box->cells && box_cells()) {
		failed(m, LAYER_OURS, "its box could not build a cell, though this host allows them");
		return;
	}
	if (m->state == FETCHING)
		send_fetch(m);
	else
		send_unpack(m);
}

static void box_ended(void *arg, enum box_end how, const char *reason)
{
	struct making *m = arg;
	char text[400];

	m->box = NULL;
	if (how == BOX_NO_IMAGE) {
		snprintf(text, sizeof text, "the image %.100s is not there: run cee-lang build %s", m->lang->image, m->lang->name);
		reason = text;
	}
	failed(m, LAYER_OURS, reason);
}

static void begin_box(struct making *m)
{
	const char *index = conf_index(&config->conf, m->lang->layer.grammar);
	bool fetching = m->state == FETCHING;
	struct limits l;
	struct box_spec spec = { .image = m->lang->image, .processes = 130, .open_files = 1024, .tools = true };
	char path[PATH_MAX];

	limits_init(&l);
	l.v[LIMIT_MEMORY] = fetching ? config->conf.package_memory : 64 << 20;
	l.v[LIMIT_DISK] = fetching ? config->conf.package_bytes : 4 << 20;
	l.v[LIMIT_OUTPUT] = 0;
	spec.disk = l.v[LIMIT_DISK];
	spec.inodes = fetching ? config->conf.package_inodes : 256;
	spec.memory = box_memory(&config->conf, &l);
	if (fetching) {
		spec.network = config->conf.package_network;
		spec.index = is_folder_index(index) ? index : NULL;
		spec.authorities = box_file_there(config->conf.package_certificates) ? config->conf.package_certificates : NULL;
	} else if (layer_make_unpack(&store, m->name, path, sizeof path) < 0) {
		failed(m, LAYER_OURS, strerror(errno));
		return;
	} else {
		spec.writable = path;
	}
	m->box = box_new(&spec);
	if (m->box)
		box_use(m->box, box_ready, box_frame, box_ended, m);
	else
		failed(m, LAYER_OURS, "out of memory");
}

/* ---- which may begin ------------------------------------------------------------------------------ */

static int working(void)
{
	int n = 0;

	for (struct making *m = makings; m; m = m->next)
		n += m->state != WAITING;
	return n;
}

/* The other runner is through, or died. */
static void look_again(struct making *m)
{
	struct layer y;
	int fd = layer_use(&store, m->name, &y, NULL);

	if (fd >= 0) {
		layer_release(&y);
		close(fd);
		made(m);
	} else if (mono_us() - m->began > config->conf.package_wall_us + UNPACK_US) {
		failed(m, LAYER_OURS, "another runner has been making this layer for too long");
	}
}

static void begin(struct making *m)
{
	m->fd = layer_make_begin(&store, m->name);
	if (m->fd < 0 && errno == EWOULDBLOCK) {
		loop_timer(&m->timer, mono_us() + LOOK_AGAIN_US);
		return;
	}
	if (m->fd < 0) {
		failed(m, LAYER_OURS, strerror(errno));
		return;
	}
	sha256_init(&m->hash);
	enter(m, FETCHING, config->conf.package_wall_us + UNPACK_US + BOX_SLACK_US);
	begin_box(m);
	spool_hook("packages-fetching");
}

static void pump(void)
{
	bool again = true;

	while (again && engine_up()) {
		again = false;
		for (struct making *m = makings; m && !again; m = m->next)
			if (m->state == WAITING && !m->timer.at && working() < config->conf.package_boxes) {
				begin(m);	/* it may be gone now */
				again = true;
			}
	}
}

static struct timer pump_timer;

static void pump_fired(struct timer *t)
{
	(void)t;
	pump();
}

/* From the loop: whoever asks gets its answer first. */
static void pump_later(void)
{
	loop_timer(&pump_timer, mono_us() + 1);
}

static void timer_fired(struct timer *t)
{
	struct making *m = (struct making *)((char *)t - offsetof(struct making, timer));

	if (m->state != WAITING) {
		failed(m, LAYER_OURS, m->state == FETCHING ? "the package box did not end in time; it was removed"
		       : "the layer could not be unpacked in time");
		return;
	}
	look_again(m);
	pump();
}

/* ---- wishes ------------------------------------------------------------------------------------------ */

/* What the package client is told. */
static char *request_text(const struct lang *l, const struct job *j)
{
	const char *index = conf_index(&config->conf, l->layer.grammar);
	cJSON *o = cJSON_CreateObject(), *list, *p;
	char *text;

	cJSON_AddStringToObject(o, "language", l->name);
	cJSON_AddStringToObject(o, "framework", lang_framework(l, j));
	list = cJSON_AddArrayToObject(o, "packages");
	for (size_t i = 0; i < j->npackages; i++) {
		cJSON_AddItemToArray(list, p = cJSON_CreateObject());
		cJSON_AddStringToObject(p, "name", j->packages[i].name);
		cJSON_AddStringToObject(p, "version", j->packages[i].version);
	}
	cJSON_AddStringToObject(o, "index", is_folder_index(index) ? INDEX : index ? index : "");
	text = cJSON_PrintUnformatted(o);
	cJSON_Delete(o);
	return text;
}

/* "name@version" of each, a name as its registry knows it however it was written. */
static char **asked_of(const struct lang *l, const struct job *j)
{
	int g = grammar_find(l->layer.grammar);
	char **v = calloc(j->npackages + 1, sizeof *v);

	for (size_t i = 0; v && i < j->npackages; i++) {
		char *name = package_key(g >= 0 ? (enum grammar)g : GRAMMAR_ANY, j->packages[i].name);
		int r = name ? asprintf(&v[i], "%s@%s", name, j->packages[i].version) : -1;

		free(name);
		if (r < 0) {
			v[i] = NULL;
			strv_free(v);
			return NULL;
		}
	}
	return v;
}

static struct making *making_new(const struct layer_wish *w, const char *name, const char *image, char ***asked)
{
	struct making *m = calloc(1, sizeof *m), **p = &makings;
	const struct job *j = w->order.job;

	if (!m)
		return NULL;
	m->fd = -1;
	m->timer.fire = timer_fired;
	m->lang = w->order.lang;
	m->began = mono_us();
	memcpy(m->name, name, sizeof m->name);
	m->layer.language = strdup(m->lang->name);
	m->layer.image = strdup(image);
	m->layer.framework = strdup(lang_framework(m->lang, j));
	m->request = request_text(m->lang, j);
	if (!m->layer.language || !m->layer.image || !m->layer.framework || !m->request) {
		making_free(m);
		return NULL;
	}
	m->layer.asked = *asked;
	m->layer.nasked = j->npackages;
	*asked = NULL;
	while (*p)
		p = &(*p)->next;
	*p = m;
	return m;
}

static enum layer_answer say(struct layer_got *got, enum layer_answer a, const char *message)
{
	snprintf(got->message, sizeof got->message, "%s", message);
	return a;
}

/* Whole and as it was made: it is used. Damaged: it goes, and is made anew. */
static bool find(const char *name, struct layer_got *got)
{
	struct cee_err e = { "" };

	got->fd = layer_use(&store, name, &got->layer, &e);
	if (got->fd < 0 && errno == EBADMSG) {
		log_event("layer", "id", name, "trouble", e.msg, "remedy", "it is made anew", NULL);
		layer_discard(&store, name, true);
	}
	snprintf(got->path, sizeof got->path, WHOLE "/%s", name);
	return got->fd >= 0;
}

static void join(struct layer_wish *w, struct making *m)
{
	w->making = m;
	w->next = m->wishes;
	m->wishes = w;
}

static enum layer_answer want(struct layer_wish *w, const char *name, const char *image, char ***asked, struct layer_got *got)
{
	struct making *m = makings;
	struct remembered *r = recall(name);

	while (m && strcmp(m->name, name) != 0)
		m = m->next;
	if (!m && find(name, got))
		return LAYER_HAVE;
	if (!m && r) {
		got->words = r->words.data;
		got->nwords = r->words.len;
		return say(got, LAYER_REFUSED, r->message);
	}
	if (!m && config->conf.offline)
		return say(got, LAYER_REFUSED, "packages: these are not among the layers of this host, and it fetches none (offline = yes)");
	if (!m)
		m = making_new(w, name, image, asked);
	if (!m)
		return say(got, LAYER_OURS, "out of memory");
	join(w, m);
	return LAYER_LATER;
}

static enum layer_answer resolve(struct layer_wish *w, const char *image, struct layer_got *got)
{
	char **asked = asked_of(w->order.lang, w->order.job), name[LAYER_NAME + 1];
	struct layer_key k = { .language = w->order.lang->name, .image = image, .packages = asked,
		.framework = lang_framework(w->order.lang, w->order.job), .npackages = w->order.job->npackages };
	enum layer_answer a = LAYER_OURS;

	if (asked && layer_name(&store, &k, name) == 0)
		a = want(w, name, image, &asked, got);
	else
		say(got, LAYER_OURS, "out of memory");
	strv_free(asked);
	return a;
}

/* ---- who waits for an image's id ---------------------------------------------------------------------- */

static struct layer_wish *take_askers(const char *image)
{
	struct layer_wish **p = &askers, *list = NULL;

	while (*p) {
		struct layer_wish *w = *p;

		if (strcmp(w->order.lang->image, image) != 0) {
			p = &w->next;
			continue;
		}
		*p = w->next;
		w->next = list;
		list = w;
	}
	return list;
}

static void image_answered(const char *image, const char *id, bool missing)
{
	struct layer_wish *list = take_askers(image);

	while (list) {
		struct layer_wish *w = list;
		struct layer_got got = { .fd = -1 };
		enum layer_answer a = LAYER_OURS;

		list = w->next;
		w->next = NULL;
		if (id) {
			a = resolve(w, id, &got);
		} else if (missing) {
			snprintf(got.message, sizeof got.message, "the image %.100s is not there: run cee-lang build %s",
				 image, w->order.lang->name);
		} else {
			say(&got, LAYER_OURS, "the engine does not say which image this is");
		}
		if (a == LAYER_LATER)
			continue;
		w->order.done(w->order.arg, a, &got);
		free(w);
	}
	pump();
}

static enum layer_answer ask_image(struct layer_wish *w, struct layer_got *got)
{
	if (!images_ask_id(w->order.lang->image, image_answered))
		return say(got, LAYER_OURS, "out of memory");
	w->next = askers;
	askers = w;
	return LAYER_LATER;
}

/* ---- from outside -------------------------------------------------------------------------------------- */

enum layer_answer layers_ask(const struct layer_order *o, struct layer_got *got, struct layer_wish **wish)
{
	struct layer_wish *w = calloc(1, sizeof *w);
	enum layer_answer a;
	const char *id;

	*got = (struct layer_got){ .fd = -1 };
	*wish = NULL;
	if (!o->lang->layer.grammar || store.dir < 0) {
		free(w);
		return say(got, store.dir < 0 ? LAYER_OURS : LAYER_REFUSED, store.dir < 0 ? store_trouble.msg
			   : "packages: this language has none of its own here");
	}
	if (!w)
		return say(got, LAYER_OURS, "out of memory");
	w->order = *o;
	id = images_id(o->lang->image);
	a = id ? resolve(w, id, got) : ask_image(w, got);
	if (a != LAYER_LATER) {
		free(w);
		return a;
	}
	*wish = w;
	pump_later();
	return a;
}

static void unlink_wish(struct layer_wish **p, struct layer_wish *w)
{
	while (*p && *p != w)
		p = &(*p)->next;
	if (*p)
		*p = w->next;
}

/* A making that nobody waits for any more is given up. */
void layers_forget(struct layer_wish *w)
{
	struct making *m = w ? w->making : NULL;

	if (!w)
		return;
	unlink_wish(m ? &m->wishes : &askers, w);
	free(w);
	if (m && !m->wishes) {
		making_leave(m, "not wanted");
		loop_doom(making_free, m);
		pump();
	}
}

void layers_drain(void)
{
	while (makings)
		failed(makings, LAYER_OURS, "the engine went away");
}

static void open_store(void)
{
	if (store.dir >= 0 && strcmp(store.path, config->conf.layers) == 0)
		return;
	layers_close(&store);
	if (layers_open(&store, config->conf.layers, true, &store_trouble) < 0)
		log_event("layers", "trouble", store_trouble.msg, "remedy", "jobs with packages fail until layers can be made there", NULL);
	box_set_layers(store.dir >= 0 ? store.path : NULL);
}

void layers_reconfigure(const struct config *c)
{
	config = c;
	open_store();
}

void layers_init(const struct config *c)
{
	config = c;
	prune_timer.fire = prune_fired;
	pump_timer.fire = pump_fired;
	open_store();
	prune_now();
}

void layers_end(void)
{
	join_pruner();
	layers_close(&store);
	for (unsigned i = 0; i < nmemory; i++)
		buf_release(&memory[i].words);
	nmemory = 0;
}
