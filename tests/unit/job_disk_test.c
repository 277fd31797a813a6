/* job_disk_test - a job's own files against its disk and inodes: pages, folders, what the language adds */
#include "base/error.h"
#include "base/limit.h"
#include "conf/conf.h"
#include "job/job.h"
#include "job/job_check.h"
#include "job/job_disk.h"
#include "job/published.h"
#include "check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct cee_err e;

/* Files of so many bytes on so much disk. */
static bool fits(const char *const *names, size_t n, size_t len, int64_t disk, int64_t inodes,
		 const struct disk_language *l)
{
	static const struct disk_language none;
	struct job_file files[8] = { { 0 } };
	struct job j = { .files = files, .nfiles = n };
	struct limits limits;

	for (size_t i = 0; i < n; i++)
		files[i] = (struct job_file){ .name = (char *)names[i], .len = len };
	limits_init(&limits);
	limits.v[LIMIT_DISK] = disk;
	limits.v[LIMIT_INODES] = inodes;
	return job_disk_fits(&j, l ? l : &none, &limits, &e) == 0;
}

static void pages(void)
{
	static const char *const two[] = { "a", "b" };

	CHECK(fits(two, 2, 0, 1, 2, NULL) && fits(two, 2, 1, 8192, 2, NULL) && fits(two, 2, 4096, 8192, 2, NULL));
	CHECK(fits(two, 2, 1, 4097, 2, NULL)); /* the disk has whole pages too */
	CHECK(!fits(two, 2, 1, 4096, 2, NULL) && errno == EINVAL);
	CHECK(!strcmp(e.msg, "limits.disk: 4K is too little for the job's own files (at least 8K)"));
	CHECK(!fits(two, 2, 4097, 8192, 2, NULL) && strstr(e.msg, "at least 16K"));
	CHECK(fits(two, 2, 4097, -1, -1, NULL) && !fits(two, 2, 1, 0, 2, NULL));
}

static void folders(void)
{
	static const char *const tree[] = { "a/b/x", "a/y", "ab/c/x", "z", "a/b/w", "a.b" };

	CHECK(fits(tree, 6, 1, 1 << 20, 10, NULL)); /* 6 files; a, a/b, ab, ab/c */
	CHECK(!fits(tree, 6, 1, 1 << 20, 9, NULL));
	CHECK(!strcmp(e.msg, "limits.inodes: 9 is too little for the job's own files (at least 10)"));
}

static void the_languages(void)
{
	static const char *const mine[] = { "src/a" };
	struct job_file own[] = { { .name = (char *)"src/p", .len = 5000 }, { .name = (char *)"q" } };
	struct disk_language l = { .files = own, .nfiles = 2, .nlinks = 3 };

	CHECK(fits(mine, 1, 1, 12288, 7, &l) && !fits(mine, 1, 1, 12288, 6, &l) && !fits(mine, 1, 1, 8192, 7, &l));
}

/* Known at submit, by the limits in force: the job's, else the language's, else cee.conf's. */
static int submit(const char *limits, const char *of_language)
{
	char job[400], list[300];
	struct published *p;
	struct conf c;
	struct job j;
	int r;

	snprintf(job, sizeof job,
		 "{\"language\":\"x\",\"code\":\"1\",\"files\":[{\"name\":\"d/a\",\"content\":\"2\"},{\"name\":\"d/"
		 "b\",\"content\":\"3\"}],\"limits\":{%s}}",
		 limits);
	snprintf(list, sizeof list,
		 "{\"languages\":[{\"name\":\"x\",\"file\":\"main\",\"files\":[\"own\"],\"limits\":{\"run\":{%s}}}\n]}"
		 "\n",
		 of_language);
	conf_init(&c);
	p = published_new(list, strlen(list));
	r = job_parse(&j, job, strlen(job), &e);
	CHECK(r == 0);
	if (r == 0) {
		r = job_check(&j, &c, p, &e);
		job_release(&j);
	}
	published_free(p);
	conf_release(&c);
	return r;
}

static void at_submit(void)
{
	CHECK(submit("", "") == 0 && submit("\"inodes\":5,\"disk\":\"12K\"", "") == 0);
	CHECK(submit("\"inodes\":4", "") == -1 && strstr(e.msg, "limits.inodes: 4 is too little") &&
	      strstr(e.msg, "at least 5"));
	CHECK(submit("\"disk\":\"8K\"", "") == -1 && strstr(e.msg, "limits.disk: 8K") && strstr(e.msg, "at least 12K"));
	CHECK(submit("", "\"disk\":8192") == -1 && submit("\"disk\":\"12K\"", "\"disk\":8192") == 0);
}

int main(void)
{
	RUN(pages);
	RUN(folders);
	RUN(the_languages);
	RUN(at_submit);
	return check_status();
}
