/* published_test - languages.json by lines, as lang_publish writes it, and in any other layout */
#include "base/buf.h"
#include "base/error.h"
#include "job/language.h"
#include "job/language_publish.h"
#include "job/languages.h"
#include "job/published.h"
#include "check.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define C "{\"name\":\"c\",\"aliases\":[\"gcc\"],\"extensions\":[\".c\"]}"
#define PY "{\"name\":\"python\",\"aliases\":[\"py\",\"c\"],\"file\":\"main.py\"}"

static struct published *made(const char *text)
{
	return published_new(text, strlen(text));
}

static const char *found(struct published *p, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(published_find(p, name), "name");

	return cJSON_IsString(v) ? v->valuestring : "";
}

static void both_layouts(void)
{
	static const char *const texts[] = { "{\"languages\":[" C ",\n" PY "]}\n", "{\"languages\":[" C "," PY "]}\n",
					     " {\"languages\" : [" C ",\n" PY "]}" };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		AUTO_PUBLISHED struct published *p = made(texts[i]);

		CHECK(p && !published_none(p) && published_count(p) == 2 && !published_damaged(p));
		CHECK(strcmp(published_name(p, 0), "c") == 0 && strcmp(published_name(p, 1), "python") == 0);
		CHECK(strcmp(found(p, "c"), "c") == 0 && strcmp(found(p, "gcc"), "c") == 0 &&
		      strcmp(found(p, "py"), "python") == 0); /* a name goes before an alias */
		CHECK(!published_find(p, "main.py") && !published_find(p, "") && !published_find(p, "ruby"));
		CHECK(published_find(p, "py") == published_find(p, "python")); /* parsed once */
		CHECK(published_mentions(p, 0, ".c") && published_is(p, texts[i]) && !published_is(p, "x"));
	}
}

static void no_languages(void)
{
	AUTO_PUBLISHED struct published *none = published_new(NULL, 0), *empty = made("{\"languages\":[]}\n");

	CHECK(published_none(none) && published_count(none) == 0 && !published_damaged(none) &&
	      !published_find(none, "c"));
	CHECK(published_none(NULL) && published_count(NULL) == 0 && !published_find(NULL, "c"));
	CHECK(!published_none(empty) && published_count(empty) == 0 && !published_damaged(empty));
}

static void damage(void)
{
	static const char *const texts[] = { "{", "", "[1]", "{\"languages\":[" C ",\n" PY "]", "{\"languages\":1}\n" };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		AUTO_PUBLISHED struct published *p = made(texts[i]);

		CHECK(published_damaged(p) && published_count(p) == 0);
	}
	/* a line that only looks like one is found out when it is asked for */
	AUTO_PUBLISHED struct published *p = made("{\"languages\":[" C ",\n{\"name\":\"x\",}]}\n");
	CHECK(!published_damaged(p) && published_find(p, "c") && !published_damaged(p));
	CHECK(!published_find(p, "x") && published_damaged(p));
}

/* What lang_publish writes is read by lines. */
static void as_published(void)
{
	static const char file[] = "{\"name\":\"one\",\"aliases\":[\"1\"],\"image\":\"i\",\"file\":\"m\","
				   "\"run\":[\"r\"],\"hello\":\"a\\n\\\"b\\\"\"}";
	struct cee_err e;
	struct lang l[2];
	struct langs ls = { .l = l, .n = 2 };
	AUTO_FREE char *text = NULL;

	CHECK(lang_parse(&l[0], "f", file, strlen(file), &e) == 0 &&
	      lang_parse(&l[1], "f", file, strlen(file), &e) == 0);
	l[1].name[0] = 't';
	text = lang_publish(&ls);
	AUTO_PUBLISHED struct published *p = text ? made(text) : NULL;
	CHECK(published_count(p) == 2 && strcmp(published_name(p, 1), "tne") == 0);
	CHECK(published_find(p, "tne") && !published_mentions(p, 1, "ne"));
	lang_release(&l[0]);
	lang_release(&l[1]);
}

int main(void)
{
	RUN(both_layouts);
	RUN(no_languages);
	RUN(damage);
	RUN(as_published);
	return check_status();
}
