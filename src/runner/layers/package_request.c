/* package_request.c - the request to a language's package client (package_request.h) */
#include "runner/layers/package_request.h"
#include "base/strv.h"
#include "layers/grammar.h"
#include "job/package_names.h"
#include "job/language_argv.h"
#include "conf/conf.h"
#include "job/job.h"
#include "job/language.h"
#include "job/packages.h"

#include <cjson/cJSON.h>
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
	cJSON *o = cJSON_CreateObject(), *list, *p;
	char *text;

	cJSON_AddStringToObject(o, "language", l->name);
	cJSON_AddStringToObject(o, "framework", lang_framework(l, j));
	list = cJSON_AddArrayToObject(o, "packages");
	for (size_t i = 0; i < j->npackages; i++) {
		cJSON_AddItemToArray(list, p = cJSON_CreateObject());
		cJSON_AddStringToObject(p, "name", j->packages[i].name);
		cJSON_AddStringToObject(p, "version", j->packages[i].version);
	}
	cJSON_AddStringToObject(o, "index", index ? index : "");
	text = cJSON_PrintUnformatted(o);
	cJSON_Delete(o);
	return text;
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
