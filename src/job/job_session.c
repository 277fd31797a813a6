/* job_session.c - the field session of a job (job_session.h) */
#include "job/job_session.h"
#include "base/error.h"
#include "base/json_values.h"
#include "job/job.h"

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#define MINUTE INT64_C(60000000)
static const int64_t idle_usual = 15 * MINUTE, life_usual = 24 * 60 * MINUTE, life_most = 7 * 24 * 60 * MINUTE;

static int set_idle(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	return json_duration(v, path, &((struct job_session *)into)->idle_us, e);
}

static int set_life(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	return json_duration(v, path, &((struct job_session *)into)->life_us, e);
}

static const struct json_field fields[] = { { "idle", set_idle }, { "life", set_life }, { NULL, NULL } };

int job_session_read(const cJSON *v, const char *path, struct job_session *s, struct cee_err *e)
{
	*s = (struct job_session){ .idle_us = idle_usual, .life_us = life_usual };
	if (!cJSON_IsObject(v))
		return json_wrong(e, path, "must be an object, as {\"idle\": \"15m\", \"life\": \"24h\"}");
	if (json_fields(v, path, fields, 0, s, e) < 0)
		return -1;
	if (s->life_us < 1000000 || s->life_us > life_most)
		return json_wrong(e, "session.life", "must be 1s to 7d");
	if (s->idle_us < 1000000)
		return json_wrong(e, "session.idle", "must be at least 1s");
	if (s->idle_us > s->life_us)
		s->idle_us = s->life_us;
	return 0;
}

int job_session_fits(struct job *j, struct cee_err *e)
{
	const struct {
		const char *name;
		int has;
	} others[] = {
		{ "code", j->code != NULL },
		{ "tests", j->ntests > 0 },
		{ "check", j->check },
		{ "tty", j->tty },
		{ "stdin", j->stdin_data != NULL },
		{ "merge", j->merge },
		{ "arguments", j->narguments > 0 },
		{ "limits.wall", j->limits[PHASE_RUN].v[LIMIT_WALL] >= 0 },
		{ "limits.cpu", j->limits[PHASE_RUN].v[LIMIT_CPU] >= 0 },
	};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (others[i].has)
			return json_wrong(e, others[i].name, "is not for a session, whose cells have it: leave it out");
	j->stdin_stream = true;
	j->stop_on_output = true;
	j->retries = 0; /* its state cannot be made again */
	return 0;
}
