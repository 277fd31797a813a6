/* compare.c - compares a program's output with the expected output
 *
 * The output is compared byte by byte with a position in the expected text. Of the output only
 * the bytes for an excerpt are kept and, in float, the word that may be a number. The output
 * before the first difference equals the expected text, so the left part of the excerpt is
 * taken from the expected text.
 *
 * White space in a line counts only if something else follows it in that line. Until that
 * is known, it is compared provisionally (space, odd): another character in the line makes
 * it count, and the end of the line discards it.
 *
 * No I/O.
 */
#include "job/compare.h"
#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LEFT = 20 }; /* bytes of an excerpt before the difference */

static bool is_space(unsigned char b)
{
	return b == ' ' || (b >= '\t' && b <= '\r');
}

/* ---- the rule --------------------------------------------------------------- */

/* Parses a tolerance: a finite number, not below 0. *end becomes the first character after it. */
static bool tolerance(const char *s, char **end, double *v)
{
	size_t n = strspn(s, "0123456789.eE+-"); /* no hexadecimal numbers, which strtod accepts too */

	if ((s[n] && s[n] != ',') || *s == '+' || *s == '-')
		return false;
	errno = 0;
	*v = strtod(s, end);
	return *end != s && errno == 0 && isfinite(*v) && *v >= 0;
}

int compare_parse(const char *text, struct compare_rule *r, struct cee_err *e)
{
	static const char *const names[] = {
		[COMPARE_TRAILING] = "trailing", [COMPARE_EXACT] = "exact", [COMPARE_TOKENS] = "tokens"
	};
	char *end;

	*r = (struct compare_rule){ .how = COMPARE_TRAILING };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(text, names[i]) == 0) {
			r->how = (enum compare_how)i;
			return 0;
		}
	r->how = COMPARE_FLOAT;
	if (strncmp(text, "float:", 6) == 0 && tolerance(text + 6, &end, &r->abs) && *end == ',' &&
	    tolerance(end + 1, &end, &r->rel) && !*end)
		return 0;
	return cee_fail(e, EINVAL,
			"must be \"exact\", \"trailing\", \"tokens\" or \"float:ABS,REL\", as float:1e-9,1e-6");
}

/* ---- excerpts ----------------------------------------------------------------- */

static void add(struct compare_excerpt *x, unsigned char b)
{
	if (x->len < COMPARE_EXCERPT)
		x->text[x->len++] = (char)b;
}

static size_t line_start(const struct compare *c, size_t at)
{
	while (at > 0 && c->want[at - 1] != '\n')
		at--;
	return at;
}

/* Where an excerpt around `at` begins: not before `least`, and not within a character. */
static size_t left_of(const struct compare *c, size_t least, size_t at)
{
	size_t from = at - least > LEFT ? at - LEFT : least;

	for (int i = 0; i < 3 && from > least && from < at && (c->want[from] & 0xC0) == 0x80; i++)
		from++;
	return from;
}

/* Begins an excerpt for a difference, or a possible one, at `at`: got starts with the text before it. */
static void open_excerpt(struct compare *c, size_t least, size_t at)
{
	c->got.len = 0;
	for (size_t i = left_of(c, least, at); i < at; i++)
		add(&c->got, c->want[i]);
	c->open = true;
}

static void gather(struct compare *c, unsigned char b)
{
	if (b == '\n') {
		if (c->rule.how == COMPARE_EXACT)
			add(&c->got, b);
		c->open = false;
	} else if (c->rule.how >= COMPARE_TOKENS && is_space(b)) {
		c->open = false;
	} else {
		add(&c->got, b);
	}
}

/* Cuts what does not fit, and a character that the cut would split. Texts here have no NULs,
 * so a NUL is shown as a byte that is invalid UTF-8. */
static void close_excerpt(struct compare_excerpt *x)
{
	size_t n = x->len, back = 0;

	for (size_t i = 0; i < n; i++)
		if (!x->text[i])
			x->text[i] = (char)0xFF;

	while (x->len == COMPARE_EXCERPT && back < 3 && n > 0 && ((unsigned char)x->text[n - 1] & 0xC0) == 0x80) {
		n--;
		back++;
	}
	if (x->len == COMPARE_EXCERPT && n > 0 && (unsigned char)x->text[n - 1] >= 0xC0 &&
	    utf8_printable(x->text + n - 1, x->len - n + 1) == 0)
		x->len = n - 1;
	x->text[x->len] = 0;
}

/* ---- a difference ---------------------------------------------------------------- */

static uint64_t lines_before(const struct compare *c, size_t at)
{
	const unsigned char *p = c->want, *end = c->want + at;
	uint64_t n = 0;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		p++;
		n++;
	}
	return n;
}

/* Records a difference at `at` of the expected text, in the line (or word) that begins at `least`. */
static void differ(struct compare *c, size_t least, size_t at)
{
	bool exact = c->rule.how == COMPARE_EXACT, words = c->rule.how >= COMPARE_TOKENS;

	c->differs = true;
	c->line = (at < c->len ? lines_before(c, at) : c->lines) + 1;
	for (size_t i = left_of(c, least, at); i < c->len && c->expected.len < COMPARE_EXCERPT; i++) {
		if (c->want[i] == '\n' && !exact)
			break;
		if (words && is_space(c->want[i]))
			break;
		add(&c->expected, c->want[i]);
		if (c->want[i] == '\n')
			break;
	}
}

static void differ_here(struct compare *c, size_t at)
{
	size_t least = line_start(c, at);

	if (!c->open)
		open_excerpt(c, least, at);
	differ(c, least, at);
}

/* ---- exact ---------------------------------------------------------------------- */

static size_t feed_exact(struct compare *c, const unsigned char *p, size_t len)
{
	size_t n = c->len - c->at < len ? c->len - c->at : len, i = 0;

	if (memcmp(c->want + c->at, p, n) == 0)
		i = n;
	else
		while (c->want[c->at + i] == p[i])
			i++;
	for (size_t k = 0; k < i; k++)
		c->lines += p[k] == '\n';
	c->at += i;
	if (i < len)
		differ_here(c, c->at);
	return i;
}

/* ---- trailing --------------------------------------------------------------------- */

static size_t skip_blank(const struct compare *c, size_t at)
{
	while (at < c->len && c->want[at] != '\n' && is_space(c->want[at]))
		at++;
	return at;
}

/* The line has ended: white space before its end does not count. */
static void end_line(struct compare *c)
{
	size_t end = skip_blank(c, c->at);

	if (end < c->len && c->want[end] != '\n') {
		differ_here(c, c->odd ? c->space : c->at);
		return;
	}
	c->open = c->odd = false;
	c->past = c->past || end == c->len;
	c->at = end < c->len ? end + 1 : end;
	c->space = c->at;
}

/* The output differs from the expected text at `at`, or may differ (white space). */
static void odd_from(struct compare *c, size_t at)
{
	if (!c->odd && !c->open)
		open_excerpt(c, c->past ? at : line_start(c, at), at);
	c->odd = true;
}

static void feed_space(struct compare *c, unsigned char b)
{
	if (c->odd || c->past || c->space >= c->len || c->want[c->space] != b)
		odd_from(c, c->space);
	else
		c->space++;
}

static void feed_trailing(struct compare *c, unsigned char b)
{
	if (b == '\n') {
		end_line(c);
	} else if (is_space(b)) {
		feed_space(c, b);
	} else if (c->odd || c->past || c->space >= c->len || c->want[c->space] != b) {
		odd_from(c, c->space);
		differ(c, c->past ? c->space : line_start(c, c->space), c->space);
	} else {
		c->at = ++c->space;
	}
}

/* ---- words -------------------------------------------------------------------------- */

static void begin_word(struct compare *c)
{
	while (c->at < c->len && is_space(c->want[c->at]))
		c->at++;
	c->word = c->word_end = c->at;
	while (c->word_end < c->len && !is_space(c->want[c->word_end]))
		c->word_end++;
	c->in_word = c->equal = true;
	c->word_len = 0;
}

/* Parses a whole decimal number, infinity or NaN; false also for a number that a double cannot hold. */
static bool number(const char *s, size_t len, double *v)
{
	char text[COMPARE_NUMBER + 1], *end;

	if (len == 0 || len > COMPARE_NUMBER)
		return false;
	memcpy(text, s, len);
	text[len] = 0;
	/* strtod accepts hexadecimal numbers, white space and nan(...) too */
	if (strlen(text) != len || text[strspn(text, "+-0123456789.eEinfINFtyTYaA")])
		return false;
	*v = strtod(text, &end);
	if (*end || end == text)
		return false;
	return isfinite(*v) || strpbrk(text, "nN");
}

static bool near(const struct compare *c)
{
	double a, b;

	if (!number(c->number, c->word_len, &a) || !number((const char *)c->want + c->word, c->word_end - c->word, &b))
		return false;
	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	if (isinf(a) || isinf(b))
		return a == b;
	return fabs(a - b) <= c->rule.abs || fabs(a - b) <= c->rule.rel * fabs(b);
}

static void end_word(struct compare *c)
{
	size_t have = c->word_end - c->word;

	c->in_word = false;
	if (have > 0 && ((c->equal && c->word_len == have) || (c->rule.how == COMPARE_FLOAT && near(c)))) {
		c->at = c->word_end;
		c->open = false;
		return;
	}
	if (c->equal) { /* the word of the output is shorter */
		c->odd_at = c->word + c->word_len;
		open_excerpt(c, c->word, c->odd_at);
	}
	c->open = false;
	differ(c, c->word, c->odd_at);
}

static void feed_words(struct compare *c, unsigned char b)
{
	if (is_space(b)) {
		if (c->in_word)
			end_word(c);
		return;
	}
	if (!c->in_word)
		begin_word(c);
	if (c->equal && (c->word + c->word_len >= c->word_end || c->want[c->word + c->word_len] != b)) {
		c->equal = false; /* two numbers may still be near each other: see end_word */
		c->odd_at = c->word + c->word_len;
		open_excerpt(c, c->word, c->odd_at);
	}
	if (c->word_len < COMPARE_NUMBER)
		c->number[c->word_len] = (char)b;
	c->word_len++;
}

/* ---- the whole ------------------------------------------------------------------------ */

void compare_init(struct compare *c, const struct compare_rule *r, const void *want, size_t len)
{
	memset(c, 0, sizeof *c);
	c->rule = *r;
	c->want = len ? want : (const void *)"";
	c->len = len;
}

static void feed_byte(struct compare *c, unsigned char b)
{
	if (c->rule.how == COMPARE_TRAILING)
		feed_trailing(c, b);
	else
		feed_words(c, b);
	if (c->open)
		gather(c, b);
	c->lines += b == '\n';
}

void compare_feed(struct compare *c, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	size_t i = 0;

	if (!c->differs && c->rule.how == COMPARE_EXACT && len)
		i = feed_exact(c, p, len);
	for (; i < len && !c->differs; i++)
		feed_byte(c, p[i]);
	for (; i < len && c->open; i++)
		gather(c, p[i]);
}

void compare_gap(struct compare *c)
{
	if (c->differs)
		return;
	if (c->rule.how >= COMPARE_TOKENS) {
		while (c->at < c->len && is_space(c->want[c->at]))
			c->at++;
		c->open = false;
		c->got.len = 0;
		differ(c, c->at, c->at);
	} else {
		differ_here(c, c->at);
	}
	c->open = false;
}

/* The output has ended at `at`; the rest of the expected text begins at `rest`. */
static void differ_missing(struct compare *c, size_t rest)
{
	size_t line = line_start(c, rest);

	c->got.len = 0;
	if (c->rule.how >= COMPARE_TOKENS) {
		differ(c, rest, rest);
		return;
	}
	if (c->at > line)
		open_excerpt(c, line, c->at);
	differ(c, line, c->at > line ? c->at : rest);
}

bool compare_end(struct compare *c)
{
	size_t rest = c->at;

	if (!c->differs && c->in_word)
		end_word(c);
	if (!c->differs) {
		rest = c->at;
		while (c->rule.how != COMPARE_EXACT && rest < c->len && is_space(c->want[rest]))
			rest++;
		if (rest < c->len)
			differ_missing(c, rest);
	}
	c->open = false;
	close_excerpt(&c->expected);
	close_excerpt(&c->got);
	return !c->differs;
}
