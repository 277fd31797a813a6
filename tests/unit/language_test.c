/* language_test - language files, their argument vectors, and the published list */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/limit.h"
#include "base/strv.h"
#include "conf/conf.h"
#include "job/job.h"
#include "job/job_check.h"
#include "job/job_files.h"
#include "job/language.h"
#include "job/language_argv.h"
#include "job/language_image.h"
#include "job/language_publish.h"
#include "job/languages.h"
#include "job/published.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


static int check_text(struct job *job, const struct conf *conf, const char *text, struct cee_err *err)
{
	struct published *languages = published_new(text, text ? strlen(text) : 0);
	int r = job_check(job, conf, languages, err), saved = errno;

	published_free(languages);
	errno = saved;
	return r;
}

static struct lang l;
static struct cee_err e;

static int parse(const char *text)
{
	lang_release(&l);
	e.msg[0] = '\0';
	return lang_parse(&l, "d/x.json", text, strlen(text), &e);
}

static bool refused(const char *field, const char *says)
{
	char text[2048];

	snprintf(text, sizeof text, "{\"name\":\"x\",\"image\":\"cee/x\",\"file\":\"main.x\",\"run\":[\"x\"],%s}",
		 field);
	if (parse(text) == -1 && errno == EINVAL && strstr(e.msg, "d/x.json: ") && strstr(e.msg, says))
		return true;
	printf("# %s -> %s\n", field, e.msg);
	return false;
}

static const char c_lang[] = "{\"name\":\"c\",\"title\":\"C\",\"aliases\":[\"gcc\"],\"extensions\":[\".c\",\".C\"],"
			     "\"versions\":[\"12\"],\"frameworks\":[\"f2\",\"f1\"],"
			     "\"image\":\"cee/c:latest\",\"source\":{\"pull\":\"docker.io/library/"
			     "gcc:12\",\"distribution\":[\"gcc-13\",\"g++-12\"],\"packages\":[\"gcc\",\"libc6-dev\"],"
			     "\"host\":[\"/usr/lib/x?:/opt/x\"],\"setup\":[\"ln -s a b\"]},"
			     "\"file\":\"main.c\",\"files\":[{\"name\":\".rc\",\"content\":\"r\"}],\"compile\":["
			     "\"gcc\",\"-DF={framework}\",\"-o\",\"prog\",\"{files}\",\"-lm\"],"
			     "\"run\":[\"./"
			     "prog\",\"{args}\",\"--at={file}:{framework}{file}\",\"{other}\",\"{\"],\"check\":["
			     "\"gcc\",\"{file}\"],\"env\":{\"PATH\":\"/bin\"},\"live_env\":{\"B\":\"L\"},"
			     "\"limits\":{\"cpu\":3,\"compile\":{\"memory\":\"512M\"}},\"hello\":\"main(){}\","
			     "\"missing\":\"run cee-lang build c\",\"comment\":[\"any\"]}";

static void hashbangs(void)
{
	char code[] = "#!/usr/bin/cee-run c\nint x;", one[] = "#";
	struct job_file f = { .name = "a", .data = (unsigned char *)code, .len = strlen(code) };
	struct job by_code = { .code = code, .code_len = strlen(code) }, by_file = { .files = &f, .nfiles = 1 },
		   none = { 0 }, tiny = { .code = one, .code_len = 1 };

	CHECK(refused("\"hashbang\":\"#\"", "hashbang") && refused("\"hashbang\":\"///\"", "hashbang") &&
	      refused("\"hashbang\":\"/\\n\"", "hashbang"));
	CHECK(parse("{\"name\":\"x\",\"image\":\"i\",\"file\":\"f\",\"run\":[\"r\"],\"hashbang\":\"//\"}") == 0);
	lang_hashbang(&l, &by_code);
	CHECK(strncmp(code, "///usr/bin/cee-run c\n", 21) == 0);
	code[0] = '#', code[1] = '!';
	lang_hashbang(&l, &by_file);
	CHECK(code[0] == '/' && code[1] == '/');
	lang_hashbang(&l, &none);
	lang_hashbang(&l, &tiny);
	CHECK(one[0] == '#');
	CHECK(parse("{\"name\":\"x\",\"image\":\"i\",\"file\":\"f\",\"run\":[\"r\"]}") == 0);
	code[0] = '#', code[1] = '!';
	lang_hashbang(&l, &by_code);
	CHECK(code[0] == '#');
}

static void whole_file(void)
{
	CHECK(parse(c_lang) == 0);
	CHECK(strcmp(l.name, "c") == 0 && l.naliases == 1 && l.nextensions == 2 &&
	      strcmp(l.pull, "docker.io/library/gcc:12") == 0);
	CHECK(l.ndistribution == 2 && strcmp(l.distribution[0], "gcc-13") == 0 &&
	      strcmp(l.distribution[1], "g++-12") == 0);
	CHECK(lang_optional(&l, 0) && !lang_beside(&l, 0) && lang_has_source(&l));
	CHECK(l.npackages == 2 && l.nhostdirs == 1 && l.nsetup == 1 && l.nfiles == 1 && l.ncompile == 6 &&
	      l.nrun == 5 && l.ncheck == 2);
	CHECK(l.nenv == 1 && strcmp(l.live_env[0], "B=L") == 0 && l.limits[PHASE_RUN].v[LIMIT_CPU] == 3000000);
	CHECK(l.limits[PHASE_COMPILE].v[LIMIT_MEMORY] == 512 << 20 && l.limits[PHASE_COMPILE].v[LIMIT_CPU] == -1);
	CHECK(parse("{\"name\":\"x\",\"image\":\"i\",\"file\":\"f\",\"run\":[\"r\"]}") == 0 &&
	      strcmp(l.title, "x") == 0 && !l.pull && !l.hello);
}

static void refusals(void)
{
	CHECK(parse("{\"name\":\"x\",\"image\":\"i\",\"file\":\"f\"}") == -1 && strstr(e.msg, "run: is missing"));
	CHECK(parse("{\"image\":\"i\",\"file\":\"f\",\"run\":[\"r\"]}") == -1 && strstr(e.msg, "name: is missing"));
	CHECK(parse("{\"name\":\"x\",\"file\":\"f\",\"run\":[\"r\"]}") == -1 && strstr(e.msg, "image: is missing"));
	CHECK(parse("{\"name\":\"x\",\"image\":\"i\",\"run\":[\"r\"]}") == -1 && strstr(e.msg, "file: is missing"));
	CHECK(parse("") == -1 && parse("[]") == -1 && parse("{\"name\":\"X\"}") == -1 &&
	      parse("{\"name\":\"../x\"}") == -1);
	CHECK(refused("\"alias\":[]", "alias: unknown field; did you mean \"aliases\"?") &&
	      refused("\"source\":{\"package\":[]}", "source.package: unknown field; did you mean \"packages\"?"));
	CHECK(refused("\"extensions\":[\"py\"]", "extensions") && refused("\"extensions\":[\".\"]", "extensions") &&
	      refused("\"extensions\":[\".a/b\"]", "extensions"));
	CHECK(refused("\"source\":{\"packages\":[\"-o\"]}", "source.packages") &&
	      refused("\"source\":{\"packages\":[\"a b\"]}", "source.packages"));
	CHECK(refused("\"source\":{\"distribution\":[\"a=1\"]}", "source.distribution: \"a=1\"") &&
	      refused("\"source\":{\"distribution\":[\"a:b\"]}", "source.distribution") &&
	      refused("\"source\":{\"distribution\":[\"-a\"]}", "source.distribution"));
	CHECK(refused("\"source\":{\"distribution\":[\"a'b\"]}", "source.distribution") &&
	      refused("\"source\":{\"distribution\":\"a\"}", "source.distribution"));
	CHECK(refused("\"source\":{\"host\":[\"/a\"]}", "FROM:TO") &&
	      refused("\"source\":{\"host\":[\"a/b:/c\"]}", "FROM:TO") &&
	      refused("\"source\":{\"host\":[\"..:/c\"]}", "FROM:TO") &&
	      refused("\"source\":{\"host\":[\":/c\"]}", "FROM:TO") &&
	      refused("\"source\":{\"host\":[\"/a/../b:/c\"]}", "FROM:TO") &&
	      refused("\"source\":{\"host\":[\"/a:/c/..\"]}", "FROM:TO"));
	CHECK(refused("\"source\":{\"setup\":[\"a\\nUSER root\"]}", "source.setup") &&
	      refused("\"source\":{\"pull\":\"--x\"}", "source.pull"));
	CHECK(refused("\"resident\":{\"command\":[\"c\"],\"arguments\":[\"a\"]}", "resident: requires") &&
	      refused("\"compile\":[\"c\"],\"resident\":{\"command\":[\"c\"]}", "resident: requires"));
	CHECK(refused("\"resident\":{\"min\":3}", "resident.min: is more than resident.max, which is 2") &&
	      refused("\"resident\":{\"limit\":{}}", "did you mean \"limits\"?"));
	CHECK(refused("\"files\":[{\"name\":\"/x\",\"content\":\"\"}]", "files[0].name") &&
	      refused("\"limits\":{\"stop\":\"output\"}", "limits.stop") && refused("\"compile\":\"gcc\"", "compile"));
}

static bool argv_is(char *const *tmpl, size_t n, const struct job *j, const char *want)
{
	char **v = lang_argv(&l, tmpl, n, j);
	struct buf b = { 0 };
	bool ok;

	for (size_t i = 0; v && v[i]; i++)
		buf_printf(&b, "%s%s", i ? "|" : "", v[i]);
	ok = v && strcmp(b.data ? b.data : "", want) == 0;
	if (!ok)
		printf("# %s\n", b.data);
	buf_release(&b);
	strv_free(v);
	return ok;
}

static void vectors(void)
{
	char *arguments[] = { "a b", "{file}", "", NULL }, *own[] = { "{stem}.js", "{cpus}" },
	     *memory[] = { "-m{memory}b" };
	struct job_file files[] = {
		{ .name = "-x.c" }, { .name = "lib/y.C" }, { .name = "data.txt" }, { .name = ".c" }
	};
	struct job j = { .code = "x", .arguments = arguments, .narguments = 3, .files = files, .nfiles = 4 };

	CHECK(parse(c_lang) == 0);
	CHECK(argv_is(l.compile, l.ncompile, &j, "gcc|-DF=f2|-o|prog|main.c|./-x.c|lib/y.C|-lm"));
	CHECK(argv_is(own, 2, &j, "main.js|1"));
	j.cpus = 4;
	CHECK(argv_is(own, 2, &j, "main.js|4"));
	CHECK(argv_is(memory, 1, &j, "-m{memory}b"));
	j.memory = 268435456;
	CHECK(argv_is(memory, 1, &j, "-m268435456b"));
	CHECK(argv_is(l.run, l.nrun, &j, "./prog|a b|{file}||--at=main.c:f2main.c|{other}|{"));
	CHECK(strcmp(lang_entry(&l, &j), "main.c") == 0);
	j.code = NULL;
	j.framework = "net";
	j.narguments = 0;
	CHECK(strcmp(lang_entry(&l, &j), "-x.c") == 0);
	CHECK(argv_is(l.compile, l.ncompile, &j, "gcc|-DF=net|-o|prog|./-x.c|lib/y.C|-lm"));
	CHECK(argv_is(l.run, l.nrun, &j, "./prog|--at=./-x.c:net./-x.c|{other}|{"));
	CHECK(argv_is(NULL, 0, &j, ""));
}

static bool env_is(enum frame_phase phase, const struct job *j, const char *want)
{
	char **v = lang_env(&l, phase, j);
	struct buf b = { 0 };
	bool ok;

	for (size_t i = 0; v && v[i]; i++)
		buf_printf(&b, "%s%s", i ? "|" : "", v[i]);
	ok = v && strcmp(b.data ? b.data : "", want) == 0;
	buf_release(&b);
	strv_free(v);
	return ok;
}

static void environments(void)
{
	char *env[] = { "PATH=/mine", "LOGNAME=ann", "B=1", "PAT=x", "C=" };
	struct job j = { .env = env, .nenv = 5 };

	CHECK(parse(c_lang) == 0);
	CHECK(env_is(PHASE_COMPILE, &j, "USER=user|LOGNAME=user|PATH=/bin"));
	CHECK(env_is(PHASE_RUN, &j, "USER=user|LOGNAME=ann|PATH=/mine|B=1|PAT=x|C="));
	j.nenv = 0;
	CHECK(env_is(PHASE_RUN, &j, "USER=user|LOGNAME=user|PATH=/bin|B=L"));
	j.buffer = BUFFER_FULL;
	CHECK(env_is(PHASE_RUN, &j, "USER=user|LOGNAME=user|PATH=/bin"));
}

static void runs_on(const char *framework, const char *want)
{
	AUTO_FREE char *text = lang_runtime(&l, framework);

	CHECK(want ? text && strcmp(text, want) == 0 : !text);
}

static void runtimes(void)
{
	runs_on("f1", NULL);
	CHECK(lang_set_runtimes(&l, "f1 .NET 10.0.1;f2 .NET 8;f3;") == 0);
	runs_on("f1", ".NET 10.0.1");
	runs_on("f2", ".NET 8");
	runs_on("f", NULL);
	runs_on("f3", NULL);
	runs_on("", NULL);
	CHECK(lang_set_runtimes(&l, NULL) == 0);
	runs_on("f2", NULL);
}

static void frameworks(void)
{
	static char *const tmpl[] = { "{framework}:{framework_version}" };
	struct job_file f = { .name = "rc", .data = (unsigned char *)"{\"a\":{framework_version}}", .len = 25 };
	struct job j = { .language = "c", .framework = "netcoreapp3.1" };
	AUTO_FREE char *text = NULL, *published = NULL;
	struct langs ls = { &l, 1 };
	size_t n;

	CHECK(parse(c_lang) == 0);
	CHECK(argv_is(tmpl, 1, &j, "netcoreapp3.1:3.1"));
	text = lang_file_text(&l, &f, &j, &n);
	CHECK(text && strcmp(text, "{\"a\":3.1}") == 0 && n == strlen(text));
	j.framework = NULL;
	CHECK(argv_is(tmpl, 1, &j, "f2:2"));
	CHECK(lang_set_available(&l, "f1 f") == 0 && argv_is(tmpl, 1, &j, "f1:1"));
	CHECK(lang_has_framework(&l, "f1") && !lang_has_framework(&l, "f2") && lang_has_framework(&l, "f") &&
	      !lang_has_framework(&l, ""));
	published = lang_publish(&ls);
	CHECK(published && strstr(published, "\"frameworks\":[\"f1\"]"));
	CHECK(lang_set_available(&l, NULL) == 0 && lang_has_framework(&l, "f2"));
	runtimes();
}

static void reads(const char *text, const char *want)
{
	AUTO_FREE char *words = lang_versions_read(text);

	CHECK(words && strcmp(words, want) == 0);
	if (words && strcmp(words, want) != 0)
		printf("# %s\n", words);
}

static void versions_text(void)
{
	char text[LANG_VERSIONS * 8 + 200] = "", word[LANG_VERSION_LEN + 2];
	size_t n = 0;

	reads("3.11.2\n3.11\n3\n", "3.11.2 3.11 3");
	reads("", "");
	reads(" \n\t", "");
	reads("12.2.0 12\r\n12 12.2.0\n1", "12.2.0 12 1"); /* each once, and "1" is no part of another */
	reads("1;rm\n\"2\"\n$(3)\n../4\n5\x1b[m\n6", "6");
	memset(word, '9', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	reads(word, "");
	reads(word + 1, word + 1);
	for (int i = 0; i < LANG_VERSIONS + 5; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "1.%d\n", i);
	reads(text, "1.0 1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 1.10 1.11 1.12 1.13 1.14 1.15");
}

/* What is published of a language's versions; NULL: nothing. */
static void publishes(const char *want)
{
	struct langs ls = { &l, 1 };
	AUTO_FREE char *text = lang_publish(&ls);

	CHECK(text && (want ? strstr(text, want) != NULL : !strstr(text, "\"versions\"")));
	if (text && want && !strstr(text, want))
		printf("# %s", text);
}

static void versions_of_image(void)
{
	CHECK(parse("{\"name\":\"x\",\"image\":\"i\",\"file\":\"f\",\"run\":[\"r\"]}") == 0);
	publishes(NULL);
	CHECK(lang_set_versions(&l, "3.1\n3") == 0);
	publishes("\"versions\":[\"3.1\",\"3\"]");
	CHECK(lang_set_versions(&l, "") == 0);
	publishes("\"versions\":[]");
	CHECK(lang_set_versions(&l, NULL) == 0);
	publishes(NULL);
	CHECK(parse(c_lang) == 0 && lang_set_versions(&l, "9") == 0);
	publishes("\"versions\":[\"12\"]");
}

/* A language with frameworks whose image names no versions has them for versions. */
static void versions_of_frameworks(void)
{
	static char *const tmpl[] = { "{framework}" };
	struct job j = { .language = "x", .version = "f1" };

	CHECK(parse("{\"name\":\"x\",\"frameworks\":[\"f3\",\"f2\",\"f1\"],\"image\":\"i\",\"file\":\"f\",\"run\":["
		    "\"r\"]}") == 0);
	publishes("\"versions\":[\"f3\",\"f2\",\"f1\"]");
	CHECK(lang_set_available(&l, "f1 f2") == 0 && lang_set_versions(&l, "") == 0);
	publishes("\"versions\":[\"f2\",\"f1\"]");
	CHECK(argv_is(tmpl, 1, &j, "f1"));
	j.framework = "f2";
	CHECK(argv_is(tmpl, 1, &j, "f2"));
	j = (struct job){ .language = "x", .version = "7" };
	CHECK(argv_is(tmpl, 1, &j, "f2"));
	CHECK(lang_set_versions(&l, "7") == 0);
	publishes("\"versions\":[\"7\"]");
}

/* What images said outlives that their files are read anew. */
static void versions_kept(void)
{
	struct lang all[] = { { .image = "i" }, { .image = "k" } };
	struct langs before = { &l, 1 }, after = { all, 2 };

	CHECK(parse("{\"name\":\"x\",\"image\":\"i\",\"file\":\"f\",\"run\":[\"r\"]}") == 0);
	CHECK(lang_set_versions(&l, "3") == 0 && lang_set_available(&l, "f1") == 0);
	CHECK(langs_keep_told(&after, &before) == 0);
	CHECK(all[0].image_versions && strcmp(all[0].image_versions, "3") == 0 && lang_has_framework(&all[0], "f1") &&
	      !lang_has_framework(&all[0], "f2"));
	CHECK(!all[1].image_versions && !all[1].available);
	free(all[0].image_versions);
	free(all[0].available);
}

static void versions(void)
{
	versions_text();
	versions_of_image();
	versions_of_frameworks();
	versions_kept();
}

static void put(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write_full(fd, text, strlen(text)) == 0);
	close(fd);
}

static void directory(void)
{
	static const char good[] = "{\"language\":\"gcc\",\"version\":\"12\",\"code\":\"x\"}";
	static const char clash[] =
		"{\"language\":\"gcc\",\"code\":\"x\",\"files\":[{\"name\":\".rc\",\"content\":\"\"}]}";
	char dir[] = "/tmp/language_test.XXXXXX";
	AUTO_CLOSE int d = -1;
	struct langs ls;

	CHECK(mkdtemp(dir) && (d = open(dir, O_DIRECTORY | O_CLOEXEC)) >= 0);
	CHECK(langs_load(&ls, dir, &e) == 0 && ls.n == 0);
	langs_release(&ls);
	put(d, "b.json", "{\"name\":\"bee\",\"aliases\":[\"b\"],\"image\":\"i\",\"file\":\"f\",\"run\":[\"r\"]}");
	put(d, "a.json", c_lang);
	put(d, ".hidden.json", "{");
	put(d, "README", "{");
	CHECK(langs_load(&ls, dir, &e) == 0 && ls.n == 2 && strcmp(ls.l[0].name, "c") == 0);
	CHECK(langs_find(&ls, "b") == &ls.l[1] && langs_find(&ls, "bee") == &ls.l[1] &&
	      langs_find(&ls, "gcc") == &ls.l[0] && !langs_find(&ls, "x"));
	char *text = lang_publish(&ls);
	struct job j;
	struct conf c;
	conf_init(&c);
	CHECK(text && strstr(text, "\"limits\":{\"compile\":{\"memory\":536870912},\"run\":{\"cpu\":3.000000}}"));
	CHECK(job_parse(&j, good, strlen(good), &e) == 0 && check_text(&j, &c, text, &e) == 0);
	job_release(&j);
	CHECK(job_parse(&j, clash, strlen(clash), &e) == 0);
	CHECK(check_text(&j, &c, text, &e) == -1 && strstr(e.msg, ".rc"));
	job_release(&j);
	conf_release(&c);
	free(text);
	langs_release(&ls);
	put(d, "c.json", "{\"name\":\"sea\",\"aliases\":[\"bee\"],\"image\":\"i\",\"file\":\"f\",\"run\":[\"r\"]}");
	CHECK(langs_load(&ls, dir, &e) == -1 && strstr(e.msg, "\"bee\" of sea means bee already") && ls.n == 0);
	put(d, "c.json", "{\"name\":\"b\",\"image\":\"i\",\"file\":\"f\",\"run\":[\"r\"]}");
	CHECK(langs_load(&ls, dir, &e) == -1 && strstr(e.msg, "duplicate name"));
	put(d, "c.json",
	    "{\"name\":\"sea\",\"image\":\"cee/"
	    "c:latest\",\"source\":{\"packages\":[\"gcc\"]},\"file\":\"f\",\"run\":[\"r\"]}");
	CHECK(langs_load(&ls, dir, &e) == -1 &&
	      strstr(e.msg, "c and sea have the same image, cee/c:latest, but different sources"));
	put(d, "c.json",
	    "{\"name\":\"sea\",\"image\":\"cee/"
	    "c:latest\",\"source\":{\"distribution\":[\"gcc\"]},\"file\":\"f\",\"run\":[\"r\"]}");
	CHECK(langs_load(&ls, dir, &e) == -1 && strstr(e.msg, "but different sources"));
	put(d, "c.json", "{\"name\":\"sea\",\"image\":\"cee/c:latest\",\"file\":\"f\",\"run\":[\"r\"]}");
	CHECK(langs_load(&ls, dir, &e) == 0 && !lang_has_source(&ls.l[2]) && lang_has_source(&ls.l[0]));
	langs_release(&ls);
	put(d, "c.json",
	    "{\"name\":\"sea\",\"image\":\"cee/s\",\"source\":{\"host\":[\"sea.c:/opt/sea.c\",\"/x:/"
	    "y\"]},\"file\":\"f\",\"run\":[\"r\"]}");
	CHECK(langs_load(&ls, dir, &e) == 0 && strncmp(ls.l[2].hostdirs[0], dir, strlen(dir)) == 0 &&
	      strstr(ls.l[2].hostdirs[0], "/sea.c:/opt/sea.c"));
	CHECK(strcmp(ls.l[2].hostdirs[1], "/x:/y") == 0);
	langs_release(&ls);
	put(d, "c.json", "{\"name\":5}");
	CHECK(langs_load(&ls, dir, &e) == -1 && strstr(e.msg, "c.json: name: must be a string, not a number"));
	unlinkat(d, "a.json", 0);
	unlinkat(d, "b.json", 0);
	unlinkat(d, "c.json", 0);
	unlinkat(d, ".hidden.json", 0);
	unlinkat(d, "README", 0);
	CHECK(rmdir(dir) == 0);
	CHECK(langs_load(&ls, dir, &e) == -1 && errno == ENOENT);
}

static int make_place(const char *top, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", top, name);
	CHECK(mkdir(path, 0755) == 0);
	return open(path, O_DIRECTORY | O_CLOEXEC);
}

/* The administrator's own directory beside the shipped one. */
static void own_beside_shipped(void)
{
	static const char bee[] = "{\"name\":\"bee\",\"image\":\"i\",\"file\":\"f\",\"run\":[\"r\"]}",
			  sea[] = "{\"name\":\"sea\",\"image\":\"s\",\"file\":\"f\",\"run\":[\"r\"]}",
			  dee[] = "{\"name\":\"dee\",\"image\":\"mine\",\"source\":{\"host\":[\"dee:/opt/dee\"]},"
				  "\"file\":\"f\",\"run\":[\"r\"]}";
	char top[] = "/tmp/language_test.XXXXXX", ship[60], own[60], both[130], command[100];
	struct langs ls;
	int s, o;

	CHECK(mkdtemp(top) != NULL);
	s = make_place(top, "ship", ship, sizeof ship);
	o = make_place(top, "own", own, sizeof own);
	snprintf(both, sizeof both, "%s:%s", ship, own);
	put(s, "b.json", bee);
	put(s, "c.json", sea);
	put(s, "d.json", "{\"name\":\"dee\",\"image\":\"shipped\",\"file\":\"f\",\"run\":[\"r\"]}");
	put(s, "dee", "a file next to it");
	CHECK(langs_load(&ls, both, &e) == 0 && ls.n == 3 && strcmp(langs_find(&ls, "dee")->image, "shipped") == 0);
	langs_release(&ls);
	put(o, "b.json", ""); /* switched off, in each of the two ways */
	CHECK(symlinkat("/dev/null", o, "c.json") == 0);
	put(o, "d.json", dee); /* overridden; what lies next to the shipped one is found */
	CHECK(langs_load(&ls, both, &e) == 0 && ls.n == 1 && strcmp(ls.l[0].image, "mine") == 0);
	CHECK(strncmp(ls.l[0].hostdirs[0], ship, strlen(ship)) == 0);
	langs_release(&ls);
	put(o, "dee", "the administrator's");
	put(o, "e.json", "{\"name\":\"own\",\"image\":\"o\",\"file\":\"f\",\"run\":[\"r\"]}");
	CHECK(langs_load(&ls, both, &e) == 0 && ls.n == 2 && strncmp(ls.l[0].hostdirs[0], own, strlen(own)) == 0);
	langs_release(&ls);
	put(o, "e.json", "{");
	CHECK(langs_load(&ls, both, &e) == -1 && strstr(e.msg, "own/e.json"));
	snprintf(both, sizeof both, "%s:%s/nowhere", ship, top);
	CHECK(langs_load(&ls, both, &e) == 0 && ls.n == 3);
	langs_release(&ls);
	CHECK(langs_load(&ls, ":", &e) == -1 && strstr(e.msg, "names no directory"));
	close(s);
	close(o);
	snprintf(command, sizeof command, "rm -r %s", top);
	CHECK(system(command) == 0);
}

/* The files that cee ships. */
static void shipped(void)
{
	struct langs ls;

	if (access("etc/languages.d", R_OK) < 0)
		return;
	CHECK(langs_load(&ls, "etc/languages.d", &e) == 0);
	for (size_t i = 0; i < ls.n; i++)
		CHECK(ls.l[i].hello && ls.l[i].ncheck > 0 && ls.l[i].missing && ls.l[i].nextensions > 0);
	if (e.msg[0])
		printf("# %s\n", e.msg);
	langs_release(&ls);
}

int main(void)
{
	RUN(whole_file);
	RUN(refusals);
	RUN(hashbangs);
	RUN(vectors);
	RUN(environments);
	RUN(frameworks);
	RUN(versions);
	RUN(directory);
	RUN(own_beside_shipped);
	e.msg[0] = '\0';
	RUN(shipped);
	lang_release(&l);
	return check_status();
}
