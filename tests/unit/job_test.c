/* job_test - jobs as people and the first engine's clients write them, and every refusal with its field */
#include "base/buf.h"
#include "base/error.h"
#include "base/limit.h"
#include "base/names.h"
#include "conf/conf.h"
#include "job/compare.h"
#include "job/job.h"
#include "job/job_check.h"
#include "job/job_tests.h"
#include "job/labels.h"
#include "job/published.h"
#include "check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


static int check_text(struct job *job, const struct conf *conf, const char *text, struct cee_err *err)
{
	struct published *languages = published_new(text, text ? strlen(text) : 0);
	int r = job_check(job, conf, languages, err), saved = errno;

	published_free(languages);
	errno = saved;
	return r;
}

static struct job j;
static struct cee_err e;

static int parse_bytes(const char *text, size_t len)
{
	job_release(&j);
	e.msg[0] = '\0';
	return job_parse(&j, text, len, &e);
}

static int parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

/* Refused as the user's error, and the line says this. */
static bool refused(const char *text, const char *says)
{
	if (parse(text) == -1 && errno == EINVAL && strstr(e.msg, says))
		return true;
	printf("# %.100s -> %s\n", text, e.msg);
	return false;
}

/* The same for one field beside what every job needs. */
static bool field_refused(const char *field, const char *says)
{
	char text[4096];

	snprintf(text, sizeof text, "{\"language\":\"python\",\"code\":\"x\",%s}", field);
	return refused(text, says);
}

static bool field_good(const char *field)
{
	char text[4096];

	snprintf(text, sizeof text, "{\"language\":\"python\",\"code\":\"x\",%s}", field);
	if (parse(text) == 0)
		return true;
	printf("# %s -> %s\n", field, e.msg);
	return false;
}

static void first_engine(void)
{
	/* the README's request, raw line breaks and all */
	CHECK(parse("{\n \"code\":\"\n  Console.WriteLine(\\\"passed arguments:\\\");\n\tforeach (var arg in args) {\n "
		    "}\",\n"
		    "\"arguments\":[\"foo\",\"bar\"],\n\"target_framework_monikier\":\"net6.0\",\n"
		    "\"nuget_packages\":[{\"name\":\"Newtonsoft.Json\",\"version\":\"13.0.1\"}]\n}") == 0);
	CHECK(strcmp(j.language, "csharp") == 0 && strcmp(j.framework, "net6.0") == 0);
	CHECK(j.code_len == strlen(j.code) && strncmp(j.code, "\n  Console.WriteLine(\"passed", 28) == 0 &&
	      strstr(j.code, "\n\tforeach"));
	CHECK(j.narguments == 2 && strcmp(j.arguments[1], "bar") == 0 && !j.arguments[2]);
	CHECK(j.npackages == 1 && strcmp(j.packages[0].name, "Newtonsoft.Json") == 0 &&
	      strcmp(j.packages[0].version, "13.0.1") == 0);
	CHECK(j.priority == 5 && j.retries == 1 && j.start_within_us == -1 && j.keep_us == -1 && !j.merge &&
	      j.buffer == BUFFER_LIVE);
	CHECK(parse("{\"code\":\"x\",\"nuget_packages\":[{\"name\":\"A\",\"version\":\"1\"}]}") == 0 &&
	      strcmp(j.language, "csharp") == 0);
	CHECK(refused("{\"code\":\"x\"}", "language: is missing"));
	CHECK(refused("{\"code\":null,\"target_framework_monikier\":\"net6.0\"}", "code: must be a string, not null"));
	CHECK(refused("{\"code\":\" \\n\",\"target_framework_monikier\":\"net6.0\"}", "code: is blank"));
	CHECK(refused("{\"target_framework_monikier\":\"net6.0\"}", "code: is missing"));
	CHECK(refused("{\"code\":\"x\",\"target_framework_monikier\":\"\"}", "target_framework_monikier"));
	CHECK(refused("{\"code\":\"x\",\"nuget_packages\":[]}", "nuget_packages: is empty"));
	CHECK(refused("{\"code\":\"x\",\"nuget_packages\":[{\"name\":\" \",\"version\":\"1\"}]}",
		      "nuget_packages[0]: \""));
	CHECK(refused("{\"code\":\"x\",\"nuget_packages\":[{\"name\":\"A\",\"version\":\"\"}]}",
		      "nuget_packages[0]: \""));
}

static void general(void)
{
	CHECK(parse("{\"language\":\"python\",\"version\":\"3\",\"files\":[{\"name\":\"a.py\",\"content\":\"\"},"
		    "{\"name\":\"sub/"
		    "b.bin\",\"base64\":\"AAEC\",\"mode\":\"0755\"}],\"arguments\":[\"\",\"-x\"],\"stdin\":\"in\\n\","
		    "\"env\":{\"A\":\"1=2\",\"_b\":\"\"},\"merge\":true,\"buffer\":\"full\",\"priority\":0,\"retries\":"
		    "3,"
		    "\"start_within\":\"2m\",\"keep\":86400,\"key\":\"k "
		    "1\",\"group\":\"g\",\"labels\":{\"course\":\"intro 1\"},"
		    "\"limits\":{\"cpu\":1.5,\"memory\":\"64M\",\"disk\":1048576,\"compile\":{\"wall\":\"10s\"},"
		    "\"run\":{\"stack\":\"1M\"},\"stop\":\"output\"},"
		    "\"packages\":[],\"tty\":false,\"collect\":[],\"tests\":null,\"network\":\"none\",\"from\":"
		    "\"\"}") == 0);
	CHECK(j.nfiles == 2 && j.files[0].len == 0 && j.files[0].data && j.files[0].mode == 0644);
	CHECK(j.files[1].len == 3 && memcmp(j.files[1].data, "\0\1\2", 3) == 0 && j.files[1].mode == 0755);
	CHECK(!j.code && j.narguments == 2 && j.stdin_len == 3 && j.nenv == 2 && strcmp(j.env[0], "A=1=2") == 0);
	CHECK(j.merge && j.buffer == BUFFER_FULL && j.priority == 0 && j.retries == 3 && j.stop_on_output);
	CHECK(j.start_within_us == 120000000 && j.keep_us == 86400000000 && j.nlabels == 1 &&
	      strcmp(j.labels[0].value, "intro 1") == 0);
	CHECK(j.limits[PHASE_RUN].v[LIMIT_CPU] == 1500000 && j.limits[PHASE_RUN].v[LIMIT_MEMORY] == 64 << 20);
	CHECK(j.limits[PHASE_RUN].v[LIMIT_STACK] == 1 << 20 && j.limits[PHASE_COMPILE].v[LIMIT_WALL] == 10000000);
	CHECK(j.limits[PHASE_RUN].v[LIMIT_WALL] == -1 && j.limits[PHASE_COMPILE].v[LIMIT_CPU] == -1);
	CHECK(field_good("\"stdin_base64\":\"/w==\"") && j.stdin_len == 1 && j.stdin_data[0] == 0xFF);
	CHECK(field_good("\"stdin\":\"\"") && j.stdin_data && j.stdin_len == 0);
	CHECK(field_good("\"files\":[{\"name\":\"data\",\"content\":\"1\"}]") && j.code && j.nfiles == 1);
}

static void not_json(void)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"{}x",
		"{} {}",
		"[1,]",
		"{\"a\":1,}",
		"{'a':1}",
		"{a:1}",
		"{\"a\" 1}",
		"nul",
		"tru",
		"01",
		"1.",
		".5",
		"+1",
		"1e",
		"-",
		"\"",
		"\"\\x\"",
		"\"\\u12\"",
		"\"\\u000g\"",
		"\"\\ud800\"",
		"\"\\udc00\"",
		"\"\\ud800\\u0041\"",
		"\"\x01\"",
		"\"\x1b\"",
		"\"\\u0000\"",
		"[\"\\\"]",
		"\xef\xbb\xbf{}",
		"\"\xff\"",
		"\"\xc0\xaf\"",
		"\"\xed\xa0\x80\"",
		"NaN",
		"Infinity",
		"{\"a\":0x1}",
		"/* */{}",
		"{\"a\":1}//",
		"1234567890123456789012345678901234567890123456789012345678901234",
		"{\"a\":\"\\u0000\"}",
		"\v{}",
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK(refused(bad[i], "not JSON"));
	CHECK(parse_bytes("{\"a\0\":1}", 8) == -1 && strstr(e.msg, "NUL"));
	CHECK(parse_bytes("{}\0", 3) == -1 && strstr(e.msg, "not JSON"));
	CHECK(refused("{\n\n  \"a\": }", "line 3, column 8"));
	CHECK(refused("[]", "must be a JSON object") && refused("null", "must be a JSON object") &&
	      refused("5", "must be a JSON object"));
	CHECK(refused("{\"code\":\"a\",\"code\":\"b\"}", "code: duplicate field") &&
	      refused("{\"code\":\"a\",\"c\\u006fde\":\"b\"}", "code: duplicate field"));
	CHECK(field_refused("\"env\":{\"A\":\"1\",\"B\":\"2\",\"A\":\"3\"}", "A: duplicate field"));
	CHECK(field_good("\"stdin\":\"\\ud83d\\ude00\\u00e9\"") &&
	      strcmp((char *)j.stdin_data, "\xf0\x9f\x98\x80\xc3\xa9") == 0);
}

static void bounds(void)
{
	char deep[200] = "";
	size_t n = 300000, len = 0;
	char *wide = malloc(2 * n + 3);

	memset(deep, '[', 33);
	memset(deep + 33, ']', 33);
	CHECK(refused(deep, "nested too deep"));
	deep[32] = deep[33] = ' ';
	CHECK(refused(deep, "must be a JSON object"));
	wide[len++] = '[';
	for (size_t i = 0; i < n; i++) {
		wide[len++] = '0';
		wide[len++] = i + 1 < n ? ',' : ']';
	}
	CHECK(parse_bytes(wide, len) == -1 && strstr(e.msg, "too many values"));
	free(wide);
	struct buf b = { 0 };
	buf_printf(&b, "{\"language\":\"c\",\"code\":\"x\",\"files\":[");
	for (int i = 0; i < 1001; i++)
		buf_printf(&b, "%s{\"name\":\"f%d\",\"content\":\"\"}", i ? "," : "", i);
	buf_printf(&b, "]}");
	CHECK(refused(b.data, "files: has 1001 files (at most 1000)"));
	b.len = 0;
	buf_printf(&b, "{\"language\":\"c\",\"code\":\"x\",\"arguments\":[\"%070000d\"]}", 1);
	CHECK(refused(b.data, "arguments[0]: is longer than 65536"));
	b.len = 0;
	buf_printf(&b, "{\"language\":\"c\",\"code\":\"x\",\"arguments\":[\"\"");
	for (int i = 0; i < 20; i++)
		buf_printf(&b, ",\"%060000d\"", i);
	buf_printf(&b, "]}");
	CHECK(refused(b.data, "arguments: with env and the names of files they take"));
	buf_release(&b);
}

static void unknown_fields(void)
{
	CHECK(field_refused("\"argumets\":[]", "argumets: unknown field; did you mean \"arguments\"?"));
	CHECK(field_refused("\"target_framework_moniker\":\"net6.0\"", "did you mean \"target_framework_monikier\"?"));
	CHECK(field_refused("\"lable\":{}", "did you mean \"labels\"?") &&
	      field_refused("\"satrt_within\":1", "did you mean \"start_within\"?"));
	CHECK(field_refused("\"frobnicate\":1", "frobnicate: unknown field") && !strstr(e.msg, "mean"));
	CHECK(field_refused("\"\":1", "unknown field"));
	CHECK(field_refused("\"Code\":1", "Code: unknown field; did you mean \"code\"?"));
	CHECK(field_refused("\"limits\":{\"memroy\":1}", "limits.memroy: unknown limit; did you mean \"memory\"?"));
	CHECK(field_refused("\"limits\":{\"gpu\":1}", "did you mean \"cpu\"?") &&
	      field_refused("\"limits\":{\"colour\":1}", "there are cpu"));
	CHECK(field_refused("\"files\":[{\"name\":\"a\",\"contents\":\"\"}]",
			    "files[0].contents: unknown field; did you mean \"content\"?"));
	CHECK(field_refused("\"a\\u001b[31m\":1", "?[31m"));
}

static void collect(void)
{
	struct conf c;

	CHECK(field_good("\"collect\":[\"*.png\",\"out/**\"]") && j.ncollect == 2 &&
	      strcmp(j.collect[1], "out/**") == 0);
	CHECK(j.collect_files == -1 && j.collect_bytes == -1);
	CHECK(field_good("\"collect\":[]") && j.ncollect == 0 && field_good("\"collect\":null"));
	CHECK(field_good("\"collect\":{\"patterns\":[\"a\"],\"files\":3,\"bytes\":\"1M\"}") && j.ncollect == 1);
	CHECK(j.collect_files == 3 && j.collect_bytes == 1 << 20);
	CHECK(field_refused("\"collect\":\"*.png\"", "collect: must be an array of strings"));
	CHECK(field_refused("\"collect\":[\"/etc\"]", "collect[0]: \"/etc\" must be relative"));
	CHECK(field_refused("\"collect\":[\"a\",\"../b\"]", "collect[1]: \"../b\" must have no"));
	CHECK(field_refused("\"collect\":[\"a**\"]", "as a whole part") &&
	      field_refused("\"collect\":[\"\"]", "must have 1 to 255 bytes"));
	CHECK(field_refused("\"collect\":{\"pattern\":[]}", "did you mean \"patterns\"?"));
	CHECK(field_refused("\"collect\":{\"files\":-1}", "collect.files") &&
	      field_refused("\"collect\":{\"bytes\":\"x\"}", "collect.bytes"));
	CHECK(field_refused("\"collect\":[\"a\"],\"tests\":[{\"stdin\":\"\"}]",
			    "collect: cannot be combined with tests: leave one of the two out"));
	conf_init(&c);
	CHECK(field_good("\"collect\":{\"patterns\":[\"a\"],\"files\":256,\"bytes\":\"16M\"}") &&
	      check_text(&j, &c, NULL, &e) == 0);
	CHECK(field_good("\"collect\":{\"files\":257}") && check_text(&j, &c, NULL, &e) == -1 &&
	      strstr(e.msg, "at most 256"));
	CHECK(field_good("\"collect\":{\"bytes\":16777217}") && check_text(&j, &c, NULL, &e) == -1 &&
	      strstr(e.msg, "collect.bytes"));
	conf_release(&c);
}

static void later(void)
{
	CHECK(field_good("\"tty\":true") && j.tty && j.tty_rows == 0);
	CHECK(field_good("\"tty\":{\"rows\":50,\"columns\":132}") && j.tty && j.tty_rows == 50 && j.tty_columns == 132);
	CHECK(field_refused("\"tty\":{\"rows\":0}", "tty.rows") &&
	      field_refused("\"tty\":{\"rows\":65536}", "tty.rows"));
	CHECK(field_refused("\"tty\":1", "tty: must be true") && field_refused("\"tty\":{\"colour\":1}", "colour"));
	CHECK(field_refused("\"tty\":true,\"tests\":[{\"stdin\":\"\"}]", "tty: cannot be combined with tests"));
	CHECK(field_good("\"network\":\"lab\"") && strcmp(j.network, "lab") == 0 && j.retries == 0);
	CHECK(field_good("\"network\":\"lab\",\"retries\":1") && j.retries == 1);
	CHECK(field_good("\"network\":\"none\"") && !j.network && j.retries == 1);
	CHECK(field_refused("\"network\":true", "network") &&
	      field_refused("\"network\":\"a b\"", "network: must be") &&
	      field_refused("\"network\":\"lab\",\"check\":true", "check: runs no program"));
	CHECK(field_refused("\"from\":\"x\"", "from: is reserved") &&
	      field_refused("\"session\":1", "session: must be an object"));
}

static void wrong_types(void)
{
	CHECK(field_refused("\"arguments\":\"a\"", "arguments: must be an array of strings, not a string"));
	CHECK(field_refused("\"arguments\":[\"a\",5]", "arguments[1]: must be a string, not a number"));
	CHECK(field_refused("\"stdin\":[]", "stdin: must be a string, not an array") &&
	      field_refused("\"merge\":\"yes\"", "merge: must be true or false, not a string"));
	CHECK(field_refused("\"env\":[]", "env: must be an object") &&
	      field_refused("\"env\":{\"A\":1}", "env.A: must be a string"));
	CHECK(field_refused("\"env\":{\"1A\":\"\"}", "env.1A: is not the name") &&
	      field_refused("\"env\":{\"A=B\":\"\"}", "is not the name") &&
	      field_refused("\"env\":{\"\":\"\"}", "is not the name"));
	CHECK(field_refused("\"buffer\":\"none\"", "buffer: must be \"live\" or \"full\"") &&
	      field_refused("\"priority\":10", "priority: must be a whole number from 0 to 9"));
	CHECK(field_refused("\"priority\":1.5", "priority") && field_refused("\"priority\":\"1\"", "priority") &&
	      field_refused("\"retries\":4", "retries"));
	CHECK(field_refused("\"priority\":1e999", "priority") && field_refused("\"start_within\":-1", "start_within") &&
	      field_refused("\"keep\":\"soon\"", "keep: \"soon\" is not a valid duration"));
	CHECK(field_refused("\"key\":\"\"", "key") &&
	      field_refused("\"key\":\"a\\nb\"", "key: must not contain control") &&
	      field_refused("\"group\":\"a/b\"", "group"));
	CHECK(field_refused("\"labels\":{\"a b\":\"\"}", "labels.a b") &&
	      field_refused("\"labels\":{\"a\":1}", "labels.a: must be a string"));
	CHECK(field_refused("\"version\":\"3; rm\"", "version") &&
	      field_refused("\"stdin\":\"a\",\"stdin_base64\":\"YQ==\"", "not both"));
	CHECK(field_good("\"stdin_stream\":true") && j.stdin_stream && !j.stdin_data);
	CHECK(field_refused("\"stdin_stream\":true,\"stdin\":\"\"", "stdin_stream") &&
	      field_refused("\"stdin_stream\":1", "stdin_stream"));
	CHECK(field_refused("\"stdin_stream\":true,\"tests\":[{\"stdin\":\"\"}]", "stdin_stream"));
	CHECK(field_refused("\"stdin_base64\":\"YQ=\"", "stdin_base64: is not base64"));
	CHECK(refused("{\"language\":\"../c\",\"code\":\"x\"}", "language: must be"));
}

static void limits(void)
{
	CHECK(field_refused("\"limits\":{\"cpu\":0}", "limits.cpu: cpu must be more than 0") &&
	      field_refused("\"limits\":{\"cpu\":\"1x\"}", "limits.cpu: \"1x\" is not a valid duration"));
	CHECK(field_refused("\"limits\":{\"cpu\":true}", "limits.cpu: must be a number or a string") &&
	      field_refused("\"limits\":5", "limits: must be an object"));
	CHECK(field_refused("\"limits\":{\"cpu\":1,\"run\":{\"cpu\":2}}", "limits.run.cpu: is set twice"));
	CHECK(field_refused("\"limits\":{\"compile\":{\"disk\":\"1M\"}}", "disk and inodes") &&
	      field_refused("\"limits\":{\"stop\":\"now\"}", "limits.stop"));
	CHECK(field_refused("\"limits\":{\"run\":{\"stop\":\"never\"}}", "limits.run.stop") &&
	      field_refused("\"limits\":{\"memory\":1.5}", "limits.memory"));
	CHECK(field_good("\"limits\":{\"output\":0}") && j.limits[PHASE_RUN].v[LIMIT_OUTPUT] == 0);
}

static void names(void)
{
	static const char *const good[] = { "a",
					    "a.py",
					    "sub/dir/a",
					    "...",
					    "..a",
					    "a b",
					    ".hidden",
					    "-o",
					    "gr\xc3\xbc\xc3\x9f",
					    "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p" };
	static const char *const bad[] = { "",	      "/",	"/etc/passwd", "a/",
					   "a//b",    ".",	"..",	       "../a",
					   "a/..",    "a/../b", "./a",	       "a/./b",
					   "a\nb",    "a\x7f",	"\xff",	       "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q",
					   "\xc2\x9b" };
	char longest[1200];

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		CHECK(job_name_valid(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK(!job_name_valid(bad[i]));
	memset(longest, 'a', sizeof longest);
	longest[255] = '\0';
	CHECK(job_name_valid(longest));
	longest[255] = 'a';
	longest[256] = '\0';
	CHECK(!job_name_valid(longest));
}

static void files(void)
{
	CHECK(field_refused("\"files\":{}", "files: must be an array") &&
	      field_refused("\"files\":[1]", "files[0]: must be an object"));
	CHECK(field_refused("\"files\":[{\"content\":\"\"}]", "files[0]: missing \"name\"") &&
	      field_refused("\"files\":[{\"name\":\"a\"}]", "files[0]: missing \"content\""));
	CHECK(field_refused("\"files\":[{\"name\":\"../a\",\"content\":\"\"}]",
			    "files[0].name: must be a relative path"));
	CHECK(field_refused("\"files\":[{\"name\":\"a\",\"content\":\"\",\"base64\":\"\"}]", "not both"));
	CHECK(field_refused("\"files\":[{\"name\":\"a\",\"base64\":\"a\"}]", "files[0].base64: is not base64"));
	CHECK(field_refused("\"files\":[{\"name\":\"a\",\"content\":\"\"},{\"name\":\"b\",\"content\":\"\"},{\"name\":"
			    "\"a\",\"content\":\"\"}]",
			    "files: duplicate name \"a\""));
	CHECK(field_refused("\"files\":[{\"name\":\"a/"
			    "b\",\"content\":\"\"},{\"name\":\"a-\",\"content\":\"\"},{\"name\":\"a\",\"content\":\"\"}"
			    "]",
			    "a file and a folder"));
	CHECK(field_good("\"files\":[{\"name\":\"a/"
			 "b\",\"content\":\"\"},{\"name\":\"a-\",\"content\":\"\"},{\"name\":\"a.\",\"content\":\"\"},{"
			 "\"name\":\"a/c\",\"content\":\"\"}]"));
	CHECK(field_refused("\"files\":[{\"name\":\"a\",\"content\":\"\",\"mode\":493}]",
			    "files[0].mode: must be an octal string"));
	CHECK(field_refused("\"files\":[{\"name\":\"a\",\"content\":\"\",\"mode\":\"4755\"}]", "mode") &&
	      field_refused("\"files\":[{\"name\":\"a\",\"content\":\"\",\"mode\":\"0789\"}]", "mode"));
	CHECK(field_good("\"files\":[{\"name\":\"a\",\"content\":\"\",\"mode\":\"700\"}]") && j.files[0].mode == 0700);
}

static int package(const char *language, const char *name, const char *version)
{
	char text[1024];

	snprintf(text, sizeof text,
		 "{\"language\":\"%s\",\"code\":\"x\",\"packages\":[{\"name\":\"%s\",\"version\":\"%s\"}]}", language,
		 name, version);
	return parse(text);
}

static void packages(void)
{
	/* what each registry lets pass is in packages_test.c */
	CHECK(package("csharp", "Newtonsoft.Json", "13.0.1") == 0 &&
	      package("javascript", "@types/node", "20.1.0") == 0);
	CHECK(package("python", "x", "1 --index-url=y") == -1 && strstr(e.msg, "packages[0]: \"1 --"));
	CHECK(package("python", "../a", "1.0") == -1 && strstr(e.msg, "packages[0]: \"../a\""));
	CHECK(field_refused("\"nuget_packages\":[{\"name\":\"@a/b\",\"version\":\"1\"}]", "nuget_packages[0]: \""));
	CHECK(field_refused("\"packages\":[{\"name\":\"a\"}]", "packages[0]: missing \"version\"") &&
	      field_refused("\"packages\":[\"a\"]", "packages[0]: must be an object"));
	CHECK(field_refused("\"packages\":[{\"name\":\"a\",\"version\":\"1\"},{\"name\":\"A\",\"version\":\"2\"}]",
			    "duplicate"));
	CHECK(field_refused("\"packages\":[],\"nuget_packages\":[{\"name\":\"a\",\"version\":\"1\"}]", "not both"));
}

static const char published[] =
	"{\"languages\":[{\"name\":\"python\",\"aliases\":[\"py\"],\"versions\":[\"3\"],\"frameworks\":[],\"check\":"
	"true,\"file\":\"main.py\",\"files\":[\"own/x\"],\"layer\":{\"grammar\":\"pip\"}},"
	"{\"name\":\"csharp\",\"aliases\":[\"c#\"],\"layer\":{\"grammar\":\"nuget\"},\"versions\":[\"net6.0\",\"net10."
	"0\"],\"frameworks\":[\"net6.0\",\"net10.0\"],\"file\":\"Program.cs\"},"
	"{\"name\":\"untold\",\"versions\":[]},{\"name\":\"unasked\"}]}";

static bool check_refused(const struct conf *c, const char *text, const char *says)
{
	CHECK(parse(text) == 0);
	if (check_text(&j, c, published, &e) == -1 && errno == EINVAL && strstr(e.msg, says))
		return true;
	printf("# %s -> %s\n", text, e.msg);
	return false;
}

static void against_the_host(void)
{
	struct conf c;

	conf_init(&c);
	CHECK(field_good("\"version\":\"3\",\"limits\":{\"cpu\":60,\"memory\":\"2G\"}") &&
	      check_text(&j, &c, published, &e) == 0);
	CHECK(parse("{\"language\":\"c#\",\"code\":\"x\",\"target_framework_monikier\":\"net6.0\"}") == 0 &&
	      check_text(&j, &c, published, &e) == 0);
	CHECK(check_refused(&c, "{\"language\":\"python\",\"code\":\"x\",\"limits\":{\"cpu\":90}}",
			    "limits.cpu: 90s is above the ceiling of this host (at most 60s)"));
	CHECK(check_refused(&c, "{\"language\":\"python\",\"code\":\"x\",\"limits\":{\"compile\":{\"memory\":\"3G\"}}}",
			    "limits.compile.memory: 3G is above the ceiling"));
	CHECK(check_refused(&c, "{\"language\":\"cobol\",\"code\":\"x\"}",
			    "language: \"cobol\" is not known here (there is python, csharp, untold, unasked)"));
	CHECK(check_refused(&c, "{\"language\":\"py\",\"version\":\"2\",\"code\":\"x\"}",
			    "version: \"2\" is not known here (there is 3)"));
	CHECK(check_refused(&c, "{\"language\":\"untold\",\"version\":\"2\",\"code\":\"x\"}",
			    "version: \"2\" is not known here (there are none)"));
	CHECK(check_refused(&c, "{\"language\":\"csharp\",\"version\":\"net9.0\",\"code\":\"x\"}",
			    "version: \"net9.0\" is not known here (there is net6.0, net10.0)"));
	CHECK(check_refused(&c,
			    "{\"language\":\"csharp\",\"version\":\"net6.0\",\"target_framework_monikier\":\"net10.0\","
			    "\"code\":\"x\"}",
			    "version: \"net6.0\" contradicts"));
	CHECK(parse("{\"language\":\"csharp\",\"version\":\"net6.0\",\"target_framework_monikier\":\"net6.0\",\"code\":"
		    "\"x\"}") == 0 &&
	      check_text(&j, &c, published, &e) == 0);
	CHECK(parse("{\"language\":\"unasked\",\"version\":\"7\",\"code\":\"x\"}") == 0 &&
	      check_text(&j, &c, published, &e) == 0);
	CHECK(check_refused(&c, "{\"code\":\"x\",\"target_framework_monikier\":\"net7.0\"}",
			    "target_framework_monikier: \"net7.0\" is not known here (there is net6.0, net10.0)"));
	CHECK(check_refused(&c,
			    "{\"language\":\"python\",\"code\":\"x\",\"files\":[{\"name\":\"main.py\",\"content\":\"\"}"
			    "]}",
			    "duplicate name \"main.py\""));
	CHECK(check_refused(&c,
			    "{\"language\":\"python\",\"code\":\"x\",\"files\":[{\"name\":\"own\",\"content\":\"\"}]}",
			    "a file and a folder"));
	CHECK(check_refused(&c, "{\"language\":\"python\",\"code\":\"x\",\"tests\":[{},{\"limits\":{\"cpu\":90}}]}",
			    "tests[1].limits.cpu: 90s is above the ceiling of this host (at most 60s)"));
	CHECK(check_refused(&c,
			    "{\"language\":\"c#\",\"code\":\"x\",\"packages\":[{\"name\":\"a\",\"version\":\"1.0rc1\"}]"
			    "}",
			    "packages[0]: \"1.0rc1\""));
	CHECK(check_refused(&c,
			    "{\"language\":\"py\",\"code\":\"x\",\"packages\":[{\"name\":\"@a/"
			    "b\",\"version\":\"1.0.0\"}]}",
			    "packages[0]: \"@a/b\""));
	CHECK(check_refused(&c,
			    "{\"language\":\"py\",\"code\":\"x\",\"nuget_packages\":[{\"name\":\"a\",\"version\":\"1\"}"
			    "]}",
			    "nuget_packages: is for a language with NuGet packages"));
	CHECK(field_good("\"check\":true") && j.check && check_text(&j, &c, published, &e) == 0);
	CHECK(check_refused(&c, "{\"language\":\"c#\",\"code\":\"x\",\"check\":true}",
			    "check: csharp has no check command"));
	CHECK(field_refused("\"check\":true,\"tests\":[{}]", "check: runs no program") &&
	      field_refused("\"check\":1", "check: must be true or false"));
	CHECK(field_good("\"check\":false,\"tests\":[{}]") && !j.check);
	CHECK(parse("{\"language\":\"cobol\",\"code\":\"x\"}") == 0 && check_text(&j, &c, NULL, &e) == 0);
	CHECK(check_text(&j, &c, "{", &e) == -1 && strstr(e.msg, "damaged"));
	conf_release(&c);
}

static void tests(void)
{
	char text[70000];
	size_t n;

	CHECK(field_good(
		"\"tests\":[{\"name\":\"a "
		"b\",\"stdin\":\"1\",\"arguments\":[\"x\"],\"env\":{\"A\":\"1\"},\"expected\":\"\","
		"\"limits\":{\"cpu\":1}},{},{\"stdin_base64\":\"AAE=\",\"expected_base64\":\"AA==\",\"arguments\":[]}],"
		"\"compare\":\"float:1e-9,0.5\",\"stop\":\"first-failure\""));
	CHECK(j.ntests == 3 && strcmp(j.tests[0].name, "a b") == 0 && strcmp(j.tests[1].name, "2") == 0 &&
	      j.first_failure);
	CHECK(j.tests[0].stdin_len == 1 && j.tests[0].narguments == 1 && j.tests[0].nenv == 1 && j.tests[0].expected &&
	      j.tests[0].expected_len == 0);
	CHECK(j.tests[0].limits.v[LIMIT_CPU] == 1000000 && j.tests[1].limits.v[LIMIT_CPU] == -1);
	CHECK(!j.tests[1].stdin_data && !j.tests[1].arguments && !j.tests[1].expected);
	CHECK(j.tests[2].stdin_len == 2 && j.tests[2].expected_len == 1 && j.tests[2].arguments &&
	      j.tests[2].narguments == 0);
	CHECK(j.compare.how == COMPARE_FLOAT && j.compare.abs == 1e-9 && j.compare.rel == 0.5);
	CHECK(field_good("\"tests\":[{}],\"stop\":\"never\"") && !j.first_failure && j.compare.how == COMPARE_TRAILING);
	CHECK(field_good("\"tests\":[]") && j.ntests == 0);
	CHECK(field_refused("\"tests\":{\"a\":1}", "tests: must be an array") &&
	      field_refused("\"tests\":[1]", "tests[0]: must be an object"));
	CHECK(field_refused("\"tests\":[{\"name\":\"\"}]", "tests[0].name: must have 1 to 255") &&
	      field_refused("\"tests\":[{\"name\":\"a\\nb\"}]", "control characters"));
	CHECK(field_refused("\"tests\":[{\"name\":\"a\"},{\"name\":\"a\"}]", "tests: duplicate name \"a\"") &&
	      field_refused("\"tests\":[{\"name\":\"2\"},{}]", "duplicate"));
	CHECK(field_refused("\"tests\":[{\"expect\":\"\"}]",
			    "tests[0].expect: unknown field; did you mean \"expected\"?"));
	CHECK(field_refused("\"tests\":[{\"stdin\":\"\",\"stdin_base64\":\"\"}]",
			    "tests[0].stdin_base64: give stdin or stdin_base64, not both"));
	CHECK(field_refused("\"tests\":[{\"expected\":\"\",\"expected_base64\":\"\"}]",
			    "give expected or expected_base64, not both"));
	CHECK(field_refused("\"tests\":[{\"limits\":{\"disk\":1}}]",
			    "tests[0].limits: disk and inodes bound the whole job"));
	CHECK(field_refused("\"tests\":[{\"limits\":{\"stop\":\"output\"}}]", "tests[0].limits.stop: unknown limit"));
	CHECK(field_refused("\"tests\":[{}],\"compare\":\"floats\"", "compare: must be \"exact\"") &&
	      field_refused("\"tests\":[{}],\"compare\":1", "compare: must be a string"));
	CHECK(field_refused("\"tests\":[{}],\"stop\":\"output\"",
			    "stop: must be \"first-failure\" or \"never\" (that of the output is limits.stop)"));
	CHECK(field_refused("\"compare\":\"exact\"", "compare: is for a job with tests") &&
	      field_refused("\"tests\":[],\"stop\":\"never\"", "stop: is for a job with tests"));
	n = (size_t)snprintf(text, sizeof text, "{\"language\":\"python\",\"code\":\"x\",\"tests\":[{}");
	for (int i = 1; i < JOB_TESTS_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, ",{}");
	snprintf(text + n, sizeof text - n, "]}");
	CHECK(parse(text) == 0 && j.ntests == JOB_TESTS_MAX && strcmp(j.tests[999].name, "1000") == 0);
	snprintf(text + n, sizeof text - n, ",{}]}");
	CHECK(refused(text, "tests: has 1001 tests (at most 1000)"));
}

static void tests_fit(void)
{
	char *text = malloc(1200000);
	size_t n = (size_t)sprintf(text, "{\"language\":\"python\",\"code\":\"x\",\"tests\":[{},{\"arguments\":[\"\"");

	for (int i = 0; i < 18; i++) {
		n += (size_t)sprintf(text + n, ",\"");
		memset(text + n, 'a', 60000);
		n += 60000;
		n += (size_t)sprintf(text + n, "\"");
	}
	sprintf(text + n, "]}]}");
	CHECK(parse(text) == -1 && strstr(e.msg, "tests[1].arguments: with env and the names of files they take 1080"));
	free(text);
}

static void labels_that_are_wanted(void)
{
	struct job_label l[] = { { (char *)"a", (char *)"1" }, { (char *)"ab", (char *)"x=y" } };

	CHECK(labels_have(l, 2, "a=1") && labels_have(l, 2, "ab=x=y"));
	CHECK(!labels_have(l, 2, "a=x=y") && !labels_have(l, 2, "ab=x") && !labels_have(l, 2, "b=1"));
	CHECK(!labels_have(l, 2, "a") && !labels_have(l, 2, "a=") && !labels_have(l, 2, "") &&
	      !labels_have(l, 0, "a=1"));
}

int main(void)
{
	RUN(first_engine);
	RUN(tests);
	RUN(tests_fit);
	RUN(general);
	RUN(not_json);
	RUN(bounds);
	RUN(unknown_fields);
	RUN(collect);
	RUN(later);
	RUN(wrong_types);
	RUN(limits);
	RUN(names);
	RUN(files);
	RUN(packages);
	RUN(against_the_host);
	job_release(&j);
	RUN(labels_that_are_wanted);
	return check_status();
}
