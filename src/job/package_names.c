/* package_names.c - names and versions of packages, as their registries define them
 *
 * Sources: NuGet's own check of ids and its SemVer 2 with one to four numbers; PEP 508 and
 * PEP 503 for pip's names, PEP 440 for its versions; for npm its validator of names and
 * node-semver. Each function takes a whole string; what is not in the grammar is refused, so
 * that no name and no version can become an option, a path, an address or a second word of a
 * command.
 */
#include "job/package_names.h"
#include "base/buf.h"
#include "base/text.h"
#include "layers/grammar.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ" LOWER

static bool is(char c, const char *set) /* in every locale */
{
	return c != '\0' && strchr(set, c);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* ---- NuGet ---- */

/* Alphanumeric words and '_', joined by single '.' or '-'. */
static bool nuget_name(const char *s)
{
	size_t n = strlen(s);
	bool joined = true;

	if (n == 0 || n > 100 || !text_only(s, LETTERS DIGITS "_.-"))
		return false;
	for (; *s; s++) {
		bool joint = *s == '.' || *s == '-';
		if (joint && joined)
			return false;
		joined = joint;
	}
	return !joined;
}

/* Identifiers of letters, digits and '-', separated by points; returns the rest of the string. */
static const char *identifiers(const char *s)
{
	for (;;) {
		size_t n = strspn(s, LETTERS DIGITS "-");
		if (n == 0)
			return NULL;
		s += n;
		if (*s != '.')
			return s;
		s++;
	}
}

/* Is s an optional -PRERELEASE and an optional +BUILD, and nothing else? */
static bool labels(const char *s)
{
	if (*s == '-' && !(s = identifiers(s + 1)))
		return false;
	if (*s == '+' && !(s = identifiers(s + 1)))
		return false;
	return *s == '\0';
}

/* SemVer 2 with one to four numbers: no range and no '*'. */
static bool nuget_version(const char *s)
{
	for (int i = 0; i < 4; i++) {
		size_t n = strspn(s, DIGITS);
		if (n == 0 || n > 9)
			return false;
		s += n;
		if (*s != '.' || i == 3)
			break;
		s++;
	}
	return labels(s);
}

/* ---- pip ---- */

/* n bytes: letters, digits, '.', '_' and '-', the first and the last alphanumeric. */
static bool pip_word(const char *s, size_t n)
{
	return n > 0 && strspn(s, LETTERS DIGITS "._-") >= n && is(s[0], LETTERS DIGITS) &&
	       is(s[n - 1], LETTERS DIGITS);
}

/* NAME or NAME[EXTRA,EXTRA], without spaces. */
static bool pip_name(const char *s)
{
	size_t n = strcspn(s, "[");

	if (!pip_word(s, n))
		return false;
	if (s[n] == '\0')
		return true;
	do {
		s += n + 1;
		n = strcspn(s, ",]");
		if (!pip_word(s, n))
			return false;
	} while (s[n] == ',');
	return s[n] == ']' && s[n + 1] == '\0';
}

/* Steps over a number; needed: at least one digit. */
static bool number(const char **s, bool needed)
{
	size_t n = strspn(*s, DIGITS);

	*s += n;
	return n <= 20 && (n > 0 || !needed);
}

/* One of the words at s, in any case; steps over it. */
static bool word_of(const char **s, const char *const *words)
{
	for (; *words; words++) {
		size_t n = strlen(*words);
		if (strncasecmp(*s, *words, n) == 0) {
			*s += n;
			return true;
		}
	}
	return false;
}

/* "-rc.1" and the like: a separator, a word, a separator, a number; all of it is optional. */
static bool release_mark(const char **s, const char *const *words)
{
	const char *p = *s;

	p += is(*p, ".-_");
	if (!word_of(&p, words))
		return true;
	p += is(*p, ".-_") && is(p[1], DIGITS);
	*s = p;
	return number(s, false);
}

/* "-1", the short form of ".post1" */
static bool short_post(const char **s)
{
	if (**s != '-' || !is((*s)[1], DIGITS))
		return true;
	(*s)++;
	return number(s, true);
}

/* PEP 440, appendix B, without "v" and spaces before it: returns the rest of the string, or NULL. */
static const char *pep440(const char *s)
{
	static const char *const pre[] = { "alpha", "a", "beta", "b", "preview", "pre", "c", "rc", NULL };
	static const char *const post[] = { "post", "rev", "r", NULL }, *const dev[] = { "dev", NULL };

	if (!number(&s, true))
		return NULL;
	if (*s == '!') {
		s++;
		if (!number(&s, true))
			return NULL;
	}
	while (*s == '.' && is(s[1], DIGITS)) {
		s++;
		if (!number(&s, true))
			return NULL;
	}
	if (!release_mark(&s, pre) || !short_post(&s) || !release_mark(&s, post) || !release_mark(&s, dev))
		return NULL;
	if (*s != '+')
		return s;
	do {
		size_t n = strspn(++s, LETTERS DIGITS);
		if (n == 0)
			return NULL;
		s += n;
	} while (is(*s, ".-_"));
	return s;
}

static bool pip_version(const char *s)
{
	const char *end = pep440(s + (lower(*s) == 'v'));

	return end && *end == '\0';
}

/* ">=1.2,<2": PEP 440's clauses without "===" (which compares any text), or "*" for all. */
static bool pip_range(const char *s)
{
	static const char *const operators[] = { "~=", "==", "!=", "<=", ">=", "<", ">", NULL };

	if (strcmp(s, "*") == 0)
		return true;
	for (;; s++) {
		bool equal = (s[0] == '=' || s[0] == '!') && s[1] == '=';

		if (!word_of(&s, operators) || !(s = pep440(s + (lower(*s) == 'v'))))
			return false;
		if (equal && s[0] == '.' && s[1] == '*')
			s += 2;
		if (*s != ',')
			return *s == '\0';
	}
}

/* ---- npm ---- */

static bool npm_part(const char *s, size_t n)
{
	return n > 0 && strspn(s, LETTERS DIGITS "._~-") >= n && is(s[0], LETTERS DIGITS "_~") &&
	       !memmem(s, n, "..", 2) && !(n == 12 && strncasecmp(s, "node_modules", n) == 0);
}

/* NAME or @SCOPE/NAME. Capitals are accepted, since old packages have them. */
static bool npm_name(const char *s)
{
	size_t n;

	if (*s == '@') {
		n = strcspn(++s, "/");
		if (!npm_part(s, n) || s[0] == '_' || s[n] != '/')
			return false;
		s += n + 1;
	} else if (*s == '_') {
		return false;
	}
	return npm_part(s, strlen(s));
}

/* One to three numbers without leading zeros; if wild, also x, X or *. Stores how many. */
static const char *semver_numbers(const char *s, bool wild, int *count)
{
	for (*count = 0; *count < 3; s++) {
		size_t n = strspn(s, DIGITS);

		if (n == 0 && wild && is(*s, "xX*"))
			n = 1;
		else if (n == 0 || n > 15 || (*s == '0' && n > 1))
			return NULL;
		s += n;
		++*count;
		if (*s != '.')
			break;
	}
	return *count == 3 || s[-1] != '.' ? s : NULL;
}

static bool npm_version(const char *s)
{
	int count;

	s = semver_numbers(s, false, &count);
	return s && count == 3 && labels(s);
}

/* One comparator of n bytes, as "^1.2", ">=1.0.0-rc.1", "1.x" */
static bool npm_comparator(const char *s, size_t n)
{
	static const char *const operators[] = { "^", "~>", "~", ">=", "<=", ">", "<", "=", NULL };
	char text[PACKAGE_RANGE_LEN + 1];
	const char *p = text;
	int count;

	if (n > PACKAGE_RANGE_LEN)
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	(void)word_of(&p, operators);
	p += lower(*p) == 'v';
	p = semver_numbers(p, true, &count);
	return p && labels(p);
}

/* A tag that the owner of a package gives to a version, such as "latest" */
static bool npm_tag(const char *s)
{
	return is(*s, LETTERS) && text_only(s, LETTERS DIGITS "._-");
}

/* Comparators, "||" and " - ", separated by one space. */
static bool npm_range(const char *s)
{
	bool last = false; /* the last one was a comparator */

	if (npm_tag(s) && !(lower(*s) == 'v' && is(s[1], DIGITS)) && !is(*s, "xX"))
		return true;
	for (;; s++) {
		size_t n = strcspn(s, " ");
		bool joint = (n == 2 && strncmp(s, "||", n) == 0) || (n == 1 && *s == '-');

		if (joint ? !last : !npm_comparator(s, n))
			return false;
		last = !joint;
		s += n;
		if (*s == '\0')
			return last;
	}
}

/* ---- any registry ---- */

static bool none(const char *s)
{
	(void)s;
	return false;
}

static const struct {
	bool (*name)(const char *), (*version)(const char *), (*range)(const char *);
} grammars[GRAMMAR_COUNT] = {
	[GRAMMAR_ANY] = { none, none, none },
	[GRAMMAR_NUGET] = { nuget_name, nuget_version, none },
	[GRAMMAR_PIP] = { pip_name, pip_version, pip_range },
	[GRAMMAR_NPM] = { npm_name, npm_version, npm_range },
};

bool package_name_valid(enum grammar g, const char *s)
{
	if (strlen(s) > PACKAGE_NAME_LEN)
		return false;
	for (int i = 0; g == GRAMMAR_ANY && i < GRAMMAR_COUNT; i++)
		if (grammars[i].name(s))
			return true;
	return grammars[g].name(s);
}

bool package_version_valid(enum grammar g, const char *s)
{
	if (strlen(s) > PACKAGE_VERSION_LEN)
		return false;
	for (int i = 0; g == GRAMMAR_ANY && i < GRAMMAR_COUNT; i++)
		if (grammars[i].version(s))
			return true;
	return grammars[g].version(s);
}

bool package_range_valid(enum grammar g, const char *s)
{
	return strlen(s) <= PACKAGE_RANGE_LEN && !package_version_valid(g, s) && grammars[g].range(s);
}

char *package_key(enum grammar g, const char *name)
{
	char *key = strdup(name), *to = key;

	if (!key || g == GRAMMAR_NPM)
		return key;
	for (const char *s = name; *s; s++) {
		if (g == GRAMMAR_PIP && is(*s, "-_.")) { /* PEP 503: several of these in a row count as one '-' */
			if (to == key || to[-1] != '-')
				*to++ = '-';
		} else {
			*to++ = lower(*s);
		}
	}
	*to = '\0';
	return key;
}

bool package_same(enum grammar g, const char *a, const char *b)
{
	AUTO_FREE char *p = package_key(g, a), *q = package_key(g, b);
	size_t n;

	if (!p || !q)
		return false;
	if (g == GRAMMAR_NPM || g == GRAMMAR_ANY)
		return strcasecmp(p, q) == 0;
	n = strcspn(p, "[");
	return n == strcspn(q, "[") && strncmp(p, q, n) == 0;
}
