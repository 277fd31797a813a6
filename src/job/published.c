/* published.c - languages.json by lines: a language is parsed at its first use */
#include "job/published.h"
#include "base/json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 64 };

struct language {
	const char *text; /* NULL if the text was parsed as a whole */
	size_t len;
	const cJSON *json; /* NULL: not parsed yet */
	cJSON *own;	   /* the same, if it has to be freed separately */
};

struct published {
	char *text; /* NULL: nothing is published */
	struct language *v;
	size_t n;
	cJSON *whole; /* the tree of a text in another layout */
	bool damaged, no_memory;
	char name[NAME_MOST];
};

static const char head[] = "{\"languages\":[", tail[] = "]}\n", first[] = "{\"name\":\"";

/* ---- the layout ----------------------------------------------------------------- */

static bool add(struct published *p, struct language l)
{
	struct language *v = reallocarray(p->v, p->n + 1, sizeof *v);

	if (!v)
		return false;
	p->v = v;
	v[p->n++] = l;
	return true;
}

/* Is it exactly one language? Quotes within strings are escaped, so `"name":` cannot occur inside a string. */
static bool is_language(const char *at, const char *stop)
{
	size_t n = sizeof first - 1;

	return stop - at > (ptrdiff_t)n && memcmp(at, first, n) == 0 && stop[-1] == '}' &&
	       !memmem(at + n, (size_t)(stop - at) - n, first, n);
}

/* Splits the text at its newlines. false: it has another layout, or out of memory. */
static bool take_lines(struct published *p, size_t len)
{
	const char *at = p->text + sizeof head - 1, *end = p->text + len - (sizeof tail - 1);

	if (len < sizeof head + sizeof tail - 2 || strncmp(p->text, head, sizeof head - 1) != 0 ||
	    strcmp(end, tail) != 0)
		return false;
	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at)), *stop = nl ? nl - 1 : end;

		if ((nl && *stop != ',') || !is_language(at, stop) ||
		    !add(p, (struct language){ .text = at, .len = (size_t)(stop - at) }))
			return false;
		at = nl ? nl + 1 : end;
	}
	return true;
}

/* A tree is missing: the text is wrong, or memory was short at the moment (errno), which says nothing of the text. */
static void no_tree(struct published *p)
{
	if (errno == ENOMEM)
		p->no_memory = true;
	else
		p->damaged = true;
}

static void take_whole(struct published *p, size_t len)
{
	const cJSON *all, *l;

	p->n = 0;
	p->whole = json_parse(p->text, len, NULL);
	all = cJSON_GetObjectItemCaseSensitive(p->whole, "languages");
	if (!p->whole)
		no_tree(p);
	else
		p->damaged = !cJSON_IsArray(all);
	cJSON_ArrayForEach(l, all)
	{
		if (!add(p, (struct language){ .json = l }))
			p->no_memory = true;
	}
}

struct published *published_new(const char *text, size_t len)
{
	struct published *p = calloc(1, sizeof *p);

	if (!p || !text)
		return p;
	p->text = malloc(len + 1);
	if (!p->text) {
		free(p);
		return NULL;
	}
	memcpy(p->text, text, len);
	p->text[len] = '\0';
	if (!take_lines(p, len))
		take_whole(p, len);
	if (p->no_memory) {
		published_free(p);
		errno = ENOMEM;
		return NULL;
	}
	return p;
}

void published_free(struct published *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		cJSON_Delete(p->v[i].own);
	cJSON_Delete(p->whole);
	free(p->v);
	free(p->text);
	free(p);
}

void published_free_ptr(struct published **p)
{
	published_free(*p);
}

/* ---- languages ------------------------------------------------------------------ */

bool published_none(const struct published *p)
{
	return !p || !p->text;
}

bool published_damaged(const struct published *p)
{
	return p && p->damaged;
}

bool published_no_memory(const struct published *p)
{
	return p && p->no_memory;
}

bool published_is(const struct published *p, const char *text)
{
	return p && p->text && strcmp(p->text, text) == 0;
}

size_t published_count(const struct published *p)
{
	return p ? p->n : 0;
}

const cJSON *published_language(struct published *p, size_t i)
{
	struct language *l = &p->v[i];

	if (!l->json) {
		l->json = l->own = json_parse(l->text, l->len, NULL);
		if (!l->json)
			no_tree(p);
	}
	return l->json;
}

const char *published_name(struct published *p, size_t i)
{
	const struct language *l = &p->v[i];
	const cJSON *name;

	if (l->text) { /* names have no character that JSON escapes */
		const char *at = l->text + sizeof first - 1;

		snprintf(p->name, sizeof p->name, "%.*s", (int)strcspn(at, "\""), at);
		return p->name;
	}
	name = cJSON_GetObjectItemCaseSensitive(l->json, "name");
	return cJSON_IsString(name) ? name->valuestring : "";
}

bool published_mentions(const struct published *p, size_t i, const char *word)
{
	const struct language *l = &p->v[i];
	size_t n = strlen(word);
	const char *at = l->text, *end;

	if (!l->text)
		return true;
	end = l->text + l->len;
	while (n && (at = memmem(at, (size_t)(end - at), word, n))) {
		if (at > l->text && at[-1] == '"' && at + n < end && at[n] == '"')
			return true;
		at++;
	}
	return false;
}

static bool has_alias(const cJSON *l, const char *name)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, cJSON_GetObjectItemCaseSensitive(l, "aliases"))
	{
		if (cJSON_IsString(v) && strcmp(v->valuestring, name) == 0)
			return true;
	}
	return false;
}

const cJSON *published_find(struct published *p, const char *name)
{
	if (!p || !*name)
		return NULL;
	p->no_memory = false;
	for (size_t i = 0; i < published_count(p); i++)
		if (strcmp(published_name(p, i), name) == 0)
			return published_language(p, i);
	for (size_t i = 0; i < published_count(p); i++)
		if (published_mentions(p, i, name) && has_alias(published_language(p, i), name))
			return p->v[i].json;
	return NULL;
}
