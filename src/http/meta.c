/* meta.c - what this engine offers: GET /healthz, GET /languages, GET /openapi.json */
#include "http/meta.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/json_limits.h"
#include "base/json_write.h"
#include "base/limit.h"
#include "http/answer.h"
#include "http/request.h"
#include "spool/health.h"
#include "spool/spool.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <string.h>

/* The description is in a file beside this one and is linked into the program. */
extern const char meta_api[];
__asm__(".section .rodata\n"
	".global meta_api\n"
	"meta_api:\n"
	".incbin \"src/http/openapi.json\"\n"
	".byte 0\n"
	".previous\n");

void meta_openapi(struct request *rq)
{
	answer_text(rq, 200, "application/json", meta_api, strlen(meta_api));
}

/* 200 when jobs are run, 503 when not: what a load balancer asks. It is public, so it gives no
 * details. */
void meta_health(struct request *rq)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);
	struct health h;

	health_look(&rq->client.spool, rq->client.conf.min_room, &h);
	json_open(&w, NULL, '{');
	json_put_text(&w, "status", health_text[h.state]);
	json_put_integer(&w, "runners", h.runners);
	json_put_text(&w, "version", CEE_VERSION);
	if (h.kept.bytes >= 0) {
		json_put_integer(&w, "kept_bytes", h.kept.bytes);
		json_put_integer(&w, "kept_jobs", h.kept.jobs);
	}
	json_close(&w, '}');
	if (json_end_line(&w) < 0)
		answer_die(rq);
	answer_json(rq, h.state == HEALTH_OK ? 200 : 503, &b);
}

/* ---- languages: what the spool publishes, with what this engine adds to it -------------- */

static int put_limits(cJSON *l, const char *name, const struct limits v[PHASE_COUNT])
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '{');
	json_put_limits(&w, "compile", &v[PHASE_COMPILE]);
	json_put_limits(&w, "run", &v[PHASE_RUN]);
	json_close(&w, '}');
	if (json_written(&w) < 0)
		return -1;
	cJSON_DeleteItemFromObjectCaseSensitive(l, name);
	return cJSON_AddRawToObject(l, name, b.data) ? 0 : -1;
}

/* The default limits of a job in this language, and the largest ones that it may request. */
static int complete_limits(struct request *rq, cJSON *l)
{
	struct limits v[PHASE_COUNT];
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(l, "limits");

	for (int p = 0; p < PHASE_COUNT; p++)
		limits_init(&v[p]);
	if (cJSON_IsObject(own)) /* limits that cannot be read are ignored */
		json_phase_limits(own, "limits", v, NULL, NULL);
	for (int p = 0; p < PHASE_COUNT; p++) {
		limits_default(&v[p], &rq->client.conf.dflt[p]);
		limits_cap(&v[p], &rq->client.conf.max[p]);
	}
	return put_limits(l, "limits", v) < 0 || put_limits(l, "ceilings", rq->client.conf.max) < 0 ? -1 : 0;
}

static int complete(struct request *rq, cJSON *l)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(l, "name");
	cJSON *works = cJSON_AddObjectToObject(l, "works");

	if (!works || !cJSON_AddStringToObject(l, "id", cJSON_IsString(name) ? name->valuestring : "") ||
	    !cJSON_AddBoolToObject(works, "check", cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(l, "check"))) ||
	    !cJSON_AddBoolToObject(works, "packages", cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(l, "packages"))) ||
	    !cJSON_AddBoolToObject(works, "tests", true))
		return -1;
	if (!cJSON_GetObjectItemCaseSensitive(l, "versions") && !cJSON_AddArrayToObject(l, "versions"))
		return -1; /* its image was not inspected yet */
	return complete_limits(rq, l);
}

void meta_languages(struct request *rq)
{
	AUTO_BUF struct buf b = { 0 }, out = { 0 };
	AUTO_JSON cJSON *root =
		spool_languages_read(&rq->client.spool, &b) == 0 ? json_parse(b.data, b.len, NULL) : NULL;
	cJSON *all = cJSON_GetObjectItemCaseSensitive(root, "languages"), *l;
	AUTO_FREE char *text = NULL;

	if (!cJSON_IsArray(all)) {
		answer_header(rq, "Retry-After", "10");
		answer_problem(rq, 503, "no languages are published: cee-runner does that when it starts");
		return;
	}
	cJSON_ArrayForEach(l, all) if (cJSON_IsObject(l) && complete(rq, l) < 0) answer_die(rq);
	text = cJSON_PrintUnformatted(root);
	if (!text || buf_printf(&out, "%s\n", text) < 0)
		answer_die(rq);
	answer_json(rq, 200, &out);
}
