/* compare_test - what is the same and what is not, by each rule, in pieces of every size */
#include "base/error.h"
#include "base/text.h"
#include "conf/token.h"
#include "job/compare.h"
#include "check.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define S(s) s, sizeof s - 1

struct row {
	const char *rule, *want;
	size_t want_len;
	const char *got;
	size_t got_len;
	uint64_t line;		      /* 0: the same */
	const char *expected, *found; /* the excerpts, or NULL */
};

static const struct row table[] = {
	/* exact */
	{ "exact", S(""), S(""), 0, NULL, NULL },
	{ "exact", S("a\nb\n"), S("a\nb\n"), 0, NULL, NULL },
	{ "exact", S("a\n"), S("a"), 1, "a\n", "a" },
	{ "exact", S("a"), S("a\n"), 1, "a", "a\n" },
	{ "exact", S("a\nbcd\ne\n"), S("a\nbxd\ne\n"), 2, "bcd\n", "bxd\n" },
	{ "exact", S("a\n"), S("a\r\n"), 1, "a\n", "a\r\n" },
	{ "exact", S("a \n"), S("a\n"), 1, "a \n", "a\n" },
	{ "exact", S("a\0b"), S("a\0b"), 0, NULL, NULL },
	{ "exact", S("a\0b"), S("a\0c"), 1,
	  "a\xFF"
	  "b",
	  "a\xFF"
	  "c" },
	{ "exact", S(""), S("x"), 1, "", "x" },
	{ "exact", S("x\n"), S(""), 1, "x\n", "" },
	{ "exact", S("1\n2\n3\n"), S("1\n2\n"), 3, "3\n", "" },
	/* trailing */
	{ "trailing", S(""), S(""), 0, NULL, NULL },
	{ "trailing", S(""), S(" \n\t\r\n\n"), 0, NULL, NULL },
	{ "trailing", S(" \n\n"), S(""), 0, NULL, NULL },
	{ "trailing", S("a\nb"), S("a\nb\n"), 0, NULL, NULL },
	{ "trailing", S("a\nb\n\n\n"), S("a\nb"), 0, NULL, NULL },
	{ "trailing", S("a\nb\n"), S("a\r\nb\r\n"), 0, NULL, NULL },
	{ "trailing", S("a \nb\t\n"), S("a\nb   \n  \n"), 0, NULL, NULL },
	{ "trailing", S("a\n\nb\n"), S("a\n \t\nb\n"), 0, NULL, NULL },
	{ "trailing", S("a b\n"), S("a b\n"), 0, NULL, NULL },
	{ "trailing", S("a b\n"), S("a  b\n"), 1, "a b", "a  b" },
	{ "trailing", S("a b\n"), S("a\tb\n"), 1, "a b", "a\tb" },
	{ "trailing", S("a b\n"), S("a\n"), 1, "a b", "a" },
	{ "trailing", S("a b\n"), S("a \n"), 1, "a b", "a" },
	{ "trailing", S("a\n"), S("a b\n"), 1, "a", "a b" },
	{ "trailing", S("a\n"), S(" a\n"), 1, "a", " a" },
	{ "trailing", S(" a\n"), S("a\n"), 1, " a", "a" },
	{ "trailing", S("a\nb\n"), S("a\n"), 2, "b", "" },
	{ "trailing", S("a\nb\n"), S("a"), 2, "b", "" },
	{ "trailing", S("a\n\n\nb\n"), S("a\n"), 4, "b", "" },
	{ "trailing", S("a\n"), S("a\nb\n"), 2, "", "b" },
	{ "trailing", S("a"), S("a\n\n\n  x\n"), 4, "", "  x" },
	{ "trailing", S("a\n\nb\n"), S("a\nb\n"), 2, "", "b" },
	{ "trailing", S("a\nb\n"), S("a\n\nb\n"), 2, "b", "" },
	{ "trailing", S("one two three"), S("one two"), 1, "one two three", "one two" },
	{ "trailing", S("a\0\n"), S("a\0 \n"), 0, NULL, NULL },
	{ "trailing", S("a\0\n"), S("a\n"), 1, "a\xFF", "a" },
	{ "trailing", S("\xC3\xA4\xC3\xB6\n"), S("\xC3\xA4\xC3\xBC\n"), 1, "\xC3\xA4\xC3\xB6", "\xC3\xA4\xC3\xBC" },
	{ "trailing", S("a\vb\f\n"), S("a\vb\n"), 0, NULL, NULL },
	/* tokens */
	{ "tokens", S("1 2 3\n"), S("1\n2\n\n3"), 0, NULL, NULL },
	{ "tokens", S(""), S(" \n"), 0, NULL, NULL },
	{ "tokens", S(" \n"), S(""), 0, NULL, NULL },
	{ "tokens", S("1 2 3\n"), S("1 2\n"), 1, "3", "" },
	{ "tokens", S("1 2\n3\n"), S("1 2 4\n"), 2, "3", "4" },
	{ "tokens", S("1 2\n"), S("1 2 3\n"), 1, "", "3" },
	{ "tokens", S("1 2\n"), S("1 2\n\n3\n"), 3, "", "3" },
	{ "tokens", S("12 3\n"), S("1 23\n"), 1, "12", "1" },
	{ "tokens", S("1 23\n"), S("12 3\n"), 1, "1", "12" },
	{ "tokens", S("1.0\n"), S("1.00\n"), 1, "1.0", "1.00" },
	{ "tokens", S("a\0b c"), S("a\0b\tc"), 0, NULL, NULL },
	/* float */
	{ "float:0.01,0", S("1.0 2\n"), S("1.005\n2\n"), 0, NULL, NULL },
	{ "float:0.01,0", S("1.0 2\n"), S("1.02\n2\n"), 1, "1.0", "1.02" },
	{ "float:0,1e-6", S("1000000"), S("1000000.9"), 0, NULL, NULL },
	{ "float:0,1e-6", S("1000000"), S("1000001.1"), 1, "1000000", "1000001.1" },
	{ "float:0,0", S("1e2"), S("100"), 0, NULL, NULL },
	{ "float:0,0", S("-0"), S("0.0"), 0, NULL, NULL },
	{ "float:1,1", S("x 1"), S("x 1.5"), 0, NULL, NULL },
	{ "float:1,1", S("x 1"), S("y 1"), 1, "x", "y" },
	{ "float:1,1", S("nan NaN"), S("-nan nan"), 0, NULL, NULL },
	{ "float:1,1", S("nan"), S("1"), 1, "nan", "1" },
	{ "float:1,1", S("1"), S("nan"), 1, "1", "nan" },
	{ "float:1,1", S("inf -inf"), S("Infinity -INF"), 0, NULL, NULL },
	{ "float:1,1", S("inf"), S("-inf"), 1, "inf", "-inf" },
	{ "float:1,1", S("inf"), S("1e308"), 1, "inf", "1e308" },
	{ "float:1,1", S("1e400"), S("1e400"), 0, NULL, NULL },
	{ "float:1,1", S("1e400"), S("inf"), 1, "1e400", "inf" },
	{ "float:1,1", S("inf"), S("1e400"), 1, "inf", "1e400" },
	{ "float:1,1", S("1e400"), S("1e401"), 1, "1e400", "1e401" },
	{ "float:1,0", S("0"), S("1e-400"), 0, NULL, NULL },
	{ "float:1,1", S("0x10"), S("16"), 1, "0x10", "16" },
	{ "float:1,1", S("1.5.2"), S("1.5.3"), 1, "1.5.2", "1.5.3" },
	{ "float:1,1", S("nan(1)"), S("nan(2)"), 1, NULL, NULL },
	{ "float:1,1", S("1\0"), S("1\0"), 0, NULL, NULL },
	{ "float:1,1", S("1\0"), S("1"), 1, NULL, NULL },
	{ "float:1,1", S("1 2"), S("1 2 3"), 1, "", "3" },
	{ "float:1,1", S("1 2 3"), S("1 2"), 1, "3", "" },
};

static bool run(struct compare *c, const struct row *r, size_t piece)
{
	struct compare_rule rule;
	struct cee_err e = { 0 };

	if (compare_parse(r->rule, &rule, &e) < 0)
		return false;
	compare_init(c, &rule, r->want, r->want_len);
	for (size_t at = 0; at < r->got_len; at += piece)
		compare_feed(c, r->got + at, r->got_len - at < piece ? r->got_len - at : piece);
	return compare_end(c);
}

static bool row_good(const struct row *r, size_t piece)
{
	struct compare c;
	bool same = run(&c, r, piece);

	if (same != (r->line == 0))
		return false;
	if (same)
		return true;
	return c.line == r->line && (!r->expected || strcmp(c.expected.text, r->expected) == 0) &&
	       (!r->found || strcmp(c.got.text, r->found) == 0);
}

static void all_rows(void)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		for (size_t piece = 1; piece <= 8; piece++) {
			struct compare c;

			if (row_good(&table[i], piece))
				continue;
			run(&c, &table[i], piece);
			printf("# %s row %zu piece %zu: line %llu expected [%s] got [%s]\n", table[i].rule, i, piece,
			       (unsigned long long)c.line, c.expected.text, c.got.text);
			CHECK(!"the row");
		}
}

/* Excerpts are windows around the difference, however long the line is. */
static void huge_lines(void)
{
	enum { N = 3000000 };
	static const char *const rules[] = { "exact", "trailing", "tokens", "float:0,0" };
	char *want = malloc(N), *got = malloc(N);

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		struct row r = { rules[i], want, N, got, N, 0, NULL, NULL };
		struct compare c;

		memset(want, 'a', N);
		memset(got, 'a', N);
		CHECK(run(&c, &r, 65536));
		got[N / 2] = 'b';
		CHECK(!run(&c, &r, 65536));
		CHECK(c.line == 1 && c.got.len == COMPARE_EXCERPT && c.expected.len == COMPARE_EXCERPT);
		CHECK(strncmp(c.got.text, "aaaaaaaaaaaaaaaaaaaab", 21) == 0 &&
		      strspn(c.expected.text, "a") == COMPARE_EXCERPT);
		got[N / 2] = 'a';
		r.got_len = N - 1;
		CHECK(!run(&c, &r, 65536) && strcmp(c.got.text, "aaaaaaaaaaaaaaaaaaaa") == 0 &&
		      strcmp(c.expected.text, "aaaaaaaaaaaaaaaaaaaaa") == 0);
	}
	free(want);
	free(got);
}

/* White space without end, of which nothing is kept. */
static void much_white_space(void)
{
	struct compare_rule rule = { .how = COMPARE_TRAILING };
	static char blanks[100000];
	struct compare c;

	memset(blanks, ' ', sizeof blanks);
	compare_init(&c, &rule, "a\nb", 3);
	compare_feed(&c, "a", 1);
	for (int i = 0; i < 50; i++)
		compare_feed(&c, blanks, sizeof blanks);
	compare_feed(&c, "\nb", 2);
	for (int i = 0; i < 50; i++)
		compare_feed(&c, blanks, sizeof blanks);
	CHECK(compare_end(&c));
	compare_init(&c, &rule, "a\nb", 3);
	compare_feed(&c, "a", 1);
	for (int i = 0; i < 50; i++)
		compare_feed(&c, blanks, sizeof blanks);
	compare_feed(&c, "x\n", 2);
	CHECK(!compare_end(&c) && c.line == 1);
}

static void gaps(void)
{
	static const char *const rules[] = { "exact", "trailing", "tokens", "float:9,9" };
	struct compare_rule rule;
	struct compare c;

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		CHECK(compare_parse(rules[i], &rule, NULL) == 0);
		compare_init(&c, &rule, "a\nb\n", 4);
		compare_feed(&c, "a\n", 2);
		compare_gap(&c);
		compare_feed(&c, "b\n", 2);
		CHECK(!compare_end(&c) && c.line == 2);
		/* also where nothing more is expected */
		compare_init(&c, &rule, "a\n", 2);
		compare_feed(&c, "a\n", 2);
		compare_gap(&c);
		CHECK(!compare_end(&c) && c.line == 2);
	}
}

static void cut_within_a_character(void)
{
	struct compare_rule rule = { .how = COMPARE_TRAILING };
	struct compare c;
	char want[400] = "";

	for (int i = 0; i < 60; i++)
		strcat(want, "\xE2\x82\xAC"); /* a euro sign is three bytes */
	compare_init(&c, &rule, want, strlen(want));
	compare_feed(&c, want, 90);
	compare_feed(&c, "x", 1);
	CHECK(!compare_end(&c) && c.line == 1);
	CHECK(utf8_valid(c.expected.text, c.expected.len) && utf8_valid(c.got.text, c.got.len) && c.expected.len > 50);
}

static void rules(void)
{
	static const char *const wrong[] = {
		"",	      "Exact",	    "exact ",	   "float",	  "float:",	 "float:1",	"float:1,",
		"float:,1",   "float:-1,0", "float:0,-1",  "float:1,2,3", "float:nan,0", "float:inf,0", "float:0,1e999",
		"float: 1,2", "float:1, 2", "float:0x1,0", "token"
	};
	struct compare_rule r;
	struct cee_err e;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		bool refused = compare_parse(wrong[i], &r, &e) == -1 && strstr(e.msg, "float:1e-9");

		if (!refused)
			printf("# %s\n", wrong[i]);
		CHECK(refused);
	}
	CHECK(compare_parse("float:1e-9,.5", &r, &e) == 0 && r.how == COMPARE_FLOAT && r.abs == 1e-9 && r.rel == .5);
	CHECK(compare_parse("trailing", &r, &e) == 0 && r.how == COMPARE_TRAILING);
	CHECK(compare_parse("exact", &r, &e) == 0 && r.how == COMPARE_EXACT);
	CHECK(compare_parse("tokens", &r, &e) == 0 && r.how == COMPARE_TOKENS);
}

int main(void)
{
	RUN(all_rows);
	RUN(huge_lines);
	RUN(much_white_space);
	RUN(gaps);
	RUN(cut_within_a_character);
	RUN(rules);
	return check_status();
}
