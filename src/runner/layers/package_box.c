/* package_box.c - the two boxes of a making: what goes in, what comes out, and what it amounts to
 *
 * FETCHING is a package box: the language's image, the only box besides those of network jobs
 * that has a network. In it the language's package client resolves the packages into a tree and
 * cee-init packs that (src/init/layer.c); what comes out of the box is a stream of bytes that is
 * counted, hashed and written to layers/tmp, and not looked into. UNPACKING is a box without a
 * network in which one new folder is writable; it gets the same stream, and says what is in it.
 *
 * No code of a package runs in either box, and no credential enters one. What comes out is a
 * stranger's: each part is bounded, an end that did not come is a failure, and whose failure it
 * is - the job's or ours - is judged here and nowhere else.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/limit.h"
#include "base/strv.h"
#include "base/testhook.h"
#include "conf/conf.h"
#include "engine/attach.h"
#include "job/job.h"
#include "job/language.h"
#include "job/language_argv.h"
#include "layers/store.h"
#include "runner/box/box.h"
#include "runner/layers/layer_builds.h"
#include "runner/layers/layer_builds_internal.h"
#include "wire/frame.h"
#include "wire/frame_types.h"
#include "wire/payload.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOOL "/.cee/pack"
#define WRITABLE "/.cee/layer"
#define INDEX "/.cee/index"
#define AUTHORITIES "/.cee/authorities.pem"

enum { WORDS_MAX = 64 << 10, PIECE = 65536, DATA_ERROR = 65 };

/* ---- the request -------------------------------------------------------------------------- */

static bool is_folder_index(const char *index)
{
	return index && *index == '/';
}

/* What the package client is told. */
char *package_request(const struct lang *l, const struct job *j)
{
	const char *index = conf_index(layers_conf(), l->layer.grammar);
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

/* ---- frames to boxes ------------------------------------------------------------- */

static void send_text(struct box *b, enum frame_type type, const char *s)
{
	attach_send(&b->attach, type, s, strlen(s));
}

static void send_job(struct making *m, int64_t disk, int64_t inodes)
{
	struct payload p;

	frame_pack_job(&p, &(struct frame_job){ .flags = JOB_STOP_ON_OUTPUT | (m->box->cells ? 0 : JOB_NO_CELL),
						.disk = (uint64_t)disk,
						.inodes = (uint64_t)inodes });
	attach_send(&m->box->attach, FRAME_JOB, p.data, p.len);
}

static void send_phase(struct making *m, enum frame_phase phase, int64_t output, int64_t wall_us)
{
	const struct limits limits = { .v = { [LIMIT_OUTPUT] = output,
					      [LIMIT_WALL] = wall_us,
					      [LIMIT_MEMORY] = layers_conf()->package_memory,
					      [LIMIT_PROCESSES] = 128,
					      [LIMIT_OPEN_FILES] = 1024 } };
	struct payload p;

	frame_pack_plan(&p, phase, &limits);
	attach_send(&m->box->attach, FRAME_PHASE, p.data, p.len);
}

static void send_number(struct box *b, int64_t n)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", (long long)n);
	send_text(b, FRAME_ARG, text);
}

/* Names by which one client or another knows where to go and whom to believe. */
static void send_surroundings(struct making *m)
{
	static const char *const proxies[] = { "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY" },
				 *const authorities[] = { "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE",
							  "NODE_EXTRA_CA_CERTS", "npm_config_cafile" };
	const struct job none = { .language = m->lang->name };
	char **env = lang_env(m->lang, PHASE_COMPILE, &none), text[600];

	for (char **v = env; v && *v; v++)
		if (strncmp(*v, "HOME=", 5) != 0)
			send_text(m->box, FRAME_ENV, *v);
	strv_free(env);
	send_text(m->box, FRAME_ENV, "HOME=/tmp");
	for (size_t i = 0; *layers_conf()->package_proxy && i < sizeof proxies / sizeof *proxies; i++) {
		snprintf(text, sizeof text, "%s=%.500s", proxies[i], layers_conf()->package_proxy);
		send_text(m->box, FRAME_ENV, text);
	}
	for (size_t i = 0;
	     box_file_there(layers_conf()->package_certificates) && i < sizeof authorities / sizeof *authorities; i++) {
		snprintf(text, sizeof text, "%s=" AUTHORITIES, authorities[i]);
		send_text(m->box, FRAME_ENV, text);
	}
}

static void send_fetch(struct making *m)
{
	static const char name[] = "request.json";
	struct frame_file file = { .mode = 0600, .size = strlen(m->request), .name = name, .name_len = strlen(name) };
	struct payload p;
	const struct job j = { .language = m->lang->name, .framework = m->layer.framework };
	char **argv = lang_argv(m->lang, m->lang->layer.fetch, m->lang->layer.nfetch, &j);

	send_job(m, layers_conf()->package_bytes, layers_conf()->package_inodes);
	frame_pack_file(&p, &file);
	attach_send(&m->box->attach, FRAME_FILE, p.data, p.len);
	attach_send(&m->box->attach, FRAME_DATA, m->request, strlen(m->request));
	send_phase(m, PHASE_COMPILE, 1 << 20, layers_conf()->package_wall_us);
	send_text(m->box, FRAME_ARG, TOOL);
	send_text(m->box, FRAME_ARG, "fetch");
	send_text(m->box, FRAME_ARG, name);
	for (char **v = argv; v && *v; v++)
		send_text(m->box, FRAME_ARG, *v);
	strv_free(argv);
	send_surroundings(m);
	/* frames have headers: of a file its name, of its contents a little more */
	send_phase(m, PHASE_RUN, layers_conf()->package_bytes + layers_conf()->package_inodes * 1100, UNPACK_US);
	send_text(m->box, FRAME_ARG, TOOL);
	send_text(m->box, FRAME_ARG, "pack");
	send_number(m->box, layers_conf()->package_inodes);
	send_number(m->box, layers_conf()->package_bytes);
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
	send_number(m->box, layers_conf()->package_inodes);
	send_number(m->box, layers_conf()->package_bytes);
	attach_send(&m->box->attach, FRAME_GO, NULL, 0);
	attach_flush(&m->box->attach);
}

/* So much more of the stream as the unpacking box takes. */
static void send_stream(struct making *m, uint32_t credit)
{
	static unsigned char bytes[PIECE];

	while (credit && m->sent < m->got) {
		size_t want = credit < PIECE ? credit : PIECE;
		ssize_t n = pread(m->fd, bytes, want, m->sent);

		if (n <= 0) {
			making_failed(m, LAYER_OURS,
				      n < 0 ? strerror(errno) : "its stream on the disk is shorter than it was");
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
	return m->ended[p] && m->end[p].how == END_EXITED && m->end[p].status == 0;
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

/* It wanted more than it may have: the job asked for too much. */
static const char *too_much(const struct making *m, enum frame_phase p)
{
	uint64_t how = m->ended[p] ? m->end[p].how : END_TROUBLE, hit = m->ended[p] ? m->end[p].hit : 0;

	if (how == END_DISK_LIMIT || how == END_FILE_SIZE_LIMIT || hit & (1u << LIMIT_DISK | 1u << LIMIT_INODES) ||
	    (p == PHASE_RUN && how == END_OUTPUT_LIMIT))
		return "what these packages need is larger than a layer may be here (packages.bytes, packages.inodes)";
	if (how == END_MEMORY_LIMIT)
		return "resolving these packages needs more memory than there is for it (packages.memory)";
	if (how == END_OUTPUT_LIMIT)
		return "the package client says more than it may";
	return NULL;
}

static void fetched(struct making *m)
{
	const struct frame_end *end = &m->end[PHASE_COMPILE];
	char text[400];

	one_line(&m->words, "the package client failed without a word", text, sizeof text);
	if (went_well(m, PHASE_COMPILE) && went_well(m, PHASE_RUN) && !m->gap) {
		sha256_digest(&m->hash, sizeof m->digest, m->digest);
		package_box_drop(m);
		spool_hook("packages-fetched");
		making_enter(m, MAKING_UNPACKING, UNPACK_US + BOX_SLACK_US);
		package_box_begin(m);
	} else if (too_much(m, PHASE_COMPILE) || too_much(m, PHASE_RUN)) {
		making_failed(m, LAYER_REFUSED,
			      too_much(m, PHASE_COMPILE) ? too_much(m, PHASE_COMPILE) : too_much(m, PHASE_RUN));
	} else if (m->ended[PHASE_COMPILE] && end->how == END_EXITED && end->status == 1) {
		making_failed(m, LAYER_REFUSED, text);
	} else if (m->ended[PHASE_COMPILE] && end->how == END_WALL_LIMIT) {
		making_failed(m, LAYER_OURS, "the registry did not answer in time (packages.wall)");
	} else if (*m->trouble) {
		making_failed(m, LAYER_OURS, m->trouble);
	} else {
		making_failed(m, LAYER_OURS, text);
	}
}

static void unpacked(struct making *m)
{
	unsigned char digest[SHA256_DIGEST_SIZE];
	struct cee_err e = { "out of memory" };
	char text[400];

	one_line(&m->words, *m->trouble ? m->trouble : "it could not be unpacked", text, sizeof text);
	sha256_digest(&m->hash, sizeof digest, digest);
	if (m->ended[PHASE_RUN] && m->end[PHASE_RUN].how == END_EXITED && m->end[PHASE_RUN].status == DATA_ERROR) {
		making_failed(m, LAYER_REFUSED, text);
	} else if (!went_well(m, PHASE_RUN) || m->gap || m->sent != m->got ||
		   memcmp(digest, m->digest, sizeof digest) != 0) {
		making_failed(m, LAYER_OURS, text);
	} else if (layer_lock_parse(m->lock.data ? m->lock.data : "", m->lock.len, &m->layer.packages,
				    &m->layer.npackages, &e) < 0 ||
		   layer_make_whole(layers_store(), m->name, &m->layer, m->manifest.data ? m->manifest.data : "",
				    m->manifest.len, &e) < 0) {
		making_failed(m, LAYER_OURS, e.msg);
	} else {
		making_made(m);
	}
}

/* ---- frames from boxes --------------------------------------------------------------------- */

static void take_stream(struct making *m, const struct frame *f)
{
	if (write_full(m->fd, f->data, f->len) < 0) {
		making_failed(m, LAYER_OURS, strerror(errno));
		return;
	}
	m->got += (int64_t)f->len;
	sha256_update(&m->hash, f->len, f->data);
}

static void take_output(struct making *m, const struct frame *f)
{
	struct buf *b = f->stream == STREAM_OUT					 ? &m->manifest
			: f->stream == STREAM_ERR && m->state == MAKING_FETCHING ? &m->lock
										 : &m->words;
	size_t most = b == &m->manifest ? LAYER_MANIFEST_MAX : b == &m->lock ? LAYER_LOCK_MAX : WORDS_MAX;

	if (m->state == MAKING_FETCHING && f->stream == STREAM_OUT)
		take_stream(m, f);
	else if (b->len + f->len <= most)
		buf_add(b, f->data, f->len);
	else if (b != &m->words)
		m->gap = true;
}

static void take_end(struct making *m, const struct frame *f)
{
	struct frame_end end;

	if (!frame_unpack_end(f->data, f->len, &end))
		return;
	m->ended[end.phase] = true;
	m->end[end.phase] = end;
}

static void box_frame(void *arg, const struct frame *f)
{
	struct making *m = arg;
	uint32_t credit;

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
		if (m->state == MAKING_UNPACKING && frame_unpack_number(f->data, f->len, &credit))
			send_stream(m, credit);
		break;
	case FRAME_TROUBLE:
		snprintf(m->trouble, sizeof m->trouble, "%.*s", (int)(f->len < 190 ? f->len : 190),
			 (const char *)f->data);
		break;
	case FRAME_END:
		take_end(m, f);
		break;
	case FRAME_DONE:
		if (m->state == MAKING_FETCHING)
			fetched(m);
		else
			unpacked(m);
		break;
	default:
		making_failed(m, LAYER_OURS, "cee-init sent a frame that is not its to send");
	}
}

static void box_ready(void *arg)
{
	struct making *m = arg;

	if (!m->box->cells && boxes_cells(layers_boxes())) {
		making_failed(m, LAYER_OURS, "its box could not build a cell, though this host allows them");
		return;
	}
	if (m->state == MAKING_FETCHING)
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
		snprintf(text, sizeof text, "the image %.100s is not there: run cee-lang build %s", m->lang->image,
			 m->lang->name);
		reason = text;
	}
	making_failed(m, LAYER_OURS, reason);
}

/* ---- a box ------------------------------------------------------------------------------------ */

void package_box_begin(struct making *m)
{
	const char *index = conf_index(layers_conf(), m->lang->layer.grammar);
	bool fetching = m->state == MAKING_FETCHING;
	struct limits l;
	struct box_spec spec = { .image = m->lang->image, .processes = 130, .open_files = 1024, .tools = true };
	char path[PATH_MAX];

	sha256_init(&m->hash); /* of what comes out, then of what goes in */
	m->sent = 0;
	limits_init(&l);
	l.v[LIMIT_MEMORY] = fetching ? layers_conf()->package_memory : 64 << 20;
	l.v[LIMIT_DISK] = fetching ? layers_conf()->package_bytes : 4 << 20;
	l.v[LIMIT_OUTPUT] = 0;
	spec.disk = l.v[LIMIT_DISK];
	spec.inodes = fetching ? layers_conf()->package_inodes : 256;
	spec.memory = box_memory(layers_conf(), &l);
	if (fetching) {
		spec.network = layers_conf()->package_network;
		spec.index = is_folder_index(index) ? index : NULL;
		spec.authorities = box_file_there(layers_conf()->package_certificates)
					   ? layers_conf()->package_certificates
					   : NULL;
	} else if (layer_make_unpack(layers_store(), m->name, path, sizeof path) < 0) {
		making_failed(m, LAYER_OURS, strerror(errno));
		return;
	} else {
		spec.writable = path;
	}
	m->box = box_new(layers_boxes(), &spec);
	if (m->box)
		box_use(m->box, box_ready, box_frame, box_ended, m);
	else
		making_failed(m, LAYER_OURS, "out of memory");
}

void package_box_drop(struct making *m)
{
	if (!m->box)
		return;
	m->box->gone = NULL;
	box_remove(m->box);
	m->box = NULL;
}
