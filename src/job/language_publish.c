/* language_publish.c - languages.json of the spool: the properties of each language for submitters */
#include "job/language_publish.h"
#include "base/buf.h"
#include "base/json_limits.h"
#include "base/json_write.h"
#include "base/limit.h"
#include "job/language.h"
#include "job/language_image.h"
#include "job/languages.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Left out until the image has been read: until then any version is accepted. */
static void put_versions(struct json_writer *w, char *list)
{
	json_open(w, "versions", '[');
	for (char *save = NULL, *word = strtok_r(list, " ", &save); word; word = strtok_r(NULL, " ", &save))
		json_put_text(w, NULL, word);
	json_close(w, ']');
}

static void put_frameworks(struct json_writer *w, const struct lang *l)
{
	json_open(w, "frameworks", '[');
	for (size_t i = 0; i < l->nframeworks; i++)
		if (lang_has_framework(l, l->frameworks[i]))
			json_put_text(w, NULL, l->frameworks[i]);
	json_close(w, ']');
}

static void put_files(struct json_writer *w, const struct lang *l)
{
	json_open(w, "files", '[');
	for (size_t i = 0; i < l->nfiles; i++)
		json_put_text(w, NULL, l->files[i].name);
	json_close(w, ']');
}

/* The registry, and the names that files of a job with packages must not have. */
static void put_layer(struct json_writer *w, const struct lang *l)
{
	json_open(w, "layer", '{');
	json_put_text(w, "grammar", l->layer.grammar);
	json_open(w, "links", '[');
	for (size_t i = 0; i < l->layer.nlinks; i++)
		json_put_bytes(w, NULL, l->layer.links[i], strcspn(l->layer.links[i], "="));
	json_close(w, ']');
	json_close(w, '}');
}

static void put_limits(struct json_writer *w, const struct lang *l)
{
	json_open(w, "limits", '{');
	json_put_limits(w, "compile", &l->limits[PHASE_COMPILE]);
	json_put_limits(w, "run", &l->limits[PHASE_RUN]);
	json_close(w, '}');
}

static int publish_one(struct json_writer *w, const struct lang *l)
{
	AUTO_FREE char *versions = lang_versions(l);

	if (!versions && errno)
		return -1;
	json_open(w, NULL, '{');
	json_put_text(w, "name", l->name);
	json_put_text(w, "title", l->title ? l->title : "");
	json_put_texts(w, "aliases", l->aliases, l->naliases);
	json_put_texts(w, "extensions", l->extensions, l->nextensions);
	if (versions)
		put_versions(w, versions);
	put_frameworks(w, l);
	json_put_text(w, "file", l->file);
	put_files(w, l);
	json_put_bool(w, "check", l->ncheck > 0);
	json_put_bool(w, "packages", l->layer.grammar);
	json_put_bool(w, "session", l->session.text != NULL);
	if (l->layer.grammar)
		put_layer(w, l);
	json_put_text(w, "hello", l->hello ? l->hello : "");
	put_limits(w, l);
	json_close(w, '}');
	return 0;
}

char *lang_publish(const struct langs *ls)
{
	struct buf b = { 0 };
	struct json_writer w = json_writer(&b);
	int r = 0;

	json_open(&w, NULL, '{');
	json_open(&w, "languages", '[');
	for (size_t i = 0; r == 0 && i < ls->n; i++) {
		json_break_line(&w); /* a line for each, by which published.h finds one without parsing all */
		r = publish_one(&w, &ls->l[i]);
	}
	json_close(&w, ']');
	json_close(&w, '}');
	if (r < 0 || json_end_line(&w) < 0) {
		buf_release(&b);
		return NULL;
	}
	return b.data;
}
