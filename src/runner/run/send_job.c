/* deliver.c - a job on its way into its box, as frames
 *
 * Everything is queued on the attached stream at once, without a round trip.
 */
#include "base/buf.h"
#include "base/limit.h"
#include "job/job.h"
#include "job/language.h"
#include "runner/engine/attach.h"
#include "runner/run/run_internal.h"
#include "wire/frame.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>


static void send_file(struct run *r, const struct job_file *f)
{
	unsigned char head[12 + 1024];
	size_t n = strlen(f->name);

	if (n > 1024)
		return; /* job_name_valid does not let it come here */
	frame_put32(head, f->mode);
	frame_put64(head + 4, f->len);
	memcpy(head + 12, f->name, n);
	attach_send(&r->box->attach, FRAME_FILE, head, 12 + n);
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
	unsigned char head[4 + 8 * LIMIT_COUNT];
	size_t n;
	char *const *tmpl = lang_command(r->lang, c, j, &n);
	char **argv = lang_argv(r->lang, tmpl, n, j), **env = lang_env(r->lang, phase, j);

	if (!argv || !env) {
		strv_free(argv);
		strv_free(env);
		return -1;
	}
	frame_put32(head, phase);
	for (int i = 0; i < LIMIT_COUNT; i++)
		frame_put64(head + 4 + 8 * i, (uint64_t)l->v[i]);
	attach_send(&r->box->attach, FRAME_PHASE, head, sizeof(head));
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
	unsigned char job[8 * JOB_FIELDS] = { 0 };
	uint64_t flags = (r->job.tty ? JOB_TTY : 0) | (r->job.merge ? JOB_MERGE : 0) |
			 (r->job.stop_on_output ? JOB_STOP_ON_OUTPUT : 0) | (r->box->cells ? 0 : JOB_NO_CELL) |
			 (r->job.ntests ? JOB_TESTS : 0);

	frame_put64(job + 8 * JOB_FLAGS, flags);
	frame_put64(job + 8 * JOB_DISK, (uint64_t)r->limits[PHASE_RUN].v[LIMIT_DISK]);
	frame_put64(job + 8 * JOB_INODES, (uint64_t)r->limits[PHASE_RUN].v[LIMIT_INODES]);
	frame_put64(job + 8 * JOB_CPU, (uint64_t)(r->result.processor + 1));
	frame_put64(job + 8 * JOB_COLLECT_FILES, (uint64_t)r->collect_files);
	frame_put64(job + 8 * JOB_COLLECT_BYTES, (uint64_t)r->collect_bytes);
	attach_send(&r->box->attach, FRAME_JOB, job, sizeof(job));
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
