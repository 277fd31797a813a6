/* language_list.c - cee-lang list: the languages, and whether their images are there */
#include "images/language_list.h"
#include "base/buf.h"
#include "base/error.h"
#include "cli/prog.h"
#include "images/image_digest.h"
#include "images/image_inspect.h"
#include "images/lang_command.h"
#include "job/language.h"
#include "job/language_image.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const struct lang *l;
	struct image image;
	const char *state; /* ready, old, missing, unknown */
};

static void row_fill(struct run *r, struct lang *l, struct row *row)
{
	memset(row, 0, sizeof *row);
	row->l = l;
	row->state = "unknown";
	if (!r->work.engine.open || image_look(&r->work.engine, l->image, &row->image, NULL) < 0)
		return;
	row->state = "missing";
	if (!row->image.present)
		return;
	lang_from_image(l, &row->image);
	row->state = image_is_old(&r->work, source_of(r, l), &row->image) ? "old" : "ready";
}

static void list_json(const struct row *rows, size_t n)
{
	cJSON *a = cJSON_CreateArray();
	char *text;

	for (size_t i = 0; i < n; i++) {
		cJSON *o = cJSON_CreateObject();
		AUTO_FREE char *versions = NULL;

		cJSON_AddStringToObject(o, "name", rows[i].l->name);
		cJSON_AddStringToObject(o, "title", rows[i].l->title ? rows[i].l->title : rows[i].l->name);
		cJSON_AddStringToObject(o, "image", rows[i].l->image);
		cJSON_AddStringToObject(o, "state", rows[i].state);
		if (rows[i].image.present) {
			cJSON_AddStringToObject(o, "id", rows[i].image.id);
			cJSON_AddNumberToObject(o, "size", (double)rows[i].image.size);
			cJSON_AddStringToObject(o, "source", rows[i].image.source);
			if (*rows[i].image.with)
				cJSON_AddStringToObject(o, "with", rows[i].image.with);
			if (*rows[i].image.frameworks)
				cJSON_AddStringToObject(o, "frameworks", rows[i].image.frameworks);
			versions = lang_versions(rows[i].l);
			if (versions && *versions)
				cJSON_AddStringToObject(o, "versions", versions);
		}
		cJSON_AddItemToArray(a, o);
	}
	text = cJSON_Print(a);
	puts(text ? text : "[]");
	free(text);
	cJSON_Delete(a);
}

static void list_text(const struct row *rows, size_t n)
{
	printf("%-12s %-8s %6s  %-8s %-24s %s\n", "LANGUAGE", "STATE", "MB", "VERSION", "IMAGE", "FROM");
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *versions = lang_versions(rows[i].l);

		printf("%-12s %-8s %6lld  %-8.*s %-24s %s\n", rows[i].l->name, rows[i].state,
		       (long long)(rows[i].image.size >> 20), versions && *versions ? (int)strcspn(versions, " ") : 1,
		       versions && *versions ? versions : "-", rows[i].l->image,
		       rows[i].image.present ? rows[i].image.source : "-");
	}
}

int language_list(struct run *r)
{
	AUTO_FREE struct row *rows = calloc(r->langs.n + 1, sizeof *rows);
	struct cee_err err;
	size_t n = 0;

	if (!rows)
		prog_die(EX_OSERR, "out of memory");
	if (lang_engine_connect(r, &err) < 0)
		prog_error("%s", err.msg);
	for (size_t i = 0; i < r->langs.n; i++)
		if (chosen(r, &r->langs.l[i]))
			row_fill(r, &r->langs.l[i], &rows[n++]);
	if (r->json)
		list_json(rows, n);
	else
		list_text(rows, n);
	return r->work.engine.open ? EXIT_SUCCESS : EX_UNAVAILABLE;
}
