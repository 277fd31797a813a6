/* files_test - the index of collected files: what is written reads back, and what does not fit is refused */
#include "base/buf.h"
#include "base/error.h"
#include "spool/collected.h"
#include "check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>


static struct cee_err e;
static struct files_list l;

static int parse(const char *text)
{
	int r;

	files_release(&l);
	e.msg[0] = 0;
	r = files_parse(&l, text, strlen(text), &e);
	return r;
}

static bool refused(const char *text, const char *says)
{
	if (parse(text) == -1 && errno == EINVAL && strstr(e.msg, says))
		return true;
	printf("# %.100s -> %s\n", text, e.msg);
	return false;
}

static void round_trip(void)
{
	struct files_record r[] = { { "out/a \"b\".png", 0755, 0, 10 },
				    { "leer", 0, 10, 0 },
				    { "gr\xc3\xbc\xc3\x9f", 0644, 10, 5 } };
	struct buf b = { 0 };

	for (int i = 0; i < 3; i++)
		CHECK(files_format(&b, &r[i]) == 0);
	CHECK(parse(b.data) == 0 && l.n == 3);
	for (size_t i = 0; i < l.n; i++)
		CHECK(strcmp(l.v[i].name, r[i].name) == 0 && l.v[i].mode == r[i].mode && l.v[i].offset == r[i].offset &&
		      l.v[i].size == r[i].size);
	CHECK(parse("") == 0 && l.n == 0);
	b.data[b.len - 1] = 0; /* its newline is not there yet */
	CHECK(parse(b.data) == 0 && l.n == 2);
	buf_release(&b);
}

#define LINE(name, mode, offset, size)                                                                                 \
	"{\"name\":\"" name "\",\"mode\":\"" mode "\",\"offset\":" offset ",\"size\":" size "}\n"

static void damaged(void)
{
	CHECK(parse(LINE("a", "0644", "0", "1")) == 0);
	CHECK(refused(LINE("../a", "0644", "0", "1"), "line 1: name") && refused(LINE("/a", "0644", "0", "1"), "name"));
	CHECK(refused(LINE("a\\n", "0644", "0", "1"), "name") && refused(LINE("", "0644", "0", "1"), "name"));
	CHECK(refused(LINE("a", "644", "0", "1"), "mode") && refused(LINE("a", "4755", "0", "1"), "mode"));
	CHECK(refused(LINE("a", "0644", "1", "1"), "offset is not where"));
	CHECK(refused(LINE("a", "0644", "0", "1") LINE("b", "0644", "2", "1"), "line 2: offset is not where"));
	CHECK(refused(LINE("a", "0644", "0", "-1"), "size") && refused(LINE("a", "0644", "0", "1e300"), "size"));
	CHECK(refused("{\"name\":\"a\",\"mode\":\"0644\",\"offset\":0}\n", "missing"));
	CHECK(refused("\n", "line 1") && refused("[]\n", "line 1") && refused("{}\n", "missing"));
}

int main(void)
{
	RUN(round_trip);
	RUN(damaged);
	files_release(&l);
	return check_status();
}
