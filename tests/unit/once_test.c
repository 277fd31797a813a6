/* once_test.c - a job's text is parsed once by each program, checked once, and its language is parsed once
 *
 * Linked with --wrap: each call of json_parse and of job_check is counted here.
 */
#include "base/buf.h"
#include "base/id.h"
#include "base/json.h"
#include "base/json_member.h"
#include "base/loop.h"
#include "cli/checked_job.h"
#include "cli/client.h"
#include "cli/submit.h"
#include "job/job.h"
#include "job/job_check.h"
#include "job/language_publish.h"
#include "job/languages.h"
#include "job/published.h"
#include "job/reasons.h"
#include "runner/core/config.h"
#include "runner/queue/queue.h"
#include "runner/run/run_internal.h"
#include "spool/find.h"
#include "check.h"
#include "spool_fixture.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MARK "print('the text of a job')"
#define JOB "{\"language\":\"python\",\"code\":\"" MARK "\",\"start_within\":1,\"labels\":{\"a\":\"b\"}}"

static struct {
	int job_texts;	    /* texts parsed that have a job's code */
	int language_texts; /* texts parsed that have a language */
	int checks;
} seen;

cJSON *__real_json_parse(const char *text, size_t len, struct cee_err *e);
cJSON *__wrap_json_parse(const char *text, size_t len, struct cee_err *e);
int __real_job_check(struct job *j, const struct conf *c, struct published *languages, struct cee_err *e);
int __wrap_job_check(struct job *j, const struct conf *c, struct published *languages, struct cee_err *e);

cJSON *__wrap_json_parse(const char *text, size_t len, struct cee_err *e)
{
	seen.job_texts += memmem(text, len, MARK, sizeof(MARK) - 1) != NULL;
	seen.language_texts += memmem(text, len, "\"aliases\"", 9) != NULL;
	return __real_json_parse(text, len, e);
}

int __wrap_job_check(struct job *j, const struct conf *c, struct published *languages, struct cee_err *e)
{
	seen.checks++;
	return __real_job_check(j, c, languages, e);
}

struct bench {
	struct client client;
	struct loop loop;
	struct config config;
};

static void start(struct bench *t)
{
	*t = (struct bench){ 0 };
	new_spool();
	loop_init(&t->loop);
	conf_init(&t->config.conf);
	conf_init(&t->client.conf);
	t->client.spool = spool;
	snprintf(t->client.owner, sizeof(t->client.owner), "%s", OWNER);
	CHECK(langs_load(&t->config.langs, "etc/languages.d", &err) == 0);
	t->config.published = lang_publish(&t->config.langs);
	CHECK(spool_languages_write(&spool, t->config.published, strlen(t->config.published)) == 0);
	memset(&seen, 0, sizeof(seen));
}

static void finish(struct bench *t)
{
	conf_release(&t->client.conf);
	config_release(&t->config);
	loop_release(&t->loop);
	end_spool();
}

static void submits(struct bench *t, char id[ID_LEN + 1])
{
	AUTO_BUF struct buf text = { 0 };
	struct submitter to = { .c = &t->client, .languages = checked_job_languages(&t->client) };

	buf_add(&text, JOB, sizeof(JOB) - 1);
	CHECK(submitter_put(&to, &text, NULL, id, &err) == 0);
	submitter_release(&to);
	published_free(to.languages);
}

static void a_submitter(void)
{
	struct bench t;
	char id[ID_LEN + 1];

	start(&t);
	submits(&t, id);
	CHECK(seen.job_texts == 1 && seen.checks == 1 && seen.language_texts == 1);
	finish(&t);
}

static void changed(void *arg)
{
	(void)arg;
}

static enum request_result request(void *arg, const char *owner, const char *id)
{
	(void)arg, (void)owner, (void)id;
	return REQUEST_DONE;
}

/* The queue learns when a waiting job expires, but the job is parsed only when it is claimed. */
static void the_queue_and_the_claim(void)
{
	struct bench t;
	struct queue_ops ops = { .changed = changed, .cancel = request, .input = request, .removal = request };
	AUTO_BUF struct buf text = { 0 };
	struct queue *q;
	struct queued job;
	struct runs runs = { .parts.config = &t.config };
	struct run r = { .all = &runs, .attempt = 1 };
	char id[ID_LEN + 1];
	enum reason why;

	start(&t);
	submits(&t, id);
	q = queue_new(&t.loop, &spool, &ops, 10, &err);
	queue_scan(q);
	memset(&seen, 0, sizeof(seen));
	queue_examine(q, 1 << 20);
	queue_examine(q, 1 << 20);
	CHECK(seen.job_texts == 0);
	CHECK(!queue_expired(q, id_time_us(id) + 1000000, &job)); /* its last microsecond */
	CHECK(queue_expired(q, id_time_us(id) + 1000001, &job) && strcmp(job.id, id) == 0);
	CHECK(seen.job_texts == 0 && queue_length(q) == 0);

	CHECK(spool_read_waiting(&spool, OWNER, id, 5, 0, 1 << 20, &text) == 0);
	r.result.created_us = id_time_us(id) - 10000000;
	CHECK(run_admit(&r, &text, &why, &err) != NULL && why == REASON_EXPIRED);
	CHECK(seen.job_texts == 1 && seen.checks == 1 && seen.language_texts == 1);
	result_release(&r.result);
	job_release(&r.job);
	free(r.labels);
	queue_free(q);
	finish(&t);
}

/* ---- the field that the queue reads ---------------------------------------------------------- */

static double within(const char *text)
{
	AUTO_JSON cJSON *v = json_member(text, strlen(text), "start_within");

	return v ? (cJSON_IsNumber(v) ? v->valuedouble : -2) : -1;
}

static void one_member(void)
{
	CHECK(within("{\"start_within\":5}") == 5);
	CHECK(within(" { \"a\" : [1,{\"start_within\":1},\"x\"] ,\n\"start_within\" : 2.5 , \"b\":1}") == 2.5);
	CHECK(within("{\"a\":\"\\\",\\\"start_within\\\":7\",\"start_within\":3}") == 3);
	CHECK(within("{\"a\":\"\\\\\",\"start_within\":4}") == 4);
	CHECK(within("{\"start_within\":\"2m\"}") == -2);
	CHECK(within("{\"a\":{\"start_within\":1}}") == -1 && within("[\"start_within\",5]") == -1);
	CHECK(within("{\"start_within_x\":5}") == -1 && within("{\"a\":\"start_within\"}") == -1);
	CHECK(within("{\"start_within\":5") == 5); /* nothing after it is read */
	CHECK(within("{\"start_within\":{\"start_within\":[1,2}") == -1 && within("{\"start_within\":}") == -1);
	CHECK(within("") == -1 && within("{") == -1 && within("{\"") == -1 && within("{\"start_within\"") == -1);
	CHECK(within("{\"start_within\":") == -1 && within("{\"a\":\"\\") == -1 && within("{\"a\":]}},5") == -1);
	CHECK(within("{\"a\":1]\"start_within\":5}") == -1);
}

int main(void)
{
	RUN(a_submitter);
	RUN(the_queue_and_the_claim);
	RUN(one_member);
	return check_status();
}
