/* layer_test - layers on the disk, without an engine: names, making, use, damage, prune */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/json_write.h"
#include "layers/store.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
/* of "hello\n" */
#define HELLO "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

static struct layers l;
static char dir[64];

static int lock_format(struct buf *b, const struct layer_package *p, size_t n)
{
	struct json_writer w = json_writer(b);

	layer_put_packages(&w, NULL, p, n);
	return json_written(&w);
}

static void put(int at, const char *name, const char *text)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && write_full(fd, text, strlen(text)) == 0);
	close(fd);
}

static void name_of(const char *language, char *a, char *b, char name[LAYER_NAME + 1])
{
	char *packages[] = { a, b };
	struct layer_key k = {
		.language = language, .image = "sha256:1", .framework = "", .packages = packages, .npackages = 2
	};

	CHECK(layer_name(&l, &k, name) == 0 && layer_name_valid(name));
}

static void names(void)
{
	char a[LAYER_NAME + 1], b[LAYER_NAME + 1], c[LAYER_NAME + 1];

	name_of("python", "x@1", "y@2", a);
	name_of("python", "y@2", "x@1", b);
	CHECK(strcmp(a, b) == 0);
	name_of("pytho", "nx@1", "y@2", c);
	CHECK(strcmp(a, c) != 0);
	name_of("python", "x@1y", "@2", c);
	CHECK(strcmp(a, c) != 0);
	CHECK(!layer_name_valid("..") && !layer_name_valid(""));
}

static int make(const char *name)
{
	struct layer y = { .language = strdup("python"), .image = strdup("i"), .framework = strdup("") };
	static const char manifest[] = "f " HELLO " 6 d/f\nd " ZEROS " 0 d\n";
	int fd = layer_make_begin(&l, name), tree, r;
	char path[300];

	CHECK(fd >= 0 && layer_make_begin(&l, name) == -1 && errno == EWOULDBLOCK);
	CHECK(layer_make_unpack(&l, name, path, sizeof path) == 0);
	tree = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(mkdirat(tree, "d", 0755) == 0);
	put(tree, "d/f", "hello\n");
	close(tree);
	r = layer_make_whole(&l, name, &y, manifest, strlen(manifest), NULL);
	layer_make_end(&l, name, fd);
	layer_release(&y);
	return r;
}

static int use(const char *name)
{
	struct layer y;
	int fd = layer_use(&l, name, &y, NULL);

	layer_release(&y);
	return fd;
}

static void life(void)
{
	int64_t removed, bytes;
	char name[LAYER_NAME + 1];
	struct cee_err e;
	int fd;

	name_of("python", "x@1", "y@2", name);
	CHECK(use(name) == -1 && errno == ENOENT);
	CHECK(make(name) == 0);
	fd = use(name);
	CHECK(fd >= 0 && layer_check(&l, name, &e) == 0);
	CHECK(layers_prune(&l, 0, &removed, &bytes) == 0 && removed == 0); /* in use */
	close(fd);
	CHECK(layers_prune(&l, 6, &removed, &bytes) == 0 && removed == 0);
	CHECK(layers_prune(&l, 0, &removed, &bytes) == 0 && removed == 1 && bytes == 6);
	CHECK(use(name) == -1 && errno == ENOENT);
}

static void damage(void)
{
	char name[LAYER_NAME + 1], file[LAYER_NAME + 16];
	struct cee_err e;

	name_of("python", "z@1", "y@2", name);
	snprintf(file, sizeof file, "%s/d/f", name);
	CHECK(make(name) == 0);
	put(l.whole, file, "Hello\n"); /* as long as it was, and as young as it may be */
	CHECK(use(name) == -1 && errno == EBADMSG);
	CHECK(make(name) == 0 && layer_check(&l, name, &e) == 0);
	snprintf(file, sizeof file, "%s.manifest", name);
	put(l.meta, file, "");
	CHECK(layer_check(&l, name, &e) == -1 && errno == EBADMSG);
	put(l.meta, name, "{}");
	CHECK(use(name) == -1 && errno == EBADMSG);
	CHECK(layer_discard(&l, name, false) == 0 && use(name) == -1 && errno == ENOENT);
}

static void left_by_the_dead(void)
{
	char name[LAYER_NAME + 1], path[300];
	struct stat st;
	int fd;

	name_of("python", "w@1", "y@2", name);
	fd = layer_make_begin(&l, name);
	CHECK(fd >= 0 && layer_make_unpack(&l, name, path, sizeof path) == 0);
	layers_sweep(&l);
	CHECK(stat(path, &st) == 0); /* its maker lives */
	close(fd);
	layers_sweep(&l);
	layers_sweep(&l);
	CHECK(stat(path, &st) == -1 && faccessat(l.tmp, name, F_OK, 0) == -1);
}

/* In the middle of a sweep, when it has seen that a tree has no meta, a builder publishes that layer. */
static const char *publish;

int __real_faccessat(int at, const char *path, int mode, int flags);
int __wrap_faccessat(int at, const char *path, int mode, int flags);

int __wrap_faccessat(int at, const char *path, int mode, int flags)
{
	int r = __real_faccessat(at, path, mode, flags);
	const char *name = publish;

	if (name && at == l.meta && strcmp(path, name) == 0) {
		publish = NULL;
		CHECK(r < 0 && make(name) == 0);
	}
	return r;
}

static void published_during_a_sweep(void)
{
	char name[LAYER_NAME + 1];
	struct cee_err e;

	name_of("python", "v@1", "y@2", name);
	CHECK(mkdirat(l.whole, name, 0755) == 0);
	publish = name;
	layers_sweep(&l);
	CHECK(!publish && layer_check(&l, name, &e) == 0);
	CHECK(unlinkat(l.meta, name, 0) == 0);
	CHECK(layers_sweep(&l) > 0 && faccessat(l.whole, name, F_OK, 0) == -1);
}

static int parse(const char *text, struct layer_package **p, size_t *n, struct cee_err *e)
{
	return layer_lock_parse(text, strlen(text), p, n, e);
}

static void locks(void)
{
	struct layer_package *p;
	struct buf b = { 0 };
	struct cee_err e;
	size_t n;

	CHECK(parse("[{\"name\":\"A\",\"version\":\"1\",\"more\":2}]", &p, &n, &e) == 0 && n == 1 && !p[0].hash);
	CHECK(lock_format(&b, p, n) == 0 && strcmp(b.data, "[{\"name\":\"A\",\"version\":\"1\"}]") == 0);
	layer_packages_release(p, n);
	buf_release(&b);
	CHECK(parse("[{\"name\":\"A\"}]", &p, &n, &e) == -1 && !p && !n);
	CHECK(parse("[{\"name\":\"A b\",\"version\":\"1\"}]", &p, &n, &e) == -1);
	CHECK(parse("{}", &p, &n, &e) == -1 && parse("", &p, &n, &e) == -1);
}

int main(void)
{
	struct cee_err e;
	char command[100];

	snprintf(dir, sizeof dir, "%s/layer_test.XXXXXX",
		 getenv("TMPDIR") && strlen(getenv("TMPDIR")) < 40 ? getenv("TMPDIR") : "/tmp");
	CHECK(mkdtemp(dir) != NULL && rmdir(dir) == 0);
	CHECK(layers_open(&l, dir, false, &e) == -1 && errno == ENOENT);
	CHECK(layers_open(&l, dir, true, &e) == 0);
	RUN(names);
	RUN(life);
	RUN(damage);
	RUN(left_by_the_dead);
	RUN(published_during_a_sweep);
	RUN(locks);
	layers_close(&l);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	CHECK(system(command) == 0);
	return check_status();
}
