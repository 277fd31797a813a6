/* glob.c - patterns of names (glob.h)
 *
 * A name is split at its slashes. Within a part, matching goes back only to the last star,
 * which is enough and bounds the cost by the product of the lengths. Across parts, the
 * possible positions in the pattern are a set of bits, which each part of the name
 * advances: so a walk of a tree takes one step for each entry, and knows which folders
 * cannot contain a match.
 */
#include "base/glob.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- characters ------------------------------------------------------------ */

int32_t pattern_char(const char *s, const char *end, size_t *used)
{
	static const int32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)*s;
	size_t n = c < 0x80 ? 1 : c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xc2 && c < 0xe0 ? 2 : 0;
	int32_t v;

	*used = 1;
	if (!n || (size_t)(end - s) < n)
		return -1;
	v = n == 1 ? c : c & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return -1;
		v = v << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return -1;
	*used = n;
	return v;
}

/* For patterns and names alike: an invalid byte becomes a value that no character has. */
static int32_t next_char(const char **s, const char *end)
{
	size_t used;
	int32_t c = pattern_char(*s, end, &used);

	if (c < 0)
		c = 0x200000 | (unsigned char)**s;
	*s += used;
	return c;
}

/* ---- [...] ------------------------------------------------------------------- */

/* The next character of a set, after its backslash if it has one. -1 at the end. */
static int32_t member(const char **p, const char *end)
{
	if (*p < end && **p == '\\')
		++*p;
	return *p < end ? next_char(p, end) : -1;
}

/* *p is after '[' and moves past ']'. Is c in the set? -1 if the set has no end or a range
 * is reversed. */
static int in_set(const char **p, const char *end, int32_t c)
{
	bool negated = *p < end && (**p == '!' || **p == '^'), in = false, first = true;
	int32_t from, to;

	*p += negated;
	for (; *p < end && (**p != ']' || first); first = false) {
		from = to = member(p, end);
		if (end - *p >= 2 && **p == '-' && (*p)[1] != ']') {
			++*p;
			to = member(p, end);
		}
		if (from < 0 || to < from)
			return -1;
		in |= c >= from && c <= to;
	}
	if (*p >= end)
		return -1;
	++*p;
	return in != negated;
}

/* ---- one part ----------------------------------------------------------------- */

/* Does one element of the pattern match one character? Advances both. */
static bool one(const char **p, const char *pend, const char **s, const char *send)
{
	int32_t c = next_char(s, send);

	switch (**p) {
	case '?':
		++*p;
		return true;
	case '[':
		++*p;
		return in_set(p, pend, c) == 1;
	case '\\':
		++*p;
		return *p < pend && next_char(p, pend) == c;
	default:
		return next_char(p, pend) == c;
	}
}

static bool part_match(const char *p, const char *pend, const char *s, const char *send)
{
	const char *star = NULL, *back = NULL;

	while (s < send) {
		if (p < pend && *p == '*') {
			star = ++p;
			back = s;
			continue;
		}
		if (p < pend && one(&p, pend, &s, send))
			continue;
		if (!star)
			return false;
		next_char(&back, send); /* the star takes one more */
		p = star;
		s = back;
	}
	while (p < pend && *p == '*')
		p++;
	return p == pend;
}

/* ---- the pattern as a whole ------------------------------------------------------ */

static bool is_deep(const struct pattern *p, unsigned i) /* the part "**" */
{
	return p->len[i] == 2 && p->text[p->start[i]] == '*' && p->text[p->start[i] + 1] == '*';
}

static const char *part_wrong(const char *s, size_t len)
{
	const char *p = s, *end = s + len;

	if (!len)
		return "be relative, without empty parts";
	if ((len == 1 && *s == '.') || (len == 2 && s[0] == '.' && s[1] == '.'))
		return "have no \".\" and no \"..\" part";
	if (len == 2 && s[0] == '*' && s[1] == '*')
		return NULL;
	for (bool star = false; p < end;) {
		if (*p == '*' && star)
			return "have \"**\" as a whole part only, as in \"out/**\"";
		star = *p == '*';
		if (*p == '[') {
			p++;
			if (in_set(&p, end, 0) < 0)
				return "have each '[' closed by a ']' in the same part, and ranges from low to high (a "
				       "'[' itself is \"\\[\")";
		} else if (*p++ == '\\') {
			if (p == end)
				return "have a character behind each backslash";
			p++;
		}
	}
	return NULL;
}

const char *pattern_compile(struct pattern *p, const char *text, size_t len)
{
	const char *wrong, *slash;

	memset(p, 0, sizeof *p);
	if (!len || len > PATTERN_MAX)
		return "have 1 to 255 bytes";
	for (size_t i = 0, used; i < len; i += used) {
		int32_t c = pattern_char(text + i, text + len, &used);
		if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			return "be UTF-8 without control characters";
	}
	memcpy(p->text, text, len);
	for (const char *s = p->text;; s = slash + 1) {
		slash = strchr(s, '/');
		p->start[p->parts] = (uint16_t)(s - p->text);
		p->len[p->parts] = (uint16_t)(slash ? (size_t)(slash - s) : strlen(s));
		wrong = part_wrong(s, p->len[p->parts]);
		if (wrong)
			return wrong;
		p->parts++;
		if (!slash)
			return NULL;
		if (p->parts == PATTERN_PARTS)
			return "have at most 32 parts";
	}
}

/* "**" may match zero parts, except at the end. */
static uint64_t skip_deep(const struct pattern *p, uint64_t at)
{
	for (unsigned i = 0; i + 1 < p->parts; i++)
		if ((at & UINT64_C(1) << i) && is_deep(p, i))
			at |= UINT64_C(1) << (i + 1);
	return at;
}

uint64_t pattern_begin(const struct pattern *p)
{
	return p->parts ? skip_deep(p, 1) : 0;
}

uint64_t pattern_step(const struct pattern *p, uint64_t at, const char *part, size_t len)
{
	uint64_t next = 0;

	for (unsigned i = 0; i < p->parts; i++) {
		if (!(at & UINT64_C(1) << i))
			continue;
		if (is_deep(p, i))
			next |= UINT64_C(1) << i | (i + 1 == p->parts ? UINT64_C(1) << p->parts : 0);
		else if (part_match(p->text + p->start[i], p->text + p->start[i] + p->len[i], part, part + len))
			next |= UINT64_C(1) << (i + 1);
	}
	return skip_deep(p, next);
}

bool pattern_done(const struct pattern *p, uint64_t at)
{
	return p->parts && (at & UINT64_C(1) << p->parts);
}

bool pattern_more(const struct pattern *p, uint64_t at)
{
	return at & ((UINT64_C(1) << p->parts) - 1);
}

bool pattern_match(const struct pattern *p, const char *name)
{
	uint64_t at = pattern_begin(p);

	for (const char *slash;; name = slash + 1) {
		slash = strchrnul(name, '/');
		at = pattern_step(p, at, name, (size_t)(slash - name));
		if (!*slash)
			return pattern_done(p, at);
	}
}
