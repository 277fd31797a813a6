/* detect_test - the language of a program by its name and its #! line */
#include "base/error.h"
#include "job/detect.h"
#include "job/published.h"
#include "check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


static const char all[] =
	"{\"languages\":[{\"name\":\"bash\",\"aliases\":[\"sh\"],\"extensions\":[\".sh\",\".bash\"]},"
	"{\"name\":\"c\",\"aliases\":[\"gcc\"],\"extensions\":[\".c\",\".h\"]},"
	"{\"name\":\"cpp\",\"aliases\":[\"c++\",\"g++\"],\"extensions\":[\".cpp\",\".C\",\".h\"]},"
	"{\"name\":\"javascript\",\"aliases\":[\"js\",\"node\"],\"extensions\":[\".js\",\".test.py\"]},"
	"{\"name\":\"python\",\"aliases\":[\"py\",\"python3\"],\"extensions\":[\".py\"]}]}";
static struct cee_err e;

static bool detected(const char *name, const char *text, const char *want)
{
	AUTO_PUBLISHED struct published *languages = published_new(all, strlen(all));
	char *got = detect_language(languages, name, text, text ? strlen(text) : 0, &e);
	bool same = got ? want && strcmp(got, want) == 0 : !want;

	if (!same)
		printf("# %s %s -> %s %s\n", name, text ? text : "", got ? got : "nothing:", got ? "" : e.msg);
	free(got);
	return same;
}

static bool refused(const char *name, const char *text, const char *says)
{
	if (detected(name, text, NULL) && errno == EINVAL && strstr(e.msg, says) && strstr(e.msg, "-l"))
		return true;
	printf("# %s -> %s\n", name, e.msg);
	return false;
}

static bool line(const char *text, const char *want)
{
	return detected("program", text, want);
}

static void names(void)
{
	CHECK(detected("a/b.py", NULL, "python") && detected("x.c", "int x;", "c") && detected("x.C", NULL, "cpp"));
	CHECK(detected("a.test.py", NULL, "javascript")); /* the longest */
	CHECK(refused("x.rs", NULL,
		      "x.rs: neither its name nor a #! line tells its language; name its language with -l (bash, c, "
		      "cpp, javascript, python)"));
	CHECK(refused("py", "", "neither") && refused(".py", "", "neither") && refused("a.py/b", "", "neither"));
	CHECK(refused("x.h", NULL, "files of this name are c and cpp"));
	CHECK(detected("x.h", "#!/usr/bin/cee-run cpp\n", "cpp"));
}

static void lines(void)
{
	CHECK(line("#!/bin/sh\n", "bash") && line("#!/bin/bash", "bash") && line("#! /bin/bash -eu\nx", "bash") &&
	      line("#!bash", "bash"));
	CHECK(line("#!/usr/bin/python3\r\nx", "python") && line("#!\t /usr/bin/python3.11 -u\n", "python") &&
	      line("#!/opt/py/bin/python2.7\n", "python"));
	CHECK(line("#!/usr/bin/env python3\n", "python") &&
	      line("#!/usr/bin/env -S node --no-warnings\n", "javascript"));
	CHECK(line("#!/usr/bin/env -Spython3 -u\n", "python") &&
	      line("#!/usr/bin/env --split-string=/usr/bin/python3 -u\n", "python"));
	CHECK(line("#!/usr/bin/env -vS -i -u HOME -C /tmp A=1 LANG=C python3 -x\n", "python"));
	CHECK(line("#!/usr/bin/env -S PATH=/x:/y /opt/bin/node20\n", "javascript") &&
	      line("#!/usr/bin/gcc-12 -run\n", "c"));
	CHECK(line("#!/usr/bin/cee-run python\n", "python") &&
	      line("#!/usr/bin/cee-run -L cpu=2 --tty js\n", "javascript"));
	CHECK(line("#!/usr/bin/env -S cee-run -E A=b --limit memory=64M c++ \n", "cpp") &&
	      line("#!/usr/local/bin/cee-submit -w -l py\n", "python"));
	CHECK(detected("x.py", "#!/usr/bin/env python3\n", "python") &&
	      detected("x.py", "#!/usr/bin/pypy\n", "python"));
}

static void no_lines(void)
{
	CHECK(refused("program", "#!/usr/bin/ruby\n", "its #! line names \"ruby\", which is not a language here"));
	CHECK(refused("program", "#!/usr/bin/cee-run cobol\n", "its #! line names no known language") &&
	      refused("program", "#!/usr/bin/cee-run\npython", "\"cee-run\""));
	CHECK(refused("x.sh", "#!/usr/bin/env python3\n", "its name says bash and its #! line python"));
	CHECK(refused("program", "#!", "neither") && refused("program", "#!\npython", "neither") &&
	      refused("program", "#! \t\n", "neither"));
	CHECK(refused("program", "#!/usr/bin/env\npython", "neither") &&
	      refused("program", "#!/usr/bin/env -S\n", "neither") &&
	      refused("program", "#!/bin/ python\n", "neither"));
	CHECK(refused("program", " #!/bin/sh\n", "neither") && refused("program", "#/bin/sh\n", "neither") &&
	      refused("program", "#!/bin/sh/\n", "neither"));
	CHECK(refused("program", "#!3\n", "\"3\"") && refused("program", "#!/x/\x1b[31m\n", "names \"?[31m\""));
}

static void bounds(void)
{
	struct shebang s;
	char text[5000];

	memset(text, 'a', sizeof text);
	memcpy(text, "#!/", 3);
	CHECK(shebang_parse(&s, text, sizeof text) && s.n == 0 && !s.word[0][0]); /* a program's name without end */
	for (size_t i = 3; i < sizeof text; i += 2)
		text[i] = i < 900 ? '/' : ' ';
	CHECK(shebang_parse(&s, text, sizeof text) && s.n == SHEBANG_WORDS && strcmp(s.word[0], "a") == 0);
	memset(text + 2, '\0', 20);
	CHECK(shebang_parse(&s, text, 22));
	CHECK(!shebang_parse(&s, "#", 1) && shebang_parse(&s, "#!", 2) && s.n == 0);
}

static void without_languages(void)
{
	AUTO_PUBLISHED struct published *languages = published_new(all, strlen(all)), *cut = published_new("{", 1),
					*other = published_new("[1]", 3);
	char *got = detect_named(languages, "g++");

	CHECK(got && strcmp(got, "cpp") == 0);
	free(got);
	CHECK(!detect_named(languages, "") && !detect_named(languages, "ruby") && !detect_named(NULL, "c"));
	CHECK(!detect_language(NULL, "x.py", NULL, 0, &e) && strstr(e.msg, "none is published") && strstr(e.msg, "-l"));
	CHECK(!detect_language(cut, "x.py", NULL, 0, &e) && !detect_language(other, "x.py", "#!/bin/sh", 9, &e));
}

int main(void)
{
	RUN(names);
	RUN(lines);
	RUN(no_lines);
	RUN(bounds);
	RUN(without_languages);
	return check_status();
}
