/* request_frames.c - the frames that go to a compile box (request_frames.h)
 *
 * Two protocols: cee-init's (src/wire/frame.h) starts the resident compiler as the run phase of a job, and the
 * resident compiler's own (src/wire/resident.h) asks for a compile. The second travels in STDIN frames of the first.
 */
#include "runner/compile/request_frames.h"
#include "base/buf.h"
#include "base/limit.h"
#include "base/strv.h"
#include "engine/attach.h"
#include "job/job.h"
#include "job/language.h"
#include "job/language_argv.h"
#include "runner/compile/compile.h"
#include "runner/compile/compiler.h"
#include "wire/frame.h"
#include "wire/frame_types.h"
#include "wire/payload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- one compile ------------------------------------------------------------------------ */

static int put(struct buf *out, enum frame_type type, const void *data, size_t len)
{
	unsigned char head[FRAME_HEADER];

	frame_header(head, type, STREAM_NONE, len);
	return buf_add(out, head, sizeof(head)) < 0 || (len && buf_add(out, data, len) < 0) ? -1 : 0;
}

static int put_file(struct buf *out, const char *name, const void *data, size_t len)
{
	const struct frame_file f = { .mode = 0644, .size = len, .name = name, .name_len = strlen(name) };
	const char *p = data;
	struct payload head;

	if (frame_pack_file(&head, &f) < 0)
		return 0; /* cannot happen: job_name_valid rejects names that long */
	if (put(out, FRAME_FILE, head.data, head.len) < 0)
		return -1;
	for (size_t piece; len; p += piece, len -= piece) {
		piece = len < FRAME_MAX ? len : FRAME_MAX;
		if (put(out, FRAME_DATA, p, piece) < 0)
			return -1;
	}
	return 0;
}

static int put_files(struct buf *out, const struct lang *l, const struct job *j)
{
	int r = j->code ? put_file(out, lang_entry(l, j), j->code, j->code_len) : 0;

	for (size_t i = 0; r == 0 && i < j->nfiles; i++)
		r = put_file(out, j->files[i].name, j->files[i].data, j->files[i].len);
	return r;
}

int request_frames_add(struct buf *out, uint32_t number, const struct compile_request *r)
{
	size_t n;
	char *const *template = lang_command(r->lang, LANG_RESIDENT, r->job, &n);
	char **argv = lang_argv(r->lang, template, n, r->job);
	struct payload plan;
	int result = argv ? 0 : -1;

	frame_pack_plan(&plan, number, r->limits);
	if (result == 0)
		result = put(out, FRAME_PHASE, plan.data, plan.len);
	if (result == 0)
		result = put_files(out, r->lang, r->job);
	for (size_t i = 0; result == 0 && argv[i]; i++)
		result = strlen(argv[i]) <= FRAME_MAX ? put(out, FRAME_ARG, argv[i], strlen(argv[i])) : -1;
	strv_free(argv);
	return result == 0 ? put(out, FRAME_GO, NULL, 0) : -1;
}

/* ---- the resident compiler itself --------------------------------------------------------- */

static int send_strings(struct attach *a, enum frame_type type, char *const *v)
{
	int r = 0;

	for (; r == 0 && *v; v++)
		r = attach_send(a, type, *v, strlen(*v));
	return r;
}

static int send_start(struct attach *a, const struct limits *limits, bool cells)
{
	const struct frame_job job = { .flags = JOB_LAYERS | (cells ? 0 : JOB_NO_CELL),
				       .disk = COMPILER_DISK,
				       .inodes = COMPILER_INODES };
	struct payload p;

	frame_pack_job(&p, &job);
	if (attach_send(a, FRAME_JOB, p.data, p.len) < 0)
		return -1;
	frame_pack_plan(&p, PHASE_RUN, limits);
	return attach_send(a, FRAME_PHASE, p.data, p.len);
}

int request_frames_start(struct attach *a, const struct lang *l, const struct limits *limits, bool cells)
{
	const struct job none = { .language = l->name };
	char **argv = lang_argv(l, l->resident.command, l->resident.ncommand, &none);
	char **env = lang_env(l, PHASE_COMPILE, &none);
	int r = argv && env ? send_start(a, limits, cells) : -1;

	if (r == 0)
		r = send_strings(a, FRAME_ARG, argv);
	if (r == 0)
		r = send_strings(a, FRAME_ENV, env);
	if (r == 0)
		r = attach_send(a, FRAME_GO, NULL, 0);
	if (r == 0)
		attach_flush(a);
	strv_free(argv);
	strv_free(env);
	return r;
}
