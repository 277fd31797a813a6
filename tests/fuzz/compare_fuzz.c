/* compare_fuzz - an expected text and an output of any bytes: pieces of whatever size give one
 * answer, which is that of the plain definition where there is one
 *
 * Input: a byte for the rule, a byte for the size of the pieces, then the expected text and
 * the output, with the first 0xFE byte between them.
 */
#include "job/compare.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

struct text {
	uint8_t *p;
	size_t n;
};

static bool space(uint8_t b)
{
	return b == ' ' || (b >= 9 && b <= 13);
}

/* Without white space at the ends of lines and blank lines at the end. */
static struct text without_trailing(const uint8_t *p, size_t n)
{
	struct text t = { malloc(n + 1), 0 };

	for (size_t i = 0; i <= n; i++) {
		if (i == n || p[i] == '\n')
			while (t.n && t.p[t.n - 1] != '\n' && space(t.p[t.n - 1]))
				t.n--;
		if (i < n)
			t.p[t.n++] = p[i];
	}
	while (t.n && space(t.p[t.n - 1]))
		t.n--;
	return t;
}

/* Words with one blank after each. */
static struct text words(const uint8_t *p, size_t n)
{
	struct text t = { malloc(2 * n + 1), 0 };

	for (size_t i = 0; i < n; i++) {
		if (space(p[i]))
			continue;
		t.p[t.n++] = p[i];
		if (i + 1 == n || space(p[i + 1]))
			t.p[t.n++] = ' ';
	}
	return t;
}

static bool same_text(struct text a, struct text b)
{
	bool same = a.n == b.n && memcmp(a.p, b.p, a.n) == 0;

	free(a.p);
	free(b.p);
	return same;
}

static bool run(struct compare *c, const struct compare_rule *r, const uint8_t *want, size_t nw, const uint8_t *got,
		size_t ng, size_t piece)
{
	compare_init(c, r, want, nw);
	for (size_t at = 0; at < ng; at += piece) {
		size_t n = ng - at < piece ? ng - at : piece;
		uint8_t *copy = malloc(n); /* an over-read is seen */

		memcpy(copy, got + at, n);
		compare_feed(c, copy, n);
		free(copy);
	}
	return compare_end(c);
}

/* Bytes are missing somewhere: never as expected. */
static void gap(const struct compare_rule *r, const uint8_t *want, size_t nw, const uint8_t *got, size_t ng, size_t at)
{
	struct compare c;

	at = at < ng ? at : ng;
	compare_init(&c, r, want, nw);
	compare_feed(&c, got, at);
	compare_gap(&c);
	compare_feed(&c, got + at, ng - at);
	MUST(!compare_end(&c) && c.line >= 1 && c.got.len <= COMPARE_EXCERPT && c.expected.len <= COMPARE_EXCERPT);
}

/* Any text as a rule. */
static void rule(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct compare_rule r;

	if (compare_parse(text, &r, NULL) == 0)
		MUST(r.how <= COMPARE_FLOAT && r.abs >= 0 && r.rel >= 0 && r.abs < 1e308 * 10 && r.rel < 1e308 * 10);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "exact", "trailing", "tokens", "float:0.5,0.1" };
	struct compare_rule r;
	struct compare a, b;
	const uint8_t *cut;
	uint8_t *want, *got;
	size_t nw, ng;
	bool same;
	int how;

	rule(data, size);
	if (size < 3 || !(cut = memchr(data + 2, 0xFE, size - 2)))
		return 0;
	how = data[0] & 3;
	nw = (size_t)(cut - data) - 2;
	ng = size - nw - 3;
	want = malloc(nw + 1);
	got = malloc(ng + 1);
	memcpy(want, data + 2, nw);
	memcpy(got, cut + 1, ng);
	MUST(compare_parse(names[how], &r, NULL) == 0);
	same = run(&a, &r, want, nw, got, ng, ng + 1);
	MUST(run(&b, &r, want, nw, got, ng, 1u + data[1] % 16) == same);
	if (!same)
		MUST(a.line >= 1 && a.line == b.line && strcmp(a.got.text, b.got.text) == 0 &&
		     strcmp(a.expected.text, b.expected.text) == 0);
	gap(&r, want, nw, got, ng, data[1]);
	if (how == 0)
		MUST(same == (nw == ng && memcmp(want, got, nw) == 0));
	if (how == 1)
		MUST(same == same_text(without_trailing(want, nw), without_trailing(got, ng)));
	if (how == 2)
		MUST(same == same_text(words(want, nw), words(got, ng)));
	if (how == 3 && same_text(words(want, nw), words(got, ng)))
		MUST(same);
	free(want);
	free(got);
	return 0;
}
