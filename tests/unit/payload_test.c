/* payload_test - each payload packed and unpacked, its bytes as the protocol has them, and every way to be wrong */
#include "wire/payload.h"
#include "wire/resident.h"
#include "check.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>


static struct payload p;

static bool bytes_are(const void *expected, size_t len)
{
	return p.len == len && memcmp(p.data, expected, len) == 0;
}

static void hello(void)
{
	struct frame_hello h = { .version = 2, .flags = HELLO_CELLS, .build = "v1.5", .build_len = 4 };

	CHECK(frame_pack_hello(&p, &h) == 0 && bytes_are("\2\0\0\0\1\0\0\0v1.5", 12));
	memset(&h, 0, sizeof h);
	CHECK(frame_unpack_hello(p.data, p.len, &h) && h.version == 2 && h.flags == HELLO_CELLS);
	CHECK(h.build_len == 4 && memcmp(h.build, "v1.5", 4) == 0);
	CHECK(frame_unpack_hello(p.data, 8, &h) && h.build_len == 0);
	CHECK(!frame_unpack_hello(p.data, 7, &h));
	CHECK(!frame_unpack_hello("\2\0\0\0\0\0\0\0v\0", 10, &h));
	h = (struct frame_hello){ .build = (const char *)p.data, .build_len = 257 };
	CHECK(frame_pack_hello(&p, &h) == -1 && errno == EMSGSIZE);
}

static void job(void)
{
	struct frame_job j = { .flags = JOB_TESTS, .disk = 1, .inodes = 2, .cpu = 3 }, k;

	j.collect_files = 4;
	j.collect_bytes = UINT64_MAX;
	frame_pack_job(&p, &j);
	CHECK(p.len == 48 && p.data[0] == 16 && p.data[8 * JOB_CPU] == 3 && p.data[47] == 255);
	CHECK(frame_unpack_job(p.data, p.len, &k) && memcmp(&j, &k, sizeof j) == 0);
	CHECK(!frame_unpack_job(p.data, p.len - 1, &k) && !frame_unpack_job(p.data, p.len + 1, &k));
}

static void file(void)
{
	static char longest[FRAME_NAME_MAX + 1];
	struct frame_file f = { .mode = 0755, .size = 258, .name = "a/b", .name_len = 3 };

	CHECK(frame_pack_file(&p, &f) == 0 && bytes_are("\355\1\0\0\2\1\0\0\0\0\0\0a/b", 15));
	memset(&f, 0, sizeof f);
	CHECK(frame_unpack_file(p.data, p.len, &f) && f.mode == 0755 && f.size == 258 && f.name_len == 3);
	CHECK(!frame_unpack_file(p.data, 12, &f));
	p.data[13] = 0;
	CHECK(!frame_unpack_file(p.data, p.len, &f));
	memset(longest, 'x', sizeof longest);
	f.name = longest;
	f.name_len = FRAME_NAME_MAX;
	CHECK(frame_pack_file(&p, &f) == 0 && p.len == PAYLOAD_MAX && frame_unpack_file(p.data, p.len, &f));
	f.name_len++;
	CHECK(frame_pack_file(&p, &f) == -1 && errno == EMSGSIZE);
}

static void plan(void)
{
	struct limits l;
	struct frame_plan plan;

	limits_init(&l);
	l.v[LIMIT_CPU] = 1000000;
	l.v[LIMIT_COUNT - 1] = 7;
	frame_pack_plan(&p, PHASE_RUN, &l);
	CHECK(p.len == 4 + 8 * LIMIT_COUNT && p.data[0] == PHASE_RUN);
	CHECK(frame_unpack_plan(p.data, p.len, &plan) && plan.phase == PHASE_RUN);
	CHECK(plan.limit[LIMIT_CPU] == 1000000 && plan.limit[LIMIT_WALL] == UINT64_MAX);
	CHECK(plan.limit[LIMIT_COUNT - 1] == 7);
	CHECK(!frame_unpack_plan(p.data, p.len - 8, &plan) && !frame_unpack_plan(p.data, 4, &plan));
	frame_pack_plan(&p, PHASE_COUNT, &l);
	CHECK(!frame_unpack_plan(p.data, p.len, &plan));
	CHECK(resident_unpack_plan(p.data, p.len, &plan) && plan.phase == PHASE_COUNT); /* the number of a compile */
}

static void numbers(void)
{
	struct frame_window w = { .rows = 24, .columns = 80 };
	uint32_t n;
	uint64_t gap;

	frame_pack_number(&p, 0x01020304);
	CHECK(bytes_are("\4\3\2\1", 4) && frame_unpack_number(p.data, p.len, &n) && n == 0x01020304);
	CHECK(!frame_unpack_number(p.data, 3, &n) && !frame_unpack_number(p.data, 5, &n));
	frame_pack_window(&p, &w);
	w.rows = w.columns = 0;
	CHECK(bytes_are("\30\0\0\0\120\0\0\0", 8) && frame_unpack_window(p.data, p.len, &w));
	CHECK(w.rows == 24 && w.columns == 80 && !frame_unpack_window(p.data, 4, &w));
	frame_pack_gap(&p, UINT64_MAX - 1);
	CHECK(frame_unpack_gap(p.data, p.len, &gap) && gap == UINT64_MAX - 1 && p.len == 8);
	CHECK(!frame_unpack_gap(p.data, 4, &gap));
}

static void end(void)
{
	struct frame_end e = { .phase = PHASE_RUN, .how = END_TROUBLE, .status = 3, .dropped = 9 }, k;

	frame_pack_end(&p, &e);
	CHECK(p.len == 96 && p.data[8 * END_STATUS] == 3 && p.data[88] == 9);
	CHECK(frame_unpack_end(p.data, p.len, &k) && memcmp(&e, &k, sizeof e) == 0);
	CHECK(!frame_unpack_end(p.data, p.len - 8, &k));
	e.phase = PHASE_COUNT;
	frame_pack_end(&p, &e);
	CHECK(!frame_unpack_end(p.data, p.len, &k));
	e.phase = 0;
	e.how = END_HOWS;
	frame_pack_end(&p, &e);
	CHECK(!frame_unpack_end(p.data, p.len, &k));
	e.how = END_DISK_LIMIT;
	e.status = END_STATUSES;
	frame_pack_end(&p, &e);
	CHECK(!frame_unpack_end(p.data, p.len, &k));
}

static void end_status(void)
{
	struct frame_end e = { .how = END_DISK_LIMIT, .status = 7 };

	CHECK(frame_end_exit_code(&e) == 7 && frame_end_signal(&e) == 0);
	e.status = END_SIGNAL + 25;
	CHECK(frame_end_exit_code(&e) == -1 && frame_end_signal(&e) == 25);
	e.status = END_SIGNAL; /* no program ended */
	CHECK(frame_end_exit_code(&e) == -1 && frame_end_signal(&e) == 0);
}

static void network(void)
{
	struct frame_network n = { .connections = 1, .in = 2, .out = 3, .refused = 4, .dead = 1 }, m;

	frame_pack_network(&p, &n);
	CHECK(p.len == 40 && p.data[0] == 1 && p.data[8] == 2 && p.data[16] == 3 && p.data[24] == 4 && p.data[32] == 1);
	CHECK(frame_unpack_network(p.data, p.len, &m) && memcmp(&n, &m, sizeof n) == 0);
	CHECK(!frame_unpack_network(p.data, 39, &m) && !frame_unpack_network(p.data, 0, &m));
}

static void left(void)
{
	struct frame_left l = { .reason = LEFT_BYTES, .name = "core", .name_len = 4 };

	CHECK(frame_pack_left(&p, &l) == 0 && bytes_are("\1\0\0\0core", 8));
	memset(&l, 0, sizeof l);
	CHECK(frame_unpack_left(p.data, p.len, &l) && l.reason == LEFT_BYTES && l.name_len == 4 && l.more == 0);
	l = (struct frame_left){ .reason = LEFT_MORE, .more = 300 };
	CHECK(frame_pack_left(&p, &l) == 0 && bytes_are("\6\0\0\0\54\1\0\0\0\0\0\0", 12));
	CHECK(frame_unpack_left(p.data, p.len, &l) && l.reason == LEFT_MORE && l.more == 300 && l.name_len == 0);
	CHECK(!frame_unpack_left(p.data, 4, &l));
	CHECK(frame_unpack_left("\7\0\0\0", 4, &l) && l.reason == LEFT_SEARCH && l.name_len == 0);
	CHECK(!frame_unpack_left("\10\0\0\0", 4, &l) && !frame_unpack_left("\0\0\0", 3, &l));
	CHECK(!frame_unpack_left("\1\0\0\0a\0", 6, &l));
}

static void resident(void)
{
	struct resident_ready r = { .version = RESIDENT_VERSION, .compiler = "cc", .compiler_len = 2 };
	struct frame_end e = { .phase = 70000, .how = END_CPU_LIMIT };

	CHECK(resident_pack_ready(&p, &r) == 0 && bytes_are("\1\0\0\0cc", 6));
	memset(&r, 0, sizeof r);
	CHECK(resident_unpack_ready(p.data, p.len, &r) && r.version == 1 && r.compiler_len == 2);
	CHECK(!resident_unpack_ready(p.data, 3, &r));
	frame_pack_end(&p, &e);
	CHECK(resident_unpack_end(p.data, p.len, 70000, &e) && !resident_unpack_end(p.data, p.len, 70001, &e));
	e.how = END_KILLED;
	frame_pack_end(&p, &e);
	CHECK(!resident_unpack_end(p.data, p.len, 70000, &e));
}

/* A file of frames, as a snapshot is. */
static void whole_frames(void)
{
	unsigned char bytes[2 * FRAME_HEADER + 2];
	struct frame f;

	frame_header(bytes, FRAME_DATA, STREAM_NONE, 2);
	memcpy(bytes + FRAME_HEADER, "ab", 2);
	frame_header(bytes + FRAME_HEADER + 2, FRAME_GO, STREAM_NONE, 0);
	CHECK(frame_at(bytes, sizeof bytes, &f) == 10 && f.type == FRAME_DATA && f.len == 2 && f.data[1] == 'b');
	CHECK(frame_at(bytes + 10, sizeof bytes - 10, &f) == 8 && f.type == FRAME_GO);
	CHECK(frame_at(bytes, 9, &f) == 0 && errno == EPROTO && frame_at(bytes, 7, &f) == 0);
	bytes[0] = 31;
	CHECK(frame_at(bytes, sizeof bytes, &f) == 0);
}

int main(void)
{
	RUN(hello);
	RUN(job);
	RUN(file);
	RUN(plan);
	RUN(numbers);
	RUN(end);
	RUN(end_status);
	RUN(network);
	RUN(left);
	RUN(resident);
	RUN(whole_frames);
	return check_status();
}
