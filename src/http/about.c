/* about.c - what is there: GET /healthz, GET /languages */
#include "web.h"

#include <errno.h>
#include <string.h>

/* 200 when jobs are run, 503 when none is: what a load balancer asks. */
void about_health(struct web *w)
{
	AUTO_BUF struct buf b = {0};
	int runners = 0;

	spool_runner_alive(&w->c.spool, &runners);
	if (buf_printf(&b, "{\"status\":\"%s\",\"runners\":%d,\"version\":\"%s\"}\n", runners ? "ok" : "no runner is alive",
		       runners, CEE_VERSION) < 0)
		answer_die(w);
	answer_json(w, runners ? 200 : 503, &b);
}

void about_languages(struct web *w)
{
	AUTO_BUF struct buf b = {0};

	if (spool_languages_read(&w->c.spool, &b) == 0) {
		answer_json(w, 200, &b);
		return;
	}
	answer_header(w, "Retry-After", "10");
	answer_problem(w, 503, "no languages are published: the runner does so when it starts");
}
