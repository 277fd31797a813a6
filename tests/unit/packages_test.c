/* packages_test - the grammars of names and versions, registry by registry */
#include "base/error.h"
#include "job/job.h"
#include "job/package_names.h"
#include "job/packages.h"
#include "layers/grammar.h"
#include "check.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>


/* Lists end with NULL; "not" of the first that is otherwise than wanted. */
static const char *first_not(bool (*valid)(enum grammar, const char *), enum grammar g, const char *const *v,
			     bool wanted)
{
	for (; *v; v++)
		if (valid(g, *v) != wanted)
			return *v;
	return "";
}
#define ALL(valid, g, ...) CHECK(strcmp(first_not(valid, g, (const char *const[]){ __VA_ARGS__, NULL }, true), "") == 0)
#define NONE(valid, g, ...)                                                                                            \
	CHECK(strcmp(first_not(valid, g, (const char *const[]){ __VA_ARGS__, NULL }, false), "") == 0)
/* What no registry has: an address, a path, an option, a second word. */
#define SMUGGLED                                                                                                       \
	"", " ", "a b", "../a", "-x", "--index-url", "https://x", "x@https://y", "a;b", "a\nb", "a\tb", "\xc3\xa9",    \
		"$(id)", "`id`", "a|b", "a&b", "a=b", "a\"b", "a'b", "a\\b", "a%20b", "/etc/passwd", "C:\\x",          \
		"file:x", "a#b", "a?b"

static void nuget(void)
{
	ALL(package_name_valid, GRAMMAR_NUGET, "Newtonsoft.Json", "A.B-c_d", "_", "a1");
	NONE(package_name_valid, GRAMMAR_NUGET, SMUGGLED, "a..b", ".a", "a.", "a/b", "@a/b", "a[b]");
	ALL(package_version_valid, GRAMMAR_NUGET, "13.0.1", "1", "1.0", "1.2.3.4", "1.0.0-beta.1", "1.0.0-rc1+build.5",
	    "1.0+x");
	NONE(package_version_valid, GRAMMAR_NUGET, SMUGGLED, "13.*", "*", "[1.0,2.0)", "1.0 ", "1.0.0.0.0", "v1", "1.",
	     "1..2", "1.0-", "1.0-a..b", "latest", "1.0+", "9999999999", "==1.0", "^1.0.0");
	NONE(package_range_valid, GRAMMAR_NUGET, "13.*", "[1.0,2.0)", "1.0", "*");
	CHECK(package_same(GRAMMAR_NUGET, "newtonsoft.json", "Newtonsoft.Json") &&
	      !package_same(GRAMMAR_NUGET, "a.b", "a-b"));
}

static void pip(void)
{
	ALL(package_name_valid, GRAMMAR_PIP, "requests", "ruamel.yaml", "A", "a--b", "zope.interface", "3to2",
	    "requests[socks]", "a[b,c-d]");
	NONE(package_name_valid, GRAMMAR_PIP, SMUGGLED, "a/b", "@a/b", "_a", "a.", "a[", "a[]", "a[b", "a[b]c", "a[b,]",
	     "a[,b]", "a[b]]", "[b]", "a[b c]");
	ALL(package_version_valid, GRAMMAR_PIP, "1", "1.0", "2.31.0", "1!2.0", "1.0a1", "1.0rc2", "1.0.post1",
	    "1.0.dev3", "1.0-1", "v1.0", "1.0-alpha.1", "2023.05.07", "1.0+cpu", "1.0+ubuntu-1.2", "1.0a2.post3.dev4+x",
	    "1.2.3.4.5");
	NONE(package_version_valid, GRAMMAR_PIP, SMUGGLED, "==1.0", ">=1", "1.*", "1.0.*", "*", "latest", "1..0", "1.",
	     "1.0+", "1.0+a..b", "1.0x", "1 --index-url=y", "-1", "!1", "1!", "1.0 ", "1,2");
	ALL(package_range_valid, GRAMMAR_PIP, "<3", ">=1.2,<2", "~=1.4.2", "==1.*", "!=1.5", "!=1.5.*", "*", ">1.0a1",
	    "==1.0");
	NONE(package_range_valid, GRAMMAR_PIP, SMUGGLED, "1.0", "<", "<3,", ",<3", "<3 ,>1", "===1.0", ">=1.*", "<3;x",
	     "@ https://x", "=1", "^1.0");
	CHECK(package_same(GRAMMAR_PIP, "Ruamel_Yaml", "ruamel.yaml") && package_same(GRAMMAR_PIP, "a-._b", "a-b") &&
	      package_same(GRAMMAR_PIP, "requests[socks]", "Requests") && !package_same(GRAMMAR_PIP, "ab", "a-b"));
}

static void npm(void)
{
	ALL(package_name_valid, GRAMMAR_NPM, "left-pad", "@types/node", "JSONStream", "lodash.get", "a", "@a/_b",
	    "@a-b/c.d~e");
	NONE(package_name_valid, GRAMMAR_NPM, SMUGGLED, "@/x", "@a/../x", "@a/b/c", "a/b", "@a", "@a/", ".a", "_a",
	     "node_modules", "a[b]", "@a/.b", "@-a/b", "~/x");
	ALL(package_version_valid, GRAMMAR_NPM, "1.2.3", "0.0.0", "1.0.0-rc.1", "1.0.0-x-y.7+build.1", "20.1.0");
	NONE(package_version_valid, GRAMMAR_NPM, SMUGGLED, "1", "1.2", "1.2.x", "^1.2.3", "v1.2.3", "01.2.3", "1.2.3.4",
	     "latest", "*", "1.2.3-", "1.2.3 ", "=1.2.3");
	ALL(package_range_valid, GRAMMAR_NPM, "^1.2.0", "~1.2", "1.x", "*", "x", ">=1.0.0 <2.0.0", "1.0.0 - 2.0.0",
	    "^1.0.0 || ^2.0.0", "1", "1.2", "latest", "next", ">=1.0.0-rc.1", "=1.2.3", "v1.2.3");
	NONE(package_range_valid, GRAMMAR_NPM, "", " ", "../a", "-x", "--registry=x", "https://x", "file:x",
	     "git+ssh://x", "user/repo", "workspace:*", "npm:a@1.0.0", "1.2.3", "||", "1.0.0 ||", "- 1", "1  2", "1.2.",
	     "1.2.3.4", "~/x", "a b", "link:x", "\xc3\xa9", "latest;x");
}

static void lists(void)
{
	struct job_package *v = NULL;
	struct cee_err e;
	size_t n = 0;

	CHECK(package_add(&v, &n, "ruamel.yaml", "0.17.21") == 0 && package_add(&v, &n, "x", "1") == 0 && n == 2);
	CHECK(packages_valid(v, n, GRAMMAR_PIP, "packages", &e) == 0);
	CHECK(packages_valid(v, n, GRAMMAR_NPM, "packages", &e) == -1 && strstr(e.msg, "packages[1]: \"1\""));
	CHECK(package_add(&v, &n, "Ruamel-YAML", "1") == 0);
	CHECK(packages_valid(v, n, GRAMMAR_PIP, "packages", &e) == -1 &&
	      strstr(e.msg, "packages[2]: duplicate package \"Ruamel-YAML\""));
	packages_release(v, n);
	CHECK(grammar_find("pip") == GRAMMAR_PIP && grammar_find("") == -1 && grammar_find("cargo") == -1);
}

static void any(void) /* while the language is not known */
{
	NONE(package_name_valid, GRAMMAR_ANY, SMUGGLED);
	NONE(package_version_valid, GRAMMAR_ANY, SMUGGLED, "*", "13.*", ">=1", "^1.0.0", "latest");
	ALL(package_name_valid, GRAMMAR_ANY, "Newtonsoft.Json", "@types/node", "requests[socks]");
}

int main(void)
{
	RUN(nuget);
	RUN(pip);
	RUN(npm);
	RUN(any);
	RUN(lists);
	return check_status();
}
