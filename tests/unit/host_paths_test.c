/* host_paths_test.c - paths as the engine's host knows them */
#include "base/error.h"
#include "check.h"
#include "conf/host_paths.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is(const char *map, const char *path, const char *expected)
{
	char *out = host_path(map, path);
	bool same = out && strcmp(out, expected) == 0;

	free(out);
	return same;
}

static void beneath(void)
{
	CHECK(is("/a:/b", "/a/init", "/b/init"));
	CHECK(is("/a:/b", "/a", "/b"));
	CHECK(is("/var/lib/cee:/var/lib/docker/volumes/x/_data", "/var/lib/cee/layers/1",
		 "/var/lib/docker/volumes/x/_data/layers/1"));
	CHECK(is("/:/root", "/usr/bin/cee-init", "/root/usr/bin/cee-init"));
	CHECK(is("/a:/", "/a/b", "/b"));
}

static void elsewhere(void)
{
	CHECK(is("/a:/b", "/ab/init", "/ab/init"));
	CHECK(is("/a:/b", "/x/a/init", "/x/a/init"));
	CHECK(is("", "/a", "/a"));
	CHECK(is(NULL, "/a", "/a"));
}

static bool good(const char *map)
{
	struct cee_err e;

	return host_paths_check(map, &e) == 0;
}

static void maps(void)
{
	static const char *const bad[] = { "/a",       "/a:",	   "a:/b",   "/a:b",   ":/b",
					   ":",	       "/a:/b:/c", "/a/:/b", "/a:/b/", "/a/../b:/c",
					   "/a:/b/..", "/./a:/b",  "//a:/b", "/a b:c" };

	CHECK(good(""));
	CHECK(good("/a:/b"));
	CHECK(good("/:/b/c"));
	CHECK(good("/a b:/c"));
	CHECK(good("/a/..b:/.c"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(!good(bad[i]));
}

int main(void)
{
	RUN(beneath);
	RUN(elsewhere);
	RUN(maps);
	return check_status();
}
