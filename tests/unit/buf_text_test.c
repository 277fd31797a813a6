/* buf_text_test - buffers, reading untrusted files, UTF-8, base64, ids, limits, terminal output */
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/limit.h"
#include "base/text.h"
#include "cmd/cee-stat/stat_print.h"
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


static struct cee_err e;

static void buffers(void)
{
	struct buf b = { 0 };

	CHECK(buf_add(&b, "", 0) == 0 && b.data && b.len == 0 && b.data[0] == '\0');
	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "%d,", i % 10);
	CHECK(b.len == 20000 && strlen(b.data) == 20000 && b.data[19998] == '9');
	CHECK(buf_add(&b, "x", SIZE_MAX) == -1 && errno == ENOMEM && b.len == 20000);
	buf_release(&b);
	CHECK(!b.data && b.len == 0);
}

static void errors(void)
{
	CHECK(cee_fail(&e, EBUSY, "a\x1b[31m%s\x7f", "\xc2\x9b\xff") == -1 && errno == EBUSY);
	CHECK(strcmp(e.msg, "a?[31m????") == 0);
	CHECK(cee_fail(NULL, EINVAL, "x") == -1 && errno == EINVAL);
	CHECK(cee_fail(&e, EINVAL, "gr\xc3\xbc\xc3\x9f\xe2\x82\xac %0600d", 1) == -1 && strlen(e.msg) == 511);
	CHECK(strncmp(e.msg, "gr\xc3\xbc\xc3\x9f\xe2\x82\xac 0", 11) == 0);
}

static int read_name(int dir, const char *name, size_t max)
{
	AUTO_BUF struct buf b = { 0 };

	return read_file_at(dir, name, max, &b) == 0 ? (int)b.len : -1;
}

static void files(void)
{
	char dir[] = "/tmp/buf_text_test.XXXXXX";
	AUTO_CLOSE int d = -1;
	int fd;

	CHECK(mkdtemp(dir) && (d = open(dir, O_DIRECTORY | O_CLOEXEC)) >= 0);
	fd = openat(d, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	for (int i = 0; i < 1000; i++)
		CHECK(write_full(fd, "0123456789", 10) == 0);
	close(fd);
	CHECK(read_name(d, "f", 10000) == 10000);
	CHECK(read_name(d, "f", 9999) == -1 && errno == EFBIG);
	CHECK(read_name(d, "none", 9999) == -1 && errno == ENOENT);
	CHECK(symlinkat("f", d, "link") == 0 && read_name(d, "link", 10000) == -1 && errno == EINVAL);
	CHECK(mkfifoat(d, "fifo", 0600) == 0 && read_name(d, "fifo", 10000) == -1 && errno == EINVAL);
	CHECK(mkdirat(d, "dir", 0700) == 0 && read_name(d, "dir", 10000) == -1 && errno == EINVAL);
	CHECK(linkat(d, "f", d, "hard", 0) == 0 && read_name(d, "hard", 10000) == -1 && errno == EINVAL);
	CHECK(unlinkat(d, "hard", 0) == 0 && read_name(d, "f", 10000) == 10000);
	unlinkat(d, "f", 0);
	unlinkat(d, "link", 0);
	unlinkat(d, "fifo", 0);
	unlinkat(d, "dir", AT_REMOVEDIR);
	CHECK(rmdir(dir) == 0);
	/* no size told ahead, and no end */
	AUTO_BUF struct buf b = { 0 };
	AUTO_CLOSE int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	CHECK(read_fd(zero, 100000, &b) == -1 && errno == EFBIG && b.len < 500000);
}

static bool utf8(const char *s)
{
	return utf8_valid(s, strlen(s));
}

static void utf8_texts(void)
{
	CHECK(utf8("") && utf8("plain") && utf8("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80") &&
	      utf8("\xef\xbf\xbf\xf4\x8f\xbf\xbf"));
	CHECK(utf8_valid("a\0b", 3));
	CHECK(!utf8("\x80") && !utf8("\xc3") && !utf8("\xc3(") && !utf8("\xe2\x82") && !utf8("\xf0\x9f\x98"));
	CHECK(!utf8("\xc0\xaf") && !utf8("\xc1\xbf") && !utf8("\xe0\x9f\xbf") &&
	      !utf8("\xf0\x8f\xbf\xbf")); /* overlong */
	CHECK(!utf8("\xed\xa0\x80") && !utf8("\xf4\x90\x80\x80") && !utf8("\xf5\x80\x80\x80") && !utf8("\xff"));
}

static void base64_round(void)
{
	unsigned char in[300], *out;
	size_t n;

	for (int i = 0; i < 300; i++)
		in[i] = (unsigned char)(i * 37 + 11);
	for (size_t len = 0; len <= 300; len++) {
		char *text = base64_encode(in, len);
		CHECK(text && strlen(text) == (len + 2) / 3 * 4);
		CHECK(base64_decode(text, strlen(text), &out, &n) == 0 && n == len && memcmp(out, in, n) == 0);
		free(text);
		free(out);
	}
}

static int decode(const char *s)
{
	unsigned char *out;
	size_t n;
	int r = base64_decode(s, strlen(s), &out, &n);

	free(out);
	return r < 0 ? -1 : (int)n;
}

static void base64_bad(void)
{
	static const char *const bad[] = { "Zg",   "Zg=",    "=",    "====", "Z===", "Zg=a",	 "Zh==",
					   "Zm9=", "Zm9v\n", "Zm 9", "Zm9-", "Zm9_", "Zg==Zg==", "\xff\xff\xff\xff" };

	CHECK(decode("") == 0 && decode("Zg==") == 1 && decode("Zm8=") == 2 && decode("Zm9v") == 3);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK(decode(bad[i]) == -1 && errno == EINVAL);
}

static void ids(void)
{
	char last[ID_LEN + 1] = "", id[ID_LEN + 1];
	int64_t t = now_us();

	for (int i = 0; i < 20000; i++) {
		id_make(id);
		CHECK(strlen(id) == ID_LEN && id_valid(id) && strcmp(last, id) < 0);
		memcpy(last, id, sizeof id);
	}
	CHECK(id_time_us(id) >= t - 1 && id_time_us(id) < now_us() + 10000);
	CHECK(id_time_us("017f22e2-79b0-7cc3-98c4-dc0c0c07398f") / 1000 == 1645557742000); /* RFC 9562, A.6 */
	CHECK(!id_valid("") && !id_valid("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"));
	CHECK(id_valid("017f22e2-79b0-4cc3-98c4-dc0c0c07398f") && id[14] == '4');
	CHECK(id_time_us("017f22e2-79b0-4cc3-98c4-dc0c0c07398f") == id_time_us("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"));
	CHECK(!id_valid("017f22e2-79b0-1cc3-98c4-dc0c0c07398f") && !id_valid("017f22e2-79b0-8cc3-98c4-dc0c0c07398f"));
	CHECK(!id_valid("017f22e2-79b0-7cc3-c8c4-dc0c0c07398f"));
	CHECK(!id_valid("017f22e2-79b0-7cc3-98c4-dc0c0c07398") && !id_valid("017f22e2-79b0-7cc3-98c4-dc0c0c07398ff"));
	CHECK(!id_valid("017f22e2/79b0-7cc3-98c4-dc0c0c07398f") && !id_valid("../../../../../../../../../etc/passwd"));
	CHECK(!id_valid("017f22e2-79b0-7cc3-\0"));
}

static int64_t value(enum limit_id id, const char *text)
{
	int64_t v = -2;

	return limit_parse(id, text, &v, &e) < 0 ? -1 : v;
}

static void limit_texts(void)
{
	CHECK(value(LIMIT_CPU, "1.5") == 1500000 && value(LIMIT_CPU, "1.5s") == 1500000 &&
	      value(LIMIT_CPU, "200ms") == 200000);
	CHECK(value(LIMIT_CPU, "2m") == 120000000 && value(LIMIT_WALL, "7us") == 7 &&
	      value(LIMIT_WALL, "1.0000005") == 1000000);
	CHECK(value(LIMIT_MEMORY, "64M") == 64 << 20 && value(LIMIT_MEMORY, "64MiB") == 64 << 20);
	CHECK(value(LIMIT_MEMORY, "65536") == 65536 && value(LIMIT_MEMORY, "1.5G") == 3ll << 29 &&
	      value(LIMIT_MEMORY, "4K") == 4096);
	CHECK(value(LIMIT_PROCESSES, "64") == 64 && value(LIMIT_OUTPUT, "0") == 0 && value(LIMIT_FILE_SIZE, "0") == 0);
}

static void limit_bad(void)
{
	static const char *const bad[] = { "",
					   " ",
					   "-1",
					   "+1",
					   "1e3",
					   "0x10",
					   "inf",
					   "nan",
					   "1,5",
					   ".5",
					   "5.",
					   "1 s",
					   "1S",
					   "1x",
					   "99999999999999999999",
					   "9999999999d",
					   "1.5.5",
					   "1.5ss" };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		CHECK(value(LIMIT_CPU, bad[i]) == -1 && errno == EINVAL);
		CHECK(value(LIMIT_MEMORY, bad[i]) == -1);
		CHECK(value(LIMIT_PROCESSES, bad[i]) == -1);
	}
	CHECK(value(LIMIT_CPU, "0") == -1 && value(LIMIT_DISK, "0") == -1 && value(LIMIT_INODES, "0") == -1);
	CHECK(value(LIMIT_MEMORY, "64MB") == -1 && value(LIMIT_MEMORY, "64m") == -1 &&
	      value(LIMIT_MEMORY, "2000T") == -1);
	CHECK(value(LIMIT_PROCESSES, "1.5") == -1 && value(LIMIT_PROCESSES, "4K") == -1);
}

static void limit_numbers(void)
{
	int64_t v;

	CHECK(limit_number(LIMIT_CPU, 0.25, &v, &e) == 0 && v == 250000);
	CHECK(limit_number(LIMIT_MEMORY, 1 << 20, &v, &e) == 0 && v == 1 << 20);
	CHECK(limit_number(LIMIT_MEMORY, 1.5, &v, &e) == -1 && limit_number(LIMIT_CPU, -1, &v, &e) == -1);
	CHECK(limit_number(LIMIT_CPU, 0.0 / 0.0, &v, &e) == -1 && limit_number(LIMIT_MEMORY, 1e300, &v, &e) == -1);
	CHECK(limit_number(LIMIT_CPU, 1.0 / 0.0, &v, &e) == -1 && limit_number(LIMIT_PROCESSES, 0, &v, &e) == -1);
	CHECK(limit_find("cpu") == LIMIT_CPU && limit_find("stack") == LIMIT_STACK && limit_find("Cpu") == -1 &&
	      limit_find("") == -1);
}

static void limit_formats(void)
{
	static const char *const texts[] = { "64M", "5s", "200ms", "7us", "1", "65537", "3G", "1536M", "0" };
	static const enum limit_id ids_of[] = { LIMIT_MEMORY, LIMIT_CPU,  LIMIT_CPU,  LIMIT_WALL,  LIMIT_PROCESSES,
						LIMIT_DISK,   LIMIT_DISK, LIMIT_DISK, LIMIT_OUTPUT };
	char out[LIMIT_TEXT_MAX];

	for (int i = 0; i < 9; i++) {
		limit_format(out, ids_of[i], value(ids_of[i], texts[i]));
		CHECK(strcmp(out, texts[i]) == 0);
	}
	limit_format(out, LIMIT_CPU, -1);
	CHECK(strcmp(out, "-") == 0);
}

static void limit_defaults(void)
{
	struct limits l, d;

	limits_init(&l);
	limits_init(&d);
	limits_default(&l, &d);
	CHECK(l.v[LIMIT_WALL] == -1);
	d.v[LIMIT_CPU] = 5000000;
	d.v[LIMIT_MEMORY] = 100;
	l.v[LIMIT_MEMORY] = 50;
	limits_default(&l, &d);
	CHECK(l.v[LIMIT_CPU] == 5000000 && l.v[LIMIT_WALL] == 16000000 && l.v[LIMIT_MEMORY] == 50);
	limits_init(&l);
	l.v[LIMIT_CPU] = 1000000;
	d.v[LIMIT_WALL] = 9;
	limits_default(&l, &d);
	CHECK(l.v[LIMIT_CPU] == 1000000 && l.v[LIMIT_WALL] == 9);
	limits_init(&d);
	d.v[LIMIT_CPU] = 10;
	limits_cap(&l, &d);
	CHECK(l.v[LIMIT_CPU] == 10 && l.v[LIMIT_WALL] == 9 && l.v[LIMIT_OUTPUT] == -1);
}

int main(void)
{
	RUN(buffers);
	RUN(errors);
	RUN(files);
	RUN(utf8_texts);
	RUN(base64_round);
	RUN(base64_bad);
	RUN(ids);
	RUN(limit_texts);
	RUN(limit_bad);
	RUN(limit_numbers);
	RUN(limit_formats);
	RUN(limit_defaults);
	return check_status();
}
