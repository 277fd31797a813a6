/* reload.c - configuration and languages, read again while jobs run
 *
 * Running jobs and boxes point into the configuration and the languages with which they began. So old ones are kept
 * until the runner ends: reloads are rare and small.
 */
#include "base/error.h"
#include "job/languages.h"
#include "runner/box/boxes.h"
#include "runner/box/image_ids.h"
#include "runner/compile/compilers.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "runner/core/notify.h"
#include "runner/core/pin.h"
#include "runner/layers/layer_builds.h"
#include "runner/pool/pool.h"
#include "runner/run/run.h"
#include "runner/runner.h"
#include "spool/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct replaced {
	struct config config; /* where only the languages were read again, it has nothing else */
	struct replaced *next;
};

const char *runner_cannot_pin(const struct runner *r, const struct config *c, char *text, size_t size)
{
	int jobs = r->options.jobs ? r->options.jobs : c->conf.jobs, processors = pin_count(&r->pin);

	if (!c->conf.pin || jobs <= processors)
		return NULL;
	snprintf(text, size,
		 "pin = yes with %d jobs at once, but this runner may use %d processor%s: "
		 "set jobs (or -j) to that at most, or pin = no",
		 jobs, processors, processors == 1 ? "" : "s");
	return text;
}

void runner_publish_languages(struct runner *r)
{
	if (spool_languages_write(&r->spool, r->config.published, strlen(r->config.published)) < 0)
		log_event("languages", "trouble", strerror(errno), NULL);
}

static void languages_changed(struct runner *r)
{
	compilers_reconfigure(&r->compilers, &r->config);
	pool_reconfigure(&r->pool, &r->config);
	runner_publish_languages(r);
	image_ids_look(&r->images);
	log_event("reload", "languages", log_number((long long)r->config.langs.n), NULL);
	runner_wake(r);
}

void runner_look_at_languages(struct runner *r)
{
	struct replaced *old = malloc(sizeof(*old));
	struct cee_err e = { "out of memory" };

	if (!config_languages_changed(&r->config)) {
		free(old);
		return;
	}
	if (old)
		*old = (struct replaced){ .config = { .langs = r->config.langs, .published = r->config.published },
					  .next = r->replaced };
	if (!old || config_languages(&r->config, &e) < 0) {
		log_event("languages", "trouble", e.msg, "remedy", "the languages stay as they were read last", NULL);
		free(old);
		return;
	}
	r->replaced = old;
	languages_changed(r);
}

static void reload(struct runner *r)
{
	struct replaced *old = malloc(sizeof(*old));
	struct config next = { 0 };
	struct cee_err e = { "out of memory" };
	char text[200];
	const char *bad = e.msg;

	if (old && config_load(&next, r->options.conf_path, r->options.spool_path, &e) == 0)
		bad = runner_cannot_pin(r, &next, text, sizeof(text));
	if (bad) {
		log_event("reload", "trouble", bad, "remedy", "the old configuration stays", NULL);
		config_release(&next);
		free(old);
		return;
	}
	config_keep_image_data(&next, &r->config);
	*old = (struct replaced){ r->config, r->replaced };
	r->replaced = old;
	r->config = next;
	boxes_reconfigure(&r->boxes, &r->config);
	runs_reconfigure(r->runs, &r->config);
	layer_builds_reconfigure(&r->layer_builds, &r->config);
	languages_changed(r);
}

void runner_reload(struct runner *r)
{
	notify_reloading(&r->notify);
	reload(r);
	notify_reloaded(&r->notify);
}

void runner_release_replaced(struct runner *r)
{
	struct replaced *next;

	for (; r->replaced; r->replaced = next) {
		next = r->replaced->next;
		config_release(&r->replaced->config);
		free(r->replaced);
	}
}
