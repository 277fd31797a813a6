/* compose_test - names and languages of a command line's files, and the composed job */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/limit.h"
#include "job/compose.h"
#include "job/job.h"
#include "check.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


static bool named(const char *first, const char *path, const char *want)
{
	struct cee_err e;
	char *name = compose_name(first, path, &e);
	bool same = name && want ? strcmp(name, want) == 0 : !name && !want;

	free(name);
	return same;
}

static void names(void)
{
	char top[] = "/tmp/cee-compose-XXXXXX", here[4096], file[64];

	/* folders are looked up for real, since ".." and links mean what the kernel says */
	CHECK(getcwd(here, sizeof(here)) && mkdtemp(top) && chdir(top) == 0);
	CHECK(mkdir("src", 0700) == 0 && mkdir("src/lib", 0700) == 0 && mkdir("other", 0700) == 0);
	CHECK(symlink("../../other", "src/lib/out") == 0);
	snprintf(file, sizeof(file), "%s/src/main.py", top);
	CHECK(named("main.py", "main.py", "main.py"));
	CHECK(named(file, file, "main.py"));
	CHECK(named(file, "src/lib/x.py", "lib/x.py"));
	CHECK(named("src/main.py", "src/lib/x.py", "lib/x.py"));
	CHECK(named("./src/main.py", "src/lib//x.py", "lib/x.py"));
	CHECK(named("src/main.py", "other/x.py", NULL));
	CHECK(named("src/main.py", "src/../other/x.py", NULL));
	CHECK(named("src/main.py", "src/lib/out/x.py", NULL));
	CHECK(named("src/main.py", "/etc/passwd", NULL));
	CHECK(named("src/main.py", "src/none/x.py", NULL));
	CHECK(unlink("src/lib/out") == 0 && rmdir("src/lib") == 0 && rmdir("src") == 0 && rmdir("other") == 0);
	CHECK(chdir(here) == 0 && rmdir(top) == 0);
}

/* A composed job parses to the given options, binary content included. */
static void round_trip(void)
{
	char path[] = "/tmp/cee-compose-XXXXXX.py", argument[] = "a \"b\"\n", env[] = "A=1=2", limit[] = "memory=64M";
	static const char content[] = "\xff\0x";
	struct buf text = { 0 };
	struct cee_err e;
	struct compose d;
	struct job j;
	int fd = mkstemps(path, 3);

	CHECK(fd >= 0 && write_full(fd, content, sizeof(content) - 1) == 0);
	close(fd);
	compose_init(&d);
	d.language = "python";
	CHECK(strings_add(&d.files, path) == 0 && strings_add(&d.arguments, argument) == 0);
	CHECK(strings_add(&d.env, env) == 0 && strings_add(&d.limits, limit) == 0);
	CHECK(compose_text(&d, NULL, 1 << 20, &text, &e) == 0);
	CHECK(job_parse(&j, text.data, text.len, &e) == 0);
	CHECK(j.nfiles == 1 && j.files[0].len == sizeof(content) - 1 &&
	      memcmp(j.files[0].data, content, sizeof(content) - 1) == 0);
	CHECK(j.narguments == 1 && strcmp(j.arguments[0], argument) == 0);
	CHECK(j.nenv == 1 && strcmp(j.env[0], env) == 0);
	CHECK(j.limits[PHASE_RUN].v[LIMIT_MEMORY] == 64 << 20);
	job_release(&j);
	compose_release(&d);
	buf_release(&text);
	unlink(path);
}

int main(void)
{
	RUN(names);
	RUN(round_trip);
	return check_status();
}
