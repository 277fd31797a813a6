/* compiler.c - compile boxes and the compiles that they serve
 *
 *     COMING → WARMING → IDLE ⇄ BUSY        (each → gone)
 *
 * A compile box is an ordinary box in which cee-init runs one long job: a resident
 * compiler (src/wire/resident.h). It never runs a job's code. It is nobody's until its first
 * compile, then its first owner's, until it was idle too long or was used so many times;
 * for owners that share nothing it serves one compile. It never passes from one owner to
 * another.
 *
 * A compile that finds no box waits only where one is about to be free, and no longer than
 * a compiler's cold start takes: the plain way, in the job's own box, is always there. It
 * is also the way out of everything that goes wrong here, so no verdict hangs on a
 * compile box's health.
 *
 * What a resident compiler says is a stranger's: user's programs went through it. Names,
 * sizes and counts are bounded, times measured here, and who breaks a rule goes.
 */
#include "runner/compile/compiler.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limit.h"
#include "base/loop.h"
#include "base/names.h"
#include "base/strv.h"
#include "conf/conf.h"
#include "conf/token.h"
#include "engine/attach.h"
#include "engine/docker.h"
#include "job/job.h"
#include "job/job_files.h"
#include "job/language.h"
#include "job/language_argv.h"
#include "runner/box/box.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "spool/spool.h"
#include "wire/frame.h"
#include "wire/frame_types.h"
#include "wire/payload.h"
#include "wire/resident.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define STATES_OF(S) S(COMING, "coming") S(WARMING, "warming up") S(IDLE, "idle") S(BUSY, "compiling")
enum compiler_state {
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

enum {
	OWN_MEMORY = 192 << 20, /* what a resident compiler holds before it has a job */
	DISK = 16 << 20,
	INODES = 1024,
	USES = 1000,		 /* compiles of one box */
	WARM_US = 60000000,	 /* until READY */
	IDLE_US = 300000000,	 /* an idle box goes after that, nobody's too unless it is kept ahead */
	HELD_US = 5000000,	 /* so long an owner's idle box is not taken away for another's job */
	PATIENCE_US = 700000,	 /* about what the plain way costs */
	PACE_US = 1000000,	 /* the machine is quiet that long before one is made ahead */
	PACE_MOST_US = 15000000, /* ... or it has been wanted that long */
	WALL_SLACK_US = 200000,	 /* the way to the box and back */
	BACKOFF_LEAST = 2000000,
	BACKOFF_MOST = 300000000,
	COMPLAINTS = 5,	  /* of one box's standard error are logged */
	WORDS_MORE = 4096 /* beyond the limit of output: then it cannot count */
};

struct compiler {
	enum compiler_state state;
	struct shelf *shelf;
	struct box *box;
	char owner[OWNER_MAX]; /* "" nobody's yet */
	int uses, complaints;
	bool last;		    /* goes when it is through */
	int64_t since;		    /* in this state */
	struct frame_parser parser; /* of what the compiler says */
	struct buf out;		    /* to its standard input, from sent on */
	size_t sent, credit;
	uint32_t number; /* of the compile */
	struct compile *work;
	size_t left;	    /* bytes that the product under way lacks */
	struct timer timer; /* wall time, warming up, idle */
	struct compiler *next;
};

/* A language's compile boxes. */
struct shelf {
	const struct lang *lang;
	struct limits limits;	/* of its boxes */
	int64_t asked;		/* the last compile wanted; 0 never */
	int64_t wanted;		/* since when one more is wanted ahead; 0 none is */
	int64_t again, backoff; /* starting failed: not before, and how long next time */
	int64_t start_us;	/* what the last start took */
};

static const struct config *config;
static struct boxes *boxes;
static struct shelf *shelves;
static size_t nshelves;
static struct compiler *compilers;
static struct compile *queue;
static struct timer pace, patience;
static bool draining;

static void dispatch(void);
static void refill_later(void);

static void enter(struct compiler *k, enum compiler_state s, int64_t deadline_us)
{
	log_event("compiler", "language", k->shelf->lang->name, "id", k->box->container[0] ? k->box->container : "-",
		  "owner", k->work ? k->work->order.owner : NULL, "from", state_text[k->state], "to", state_text[s],
		  "ms", log_number((mono_us() - k->since) / 1000), NULL);
	k->state = s;
	k->since = mono_us();
	loop_timer(&k->timer, deadline_us ? k->since + deadline_us : 0);
}

/* ---- the answer ------------------------------------------------------------------ */

static void products_release(struct compile *c)
{
	while (c->nproducts) {
		struct job_file *p = &c->product[--c->nproducts];

		free(p->name);
		free(p->data);
	}
	free(c->product);
	c->product = NULL;
	c->product_bytes = 0;
	buf_release(&c->words);
	c->gap = 0;
}

/* e NULL: the plain way. */
static void answer(struct compile *c, const struct frame_end *e)
{
	struct payload p;
	struct frame end = { .type = FRAME_END, .data = p.data };

	if (c->box)
		c->box->work = NULL;
	c->box = NULL;
	if (e) {
		frame_pack_end(&p, e);
		end.len = p.len;
	} else {
		products_release(c);
	}
	c->order.done(c->order.arg, e ? &end : NULL);
}

/* ---- the end of a compile box ------------------------------------------------------- */

static void compiler_release(void *p)
{
	free(p);
}

static void compiler_end(struct compiler *k, const char *why)
{
	struct compiler **p = &compilers;
	struct compile *work = k->work;

	log_event("compiler", "language", k->shelf->lang->name, "id", k->box ? k->box->container : "-", "from",
		  state_text[k->state], "to", "gone", "why", why, "uses", log_number(k->uses), NULL);
	loop_timer(&k->timer, 0);
	while (*p != k)
		p = &(*p)->next;
	*p = k->next;
	if (k->box) {
		k->box->gone = NULL;
		box_remove(k->box);
	}
	buf_release(&k->out);
	loop_doom(boxes->loop, compiler_release, k);
	if (work)
		answer(work, NULL);
	refill_later();
}

/* It did not come up: others would not either, for a while. */
static void compiler_failed(struct compiler *k, const char *why)
{
	struct shelf *s = k->shelf;

	if (k->state < IDLE) {
		s->backoff = s->backoff ? s->backoff * 2 : BACKOFF_LEAST;
		if (s->backoff > BACKOFF_MOST)
			s->backoff = BACKOFF_MOST;
		s->again = mono_us() + s->backoff;
	}
	compiler_end(k, why);
}

static void go_idle(struct compiler *k)
{
	if (k->last || (k->uses && (!k->owner[0] || k->uses >= USES))) {
		compiler_end(k, "it has served");
		return;
	}
	enter(k, IDLE, IDLE_US);
	dispatch();
}

/* ---- to the compiler ------------------------------------------------------------------ */

static void pump(struct compiler *k)
{
	size_t n = k->out.len - k->sent;

	if (n > k->credit)
		n = k->credit;
	if (!n || attach_send(&k->box->attach, FRAME_STDIN, k->out.data + k->sent, n) < 0)
		return;
	k->sent += n;
	k->credit -= n;
	if (k->sent == k->out.len) {
		buf_release(&k->out);
		k->sent = 0;
	}
	attach_flush(&k->box->attach);
}

static int put(struct compiler *k, enum frame_type type, const void *data, size_t len)
{
	unsigned char head[FRAME_HEADER];

	frame_header(head, type, STREAM_NONE, len);
	return buf_add(&k->out, head, sizeof(head)) < 0 || (len && buf_add(&k->out, data, len) < 0) ? -1 : 0;
}

static int put_file(struct compiler *k, const char *name, const void *data, size_t len)
{
	struct frame_file file = { .mode = 0644, .size = len, .name = name, .name_len = strlen(name) };
	struct payload p;
	const char *d = data;

	if (frame_pack_file(&p, &file) < 0)
		return 0; /* job_name_valid admits no name as long as that */
	if (put(k, FRAME_FILE, p.data, p.len) < 0)
		return -1;
	for (size_t piece; len; d += piece, len -= piece) {
		piece = len < FRAME_MAX ? len : FRAME_MAX;
		if (put(k, FRAME_DATA, d, piece) < 0)
			return -1;
	}
	return 0;
}

static int put_files(struct compiler *k, const struct lang *l, const struct job *j)
{
	int r = j->code ? put_file(k, lang_entry(l, j), j->code, j->code_len) : 0;

	for (size_t i = 0; r == 0 && i < j->nfiles; i++)
		r = put_file(k, j->files[i].name, j->files[i].data, j->files[i].len);
	return r;
}

static int put_order(struct compiler *k, const struct compile_order *o)
{
	struct payload p;
	size_t n;
	char *const *tmpl = lang_command(o->lang, LANG_RESIDENT, o->job, &n);
	char **argv = lang_argv(o->lang, tmpl, n, o->job);
	int r = argv ? 0 : -1;

	frame_pack_plan(&p, k->number, o->limits);
	if (r == 0)
		r = put(k, FRAME_PHASE, p.data, p.len);
	if (r == 0)
		r = put_files(k, o->lang, o->job);
	for (size_t i = 0; r == 0 && argv[i]; i++)
		r = strlen(argv[i]) <= FRAME_MAX ? put(k, FRAME_ARG, argv[i], strlen(argv[i])) : -1;
	strv_free(argv);
	return r == 0 ? put(k, FRAME_GO, NULL, 0) : -1;
}

static void serve(struct compiler *k, struct compile *c)
{
	int64_t wall = c->order.limits->v[LIMIT_WALL];

	k->work = c;
	c->box = k;
	c->first = k->uses++ == 0;
	c->begun = mono_us();
	k->number++;
	if (c->order.shares)
		snprintf(k->owner, sizeof(k->owner), "%s", c->order.owner);
	k->last |= !c->order.shares;
	k->left = 0;
	enter(k, BUSY, wall > 0 ? wall + WALL_SLACK_US : 0);
	if (put_order(k, &c->order) < 0)
		loop_timer(&k->timer, 1); /* out of memory: ended from the loop, as a compile that hangs */
	else
		pump(k);
	refill_later();
}

/* ---- from the compiler ------------------------------------------------------------------ */

static void broken(struct compiler *k, const char *how)
{
	compiler_failed(k, how);
}

static void take_ready(struct compiler *k, const struct frame *f)
{
	struct resident_ready ready;

	if (k->state != WARMING || !resident_unpack_ready(f->data, f->len, &ready) ||
	    ready.version != RESIDENT_VERSION) {
		broken(k, "it speaks another version: run cee-lang build");
		return;
	}
	k->shelf->backoff = 0;
	k->shelf->start_us = mono_us() - k->box->born;
	go_idle(k);
}

static void take_words(struct compiler *k, const struct frame *f)
{
	struct compile *c = k->work;
	int64_t most = c->order.limits->v[LIMIT_OUTPUT];

	if (f->stream != STREAM_COMPILE || (most > 0 && c->words.len + f->len > (size_t)most + WORDS_MORE) ||
	    buf_add(&c->words, f->data, f->len) < 0)
		broken(k, "it says more than it may");
}

static void take_gap(struct compiler *k, const struct frame *f)
{
	struct compile *c = k->work;

	if (c->gap || !frame_unpack_gap(f->data, f->len, &c->gap)) {
		broken(k, "it says more than it may");
		return;
	}
	c->gap_at = c->words.len;
}

static bool product_fits(const struct compile *c, const char *name, uint64_t size)
{
	const struct limits *l = c->order.limits;
	uint64_t most = l->v[LIMIT_FILE_SIZE] > 0 && l->v[LIMIT_FILE_SIZE] < RESIDENT_BYTES
				? (uint64_t)l->v[LIMIT_FILE_SIZE]
				: RESIDENT_BYTES;

	for (size_t i = 0; i < c->nproducts; i++)
		if (strcmp(c->product[i].name, name) == 0)
			return false;
	return job_name_valid(name) && c->nproducts < RESIDENT_PRODUCTS && size <= most &&
	       c->product_bytes + size <= RESIDENT_BYTES;
}

static void take_file(struct compiler *k, const struct frame *f)
{
	struct compile *c = k->work;
	struct frame_file file;
	bool whole = frame_unpack_file(f->data, f->len, &file);
	AUTO_FREE char *name = whole ? strndup(file.name, file.name_len) : NULL;
	struct job_file *p;

	if (!name || k->left || !product_fits(c, name, file.size)) {
		broken(k, "a product that cannot be");
		return;
	}
	p = reallocarray(c->product, c->nproducts + 1, sizeof(*p));
	if (p)
		c->product = p;
	if (p)
		p[c->nproducts] = (struct job_file){ .mode = file.mode & 0100 ? 0755 : 0644,
						     .data = malloc(file.size + 1),
						     .name = strdup(name) };
	if (!p || !p[c->nproducts++].data || !p[c->nproducts - 1].name) {
		broken(k, "out of memory");
		return;
	}
	k->left = file.size;
	c->product_bytes += file.size;
}

static void take_data(struct compiler *k, const struct frame *f)
{
	struct compile *c = k->work;
	struct job_file *p = c->nproducts ? &c->product[c->nproducts - 1] : NULL;

	if (!p || f->len > k->left) {
		broken(k, "more of a product than it said");
		return;
	}
	memcpy(p->data + p->len, f->data, f->len);
	p->len += f->len;
	k->left -= f->len;
}

static uint64_t at_most(uint64_t v, uint64_t most)
{
	return v < most ? v : most;
}

/* Caps the figures at what is possible: wall time as measured here, the others within it and within the box. */
static void plausible(struct frame_end *e, const struct compiler *k)
{
	uint64_t wall = (uint64_t)(mono_us() - k->work->begun);

	*e = (struct frame_end){ .phase = PHASE_COMPILE,
				 .how = e->how,
				 .status = at_most(e->status, 255),
				 .cpu_us = at_most(e->cpu_us, wall * 64),
				 .wall_us = at_most(e->wall_us, wall),
				 .peak = at_most(e->peak, (uint64_t)k->box->spec.memory),
				 .hit = at_most(e->hit, (1u << LIMIT_COUNT) - 1),
				 .err_bytes = k->work->words.len + k->work->gap, /* diagnostics count as stderr */
				 .dropped = k->work->gap };
}

static void take_end(struct compiler *k, const struct frame *f)
{
	struct compile *c = k->work;
	struct frame_end e;
	bool valid = resident_unpack_end(f->data, f->len, k->number, &e);

	if (!valid || k->left || (e.how == END_EXITED && e.status == 0) != (c->nproducts > 0)) {
		broken(k, "an end that cannot be");
		return;
	}
	plausible(&e, k);
	/* Memory that compiles before it left behind is not this one's: the plain way decides. */
	answer(c, e.how == END_MEMORY_LIMIT && !c->first ? NULL : &e);
	if (e.how == END_EXITED)
		go_idle(k);
	else
		compiler_end(k, "over a limit");
}

static void take_trouble(struct compiler *k, const struct frame *f)
{
	char text[300];

	snprintf(text, sizeof(text), "%.*s", (int)f->len, (const char *)f->data);
	log_event("compiler", "language", k->shelf->lang->name, "id", k->box->container, "trouble", text, "remedy",
		  "compiled the plain way", NULL);
	answer(k->work, NULL);
	k->left = 0;
	go_idle(k);
}

static void compiler_frame(struct compiler *k, const struct frame *f)
{
	if (f->type == FRAME_READY) {
		take_ready(k, f);
		return;
	}
	if (k->state != BUSY) {
		broken(k, "it spoke without being asked");
		return;
	}
	switch ((unsigned)f->type) {
	case FRAME_OUT:
		take_words(k, f);
		break;
	case FRAME_GAP:
		take_gap(k, f);
		break;
	case FRAME_FILE:
		take_file(k, f);
		break;
	case FRAME_DATA:
		take_data(k, f);
		break;
	case FRAME_END:
		take_end(k, f);
		break;
	case FRAME_TROUBLE:
		take_trouble(k, f);
		break;
	default:
		broken(k, "a frame that is not a compiler's to send");
	}
}

/* ---- cee-init around it ------------------------------------------------------------------- */

static bool alive(const struct compiler *k)
{
	for (const struct compiler *i = compilers; i; i = i->next)
		if (i == k)
			return true;
	return false;
}

static void take_bytes(struct compiler *k, const unsigned char *p, size_t len)
{
	struct frame f;
	size_t used;

	while (len && alive(k)) {
		int r = frame_feed(&k->parser, p, len, &used, &f);

		if (r < 0) {
			broken(k, "it says what is no frame");
			return;
		}
		p += used;
		len -= used;
		if (r > 0)
			compiler_frame(k, &f);
	}
}

/* Its program ended. For memory: the job's doing, where nothing was there before it. */
static void program_ended(struct compiler *k, const struct frame *f)
{
	struct frame_end e;
	bool memory = frame_unpack_end(f->data, f->len, &e) && e.how == END_MEMORY_LIMIT;
	struct compile *c = k->work;

	if (c && c->first && memory) {
		plausible(&e, k);
		answer(c, &e);
	}
	compiler_failed(k, memory ? "it needed more than its memory" : "its program ended");
}

static void log_stderr(const struct compiler *k, const struct frame *f)
{
	char text[200];

	snprintf(text, sizeof(text), "%.*s", (int)f->len, (const char *)f->data);
	text[strcspn(text, "\n")] = 0;
	log_event("compiler", "id", k->box->container, "stderr", text, NULL);
}

static void box_frame(void *arg, const struct frame *f)
{
	struct compiler *k = arg;
	uint32_t bytes;

	switch ((unsigned)f->type) {
	case FRAME_START:
		break;
	case FRAME_OUT:
		if (f->stream == STREAM_OUT)
			take_bytes(k, f->data, f->len);
		else if (k->complaints++ < COMPLAINTS)
			log_stderr(k, f);
		break;
	case FRAME_CREDIT:
		if (frame_unpack_number(f->data, f->len, &bytes))
			k->credit += bytes;
		pump(k);
		break;
	case FRAME_END:
		program_ended(k, f);
		break;
	default: /* DONE, TROUBLE and what has no place here */
		compiler_failed(k, "cee-init could not keep it");
	}
}

static void send_strings(struct box *b, enum frame_type type, char *const *v)
{
	for (; v && *v; v++)
		attach_send(&b->attach, type, *v, strlen(*v));
}

static int start_program(struct compiler *k)
{
	const struct lang *l = k->shelf->lang;
	const struct job none = { .language = l->name };
	struct payload job, plan;
	char **argv = lang_argv(l, l->resident.command, l->resident.ncommand, &none);
	char **env = lang_env(l, PHASE_COMPILE, &none);
	int r = argv && env ? 0 : -1;

	frame_pack_job(&job,
		       &(struct frame_job){ .flags = k->box->cells ? 0 : JOB_NO_CELL, .disk = DISK, .inodes = INODES });
	frame_pack_plan(&plan, PHASE_RUN, &k->shelf->limits);
	if (r == 0) {
		attach_send(&k->box->attach, FRAME_JOB, job.data, job.len);
		attach_send(&k->box->attach, FRAME_PHASE, plan.data, plan.len);
		send_strings(k->box, FRAME_ARG, argv);
		send_strings(k->box, FRAME_ENV, env);
		attach_send(&k->box->attach, FRAME_GO, NULL, 0);
		attach_flush(&k->box->attach);
	}
	strv_free(argv);
	strv_free(env);
	return r;
}

static void box_ready(void *arg)
{
	struct compiler *k = arg;

	enter(k, WARMING, WARM_US);
	if (!k->box->cells && boxes_cells(boxes))
		compiler_failed(k, "its box could not build a cell, though this host allows them");
	else if (start_program(k) < 0)
		compiler_failed(k, "out of memory");
}

static void box_ended(void *arg, enum box_end how, const char *reason)
{
	struct compiler *k = arg;

	k->box = NULL;
	if (how == BOX_NO_IMAGE)
		k->shelf->backoff = BACKOFF_MOST;
	compiler_failed(k, reason);
}

static void timer_fired(struct timer *t)
{
	struct compiler *k = (struct compiler *)((char *)t - offsetof(struct compiler, timer));
	struct compile *c = k->work;
	struct frame_end e = { .how = END_WALL_LIMIT, .status = 9, .hit = 1u << LIMIT_WALL };

	if (k->state == WARMING) {
		compiler_failed(k, "it was not ready within a minute");
	} else if (c && c->order.limits->v[LIMIT_WALL] > 0 && mono_us() - c->begun >= c->order.limits->v[LIMIT_WALL]) {
		plausible(&e, k);
		e.wall_us = (uint64_t)(mono_us() - c->begun);
		products_release(c);
		answer(c, &e);
		compiler_end(k, "over a limit");
	} else {
		compiler_end(k, k->state == IDLE ? "nobody wanted it" : "out of memory");
	}
}

/* ---- shelves -------------------------------------------------------------------------------- */

static void box_limits(struct limits *l, const struct lang *lang)
{
	*l = lang->resident.limits;
	limits_default(l, &lang->limits[PHASE_COMPILE]);
	limits_default(l, &config->conf.dflt[PHASE_COMPILE]);
	limits_cap(l, &config->conf.max[PHASE_COMPILE]);
	l->v[LIMIT_CPU] = l->v[LIMIT_WALL] = l->v[LIMIT_OUTPUT] = -1; /* each compile's own */
	l->v[LIMIT_DISK] = DISK;
	l->v[LIMIT_INODES] = INODES;
	l->v[LIMIT_MEMORY] += OWN_MEMORY;
}

static struct shelf *shelf_of(const struct lang *lang)
{
	for (size_t i = 0; i < nshelves; i++)
		if (shelves[i].lang == lang)
			return &shelves[i];
	return NULL;
}

bool compiler_suits(const struct lang *lang, const struct limits *limits)
{
	struct shelf *s = shelf_of(lang);

	return s && lang->resident.max > 0 && config->conf.resident != RESIDENT_NEVER &&
	       limits->v[LIMIT_MEMORY] == s->limits.v[LIMIT_MEMORY] - OWN_MEMORY;
}

static void start_one(struct shelf *s)
{
	struct compiler *k = calloc(1, sizeof(*k));
	struct box_spec spec = { .image = s->lang->image,
				 .memory = box_memory(&config->conf, &s->limits),
				 .disk = DISK,
				 .inodes = INODES,
				 .processes = s->limits.v[LIMIT_PROCESSES] + 2,
				 .open_files =
					 s->limits.v[LIMIT_OPEN_FILES] < 256 ? 256 : s->limits.v[LIMIT_OPEN_FILES] };

	if (k)
		k->box = box_new(boxes, &spec);
	if (!k || !k->box) {
		free(k);
		return;
	}
	box_use(k->box, box_ready, box_frame, box_ended, k);
	frame_parser_init(&k->parser);
	k->shelf = s;
	k->since = mono_us();
	timer_init(&k->timer, boxes->loop, timer_fired);
	k->next = compilers;
	compilers = k;
	s->wanted = 0;
}

static int count(const struct shelf *s, bool nobodys)
{
	int n = 0;

	for (struct compiler *k = compilers; k; k = k->next)
		n += k->shelf == s && (!nobodys || (!k->owner[0] && k->state != BUSY));
	return n;
}

/* An idle box that its owner has not used for a while makes room for another's. */
static bool make_room(struct shelf *s)
{
	struct compiler *oldest = NULL;

	if (count(s, false) < s->lang->resident.max)
		return true;
	for (struct compiler *k = compilers; k; k = k->next)
		if (k->shelf == s && k->state == IDLE && k->owner[0] && mono_us() - k->since > HELD_US &&
		    (!oldest || k->since < oldest->since))
			oldest = k;
	if (oldest)
		compiler_end(oldest, "another owner's turn");
	return oldest;
}

static void start_wanted(struct shelf *s)
{
	if (!draining && engine_up(boxes->engine) && mono_us() >= s->again && make_room(s))
		start_one(s);
}

/* ---- making ahead ---------------------------------------------------------------------------- */

static bool kept_ahead(const struct shelf *s)
{
	return config->conf.resident == RESIDENT_AHEAD ||
	       (config->conf.resident == RESIDENT_AUTO && s->asked && mono_us() - s->asked < IDLE_US);
}

static bool busy_now(void)
{
	for (struct compiler *k = compilers; k; k = k->next)
		if (k->state != IDLE || mono_us() - k->since < PACE_US)
			return true;
	return false;
}

/* At most one is in the making, and while the machine is quiet: it costs a second of cpu. */
static void look_ahead(struct timer *t)
{
	int64_t now = mono_us();
	bool again = false;

	(void)t;
	for (size_t i = 0; i < nshelves && !draining; i++) {
		struct shelf *s = &shelves[i];

		if (!kept_ahead(s) || count(s, true) >= s->lang->resident.min ||
		    count(s, false) >= s->lang->resident.max) {
			s->wanted = 0;
			continue;
		}
		if (!s->wanted)
			s->wanted = now;
		again = true;
		if ((!busy_now() && (!s->asked || now - s->asked > PACE_US)) || now - s->wanted > PACE_MOST_US)
			start_wanted(s);
	}
	if (again)
		loop_timer(&pace, now + PACE_US / 2);
}

static void refill_later(void)
{
	if (!pace.at)
		loop_timer(&pace, mono_us() + 1);
}

void compiler_refill(void)
{
	draining = false;
	refill_later();
}

/* ---- the queue ---------------------------------------------------------------------------------- */

static struct compiler *idle_for(const struct compile_order *o)
{
	struct shelf *s = shelf_of(o->lang);
	struct compiler *nobodys = NULL;

	for (struct compiler *k = compilers; k; k = k->next) {
		if (k->shelf != s || k->state != IDLE || k->last)
			continue;
		if (!k->owner[0])
			nobodys = k;
		else if (o->shares && strcmp(k->owner, o->owner) == 0)
			return k;
	}
	return nobodys;
}

/* Will one be free before the plain way would be through? */
static bool worth_waiting(const struct compile_order *o)
{
	struct shelf *s = shelf_of(o->lang);
	int64_t now = mono_us();

	for (struct compiler *k = compilers; k; k = k->next) {
		if (k->shelf != s || k->last)
			continue;
		if (k->state == BUSY && o->shares && strcmp(k->owner, o->owner) == 0)
			return true;
		if (k->state < IDLE && k->box->born + s->start_us - now < PATIENCE_US)
			return true;
	}
	return false;
}

static void unqueue(struct compile *c)
{
	for (struct compile **p = &queue; *p; p = &(*p)->next)
		if (*p == c) {
			*p = c->next;
			return;
		}
}

static void dispatch(void)
{
	struct compiler *k;

	for (struct compile *c = queue, *next; c; c = next) {
		next = c->next;
		k = idle_for(&c->order);
		if (k) {
			unqueue(c);
			serve(k, c);
		}
	}
}

static void look_at_patience(struct timer *t)
{
	struct compile *c = queue;

	if (c && c->patience <= mono_us()) {
		unqueue(c);
		answer(c, NULL);
	}
	if (queue)
		loop_timer(t, queue->patience > mono_us() ? queue->patience : mono_us() + 1);
}

static void enqueue(struct compile *c)
{
	struct compile **p = &queue;

	while (*p)
		p = &(*p)->next;
	*p = c;
	c->patience = mono_us() + PATIENCE_US;
	if (!patience.at)
		loop_timer(&patience, c->patience);
}

struct compile *compile_begin(const struct compile_order *o)
{
	struct shelf *s = shelf_of(o->lang);
	struct compiler *k = idle_for(o);
	struct compile *c = NULL;

	s->asked = mono_us();
	if (k || worth_waiting(o))
		c = calloc(1, sizeof(*c));
	if (!c) {
		if (!k && count(s, true) == 0)
			start_wanted(s);
		return NULL;
	}
	c->order = *o;
	if (k)
		serve(k, c);
	else
		enqueue(c);
	return c;
}

void compile_free(struct compile *c)
{
	if (!c)
		return;
	unqueue(c);
	if (c->box) {
		struct compiler *k = c->box;

		k->work = NULL;
		c->box = NULL;
		compiler_end(k, "its job was ended");
	}
	products_release(c);
	free(c);
}

/* ---- start and end ---------------------------------------------------------------------------------- */

void compiler_drain(void)
{
	draining = true;
	loop_timer(&pace, 0);
	while (compilers)
		compiler_end(compilers, "the runner or the engine goes");
	while (queue) {
		struct compile *c = queue;

		unqueue(c);
		answer(c, NULL);
	}
}

/* Shelves of an old configuration stay in memory, as it does: boxes at work point at them. */
static void shelves_make(void)
{
	nshelves = 0;
	shelves = calloc(config->langs.n + 1, sizeof(*shelves));
	for (size_t i = 0; shelves && i < config->langs.n; i++) {
		if (!config->langs.l[i].resident.ncommand)
			continue;
		shelves[nshelves].lang = &config->langs.l[i];
		shelves[nshelves].start_us = 2 * PATIENCE_US;
		box_limits(&shelves[nshelves++].limits, &config->langs.l[i]);
	}
}

void compiler_init(const struct config *c, struct boxes *bs)
{
	boxes = bs;
	config = c;
	timer_init(&pace, boxes->loop, look_ahead);
	timer_init(&patience, boxes->loop, look_at_patience);
	shelves_make();
}

void compiler_reconfigure(const struct config *c)
{
	struct compiler *k, *next;

	config = c;
	for (k = compilers; k; k = next) {
		next = k->next;
		k->last = true;
		if (k->state != BUSY)
			compiler_end(k, "a new configuration");
	}
	shelves_make();
	refill_later();
}
