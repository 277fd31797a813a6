/* job_fuzz - any text as a job: it is refused with a reason, or the parsed job
 * keeps every promise of job.h */
#include "base/error.h"
#include "base/json_member.h"
#include "base/json_values.h"
#include "base/limit.h"
#include "base/names.h"
#include "base/text.h"
#include "conf/conf.h"
#include "job/job.h"
#include "job/job_check.h"
#include "job/job_tests.h"
#include "job/published.h"
#include "wire/frame.h"
#include "wire/frame_types.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>


static int check_text(struct job *job, const struct conf *conf, const char *text, struct cee_err *err)
{
	struct published *languages = published_new(text, text ? strlen(text) : 0);
	int r = job_check(job, conf, languages, err), saved = errno;

	published_free(languages);
	errno = saved;
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PYTHON                                                                                                         \
	"{\"name\":\"python\",\"aliases\":[\"py\"],\"versions\":[\"3\"],\"frameworks\":[],\"file\":\"main.py\","       \
	"\"files\":[\"x\"],\"layer\":{\"grammar\":\"pip\",\"links\":[\"packages\"]}}"
#define CSHARP                                                                                                         \
	"{\"name\":\"csharp\",\"aliases\":[],\"versions\":[\"6\",\"net6.0\"],\"frameworks\":[\"net6.0\"],"             \
	"\"file\":\"Program.cs\",\"files\":[]}"
/* As a runner publishes its languages, and as anything else may write them. */
static const char published[] = "{\"languages\":[" PYTHON ",\n" CSHARP "]}\n";
static const char rewritten[] = "{ \"languages\": [" PYTHON "," CSHARP "] }";

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

static void promises(const struct job *j)
{
	MUST(j->language && *j->language && (j->code || j->nfiles > 0));
	MUST(!j->code || strlen(j->code) == j->code_len);
	MUST(j->priority >= 0 && j->priority <= 9 && j->retries >= 0 && j->retries <= 3);
	for (size_t i = 0; i < j->nfiles; i++)
		MUST(job_name_valid(j->files[i].name) && j->files[i].data && j->files[i].mode <= 0777);
	for (size_t i = 0; i < j->nenv; i++)
		MUST(strchr(j->env[i], '=') > j->env[i] && strlen(j->env[i]) <= FRAME_MAX);
	for (size_t i = 0; i < j->narguments; i++)
		MUST(strlen(j->arguments[i]) <= FRAME_MAX);
	for (size_t i = 0; i < j->npackages; i++)
		MUST(*j->packages[i].name && *j->packages[i].version && !strpbrk(j->packages[i].name, " :;\\\n"));
	MUST(j->ntests <= JOB_TESTS_MAX && (j->ntests || !j->first_failure));
	for (size_t i = 0; i < j->ntests; i++) {
		const struct job_test *t = &j->tests[i];

		MUST(t->name && *t->name && utf8_valid(t->name, strlen(t->name)) &&
		     (i == 0 || strcmp(t->name, t[-1].name) != 0));
		MUST((t->stdin_data || !t->stdin_len) && (t->expected || !t->expected_len) &&
		     (t->arguments || !t->narguments));
		MUST(t->limits.v[LIMIT_DISK] == -1 && t->limits.v[LIMIT_INODES] == -1);
	}
	for (int p = 0; p < PHASE_COUNT; p++)
		for (int i = 0; i < LIMIT_COUNT; i++)
			MUST(j->limits[p].v[i] >= -1);
}

/* What the queue reads of a waiting job is what the job says. */
static void one_member(const char *text, size_t size, const struct job *j)
{
	static const char name[] = "start_within";
	cJSON *v = json_member(text, size, name);
	int64_t us;

	if (j && v)
		MUST(json_duration(v, name, &us, NULL) == 0 && us == j->start_within_us);
	if (j && !v) /* unless the name is written with escapes */
		MUST(j->start_within_us < 0 || memchr(text, '\\', size));
	cJSON_Delete(v);
}

/* A job gets a network only by its name, and only for its owners. */
static void networks(struct conf *c, const struct job *j)
{
	struct cee_err e = { "" };
	bool has = j->network != NULL;

	MUST(!has || (job_check_network(j, c, "uid-0", &e) < 0 && *e.msg));
	MUST(conf_networks_set(c, "network.inner", "a.example:80", &e) == 0);
	MUST(conf_networks_set(c, "network.inner.owners", "uid-1", &e) == 0);
	MUST((job_check_network(j, c, "uid-1", &e) == 0) == (!has || strcmp(j->network, "inner") == 0));
	MUST((job_check_network(j, c, "uid-0", &e) == 0) == !has);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size); /* of the exact size, without a NUL after it */
	struct cee_err e = { "" };
	struct conf c;
	struct job j;

	memcpy(text, data, size);
	if (job_parse(&j, text, size, &e) < 0) {
		MUST(errno == EINVAL && *e.msg && utf8_valid(e.msg, strlen(e.msg)));
		one_member(text, size, NULL);
	} else {
		promises(&j);
		one_member(text, size, &j);
		conf_init(&c);
		c.keep_max_us = 60 * 1000000;
		networks(&c, &j);
		if (check_text(&j, &c, published, &e) < 0) {
			struct cee_err same = { "" };

			MUST(*e.msg && check_text(&j, &c, rewritten, &same) < 0 && strcmp(e.msg, same.msg) == 0);
		} else {
			MUST(check_text(&j, &c, rewritten, &e) == 0);
		}
		conf_release(&c);
	}
	job_release(&j);
	free(text);
	return 0;
}
