/* manifest_test - typical manifests, and each error with its file and line */
#include "base/error.h"
#include "job/job.h"
#include "job/job_files.h"
#include "job/manifest.h"
#include "job/packages.h"
#include "layers/grammar.h"
#include "check.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


static struct job j;
static struct cee_err e;

/* What is declared, as "name@version name@version", or the error. */
static const char *declared(enum grammar g, const char *code, const char *name, const char *content)
{
	static char text[2000];
	struct job_file f = { (char *)(uintptr_t)(name ? name : ""), (unsigned char *)(uintptr_t)content,
			      content ? strlen(content) : 0, 0644 };
	size_t n = 0;

	j = (struct job){ .language = "x",
			  .code = (char *)(uintptr_t)code,
			  .code_len = code ? strlen(code) : 0,
			  .files = &f,
			  .nfiles = name ? 1 : 0 };
	text[0] = '\0';
	if (job_declare(&j, g, &e) < 0)
		snprintf(text, sizeof text, "%s", e.msg);
	else
		for (size_t i = 0; i < j.npackages; i++)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s%s@%s", i ? " " : "", j.packages[i].name,
					      j.packages[i].version);
	packages_release(j.packages, j.npackages);
	return text;
}

static bool is(const char *got, const char *wanted)
{
	if (strcmp(got, wanted) == 0)
		return true;
	printf("# got %s\n", got);
	return false;
}

static bool says(const char *got, const char *part)
{
	if (strstr(got, part))
		return true;
	printf("# got %s\n", got);
	return false;
}

#define CS(text) declared(GRAMMAR_NUGET, text, NULL, NULL)
#define PY(text) declared(GRAMMAR_PIP, text, NULL, NULL)
#define REQ(text) declared(GRAMMAR_PIP, "pass", "requirements.txt", text)
#define NPM(text) declared(GRAMMAR_NPM, "1", "package.json", text)

static void csharp(void)
{
	CHECK(is(CS("#!/usr/bin/env dotnet\n#:package Newtonsoft.Json@13.0.1\n#:package  Dapper @ "
		    "2.1.0\n\nConsole.Write(1);"),
		 "Newtonsoft.Json@13.0.1 Dapper@2.1.0"));
	CHECK(is(CS("\xef\xbb\xbf// a comment\r\n/* another\n#:package No@1\n*/ /* x */ // y\n#:property "
		    "A=B\n#:package A@1.0\r\nusing System;\n#:package B@1\n"),
		 "A@1.0"));
	CHECK(is(CS("var s = 1;\n#:package A@1\n"), "") && is(CS("/* x */ var s;\n#:package A@1\n"), "") &&
	      is(CS("#:packages A@1\n"), "") && is(CS(""), ""));
	CHECK(is(CS("#:package A@1\n#:package a@1\n"), "A@1"));
	CHECK(says(CS("#:package A\n"), "code, line 1: #:package A needs an exact version"));
	CHECK(says(CS("\n#:package A@13.*\n"), "code, line 2: \"13.*\" is not an exact version"));
	CHECK(says(CS("#:package ../A@1\n"), "line 1: \"../A\" is not a valid package name") &&
	      says(CS("#:package A@1 --source https://x\n"), "is not an exact version"));
	CHECK(says(CS("#:package A@1\n#:package A@2\n"), "line 2: \"A\" is asked for as 2, and before as 1"));
	CHECK(is(declared(GRAMMAR_NUGET, NULL, "Program.cs", "#:package A@1\n"), "A@1"));
}

static void python(void)
{
	CHECK(is(PY("#!/usr/bin/env python3\n# /// script\n# requires-python = \">=3.11\"\n# dependencies = [\n#   "
		    "\"requests<3\", # why\n#   'rich == 13.7.0',\n#\n# ]\n# ///\nimport requests\n"),
		 "requests@<3 rich@13.7.0"));
	CHECK(is(PY("# /// script\n# dependencies = [\"a[b, c]>=1, <2\", \"d\"]\n# [tool.x]\n# y = {z = 1}\n# ///\n"),
		 "a[b,c]@>=1,<2 d@*"));
	CHECK(is(PY("# /// script\n# dependencies = []\n# ///"), "") &&
	      is(PY("# /// script\n# dependencies = [\"a\"]\nx = 1\n# ///\n"), ""));
	CHECK(is(PY("# /// other\n# dependencies = [\"a\"]\n# ///\n"), "") && is(PY("print('# /// script')\n"), "") &&
	      is(PY("#/// script\n"), ""));
	/* a block goes to the last "# ///" of its comment, as the PEP's pattern has it */
	CHECK(says(PY("# /// script\n# dependencies = [\"a\"]\n# ///\n# comment\n# ///\n"), "line 3"));
	CHECK(is(PY("x = 1\n# /// script\n# dependencies = [\"a (>=1.0)\"]\n# ///\n"), "a@>=1.0"));
	CHECK(says(PY("# /// script\n# dependencies = \"a\"\n# ///\n"), "code, line 2: dependencies must be an array"));
	CHECK(says(PY("# /// script\n# dependencies = [\n# \"a\" \"b\"\n# ]\n# ///\n"),
		   "line 3: a ',' or a ']' is missing"));
	CHECK(says(PY("# /// script\n# dependency = []\n# ///\n"), "\"dependency\" is not a key"));
	CHECK(says(PY("# /// script\n# dependencies = [\"a @ https://x/y.whl\"]\n# ///\n"), "not an address"));
	CHECK(says(PY("# /// script\n# dependencies = [\"a; python_version < '3'\"]\n# ///\n"), "environment markers"));
	CHECK(says(PY("# /// script\n# dependencies = [\"a\"\n# ///\n"), "missing") &&
	      says(PY("# /// script\n# dependencies = [\"a]\n# ///\n"), "does not end on its line"));
	CHECK(says(PY("# /// script\n# dependencies = []\n# ///\n\n# /// script\n# dependencies = []\n# ///\n"),
		   "duplicate block"));
}

static void requirements(void)
{
	CHECK(is(REQ("# pins\nrequests==2.31.0\n  numpy >= 1.20 , < 2  # why\n\nDjango~=4.2\r\n-i "
		     "https://example.org/simple\n--pre\nurl_lib3\n"),
		 "requests@2.31.0 numpy@>=1.20,<2 Django@~=4.2 url_lib3@*"));
	CHECK(is(REQ("a==\\\n1.0\nb==1.*"), "a@1.0 b@==1.*") && is(REQ(""), "") && is(REQ("a\n\\\n"), "a@*") &&
	      is(REQ("c\\"), "c@*"));
	CHECK(says(REQ("a\n-r other.txt\n"), "requirements.txt, line 2: -r is not read here"));
	CHECK(says(REQ("-e .\n"), "-e is not read") && says(REQ("--editable=.\n"), "--editable is not read"));
	CHECK(says(REQ("a==1.0 --hash=sha256:00\n"), "line 1: options of a requirement"));
	CHECK(says(REQ("./a.whl\n"), "\"./a.whl\" is not a valid package name") &&
	      says(REQ("git+https://x/y\n"), "not an address"));
	CHECK(says(REQ("a b\n"), "is not a requirement") && says(REQ("a==1 0\n"), "is not a requirement") &&
	      says(REQ("a===1\n"), "neither a version nor a range"));
	CHECK(says(REQ("a==1\nA==2\n"), "line 2: \"A\" is asked for as 2, and before as 1"));
}

static void npm(void)
{
	CHECK(is(NPM("{\"name\":\"x\",\"type\":\"module\",\"dependencies\":{\"left\":\"^1.2.0\",\"@a/b\":\">= 1.0  "
		     "<2\",\"c\":\"1.0.0\",\"d\":\"\",\"e\":\"^1||^2\"},\"devDependencies\":{\"z\":\"1\"}}"),
		 "left@^1.2.0 @a/b@>=1.0 <2 c@1.0.0 d@* e@^1 || ^2"));
	CHECK(is(NPM("{}"), "") && is(NPM("{\"dependencies\":{}}"), "") &&
	      is(NPM("{\"dependencies\":{\"a\":\"1.0.0 - 2.0.0\"}}"), "a@1.0.0 - 2.0.0"));
	CHECK(says(NPM("{\"dependencies\":{\"a\":\"git+ssh://x\"}}"),
		   "package.json: dependencies: \"a\": packages come from the registry alone"));
	CHECK(says(NPM("{\"dependencies\":{\"a\":\"user/repo\"}}"), "registry alone") &&
	      says(NPM("{\"dependencies\":{\"a\":\"file:../x\"}}"), "registry alone"));
	CHECK(says(NPM("{\"dependencies\":{\"a\":1}}"), "must be a version or a range") &&
	      says(NPM("{\"dependencies\":[]}"), "must be an object"));
	CHECK(says(NPM("{\"dependencies\":{\"../a\":\"1.0.0\"}}"), "not a valid package name") &&
	      says(NPM("{\"dependencies\":{\"a\":\"--x\"}}"), "neither a version nor a range"));
	CHECK(says(NPM("{,}"), "package.json: not JSON"));
}

static void beside_the_field(void)
{
	struct job_file f = { "requirements.txt", (unsigned char *)"pure>=1\nother\n", 14, 0644 };

	j = (struct job){ .language = "x", .code = "1", .code_len = 1, .files = &f, .nfiles = 1 };
	CHECK(package_add(&j.packages, &j.npackages, "Pure", "1.0") == 0 && job_declare(&j, GRAMMAR_PIP, &e) == 0);
	CHECK(j.npackages == 2 && strcmp(j.packages[0].version, "1.0") == 0 &&
	      strcmp(j.packages[1].name, "other") == 0);
	packages_release(j.packages, j.npackages);
}

int main(void)
{
	RUN(csharp);
	RUN(python);
	RUN(requirements);
	RUN(npm);
	RUN(beside_the_field);
	return check_status();
}
