/* package_box.c - one package box: a box that fetches packages, or one that unpacks them (package_box.h)
 *
 * A box that fetches has the language's image and a gate to a network (runner/box/gate.h), which knows the registry's
 * hosts and no others. In it the language's package client resolves the packages into a tree, and cee-init packs that tree
 * (src/init/layer_tar.c); the output is a stream of bytes that is not parsed here. A box that unpacks has no
 * network, and one writable folder; it gets the same stream, and lists its contents.
 *
 * No code of a package runs in either box, and no credential enters one. The output is untrusted, and the size of
 * each part is bounded.
 */
#include "runner/layers/package_box.h"
#include "wire/frame_types.h"
#include "base/strv.h"
#include "job/language_argv.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limit.h"
#include "conf/conf.h"
#include "engine/attach.h"
#include "job/job.h"
#include "job/language.h"
#include "layers/store.h"
#include "runner/box/box.h"
#include "runner/box/gate_env.h"
#include "runner/layers/package_gate.h"
#include "runner/layers/package_report.h"
#include "runner/layers/package_request.h"
#include "wire/frame.h"
#include "wire/payload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TOOL "/.cee/pack"
#define WRITABLE "/.cee/layer"
#define REQUEST_FILE "request.json"

enum { OUTPUT_MAX = 64 << 10, CLIENT_OUTPUT = 1 << 20, PROCESSES = 128, OPEN_FILES = 1024 };

static bool fetches(const struct package_box *p)
{
	return p->task.request;
}

/* ---- frames to the box ---------------------------------------------------------------------- */

static void send_text(struct package_box *p, enum frame_type type, const char *s)
{
	attach_send(&p->box->attach, type, s, strlen(s));
}

static void send_number(struct package_box *p, int64_t n)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", (long long)n);
	send_text(p, FRAME_ARG, text);
}

static void send_job(struct package_box *p, int64_t disk, int64_t inodes)
{
	const struct frame_job job = { .flags = JOB_STOP_ON_OUTPUT | (p->box->cells ? 0 : JOB_NO_CELL),
				       .disk = (uint64_t)disk,
				       .inodes = (uint64_t)inodes };
	struct payload head;

	frame_pack_job(&head, &job);
	attach_send(&p->box->attach, FRAME_JOB, head.data, head.len);
}

static void send_phase(struct package_box *p, enum frame_phase phase, int64_t output, int64_t wall_us)
{
	struct payload plan;
	struct limits l;

	limits_init(&l);
	l.v[LIMIT_OUTPUT] = output;
	l.v[LIMIT_WALL] = wall_us;
	l.v[LIMIT_MEMORY] = p->task.conf->package_memory;
	l.v[LIMIT_PROCESSES] = PROCESSES;
	l.v[LIMIT_OPEN_FILES] = OPEN_FILES;
	frame_pack_plan(&plan, phase, &l);
	attach_send(&p->box->attach, FRAME_PHASE, plan.data, plan.len);
}

/* The language's environment, and the names by which clients find the proxy and the certificate authorities. */
static void send_environment(struct package_box *p)
{
	const struct conf *c = p->task.conf;
	const struct job none = { .language = p->task.lang->name };
	char **env = lang_env(p->task.lang, PHASE_COMPILE, &none);

	for (char **v = env; v && *v; v++)
		if (strncmp(*v, "HOME=", 5) != 0)
			send_text(p, FRAME_ENV, *v);
	strv_free(env);
	send_text(p, FRAME_ENV, "HOME=/tmp");
	gate_env_send(&p->box->attach, p->gated, box_file_there(c->package_certificates));
}

static void send_request(struct package_box *p)
{
	const struct frame_file f = {
		.mode = 0600, .size = strlen(p->task.request), .name = REQUEST_FILE, .name_len = sizeof REQUEST_FILE - 1
	};
	struct payload head;

	frame_pack_file(&head, &f);
	attach_send(&p->box->attach, FRAME_FILE, head.data, head.len);
	attach_send(&p->box->attach, FRAME_DATA, p->task.request, strlen(p->task.request));
}

/* Two phases: the package client, then cee-init's pack, whose standard output is the tree. */
static void send_fetch(struct package_box *p)
{
	const struct conf *c = p->task.conf;
	const struct lang_layer *l = &p->task.lang->layer;
	const struct job j = { .language = p->task.lang->name, .framework = (char *)p->task.framework };
	char **argv = lang_argv(p->task.lang, l->fetch, l->nfetch, &j);

	send_job(p, c->package_bytes, c->package_inodes);
	send_request(p);
	send_phase(p, PHASE_COMPILE, CLIENT_OUTPUT, c->package_wall_us);
	send_text(p, FRAME_ARG, TOOL);
	send_text(p, FRAME_ARG, "fetch");
	send_text(p, FRAME_ARG, REQUEST_FILE);
	for (char **v = argv; v && *v; v++)
		send_text(p, FRAME_ARG, *v);
	strv_free(argv);
	send_environment(p);
	/* room for frame headers: a file's header has its name, those of its contents are small */
	send_phase(p, PHASE_RUN, c->package_bytes + c->package_inodes * 1100, PACKAGE_UNPACK_US);
	send_text(p, FRAME_ARG, TOOL);
	send_text(p, FRAME_ARG, "pack");
}

static void send_unpack(struct package_box *p)
{
	send_job(p, 1 << 20, 64);
	send_phase(p, PHASE_RUN, LAYER_MANIFEST_MAX, PACKAGE_UNPACK_US);
	send_text(p, FRAME_ARG, TOOL);
	send_text(p, FRAME_ARG, "unpack");
	send_text(p, FRAME_ARG, WRITABLE);
}

int package_box_send(struct package_box *p, const void *data, size_t len, bool last)
{
	if (attach_send(&p->box->attach, FRAME_STDIN, data, len) < 0)
		return -1;
	return last ? attach_send(&p->box->attach, FRAME_STDIN_END, NULL, 0) : 0;
}

void package_box_flush(struct package_box *p)
{
	attach_flush(&p->box->attach);
}

/* ---- frames from the box ------------------------------------------------------------------------ */

/* Fetching: the tree, the lock file and the client's output; unpacking: the manifest and messages. */
static void take_output(struct package_box *p, const struct frame *f)
{
	struct package_report *r = &p->report;
	struct buf *b = f->stream == STREAM_OUT			? &r->manifest
			: f->stream == STREAM_ERR && fetches(p) ? &r->lock
								: &r->output;
	size_t most = b == &r->manifest ? LAYER_MANIFEST_MAX : b == &r->lock ? LAYER_LOCK_MAX : OUTPUT_MAX;

	if (f->stream == STREAM_OUT && fetches(p))
		p->ops->tree(p->arg, f->data, f->len);
	else if (b->len + f->len > most || buf_add(b, f->data, f->len) < 0)
		r->gap |= b != &r->output; /* messages for people may be truncated */
}

static void take_end(struct package_box *p, const struct frame *f)
{
	struct frame_end end;

	if (!frame_unpack_end(f->data, f->len, &end))
		return; /* a missing END is a failure */
	p->report.ended[end.phase] = true;
	p->report.end[end.phase] = end;
}

static void box_frame(void *arg, const struct frame *f)
{
	struct package_box *p = arg;
	uint32_t credit;

	switch ((unsigned)f->type) {
	case FRAME_START:
	case FRAME_NETWORK:
		break;
	case FRAME_OUT:
		take_output(p, f);
		break;
	case FRAME_GAP:
		p->report.gap |= f->stream != STREAM_COMPILE;
		break;
	case FRAME_CREDIT:
		if (!fetches(p) && frame_unpack_number(f->data, f->len, &credit))
			p->ops->credit(p->arg, credit);
		break;
	case FRAME_TROUBLE:
		snprintf(p->report.trouble, sizeof p->report.trouble, "%.*s", (int)(f->len < 190 ? f->len : 190),
			 (const char *)f->data);
		break;
	case FRAME_END:
		take_end(p, f);
		break;
	case FRAME_DONE:
		p->ops->done(p->arg);
		break;
	default:
		p->ops->failed(p->arg, "unexpected frame type from cee-init");
	}
}

static void box_ready(void *arg)
{
	struct package_box *p = arg;
	const struct conf *c = p->task.conf;

	if (!p->box->cells && boxes_cells(p->box->boxes)) {
		p->ops->failed(p->arg, "its box could not build a cell, though this host allows them");
		return;
	}
	if (fetches(p))
		send_fetch(p);
	else
		send_unpack(p);
	send_number(p, c->package_inodes); /* pack and unpack: files and bytes at most */
	send_number(p, c->package_bytes);
	attach_send(&p->box->attach, FRAME_GO, NULL, 0);
	attach_flush(&p->box->attach);
}

static void box_ended(void *arg, enum box_end how, const char *reason)
{
	struct package_box *p = arg;
	char text[400];

	p->box = NULL;
	if (how == BOX_NO_IMAGE) {
		snprintf(text, sizeof text, "the image %.100s is missing: run cee-lang build %s", p->task.lang->image,
			 p->task.lang->name);
		reason = text;
	}
	p->ops->failed(p->arg, reason);
}

/* ---- the box ---------------------------------------------------------------------------------------- */

/* What a client of a registry needs at most; the disk bounds what it keeps. */
enum { CONNECTIONS = 100000 };
#define BYTES ((int64_t)64 << 30)

static int fetch_spec(const struct package_task *t, struct package_gate *g, struct box_spec *spec, struct limits *l,
		      struct cee_err *e)
{
	const struct conf *c = t->conf;
	int gated = package_gate(g, c, t->lang, e);

	l->v[LIMIT_MEMORY] = c->package_memory;
	l->v[LIMIT_DISK] = c->package_bytes;
	spec->inodes = c->package_inodes;
	spec->gate = gated > 0 ? &g->rules : NULL;
	spec->gate_connections = CONNECTIONS;
	spec->gate_bytes = BYTES;
	spec->index = package_index_folder(c, t->lang);
	spec->authorities = box_file_there(c->package_certificates) ? c->package_certificates : NULL;
	return gated;
}

static void unpack_spec(const struct package_task *t, struct box_spec *spec, struct limits *l)
{
	l->v[LIMIT_MEMORY] = 64 << 20;
	l->v[LIMIT_DISK] = 4 << 20;
	spec->inodes = 256;
	spec->writable = t->folder;
}

int package_box_start(struct package_box *p, struct boxes *boxes, const struct package_task *task, struct cee_err *e)
{
	struct package_gate gate;
	struct box_spec spec = {
		.image = task->lang->image, .processes = PROCESSES, .open_files = OPEN_FILES, .tools = true
	};
	struct limits l;

	package_report_restart(&p->report);
	p->task = *task;
	p->task.folder = NULL;
	limits_init(&l);
	l.v[LIMIT_OUTPUT] = 0;
	if (!fetches(p))
		unpack_spec(task, &spec, &l);
	else if (fetch_spec(task, &gate, &spec, &l, e) < 0)
		return -1;
	p->gated = spec.gate;
	spec.disk = l.v[LIMIT_DISK];
	spec.memory = box_memory(task->conf, &l);
	p->box = box_new(boxes, &spec);
	if (!p->box)
		return cee_no_memory(e);
	box_use(p->box, box_ready, box_frame, box_ended, p);
	return 0;
}

void package_box_drop(struct package_box *p)
{
	if (!p->box)
		return;
	box_remove(p->box);
	p->box = NULL;
}
