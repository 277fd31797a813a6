/* glob_test - what a pattern matches, and invalid patterns */
#include "base/glob.h"
#include "check.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>


static bool match(const char *pattern, const char *name)
{
	struct pattern p;

	return !pattern_compile(&p, pattern, strlen(pattern)) && pattern_match(&p, name);
}

static bool good(const char *pattern)
{
	struct pattern p;

	return !pattern_compile(&p, pattern, strlen(pattern));
}

static void one_part(void)
{
	CHECK(match("a.png", "a.png") && !match("a.png", "a.pn") && !match("a.png", "a.pngx"));
	CHECK(match("*.png", "a.png") && match("*.png", ".png") && !match("*.png", "d/a.png"));
	CHECK(match("*", "x") && match("*", ".x") && !match("*", "x/y"));
	CHECK(match("a*b*c", "aXbYbZc") && !match("a*b*c", "aXbYbZ"));
	CHECK(match("?.c", "a.c") && !match("?.c", "ab.c") && match("?.c", "\xc3\xa4.c") && match("??", "a\xff"));
	CHECK(match("\\*", "*") && !match("\\*", "x") && match("\\[a\\]", "[a]"));
}

static void sets(void)
{
	CHECK(match("[a-c]1", "b1") && !match("[a-c]1", "d1") && match("[!a-c]1", "d1") && !match("[^a-c]1", "a1"));
	CHECK(match("[]]", "]") && match("[]a]", "a") && match("[a-]", "-") && match("[\\]x]", "]"));
	CHECK(match("[\xc3\xa0-\xc3\xbf]", "\xc3\xa4") && !match("[a-z]", "\xc3\xa4"));
	CHECK(!good("[a") && !good("[") && !good("[]") && !good("[!]") && !good("[z-a]") && !good("a[/]b"));
}

static void deep(void)
{
	CHECK(match("out/**", "out/a") && match("out/**", "out/a/b/c") && !match("out/**", "out") &&
	      !match("out/**", "x/out/a"));
	CHECK(match("**/a", "a") && match("**/a", "x/y/a") && !match("**/a", "x/ya"));
	CHECK(match("**", "a") && match("**", "a/b"));
	CHECK(match("a/**/b", "a/b") && match("a/**/b", "a/x/y/b") && !match("a/**/b", "a/x/y/c"));
	CHECK(match("**/a/**/b", "x/a/a/b/b") && match("**/**/a", "a") && match("a/**/**", "a/b") &&
	      !match("a/**/**", "a"));
	CHECK(!good("a**") && !good("**a") && !good("***") && good("a*b*"));
}

static void grammar(void)
{
	char parts[2 * 33 + 1] = "", large[257];

	CHECK(!good("") && !good("/a") && !good("a/") && !good("a//b") && !good(".") && !good("../a") &&
	      !good("a/..") && !good("./a"));
	CHECK(good("..a") && good("...") && good("a b"));
	CHECK(!good("a\\") && !good("a\\/b") && !good("a\nb") && !good("a\x7f") && !good("\xff"));
	for (int i = 0; i < 33; i++)
		strcat(parts, i ? "/a" : "a");
	CHECK(!good(parts));
	parts[strlen(parts) - 2] = 0;
	CHECK(good(parts) && match(parts, parts));
	memset(large, 'a', sizeof large);
	large[256] = 0;
	CHECK(!good(large) && good(large + 1));
}

/* What a walk asks: which folders may hold something. */
static void folders(void)
{
	struct pattern p;
	uint64_t at;

	CHECK(!pattern_compile(&p, "out/*/x", 7));
	at = pattern_step(&p, pattern_begin(&p), "out", 3);
	CHECK(pattern_more(&p, at) && !pattern_done(&p, at));
	CHECK(!pattern_more(&p, pattern_step(&p, pattern_begin(&p), "in", 2)));
	at = pattern_step(&p, pattern_step(&p, at, "any", 3), "x", 1);
	CHECK(!pattern_more(&p, at) && pattern_done(&p, at));
}

/* Would take for ever where each star tries all. */
static void costly(void)
{
	char name[256];

	memset(name, 'a', 255);
	name[255] = 0;
	CHECK(!match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", name));
	CHECK(!match("**/**/**/**/**/**/**/**/**/**/x", "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"));
}

int main(void)
{
	RUN(one_part);
	RUN(sets);
	RUN(deep);
	RUN(grammar);
	RUN(folders);
	RUN(costly);
	return check_status();
}
