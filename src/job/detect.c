/* detect.c - detects a program's language when none was given (detect.h)
 *
 * The language follows from the file's extension and from its #! line. If the two name different
 * languages, neither is used, since running a program as the wrong language may do harm.
 */
#include "job/detect.h"
#include "base/buf.h"
#include "base/error.h"
#include "job/published.h"
#include "job/reasons.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The kernel reads 256 bytes; other readers of a #! line accept longer ones, as for env -S. */
enum { LINE_MAX_LEN = 1024 };

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* ---- the #! line --------------------------------------------------------------- */

/* The rest of the line. */
struct word_reader {
	const char *at, *end;
	bool last_long; /* the previous word was longer than out */
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the next word, cut if it is too long. */
static bool next_word(struct word_reader *w, char out[SHEBANG_WORD])
{
	size_t n = 0;

	while (w->at < w->end && blank(*w->at))
		w->at++;
	if (w->at == w->end)
		return false;
	w->last_long = false;
	for (; w->at < w->end && !blank(*w->at); w->at++) {
		if (n + 1 < SHEBANG_WORD)
			out[n++] = *w->at;
		else
			w->last_long = true;
	}
	out[n] = '\0';
	return true;
}

/* Takes the program's name: the last part of its path, even if the path is too long for a word. */
static bool next_program(struct word_reader *w, char out[SHEBANG_WORD])
{
	struct word_reader from;

	while (w->at < w->end && blank(*w->at))
		w->at++;
	from = *w;
	for (const char *p = w->at; p < w->end && !blank(*p); p++)
		if (*p == '/')
			from.at = p + 1;
	if (from.at < from.end && blank(*from.at)) /* "/bin/ x" names no program */
		return false;
	if (!next_word(&from, out))
		return false;
	w->at = from.at;
	return !from.last_long;
}

/* Skips the options of env(1): -S TEXT splits TEXT into words, since the kernel passes one argument only; -u and
 * -C take a word; NAME=VALUE sets a variable. The next word is the program. */
static bool env_program(struct word_reader *w, char out[SHEBANG_WORD])
{
	struct word_reader before = *w;
	char word[SHEBANG_WORD];

	while (next_word(w, word)) {
		const char *split = word[0] == '-' ? word + 1 + strspn(word + 1, "iv0") : NULL;

		if (split && *split != 'S')
			split = NULL;
		if (strncmp(word, "--split-string=", 15) == 0 || (split && split[1])) {
			/* the program follows the option without a space */
			w->at = before.at + strspn(before.at, " \t\r") + (split ? (size_t)(split - word) + 1 : 15);
		} else if (strcmp(word, "-u") == 0 || strcmp(word, "-C") == 0) {
			next_word(w, word);
		} else if (word[0] != '-' && !strchr(word, '=')) {
			*w = before;
			return next_program(w, out);
		}
		before = *w;
	}
	return false;
}

bool shebang_parse(struct shebang *s, const char *text, size_t n)
{
	struct word_reader w;
	char line[LINE_MAX_LEN + 1];
	size_t len;

	memset(s, 0, sizeof *s);
	if (n < 2 || memcmp(text, "#!", 2) != 0)
		return false;
	len = n - 2 < LINE_MAX_LEN ? n - 2 : LINE_MAX_LEN;
	memcpy(line, text + 2, len);
	line[len] = '\0';
	w = (struct word_reader){ .at = line, .end = line + strcspn(line, "\n") };
	if (!next_program(&w, s->word[0]) || (strcmp(s->word[0], "env") == 0 && !env_program(&w, s->word[0]))) {
		s->word[0][0] = '\0';
		return true;
	}
	for (s->n = 1; s->n < SHEBANG_WORDS && next_word(&w, s->word[s->n]);)
		s->n += !w.last_long;
	return true;
}

/* ---- languages ------------------------------------------------------------------ */

static const char *text_of(const cJSON *object, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(v) ? v->valuestring : "";
}

static const char *named(struct published *all, const char *word)
{
	const cJSON *l = published_find(all, word);

	return l ? text_of(l, "name") : NULL;
}

/* python3.11, then python3, then python: the version at the end is removed step by step. */
static const char *of_program(struct published *all, const char *program)
{
	char name[SHEBANG_WORD];
	const char *found;
	size_t n = strlen(program);

	memcpy(name, program, n + 1);
	while (!(found = named(all, name)) && n > 1 && strchr("0123456789.-", name[n - 1]))
		name[--n] = '\0';
	return found;
}

/* cee-run LANGUAGE and cee-submit -l LANGUAGE, after any options: the first word that names a language. */
static const char *of_line(struct published *all, const struct shebang *s)
{
	const char *found = NULL;

	if (strcmp(s->word[0], "cee-run") != 0 && strcmp(s->word[0], "cee-submit") != 0)
		return of_program(all, s->word[0]);
	for (size_t i = 1; !found && i < s->n; i++)
		if (s->word[i][0] != '-')
			found = named(all, s->word[i]);
	return found;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return m > 0 && n > m && strcmp(s + n - m, end) == 0;
}

/* The length of the longest extension of language l that name ends with; 0 if there is none. */
static size_t extension(const cJSON *l, const char *name)
{
	const cJSON *x;
	size_t longest = 0;

	cJSON_ArrayForEach(x, cJSON_GetObjectItemCaseSensitive(l, "extensions"))
	{
		if (cJSON_IsString(x) && ends_with(name, x->valuestring) && strlen(x->valuestring) > longest)
			longest = strlen(x->valuestring);
	}
	return longest;
}

/* May language i have an extension that name ends with? A cheap check. */
static bool may_fit(const struct published *all, size_t i, const char *name)
{
	for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.'))
		if (published_mentions(all, i, dot))
			return true;
	return false;
}

/* Finds the languages with the longest extension that name ends with: returns their number, and the first two. */
static int of_name(struct published *all, const char *name, const char *found[2])
{
	size_t longest = 0;
	int count = 0;

	for (size_t i = 0; i < published_count(all); i++) {
		const cJSON *l = may_fit(all, i, name) ? published_language(all, i) : NULL;
		size_t n = l ? extension(l, name) : 0;

		if (n == 0 || n < longest)
			continue;
		count = n == longest ? count + 1 : 1;
		longest = n;
		found[count == 1 ? 0 : 1] = text_of(l, "name");
	}
	return count;
}

/* "FILE: WHY; name it with -l (bash, c, …)" */
static char *unknown(struct cee_err *e, const char *name, struct published *all, const char *why)
{
	AUTO_BUF struct buf b = { 0 };

	for (size_t i = 0; i < published_count(all); i++)
		if (buf_printf(&b, "%s%s", b.len ? ", " : "", published_name(all, i)) < 0)
			break;
	if (b.len)
		cee_fail(e, EINVAL, "%.120s: %s; name its language with -l (%.200s)", name, why, b.data);
	else
		cee_fail(e, EINVAL,
			 "%.120s: no language is known, since none is published in this spool yet"
			 " (cee-runner and cee-lang do it); name one with -l",
			 name);
	return NULL;
}

char *detect_language(struct published *all, const char *name, const char *text, size_t n, struct cee_err *e)
{
	const char *by_name[2] = { NULL, NULL }, *by_line = NULL;
	int count = of_name(all, last_part(name), by_name);
	struct shebang s;
	bool line = text && shebang_parse(&s, text, n);
	char why[240];

	if (line)
		by_line = of_line(all, &s);
	if (count == 1 && by_line && strcmp(by_name[0], by_line) != 0) {
		snprintf(why, sizeof why, "its name says %.40s and its #! line %.40s", by_name[0], by_line);
		return unknown(e, name, all, why);
	}
	if (count == 1 || by_line)
		return strdup(by_line ? by_line : by_name[0]);
	if (count > 1)
		snprintf(why, sizeof why, "files of this name are %.40s and %.40s", by_name[0], by_name[1]);
	else if (line && s.n > 1 && strncmp(s.word[0], "cee-", 4) == 0)
		snprintf(why, sizeof why, "its #! line names no known language");
	else if (line && s.word[0][0])
		snprintf(why, sizeof why, "its #! line names \"%s\", which is not a language here", s.word[0]);
	else
		snprintf(why, sizeof why, "neither its name nor a #! line tells its language");
	return unknown(e, name, all, why);
}

char *detect_named(struct published *all, const char *word)
{
	const char *found = named(all, word);

	return found ? strdup(found) : NULL;
}

char *detect_entry(struct published *all, const char *language)
{
	const char *file = text_of(published_find(all, language), "file");

	return strdup(*file ? file : "main");
}
