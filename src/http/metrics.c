/* metrics.c - GET /metrics: the counters of all live runners (spool/metrics_file.c), as one text
 *
 * Prometheus wants all samples of a name together. So the head of each family is sent once,
 * followed by the samples of all runners, which differ in the label runner.
 */
#include "http/metrics.h"
#include "base/buf.h"
#include "http/answer.h"
#include "http/request.h"
#include "spool/metrics_file.h"
#include "spool/runners.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNNERS_MOST = 256, NAME_MOST = 128 };

struct texts {
	struct buf v[RUNNERS_MOST];
	int n;
};

static int add(void *arg, const char *runner, const char *text, size_t len)
{
	struct texts *t = arg;

	(void)runner;
	if (t->n == RUNNERS_MOST)
		return 1;
	return buf_add(&t->v[t->n++], text, len);
}

/* The family's part of a text, from its "# HELP NAME " to the next one's. */
static const char *find(const char *text, const char *name, size_t *len)
{
	char head[NAME_MOST + 16];
	const char *at, *end;

	snprintf(head, sizeof head, "# HELP %s ", name);
	/* analyzer: buf_add gives a buffer data, an empty one too */
	at = strstr(text, head);
	if (!at)
		return NULL;
	end = strstr(at + 1, "\n# HELP ");
	*len = end ? (size_t)(end - at) + 1 : strlen(at);
	return at;
}

/* Without the comments. */
static int put_samples(struct buf *b, const char *part, size_t len)
{
	for (const char *end = part + len, *nl; part < end; part = nl + 1) {
		nl = memchr(part, '\n', (size_t)(end - part));
		if (!nl)
			break;
		if (*part != '#' && buf_add(b, part, (size_t)(nl - part) + 1) < 0)
			return -1;
	}
	return 0;
}

static int put_head(struct buf *b, const char *part, size_t len)
{
	const char *samples = memmem(part, len, "\n# TYPE ", 8);
	const char *nl = samples ? memchr(samples + 1, '\n', len - (size_t)(samples + 1 - part)) : NULL;

	return nl ? buf_add(b, part, (size_t)(nl - part) + 1) : 0;
}

static bool known_before(const struct texts *t, int i, const char *name)
{
	size_t len;

	while (--i >= 0)
		if (find(t->v[i].data, name, &len))
			return true;
	return false;
}

static int put_family(struct buf *b, const struct texts *t, int i, const char *name)
{
	size_t len;
	const char *part = find(t->v[i].data, name, &len);

	if (!part || known_before(t, i, name))
		return 0;
	if (put_head(b, part, len) < 0)
		return -1;
	for (int k = i; k < t->n; k++)
		if ((part = find(t->v[k].data, name, &len)) && put_samples(b, part, len) < 0)
			return -1;
	return 0;
}

static int merge(struct buf *b, const struct texts *t)
{
	for (int i = 0; i < t->n; i++)
		for (const char *at = t->v[i].data; at && (at = strstr(at, "# HELP ")); at += 7) {
			size_t n = strcspn(at + 7, " \n");
			char name[NAME_MOST];

			if (n >= sizeof name)
				continue;
			memcpy(name, at + 7, n);
			name[n] = 0;
			if (put_family(b, t, i, name) < 0)
				return -1;
		}
	return 0;
}

void metrics_get(struct request *rq)
{
	AUTO_FREE struct texts *t = calloc(1, sizeof *t);
	AUTO_BUF struct buf b = { 0 };
	int runners = 0, r;

	if (!t)
		answer_die(rq);
	spool_runner_alive(&rq->client.spool, &runners);
	r = spool_each_metrics(&rq->client.spool, add, t) < 0 ||
	    buf_printf(&b, "# HELP cee_runners Runners that are alive.\n# TYPE cee_runners gauge\ncee_runners %d\n",
		       runners) < 0 ||
	    merge(&b, t) < 0;
	for (int i = 0; i < t->n; i++)
		buf_release(&t->v[i]);
	if (r)
		answer_die(rq);
	answer_text(rq, 200, "text/plain; version=0.0.4; charset=utf-8", b.data, b.len);
}
