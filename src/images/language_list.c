/* language_list.c - cee-lang list: the languages, and whether their images are there */
#include "images/language_list.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json_write.h"
#include "cli/prog.h"
#include "images/image_digest.h"
#include "images/gate_image.h"
#include "images/image_inspect.h"
#include "images/lang_command.h"
#include "job/language.h"
#include "job/language_image.h"

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

static void json_row(struct json_writer *w, const struct row *row)
{
	AUTO_FREE char *versions = row->image.present ? lang_versions(row->l) : NULL;

	json_open(w, NULL, '{');
	json_put_text(w, "name", row->l->name);
	json_put_text(w, "title", row->l->title ? row->l->title : row->l->name);
	json_put_text(w, "image", row->l->image);
	json_put_text(w, "state", row->state);
	if (row->image.present) {
		json_put_text(w, "id", row->image.id);
		json_put_integer(w, "size", row->image.size);
		json_put_text(w, "source", row->image.source);
		if (*row->image.with)
			json_put_text(w, "with", row->image.with);
		if (*row->image.frameworks)
			json_put_text(w, "frameworks", row->image.frameworks);
		if (versions && *versions)
			json_put_text(w, "versions", versions);
	}
	json_close(w, '}');
}

static void list_json(const struct row *rows, size_t n)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '[');
	for (size_t i = 0; i < n; i++) {
		json_break_line(&w);
		json_row(&w, &rows[i]);
	}
	json_close(&w, ']');
	if (json_end_line(&w) < 0)
		prog_die(EX_OSERR, "out of memory");
	fwrite(b.data, 1, b.len, stdout);
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

static bool gate_named(const struct run *r)
{
	for (size_t i = 0; i < r->nnames; i++)
		if (strcmp(r->names[i], GATE_NAME) == 0)
			return true;
	return false;
}

int language_list(struct run *r)
{
	AUTO_FREE struct row *rows = calloc(r->langs.n + 2, sizeof *rows);
	struct lang gate = gate_image(&r->conf);
	struct cee_err err;
	size_t n = 0;

	if (!rows)
		prog_die(EX_OSERR, "out of memory");
	if (lang_engine_connect(r, &err) < 0)
		prog_error("%s", err.msg);
	for (size_t i = 0; i < r->langs.n; i++)
		if (chosen(r, &r->langs.l[i]))
			row_fill(r, &r->langs.l[i], &rows[n++]);
	/* no language: programs that read the list get it only by its name */
	if (gate_named(r) || (!r->nnames && !r->json))
		row_fill(r, &gate, &rows[n++]);
	if (r->json)
		list_json(rows, n);
	else
		list_text(rows, n);
	free(gate.available); /* from its image's labels */
	free(gate.image_versions);
	return r->work.engine.open ? EXIT_SUCCESS : EX_UNAVAILABLE;
}
