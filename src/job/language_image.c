/* language_image.c - what the image of a language reports: its frameworks, versions and runtimes */
#include "job/language_image.h"
#include "base/buf.h"
#include "job/language.h"
#include "job/languages.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; *p; p += strcspn(p, " "), p += strspn(p, " "))
		if (strcspn(p, " ") == n && strncmp(p, word, n) == 0)
			return true;
	return false;
}

bool lang_has_framework(const struct lang *l, const char *framework)
{
	return !l->available || has_word(l->available, framework);
}

static int set_text(char **to, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return -1;
	free(*to);
	*to = copy;
	return 0;
}

int lang_set_available(struct lang *l, const char *list)
{
	return set_text(&l->available, list);
}

int lang_set_registry(struct lang *l, const char *text)
{
	return set_text(&l->registry, text);
}

int lang_set_runtimes(struct lang *l, const char *text)
{
	return set_text(&l->runtimes, text);
}

/* Appends a word to a list separated by spaces. */
static int add_word(struct buf *b, const char *word)
{
	return buf_printf(b, "%s%s", b->len ? " " : "", word);
}

char *lang_versions_read(const char *text)
{
	static const char blank[] = " \t\r\n";
	struct buf b = { 0 };
	int r = buf_printf(&b, "%s", "");
	size_t n, took = 0;

	for (text += strspn(text, blank); r == 0 && *text && took < LANG_VERSIONS;
	     text += n, text += strspn(text, blank)) {
		char word[LANG_VERSION_LEN + 1];

		n = strcspn(text, blank);
		if (n >= sizeof word)
			continue;
		memcpy(word, text, n);
		word[n] = '\0';
		if (!lang_version_valid(word) || has_word(b.data, word))
			continue;
		r = add_word(&b, word);
		took++;
	}
	if (r == 0)
		return b.data;
	buf_release(&b);
	errno = ENOMEM;
	return NULL;
}

int lang_set_versions(struct lang *l, const char *text)
{
	AUTO_FREE char *list = text ? lang_versions_read(text) : NULL;

	return text && !list ? -1 : set_text(&l->image_versions, list);
}

char *lang_versions(const struct lang *l)
{
	struct buf b = { 0 };
	int r = buf_printf(&b, "%s", l->nversions || !l->image_versions ? "" : l->image_versions);

	for (size_t i = 0; r == 0 && i < l->nversions; i++)
		r = add_word(&b, l->versions[i]);
	for (size_t i = 0; r == 0 && !l->nversions && !(l->image_versions && *l->image_versions) && i < l->nframeworks;
	     i++)
		if (lang_has_framework(l, l->frameworks[i]))
			r = add_word(&b, l->frameworks[i]);
	errno = r < 0 ? ENOMEM : 0;
	if (r == 0 && (b.len || l->image_versions))
		return b.data;
	buf_release(&b);
	return NULL;
}

char *lang_runtime(const struct lang *l, const char *framework)
{
	size_t n = strlen(framework);

	for (const char *p = l->runtimes; n && p && *p; p += strcspn(p, ";"), p += strspn(p, ";"))
		if (strncmp(p, framework, n) == 0 && p[n] == ' ')
			return strndup(p + n + 1, strcspn(p + n + 1, ";"));
	return NULL;
}

static int keep_text(char **to, const char *text)
{
	return text ? set_text(to, text) : 0;
}

int langs_keep_told(struct langs *ls, const struct langs *from)
{
	for (size_t i = 0; i < ls->n; i++)
		for (size_t k = 0; k < from->n; k++)
			if (strcmp(ls->l[i].image, from->l[k].image) == 0 &&
			    (keep_text(&ls->l[i].available, from->l[k].available) < 0 ||
			     keep_text(&ls->l[i].registry, from->l[k].registry) < 0 ||
			     keep_text(&ls->l[i].runtimes, from->l[k].runtimes) < 0 ||
			     keep_text(&ls->l[i].image_versions, from->l[k].image_versions) < 0))
				return -1;
	return 0;
}
