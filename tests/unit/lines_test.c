/* lines_test - lines of any length, from whatever pieces a descriptor gives */
#include "cli/lines.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static int source(const char *text, size_t len)
{
	int p[2];

	CHECK(pipe(p) == 0 && write(p[1], text, len) == (ssize_t)len);
	close(p[1]);
	return p[0];
}

static bool next_is(struct lines *l, const char *want)
{
	char *line;
	size_t len;

	return lines_next(l, &line, &len) == 1 && len == strlen(want) && strcmp(line, want) == 0;
}

static void whole_lines(void)
{
	struct lines l = { .fd = source("a\n\nlong line\nrest", 17), .max = 100 };
	char *line;
	size_t len;

	CHECK(next_is(&l, "a") && next_is(&l, "") && next_is(&l, "long line") && next_is(&l, "rest"));
	CHECK(lines_next(&l, &line, &len) == 0 && lines_next(&l, &line, &len) == 0);
	lines_release(&l);
	close(l.fd);
}

static void too_long_lines_are_skipped(void)
{
	struct lines l = { .fd = source("12345\n123456\n1234\n1234567", 25), .max = 5 };
	char *line;
	size_t len;

	CHECK(next_is(&l, "12345"));
	CHECK(lines_next(&l, &line, &len) == -1 && errno == EFBIG);
	CHECK(next_is(&l, "1234"));
	CHECK(lines_next(&l, &line, &len) == -1 && errno == EFBIG);
	CHECK(lines_next(&l, &line, &len) == 0);
	lines_release(&l);
	close(l.fd);
}

static void names_end_with_nul(void)
{
	struct lines l = { .fd = source("a\nb\0c", 6), .max = 100, .nul = true };

	CHECK(next_is(&l, "a\nb") && next_is(&l, "c"));
	lines_release(&l);
	close(l.fd);
}

static void counted_reads(void)
{
	struct lines l = { .max = 100, .counting = true };
	char *line;
	size_t len;
	int p[2];

	CHECK(pipe(p) == 0);
	l.fd = p[0];
	CHECK(lines_next(&l, &line, &len) == -1 && errno == EAGAIN); /* it was not allowed to read */
	CHECK(write(p[1], "one\ntw", 6) == 6);
	l.reads = 1;
	CHECK(next_is(&l, "one"));
	CHECK(lines_next(&l, &line, &len) == -1 && errno == EAGAIN);
	CHECK(write(p[1], "o\n", 2) == 2);
	l.reads = 1;
	CHECK(next_is(&l, "two"));
	lines_release(&l);
	close(p[0]);
	close(p[1]);
}

int main(void)
{
	RUN(whole_lines);
	RUN(too_long_lines_are_skipped);
	RUN(names_end_with_nul);
	RUN(counted_reads);
	return check_status();
}
