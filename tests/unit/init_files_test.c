/* init_files_test.c - files into a folder (intake), out of it (walk, collector), and kept (snapshot) */
#include "check.h"
#include "init/collect_walk.h"
#include "init/collector.h"
#include "init/intake.h"
#include "init/snapshot.h"
#include "init/snapshot_fill.h"
#include "wire/payload.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
	char path[64];
	struct intake in;
	char text[INIT_TEXT];
};

static void begin(struct folder *f)
{
	snprintf(f->path, sizeof f->path, "/tmp/init_files.XXXXXX");
	intake_init(&f->in);
	CHECK(mkdtemp(f->path) != NULL);
	f->in.folder = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void end(struct folder *f)
{
	char command[256];

	intake_release(&f->in);
	snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", f->path, f->path);
	CHECK(system(command) == 0);
}

static int add(struct folder *f, uint32_t mode, uint64_t size, const char *name)
{
	struct frame_file file = { .mode = mode, .size = size, .name = name, .name_len = strlen(name) };
	struct payload p;

	CHECK(!frame_pack_file(&p, &file));
	return intake_file(&f->in, p.data, p.len, f->text);
}

static int data(struct folder *f, const char *bytes)
{
	return intake_data(&f->in, (const unsigned char *)bytes, strlen(bytes), f->text);
}

static bool holds(const struct folder *f, const char *name, const char *content)
{
	int fd = openat(f->in.folder, name, O_RDONLY | O_CLOEXEC);
	char got[64] = "";
	ssize_t n = fd < 0 ? -1 : read(fd, got, sizeof got - 1);

	if (fd >= 0)
		close(fd);
	return n >= 0 && !strcmp(got, content);
}

static void files_folders_links(void)
{
	struct folder f;
	struct stat st;

	begin(&f);
	CHECK(!add(&f, 0751, 5, "a/b/c.sh") && !intake_complete(&f.in));
	CHECK(!data(&f, "he") && !data(&f, "llo") && intake_complete(&f.in));
	CHECK(holds(&f, "a/b/c.sh", "hello") && !fstatat(f.in.folder, "a/b/c.sh", &st, 0) &&
	      (st.st_mode & 0777) == 0751);
	CHECK(!add(&f, S_IFDIR | 0700, 0, "a") && !fstatat(f.in.folder, "a", &st, 0) && (st.st_mode & 0777) == 0700);
	CHECK(!add(&f, S_IFLNK | 0777, 6, "link") && !data(&f, "a/b") && !data(&f, "/./"));
	CHECK(holds(&f, "link/c.sh", "hello"));
	CHECK(!add(&f, 0644, 0, "empty") && intake_complete(&f.in) && holds(&f, "empty", ""));
	/* neither a file nor what a link leads to becomes a folder */
	CHECK(add(&f, S_IFDIR | 0777, 0, "empty") && add(&f, S_IFDIR | 0777, 0, "link"));
	CHECK(!fstatat(f.in.folder, "empty", &st, 0) && S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0644);
	CHECK(!fstatat(f.in.folder, "a/b", &st, 0) && (st.st_mode & 0777) == 0755);
	end(&f);
}

static void files_that_are_refused(void)
{
	static const char *const bad[] = { "/a", "../a", "a/../b", "a//b", "./a", "a/", ".", ".." };
	struct folder f;

	begin(&f);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(add(&f, 0644, 0, bad[i]) < 0);
	CHECK(data(&f, "x") < 0);			       /* of no file */
	CHECK(!add(&f, 0644, 1, "one") && data(&f, "ab") < 0); /* too much */
	CHECK(add(&f, 0644, 0, "two") < 0);		       /* before the first one is complete */
	CHECK(!data(&f, "a") && add(&f, 0644, 0, "one") < 0);  /* it exists */
	CHECK(!add(&f, S_IFLNK, 1, "out") && !data(&f, "/") && add(&f, 0644, 0, "out/x") < 0); /* through a link */
	CHECK(add(&f, S_IFLNK, 0, "nothing") < 0);
	end(&f);
}

struct seen {
	char names[256];
	struct snapshot *keep;
};

static void see(void *arg, const struct frame *f)
{
	struct seen *s = arg;
	struct frame_file file;
	struct frame_left left;
	size_t n = strlen(s->names);

	if (f->type == FRAME_FILE && frame_unpack_file(f->data, f->len, &file))
		snprintf(s->names + n, sizeof s->names - n, "%.*s ", (int)file.name_len, file.name);
	if (f->type == FRAME_LEFT && frame_unpack_left(f->data, f->len, &left))
		snprintf(s->names + n, sizeof s->names - n, "!%d:%.*s ", (int)left.reason, (int)left.name_len,
			 left.name);
	if (s->keep)
		snapshot_add(s->keep, f);
}

/* Walks with up to one pattern; the pipe takes all of it. */
static bool walk(struct folder *f, const struct collect_request *what, const char *pattern, struct seen *s)
{
	struct collector c;
	struct pattern p;
	int writer;

	s->names[0] = '\0';
	CHECK(!collector_open(&c, &writer));
	CHECK(!pattern || !pattern_compile(&p, pattern, strlen(pattern)));
	collect_walk(f->in.folder, what, &p, pattern != NULL, writer);
	close(writer);
	while (collector_read(&c, see, s))
		;
	return c.done;
}

static void patterns_choose(void)
{
	struct collect_request what = { .files = 10, .bytes = 100 };
	struct seen s = { .keep = NULL };
	struct folder f;

	begin(&f);
	CHECK(!add(&f, 0, 2, "out/a.txt") && !data(&f, "ab")); /* without any rights */
	CHECK(!add(&f, 0644, 1, "b.txt") && !data(&f, "b"));
	CHECK(!add(&f, S_IFLNK, 5, "link.txt") && !data(&f, "b.txt"));
	CHECK(walk(&f, &what, "out/*.txt", &s) && !strcmp(s.names, "out/a.txt "));
	CHECK(walk(&f, &what, "link*", &s) && !strcmp(s.names, "!3:link.txt ")); /* LEFT_TYPE */
	what.bytes = 1;
	CHECK(walk(&f, &what, "out/*", &s) && !strcmp(s.names, "!1:out/a.txt ")); /* LEFT_BYTES */
	what.files = 0;
	CHECK(walk(&f, &what, "b.txt", &s) && !strcmp(s.names, "!0:b.txt ")); /* LEFT_COUNT */
	end(&f);
}

static void snapshot_makes_the_same_tree(void)
{
	struct collect_request what = { .everything = 1, .files = 10, .bytes = 100 };
	struct snapshot kept;
	struct seen s = { .keep = &kept };
	struct folder f, g;
	struct stat st;

	begin(&f);
	begin(&g);
	CHECK(!add(&f, 0400, 3, "dir/file") && !data(&f, "abc") && !add(&f, S_IFDIR | 0555, 0, "dir"));
	CHECK(!add(&f, S_IFLNK, 3, "link") && !data(&f, "dir"));
	CHECK(!snapshot_open(&kept) && walk(&f, &what, NULL, &s));
	snapshot_seal(&kept);
	CHECK(!*kept.problem && write(kept.fd, "x", 1) < 0); /* sealed */
	CHECK(!snapshot_fill(&g.in, kept.fd, g.text));
	CHECK(holds(&g, "link/file", "abc"));
	CHECK(!fstatat(g.in.folder, "dir", &st, 0) && (st.st_mode & 0777) == 0555);
	CHECK(!fstatat(g.in.folder, "dir/file", &st, 0) && (st.st_mode & 0777) == 0400);
	snapshot_close(&kept);

	what.bytes = 2;
	CHECK(!snapshot_open(&kept) && walk(&f, &what, NULL, &s));
	CHECK(!strcmp(kept.problem, "dir/file: more bytes than the limit disk") ||
	      !strcmp(kept.problem, "link: more bytes than the limit disk"));
	snapshot_close(&kept);
	end(&f);
	end(&g);
}

static void walker_that_lies(void)
{
	static const unsigned char much[] = { FRAME_DATA, 0, 0, 0, 1, 0, 0, 0, 'x' };
	struct collector c;
	struct seen s = { .keep = NULL };
	int writer;

	CHECK(!collector_open(&c, &writer) && write(writer, much, sizeof much) == sizeof much); /* data of no file */
	CHECK(!collector_read(&c, see, &s) && !c.done && c.fd < 0);
	close(writer);
}

int main(void)
{
	RUN(files_folders_links);
	RUN(files_that_are_refused);
	RUN(patterns_choose);
	RUN(snapshot_makes_the_same_tree);
	RUN(walker_that_lies);
	return check_status();
}
