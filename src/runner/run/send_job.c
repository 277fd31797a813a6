/* send_job.c - a job on its way into its box, as frames
 *
 * Everything is queued on the attached stream at once, without a round trip.
 */
#include "runner/run/send_job.h"
#include "base/buf.h"
#include "base/limit.h"
#include "base/strv.h"
#include "engine/attach.h"
#include "job/job.h"
#include "job/job_files.h"
#include "job/job_tests.h"
#include "job/language.h"
#include "job/language_argv.h"
#include "runner/box/gate_env.h"
#include "wire/frame_types.h"
#include "wire/payload.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PAGE = 4096 };

static void send_file(const struct send_job *s, const struct job_file *f)
{
	struct frame_file file = { .mode = f->mode, .size = f->len, .name = f->name, .name_len = strlen(f->name) };
	struct payload p;

	if (frame_pack_file(&p, &file) < 0)
		return; /* cannot happen: job_name_valid rejects names that long */
	attach_send(s->attach, FRAME_FILE, p.data, p.len);
	if (f->len)
		attach_send(s->attach, FRAME_DATA, f->data, f->len);
}

static void send_lang_file(const struct send_job *s, const struct job_file *f)
{
	struct job_file copy = *f;
	AUTO_FREE char *text = lang_file_text(s->lang, f, s->job, &copy.len);

	copy.data = (unsigned char *)text;
	if (text)
		send_file(s, &copy);
}

/* Sends the links into the layer, which are placed beside the job's files. */
static void send_links(const struct send_job *s)
{
	for (size_t i = 0; s->job->layer && i < s->lang->layer.nlinks; i++) {
		AUTO_FREE char *target = lang_link(s->lang, i, s->job);
		AUTO_FREE char *name = strndup(s->lang->layer.links[i], strcspn(s->lang->layer.links[i], "="));
		struct job_file f = { .name = name, .data = (unsigned char *)target, .mode = S_IFLNK | 0777 };

		if (!name || !target)
			continue;
		f.len = strlen(target);
		send_file(s, &f);
	}
}

/* An output file of the compiler replaces the job's file of the same name, as it would on a shared disk. */
static bool is_product(const struct send_job *s, const char *name)
{
	for (size_t i = 0; i < s->nproducts; i++)
		if (strcmp(s->product[i].name, name) == 0)
			return true;
	return false;
}

static void send_files(const struct send_job *s)
{
	if (s->job->code) {
		struct job_file f = { .name = (char *)lang_entry(s->lang, s->job),
				      .data = (unsigned char *)s->job->code,
				      .len = s->job->code_len,
				      .mode = 0644 };

		send_file(s, &f);
	}
	for (size_t i = 0; i < s->lang->nfiles; i++)
		if (!is_product(s, s->lang->files[i].name))
			send_lang_file(s, &s->lang->files[i]);
	send_links(s);
	for (size_t i = 0; i < s->job->nfiles; i++)
		if (!is_product(s, s->job->files[i].name))
			send_file(s, &s->job->files[i]);
	for (size_t i = 0; i < s->nproducts; i++)
		send_file(s, &s->product[i]);
}

static void send_collect(const struct send_job *s)
{
	for (size_t i = 0; i < s->job->ncollect; i++)
		attach_send(s->attach, FRAME_COLLECT, s->job->collect[i], strlen(s->job->collect[i]));
}

static void send_strings(const struct send_job *s, enum frame_type type, char *const *v, size_t n)
{
	for (size_t i = 0; i < n && v[i]; i++)
		attach_send(s->attach, type, v[i], strlen(v[i]));
}

static int send_phase_of(const struct send_job *s, const struct job *job, enum frame_phase phase,
			 const struct limits *l, enum lang_command c)
{
	struct job j = *job;
	struct payload p;
	size_t n;
	char *const *tmpl = lang_command(s->lang, c, &j, &n);
	char **argv, **env;

	j.memory = l->v[LIMIT_MEMORY];
	argv = lang_argv(s->lang, tmpl, n, &j);
	env = lang_env(s->lang, phase, &j);
	if (!argv || !env) {
		strv_free(argv);
		strv_free(env);
		return -1;
	}
	frame_pack_plan(&p, phase, l);
	attach_send(s->attach, FRAME_PHASE, p.data, p.len);
	send_strings(s, FRAME_ARG, argv, SIZE_MAX);
	gate_env_send(s->attach, s->network, s->authorities); /* first: the job's own variables replace them */
	send_strings(s, FRAME_ENV, env, SIZE_MAX);
	strv_free(env);
	strv_free(argv);
	return 0;
}

static int send_phase(const struct send_job *s, enum frame_phase phase, enum lang_command c)
{
	return send_phase_of(s, s->job, phase, &s->limits[phase], c);
}

/* A check is a compile phase of its own, with no run after it. */
static int send_phases(const struct send_job *s)
{
	const struct lang *l = s->lang;

	if (s->job->check)
		return send_phase(s, PHASE_COMPILE, LANG_CHECK);
	if (s->job->session.life_us)
		return send_phase(s, PHASE_RUN, LANG_SESSION);
	if (l->ncompile && !s->compiled && send_phase(s, PHASE_COMPILE, LANG_COMPILE) < 0)
		return -1;
	return s->job->ntests ? 0 : send_phase(s, PHASE_RUN, LANG_RUN);
}

/* Sends the run phase of a test: the test's arguments, and its variables after the job's. */
int send_test_phase(const struct send_job *s, const struct job_test *t, const struct limits *limits)
{
	AUTO_FREE char **env = calloc(s->job->nenv + t->nenv + 1, sizeof(*env));
	struct job j = *s->job;

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
	if (send_phase_of(s, &j, PHASE_RUN, limits, LANG_RUN) < 0)
		return -1;
	return attach_send(s->attach, FRAME_GO, NULL, 0);
}

int send_job(const struct send_job *s)
{
	const struct job *job = s->job;
	struct payload p;
	uint64_t flags = (job->tty ? JOB_TTY : 0) | (job->merge ? JOB_MERGE : 0) |
			 (job->stop_on_output ? JOB_STOP_ON_OUTPUT : 0) | (s->cell ? 0 : JOB_NO_CELL) |
			 (job->ntests ? JOB_TESTS : 0) | (job->layer ? JOB_LAYERS : 0);

	frame_pack_job(&p, &(struct frame_job){ .flags = flags,
						.disk = (uint64_t)s->limits[PHASE_RUN].v[LIMIT_DISK],
						.inodes = (uint64_t)s->limits[PHASE_RUN].v[LIMIT_INODES],
						.cpu = (uint64_t)(s->processor + 1),
						.collect_files = (uint64_t)s->collect_files,
						.collect_bytes = (uint64_t)s->collect_bytes });
	attach_send(s->attach, FRAME_JOB, p.data, p.len);
	if (job->tty) {
		frame_pack_window(&p, &s->window);
		attach_send(s->attach, FRAME_WINDOW, p.data, p.len);
	}
	send_files(s);
	send_collect(s);
	if (send_phases(s) < 0) {
		errno = ENOMEM;
		return -1;
	}
	attach_send(s->attach, FRAME_GO, NULL, 0);
	return 0;
}

enum frame_phase send_job_first(const struct send_job *s)
{
	return s->job->check || (s->lang->ncompile && !s->compiled) ? PHASE_COMPILE : PHASE_RUN;
}

int64_t send_job_bytes(const struct send_job *s)
{
	int64_t sum = (int64_t)s->job->code_len + PAGE;

	for (size_t i = 0; i < s->job->nfiles; i++)
		sum += (int64_t)s->job->files[i].len + PAGE;
	for (size_t i = 0; i < s->nproducts; i++)
		sum += (int64_t)s->product[i].len + PAGE;
	return sum;
}
