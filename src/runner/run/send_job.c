/* deliver.c - a job on its way into its box, as frames
 *
 * Everything is queued on the attached stream at once, without a round trip.
 */
#include "base/buf.h"
#include "base/limit.h"
#include "base/strv.h"
#include "engine/attach.h"
#include "job/job.h"
#include "job/job_files.h"
#include "job/job_tests.h"
#include "job/language.h"
#include "job/language_argv.h"
#include "runner/run/run_internal.h"
#include "wire/frame_types.h"
#include "wire/payload.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>


static void send_file(struct run *r, const struct job_file *f)
{
	struct frame_file file = { .mode = f->mode, .size = f->len, .name = f->name, .name_len = strlen(f->name) };
	struct payload p;

	if (frame_pack_file(&p, &file) < 0)
		return; /* job_name_valid admits no name as long as that */
	attach_send(&r->box->attach, FRAME_FILE, p.data, p.len);
	if (f->len)
		attach_send(&r->box->attach, FRAME_DATA, f->data, f->len);
}

static void send_lang_file(struct run *r, const struct job_file *f)
{
	struct job_file copy = *f;
	AUTO_FREE char *text = lang_file_text(r->lang, f, &r->job, &copy.len);

	copy.data = (unsigned char *)text;
	if (text)
		send_file(r, &copy);
}

/* What of the layer must lie beside the job's files. */
static void send_links(struct run *r)
{
	for (size_t i = 0; r->job.layer && i < r->lang->layer.nlinks; i++) {
		AUTO_FREE char *target = lang_link(r->lang, i, &r->job);
		AUTO_FREE char *name = strndup(r->lang->layer.links[i], strcspn(r->lang->layer.links[i], "="));
		struct job_file f = { .name = name, .data = (unsigned char *)target, .mode = S_IFLNK | 0777 };

		if (!name || !target)
			continue;
		f.len = strlen(target);
		send_file(r, &f);
	}
}

/* What the compiler made goes before what the job brought, as it would on one disk. */
static bool is_product(const struct run *r, const char *name)
{
	for (size_t i = 0; r->compile && i < r->compile->nproducts; i++)
		if (strcmp(r->compile->product[i].name, name) == 0)
			return true;
	return false;
}

static void send_files(struct run *r)
{
	if (r->job.code) {
		struct job_file f = { .name = (char *)lang_entry(r->lang, &r->job),
				      .data = (unsigned char *)r->job.code,
				      .len = r->job.code_len,
				      .mode = 0644 };

		send_file(r, &f);
	}
	for (size_t i = 0; i < r->lang->nfiles; i++)
		if (!is_product(r, r->lang->files[i].name))
			send_lang_file(r, &r->lang->files[i]);
	send_links(r);
	for (size_t i = 0; i < r->job.nfiles; i++)
		if (!is_product(r, r->job.files[i].name))
			send_file(r, &r->job.files[i]);
	for (size_t i = 0; r->compile && i < r->compile->nproducts; i++)
		send_file(r, &r->compile->product[i]);
}

static void send_collect(struct run *r)
{
	for (size_t i = 0; i < r->job.ncollect; i++)
		attach_send(&r->box->attach, FRAME_COLLECT, r->job.collect[i], strlen(r->job.collect[i]));
}

static void send_strings(struct run *r, enum frame_type type, char *const *v, size_t n)
{
	for (size_t i = 0; i < n && v[i]; i++)
		attach_send(&r->box->attach, type, v[i], strlen(v[i]));
}

static int send_phase_of(struct run *r, const struct job *j, enum frame_phase phase, const struct limits *l,
			 enum lang_command c)
{
	struct payload p;
	size_t n;
	char *const *tmpl = lang_command(r->lang, c, j, &n);
	char **argv = lang_argv(r->lang, tmpl, n, j), **env = lang_env(r->lang, phase, j);

	if (!argv || !env) {
		strv_free(argv);
		strv_free(env);
		return -1;
	}
	frame_pack_plan(&p, phase, l);
	attach_send(&r->box->attach, FRAME_PHASE, p.data, p.len);
	send_strings(r, FRAME_ARG, argv, SIZE_MAX);
	send_strings(r, FRAME_ENV, env, SIZE_MAX);
	strv_free(env);
	strv_free(argv);
	return 0;
}

static int send_phase(struct run *r, enum frame_phase phase, enum lang_command c)
{
	return send_phase_of(r, &r->job, phase, &r->limits[phase], c);
}

/* A check is a compile phase of its own, with no run after it. */
static int send_phases(struct run *r)
{
	const struct lang *l = r->lang;

	if (r->job.check)
		return send_phase(r, PHASE_COMPILE, LANG_CHECK);
	if (l->ncompile && !r->compile && send_phase(r, PHASE_COMPILE, LANG_COMPILE) < 0)
		return -1;
	return r->job.ntests ? 0 : send_phase(r, PHASE_RUN, LANG_RUN);
}

/* The job as the test has it: its own arguments, and its variables after the job's. */
int deliver_test(struct run *r, const struct job_test *t, const struct limits *limits)
{
	AUTO_FREE char **env = calloc(r->job.nenv + t->nenv + 1, sizeof(*env));
	struct job j = r->job;

	if (!env)
		return -1;
	if (j.nenv)
		memcpy(env, j.env, j.nenv * sizeof(*env));
	if (t->nenv)
		memcpy(env + j.nenv, t->env, t->nenv * sizeof(*env));
	j.env = env;
	j.nenv += t->nenv;
	if (t->arguments) {
		j.arguments = t->arguments;
		j.narguments = t->narguments;
	}
	if (send_phase_of(r, &j, PHASE_RUN, limits, LANG_RUN) < 0)
		return -1;
	return attach_send(&r->box->attach, FRAME_GO, NULL, 0);
}

int deliver_job(struct run *r)
{
	struct payload p;
	uint64_t flags = (r->job.tty ? JOB_TTY : 0) | (r->job.merge ? JOB_MERGE : 0) |
			 (r->job.stop_on_output ? JOB_STOP_ON_OUTPUT : 0) | (r->box->cells ? 0 : JOB_NO_CELL) |
			 (r->job.ntests ? JOB_TESTS : 0);

	frame_pack_job(&p, &(struct frame_job){ .flags = flags,
						.disk = (uint64_t)r->limits[PHASE_RUN].v[LIMIT_DISK],
						.inodes = (uint64_t)r->limits[PHASE_RUN].v[LIMIT_INODES],
						.cpu = (uint64_t)(r->result.processor + 1),
						.collect_files = (uint64_t)r->collect_files,
						.collect_bytes = (uint64_t)r->collect_bytes });
	attach_send(&r->box->attach, FRAME_JOB, p.data, p.len);
	if (r->job.tty)
		feed_window(r);
	send_files(r);
	send_collect(r);
	if (send_phases(r) < 0) {
		errno = ENOMEM;
		return -1;
	}
	attach_send(&r->box->attach, FRAME_GO, NULL, 0);
	attach_flush(&r->box->attach);
	return 0;
}
