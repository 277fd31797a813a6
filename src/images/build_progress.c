/* build_progress.c - what the engine reports while it builds or pulls, shown and kept */
#include "images/build_progress.h"
#include "images/work.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void progress_line(struct progress *p, const char *line, size_t len)
{
	char text[PROGRESS_LINE];

	while (len && isspace((unsigned char)line[len - 1]))
		len--;
	if (!len)
		return;
	snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1), line);
	if (!*p->apt_error && !strncmp(text, "E: ", 3))
		snprintf(p->apt_error, sizeof p->apt_error, "%s", text + 3);
	if (p->w->verbose || !strncmp(text, "Step ", 5))
		work_say(p->w, "%.110s%s", text, strlen(text) > 110 && !p->w->verbose ? " …" : "");
	memcpy(p->tail[p->n++ % PROGRESS_LINES], text, sizeof text);
}

void progress_build(void *arg, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		progress_line(arg, text, len);
		text += len + (text[len] == '\n');
	}
}

void progress_tail(const struct progress *p)
{
	size_t from = p->n > PROGRESS_LINES ? p->n - PROGRESS_LINES : 0;

	for (size_t i = from; i < p->n && !p->w->verbose; i++)
		work_say(p->w, "| %s", p->tail[i % PROGRESS_LINES]);
}

/* A pull reports each layer many times: print each new message once. */
void progress_pull(void *arg, const char *text)
{
	struct progress *p = arg;

	if (strncmp(text, p->last, sizeof p->last - 1) && p->w->verbose)
		work_say(p->w, "%s", text);
	snprintf(p->last, sizeof p->last, "%s", text);
}
