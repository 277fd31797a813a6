/* package_request.c - the request to a language's package client (package_request.h) */
#include "runner/layers/package_request.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "base/strv.h"
#include "layers/grammar.h"
#include "job/package_names.h"
#include "job/language_argv.h"
#include "conf/conf.h"
#include "job/job.h"
#include "job/language.h"
#include "job/packages.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

const char *package_index_folder(const struct conf *c, const struct lang *l)
{
	const char *index = conf_index(c, l->layer.grammar);

	return index && *index == '/' ? index : NULL;
}

char *package_request(const struct conf *c, const struct lang *l, const struct job *j)
{
	const char *index = package_index_folder(c, l) ? PACKAGE_INDEX : conf_index(c, l->layer.grammar);
	struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '{');
	json_put_text(&w, "language", l->name);
	json_put_text(&w, "framework", lang_framework(l, j));
	json_open(&w, "packages", '[');
	for (size_t i = 0; i < j->npackages; i++) {
		json_open(&w, NULL, '{');
		json_put_text(&w, "name", j->packages[i].name);
		json_put_text(&w, "version", j->packages[i].version);
		json_close(&w, '}');
	}
	json_close(&w, ']');
	json_put_text(&w, "index", index ? index : "");
	json_close(&w, '}');
	return json_detach(&w);
}

char **package_names(const struct lang *l, const struct job *j)
{
	int g = grammar_find(l->layer.grammar);
	char **v = calloc(j->npackages + 1, sizeof *v);

	for (size_t i = 0; v && i < j->npackages; i++) {
		char *name = package_key(g >= 0 ? (enum grammar)g : GRAMMAR_ANY, j->packages[i].name);
		int r = name ? asprintf(&v[i], "%s@%s", name, j->packages[i].version) : -1;

		free(name);
		if (r < 0) {
			v[i] = NULL;
			strv_free(v);
			return NULL;
		}
	}
	return v;
}
