/* session_test.c - cee-init's side of the protocol: every state, every frame in each, every failure
 *
 * No engine, no privileges, no program: the executors, the clock and the cgroup are the test's.
 */
#include "check.h"
#include "steps.h"
#include "init/session.h"
#include "init_fixture.h"

#include <signal.h>

enum { EXIT_0 = 0, EXIT_7 = 7 << 8, NO_END = 99 };

/* ---- the runner's part ---------------------------------------------------------- */

static void send_bytes(struct fixture *f, enum frame_type type, const void *p, size_t len)
{
	static unsigned char bytes[FRAME_HEADER + FRAME_MAX];

	frame_header(bytes, type, STREAM_NONE, len);
	if (len)
		memcpy(bytes + FRAME_HEADER, p, len);
	session_bytes(f->s, bytes, FRAME_HEADER + len);
}

static void send_payload(struct fixture *f, enum frame_type type, const struct payload *p)
{
	send_bytes(f, type, p->data, p->len);
}

static void send_hello(struct fixture *f, uint32_t version)
{
	struct frame_hello h = { .version = version, .build = "test", .build_len = 4 };
	struct payload p;

	frame_pack_hello(&p, &h);
	send_payload(f, FRAME_HELLO, &p);
}

static void send_job(struct fixture *f, uint64_t flags)
{
	struct frame_job j = {
		.flags = flags, .disk = 1 << 20, .inodes = 100, .collect_files = 3, .collect_bytes = 1000
	};
	struct payload p;

	frame_pack_job(&p, &j);
	send_payload(f, FRAME_JOB, &p);
}

static void send_phase(struct fixture *f, uint32_t id)
{
	struct limits l;
	struct payload p;

	limits_init(&l);
	frame_pack_plan(&p, id, &l);
	send_payload(f, FRAME_PHASE, &p);
	send_bytes(f, FRAME_ARG, "program", 7);
}

static void send_number(struct fixture *f, enum frame_type type, uint32_t n)
{
	struct payload p;

	frame_pack_number(&p, n);
	send_payload(f, type, &p);
}

static void go(struct fixture *f)
{
	send_bytes(f, FRAME_GO, NULL, 0);
}

/* Any frame, well-formed. */
static void send_any(struct fixture *f, enum frame_type type)
{
	static const unsigned char zeros[8 * END_FIELDS];
	struct frame_file file = { .mode = 0644, .size = 1, .name = "a", .name_len = 1 };
	struct payload p;

	switch ((unsigned)type) {
	case FRAME_HELLO:
		send_hello(f, FRAME_VERSION);
		break;
	case FRAME_JOB:
		send_job(f, 0);
		break;
	case FRAME_FILE:
		frame_pack_file(&p, &file);
		send_payload(f, type, &p);
		break;
	case FRAME_PHASE:
		send_phase(f, PHASE_RUN);
		break;
	case FRAME_ENV:
		send_bytes(f, type, "A=b", 3);
		break;
	case FRAME_COLLECT:
		send_bytes(f, type, "*", 1);
		break;
	case FRAME_SIGNAL:
	case FRAME_PLACED:
	case FRAME_LIMIT:
	case FRAME_TEST:
	case FRAME_START:
	case FRAME_DONE:
	case FRAME_CREDIT:
	case FRAME_LEFT:
		send_number(f, type, 1);
		break;
	case FRAME_WINDOW:
		send_bytes(f, type, zeros, 8);
		break;
	case FRAME_END:
		send_bytes(f, type, zeros, 8 * END_FIELDS);
		break;
	default:
		send_bytes(f, type, NULL, 0);
	}
}

/* ---- the executor's part ---------------------------------------------------------- */

static void step(struct fixture *f)
{
	do {
		outbox_flush(&f->s->out);
		session_step(f->s);
	} while (session_busy(f->s));
}

static void happens(struct fixture *f, const struct executor_event *e)
{
	struct fake *k = fake_of(f->s->x);

	k->event[k->nevents++] = *e;
	session_events(f->s);
	step(f);
}

static void started(struct fixture *f)
{
	happens(f, &(struct executor_event){ .kind = EXECUTOR_STARTED, .time_us = f->now });
}

static void ended(struct fixture *f, int status)
{
	close_program(fake_of(f->s->x));
	happens(f, &(struct executor_event){ .kind = EXECUTOR_ENDED, .ended = { .status = status } });
}

static void filled(struct fixture *f)
{
	happens(f, &(struct executor_event){ .kind = EXECUTOR_FILLED });
}

static void lost(struct fixture *f)
{
	close_program(fake_of(f->s->x));
	close_walker(fake_of(f->s->x));
	happens(f, &(struct executor_event){ .kind = EXECUTOR_LOST, .ended = { .status = 9 } });
}

static void failed(struct fixture *f)
{
	struct executor_event e = { .kind = EXECUTOR_FAILED };

	snprintf(e.text, sizeof e.text, "no such program");
	happens(f, &e);
}

/* What a walk writes into the pipe: some files, and that it is complete. */
static void walk(struct fixture *f, const char *name, bool left, bool done)
{
	struct fake *k = fake_of(f->s->x);
	struct frame_file file = { .mode = 0644, .size = 2, .name = name, .name_len = name ? strlen(name) : 0 };
	struct frame_left behind = { .reason = LEFT_BYTES, .name = "big", .name_len = 3 };
	struct payload p;
	unsigned char head[FRAME_HEADER];

#define PUT(type, data, len)                                                                                           \
	do {                                                                                                           \
		frame_header(head, type, STREAM_NONE, len);                                                            \
		CHECK(write(k->walker, head, sizeof head) == sizeof head);                                             \
		CHECK(write(k->walker, data, len) == (ssize_t)(len));                                                  \
	} while (0)
	if (name) {
		frame_pack_file(&p, &file);
		PUT(FRAME_FILE, p.data, p.len);
		PUT(FRAME_DATA, "ab", 2);
	}
	if (left) {
		frame_pack_left(&p, &behind);
		PUT(FRAME_LEFT, p.data, p.len);
	}
	if (done) {
		frame_pack_number(&p, 0);
		PUT(FRAME_DONE, p.data, p.len);
	}
#undef PUT
	close_walker(k);
	while (f->s->collector.fd >= 0)
		session_read_files(f->s);
	step(f);
}

/* ---- a session in each state -------------------------------------------------------- */

static void begin(struct fixture *f, bool cells)
{
	fixture_begin(f);
	session_init(f->s, f->out, &f->gauge, cells ? &f->cells.x : NULL, &f->bare.x, 0);
	send_hello(f, FRAME_VERSION);
	session_get_ready(f->s);
}

/* In a box with a cgroup for its jobs. */
static void begin_placed(struct fixture *f)
{
	fixture_begin(f);
	session_init(f->s, f->out, &f->gauge, &f->cells.x, &f->bare.x, 7);
	send_hello(f, FRAME_VERSION);
	session_get_ready(f->s);
	CHECK(says(f, "HELLO")); /* no cell is made before */
	send_number(f, FRAME_PLACED, 1);
	session_get_ready(f->s);
	CHECK(says(f, "READY") && f->s->job_cgroup);
}

static void begin_loading(struct fixture *f, uint64_t flags)
{
	begin(f, true);
	send_job(f, flags);
}

static void begin_running(struct fixture *f)
{
	begin_loading(f, 0);
	send_phase(f, PHASE_RUN);
	go(f);
	started(f);
}

static void begin_snapshot(struct fixture *f)
{
	begin_loading(f, JOB_TESTS);
	send_phase(f, PHASE_COMPILE);
	go(f);
	started(f);
	ended(f, EXIT_0);
}

static void begin_state(struct fixture *f, enum session_state state)
{
	if (state == SESSION_IDLE)
		begin(f, true);
	else if (state == SESSION_LOADING)
		begin_loading(f, 0);
	else if (state == SESSION_PHASE)
		begin_running(f);
	else if (state == SESSION_LIMIT) {
		begin_placed(f);
		send_job(f, 0);
		send_phase(f, PHASE_RUN);
		go(f);
	} else if (state == SESSION_COLLECTING) {
		begin_loading(f, 0);
		send_bytes(f, FRAME_COLLECT, "*", 1);
		go(f);
	} else
		begin_snapshot(f);
	if (state == SESSION_NEXT || state == SESSION_TEST || state == SESSION_GO)
		walk(f, "a.out", false, true);
	if (state == SESSION_TEST || state == SESSION_GO)
		send_number(f, FRAME_TEST, 0);
	if (state == SESSION_GO) {
		send_phase(f, PHASE_RUN);
		go(f);
	}
	read_frames(f, &f->s->out);
	f->cells.log[0] = '\0';
	CHECK(f->s->state == state);
}

/* ---- a job ------------------------------------------------------------------------------ */

static void one_phase(void)
{
	struct fixture f;

	begin(&f, true);
	CHECK(says(&f, "HELLO READY"));
	session_get_ready(f.s);
	CHECK(says(&f, "")); /* once */
	send_job(&f, 0);
	CHECK(fake_did(&f.cells, "prepare begin "));
	send_any(&f, FRAME_FILE);
	send_bytes(&f, FRAME_DATA, "x", 1);
	send_phase(&f, PHASE_RUN);
	go(&f);
	CHECK(fake_did(&f.cells, "frame frame frame frame start "));
	started(&f);
	CHECK(write(f.cells.program[1], "hello", 5) == 5);
	ended(&f, EXIT_7);
	CHECK(says(&f, "START CREDIT OUT END DONE") && !strcmp(f.text, "hello"));
	CHECK(f.end.phase == PHASE_RUN && f.end.how == END_EXITED && f.number == 0);
	CHECK(fake_did(&f.cells, "end ") && f.s->state == SESSION_IDLE);
	f.cells.not_ready = true; /* the last cell is still going */
	session_get_ready(f.s);
	CHECK(says(&f, ""));
	f.cells.not_ready = false;
	session_get_ready(f.s);
	CHECK(says(&f, "READY"));
	send_job(&f, 0); /* and another one */
	CHECK(f.s->state == SESSION_LOADING && !*f.s->fatal);
	fixture_end(&f);
}

static void compile_then_run(void)
{
	struct fixture f;

	begin_loading(&f, 0);
	send_phase(&f, PHASE_COMPILE);
	send_phase(&f, PHASE_RUN);
	go(&f);
	started(&f);
	CHECK(says(&f, "HELLO READY START"));
	send_bytes(&f, FRAME_STDIN_END, NULL, 0); /* the run phase's */
	ended(&f, EXIT_0);
	CHECK(says(&f, "END START") && f.end.phase == PHASE_COMPILE && f.cells.start.phase == PHASE_RUN);
	started(&f);
	CHECK(f.s->phase.input.fd < 0); /* its input has ended */
	ended(&f, EXIT_0);
	CHECK(says(&f, "END DONE") && f.end.phase == PHASE_RUN);
	fixture_end(&f);
}

static void compile_that_fails(void)
{
	struct fixture f;

	begin_loading(&f, 0);
	send_phase(&f, PHASE_COMPILE);
	send_phase(&f, PHASE_RUN);
	go(&f);
	started(&f);
	ended(&f, EXIT_7);
	CHECK(says(&f, "HELLO READY START END DONE") && f.end.phase == PHASE_COMPILE);
	fixture_end(&f);
}

static void no_phases(void)
{
	struct fixture f;

	begin_loading(&f, 0);
	go(&f);
	CHECK(says(&f, "HELLO READY DONE") && f.number == 0);
	fixture_end(&f);
}

static void files_are_collected(void)
{
	struct fixture f;

	begin_state(&f, SESSION_COLLECTING);
	CHECK(!f.cells.collect.everything && f.cells.collect.files == 3 && f.cells.collect.bytes == 1000);
	failed(&f); /* nothing depends on the executor any more */
	walk(&f, "out.txt", true, true);
	CHECK(says(&f, "FILE DATA LEFT DONE") && f.number == 0);
	fixture_end(&f);
}

static void walk_that_is_cut_short(void)
{
	struct fixture f;

	begin_state(&f, SESSION_COLLECTING);
	walk(&f, "out.txt", false, false);
	CHECK(says(&f, "FILE DATA LEFT DONE") && f.number == 0);
	begin_loading(&f, 0);
	f.cells.refuses = "collect";
	send_any(&f, FRAME_COLLECT);
	go(&f);
	CHECK(says(&f, "HELLO READY LEFT DONE") && f.s->state == SESSION_IDLE);
	fixture_end(&f);
}

static void walk_that_sends_nonsense(void)
{
	struct fixture f;

	begin_state(&f, SESSION_COLLECTING);
	CHECK(write(f.cells.walker, "nonsense, not a frame", 21) == 21);
	session_read_files(f.s);
	CHECK(says(&f, "LEFT DONE"));
	fixture_end(&f);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void many_tests(void)
{
	struct fixture f;

	begin_snapshot(&f);
	CHECK(says(&f, "HELLO READY START")); /* the END waits for the files */
	CHECK(f.cells.collect.everything && f.cells.collect.files == 100 && f.cells.collect.bytes == 1 << 20);
	walk(&f, "a.out", false, true);
	CHECK(says(&f, "END NEXT") && f.end.phase == PHASE_COMPILE && f.end.how == END_EXITED);
	for (int i = 0; i < 3; i++) {
		f.cells.log[0] = '\0';
		send_number(&f, FRAME_TEST, (uint32_t)i);
		send_bytes(&f, FRAME_STDIN, "input", 5); /* without credit */
		send_phase(&f, PHASE_RUN);
		if (i == 1)
			filled(&f); /* before GO or behind it */
		go(&f);
		if (i != 1) {
			CHECK(says(&f, "") && f.s->state == SESSION_GO);
			filled(&f);
		}
		CHECK(fake_did(&f.cells, "frame frame settle start "));
		send_bytes(&f, FRAME_STDIN_END, NULL, 0);
		started(&f);
		ended(&f, i == 2 ? EXIT_7 : EXIT_0);
		CHECK(says(&f, "START END NEXT"));
	}
	send_bytes(&f, FRAME_FINISH, NULL, 0);
	CHECK(says(&f, "DONE") && f.number == 0 && f.s->snapshot.fd < 0);
	fixture_end(&f);
}

static void tests_without_a_compile_phase(void)
{
	struct fixture f;

	begin_loading(&f, JOB_TESTS);
	go(&f);
	CHECK(f.s->state == SESSION_SNAPSHOT);
	walk(&f, "main.py", false, true);
	CHECK(says(&f, "HELLO READY NEXT"));
	fixture_end(&f);
}

static void tests_whose_compile_fails(void)
{
	struct fixture f;

	begin_loading(&f, JOB_TESTS);
	send_phase(&f, PHASE_COMPILE);
	go(&f);
	started(&f);
	ended(&f, EXIT_7);
	CHECK(says(&f, "HELLO READY START END DONE"));
	fixture_end(&f);
}

static void files_that_cannot_be_kept(void)
{
	struct fixture f;

	begin_state(&f, SESSION_SNAPSHOT);
	walk(&f, "a.out", true, true);
	CHECK(says(&f, "OUT END DONE") && f.end.how == END_DISK_LIMIT && f.number == 0);
	CHECK(!strcmp(f.text, "cee: cannot be kept for the tests: big: more bytes than the limit disk\n"));
	begin_loading(&f, JOB_TESTS);
	go(&f);
	walk(&f, "a.py", true, true); /* the job's own: a failure of cee's */
	CHECK(says(&f, "HELLO READY TROUBLE END DONE") && f.end.how == END_TROUBLE && f.number == 1);
	begin_state(&f, SESSION_SNAPSHOT);
	walk(&f, "a.out", false, false);
	CHECK(says(&f, "TROUBLE END DONE"));
	fixture_end(&f);
}

static void test_output_is_held_back(void)
{
	struct fixture f;

	begin_state(&f, SESSION_GO);
	f.cells.event[f.cells.nevents++].kind = EXECUTOR_FILLED;
	session_events(f.s);
	session_flush(f.s);
	CHECK(f.s->held_until == f.now + 3000 && session_deadline(f.s) == f.s->held_until);
	f.now += 3000;
	session_flush(f.s);
	CHECK(!f.s->held_until && !f.s->out.len);
	fixture_end(&f);
}

/* A line in two pieces is one frame; a piece without its line's end waits 1 ms for it. */
static void lines_stay_whole(void)
{
	struct fixture f;

	begin_state(&f, SESSION_PHASE);
	CHECK(write(f.cells.program[1], "36", 2) == 2);
	session_read_output(f.s, true, false);
	session_flush(f.s);
	CHECK(f.s->out.len && f.s->held_until == f.now + 1000 && session_deadline(f.s) <= f.s->held_until);
	CHECK(write(f.cells.program[1], "\n", 1) == 1);
	session_read_output(f.s, true, false);
	session_flush(f.s);
	CHECK(!f.s->out.len && !f.s->held_until && says(&f, "OUT") && !strcmp(f.text, "36\n"));
	CHECK(write(f.cells.program[1], "name? ", 6) == 6); /* a prompt */
	session_read_output(f.s, true, false);
	session_flush(f.s);
	CHECK(f.s->out.len);
	f.now += 1000;
	session_flush(f.s);
	CHECK(!f.s->out.len && says(&f, "OUT") && !strcmp(f.text, "name? "));
	CHECK(write(f.cells.program[1], "a", 1) == 1 && write(f.cells.program[2], "b\n", 2) == 2);
	session_read_output(f.s, true, true); /* of another stream: a frame of its own */
	session_flush(f.s);
	CHECK(!f.s->out.len && says(&f, "OUT OUT") && !strcmp(f.text, "ab\n"));
	CHECK(write(f.cells.program[1], "c", 1) == 1);
	session_read_output(f.s, true, false);
	ended(&f, EXIT_0); /* nothing comes after it */
	session_flush(f.s);
	CHECK(!f.s->out.len && says(&f, "OUT END DONE"));
	fixture_end(&f);
}

/* ---- kill --------------------------------------------------------------------------------------- */

static void kill_in(enum session_state state, const char *answer, uint32_t phase, int how)
{
	struct fixture f;

	begin_state(&f, state);
	f.end.how = NO_END;
	send_bytes(&f, FRAME_KILL, NULL, 0);
	step(&f);
	if (f.s->state == SESSION_PHASE)
		ended(&f, SIGKILL);
	if (!says(&f, answer) || f.s->state != SESSION_IDLE)
		printf("# in state %d\n", (int)state);
	CHECK(!strcmp(f.names, answer) && f.s->state == SESSION_IDLE);
	CHECK(f.end.how == (uint64_t)how && (how == NO_END || f.end.phase == phase));
	CHECK(how == NO_END || f.end.status >= END_SIGNAL);
	CHECK(f.number == 0 && !*f.s->fatal);
	fixture_end(&f);
}

static void kill_in_each_state(void)
{
	kill_in(SESSION_IDLE, "", 0, NO_END);
	kill_in(SESSION_LOADING, "END DONE", PHASE_RUN, END_KILLED);
	kill_in(SESSION_PHASE, "END DONE", PHASE_RUN, END_KILLED);
	kill_in(SESSION_SNAPSHOT, "END DONE", PHASE_COMPILE, END_KILLED);
	kill_in(SESSION_NEXT, "END DONE", PHASE_RUN, END_KILLED);
	kill_in(SESSION_TEST, "END DONE", PHASE_RUN, END_KILLED);
	kill_in(SESSION_GO, "END DONE", PHASE_RUN, END_KILLED);
	kill_in(SESSION_COLLECTING, "LEFT DONE", 0, NO_END);
}

static void kill_between_phases(void)
{
	struct fixture f;

	begin_loading(&f, 0);
	send_phase(&f, PHASE_COMPILE);
	send_phase(&f, PHASE_RUN);
	go(&f);
	started(&f);
	close_program(&f.cells);
	phase_ended(&f.s->phase, &(struct ended){ .status = EXIT_0 }); /* draining */
	send_bytes(&f, FRAME_KILL, NULL, 0);
	step(&f);
	CHECK(says(&f, "HELLO READY START END END DONE") && f.end.how == END_KILLED && f.end.phase == PHASE_RUN);
	fixture_end(&f);
}

static void kill_of_a_test(void)
{
	struct fixture f;

	begin_state(&f, SESSION_GO);
	filled(&f);
	started(&f);
	send_bytes(&f, FRAME_KILL, NULL, 0);
	ended(&f, SIGKILL);
	CHECK(says(&f, "START END DONE") && f.end.how == END_KILLED);
	fixture_end(&f);
}

/* ---- protocol errors -------------------------------------------------------------------------------- */

#define T(type) (UINT64_C(1) << FRAME_##type)

/* In each state, the frames that are not a protocol error. */
static const uint64_t fine[SESSION_STATES] = {
	[SESSION_IDLE] = T(HELLO) | T(JOB) | T(FILE) | T(DATA) | T(PHASE) | T(ARG) | T(ENV) | T(GO) | T(STDIN) |
			 T(STDIN_END) | T(SIGNAL) | T(KILL) | T(COLLECT) | T(LIMIT) | T(WINDOW) | T(TEST) | T(FINISH),
	[SESSION_LOADING] = T(HELLO) | T(FILE) | T(DATA) | T(PHASE) | T(ARG) | T(ENV) | T(GO) | T(STDIN) |
			    T(STDIN_END) | T(SIGNAL) | T(KILL) | T(COLLECT) | T(LIMIT) | T(WINDOW),
	[SESSION_LIMIT] = T(HELLO) | T(GO) | T(STDIN) | T(STDIN_END) | T(SIGNAL) | T(KILL) | T(WINDOW) | T(LIMIT),
	[SESSION_PHASE] = T(HELLO) | T(GO) | T(STDIN) | T(STDIN_END) | T(SIGNAL) | T(KILL) | T(LIMIT) | T(WINDOW),
	[SESSION_SNAPSHOT] = T(HELLO) | T(GO) | T(STDIN) | T(STDIN_END) | T(SIGNAL) | T(KILL) | T(LIMIT) | T(WINDOW),
	[SESSION_NEXT] =
		T(HELLO) | T(STDIN) | T(STDIN_END) | T(SIGNAL) | T(KILL) | T(LIMIT) | T(WINDOW) | T(TEST) | T(FINISH),
	[SESSION_TEST] = T(HELLO) | T(PHASE) | T(ARG) | T(ENV) | T(GO) | T(STDIN) | T(STDIN_END) | T(SIGNAL) | T(KILL) |
			 T(LIMIT) | T(WINDOW),
	[SESSION_GO] = T(HELLO) | T(STDIN) | T(STDIN_END) | T(SIGNAL) | T(KILL) | T(LIMIT) | T(WINDOW),
	[SESSION_COLLECTING] = T(HELLO) | T(GO) | T(STDIN) | T(STDIN_END) | T(SIGNAL) | T(KILL) | T(LIMIT) | T(WINDOW),
};

static void each_frame_in_each_state(void)
{
	static const enum frame_type types[] = {
#define F(id, number, stream, text, min, max) FRAME_##id,
		FRAMES(F)
#undef F
	};
	struct fixture f;

	for (int state = 0; state < SESSION_STATES; state++)
		for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
			bool ok = fine[state] & UINT64_C(1) << types[i];

			if (types[i] == FRAME_OUT || types[i] == FRAME_GAP)
				continue; /* they name a stream */
			begin_state(&f, (enum session_state)state);
			send_any(&f, types[i]);
			if (!*f.s->fatal != ok)
				printf("# %s in state %d: %s\n", frame_name(types[i]), state, f.s->fatal);
			CHECK(!*f.s->fatal == ok);
			fixture_end(&f);
		}
}

static void limit_first(void)
{
	struct fixture f;

	begin_placed(&f);
	send_job(&f, 0);
	send_phase(&f, PHASE_COMPILE);
	send_phase(&f, PHASE_RUN);
	go(&f);
	CHECK(f.s->state == SESSION_LIMIT && says(&f, ""));
	send_number(&f, FRAME_LIMIT, PHASE_RUN); /* of another phase */
	CHECK(f.s->state == SESSION_LIMIT && says(&f, ""));
	send_number(&f, FRAME_LIMIT, PHASE_COMPILE);
	CHECK(f.s->state == SESSION_PHASE && says(&f, "START"));
	started(&f);
	ended(&f, EXIT_0);
	CHECK(f.s->state == SESSION_PHASE && says(&f, "END START")); /* that one was kept */
	fixture_end(&f);

	begin_placed(&f);
	send_job(&f, 0);
	send_phase(&f, PHASE_COMPILE);
	send_phase(&f, PHASE_RUN);
	send_number(&f, FRAME_LIMIT, PHASE_COMPILE);
	go(&f);
	started(&f);
	ended(&f, EXIT_0);
	CHECK(f.s->state == SESSION_LIMIT && says(&f, "START END"));
	send_bytes(&f, FRAME_KILL, NULL, 0);
	CHECK(f.s->state == SESSION_IDLE && says(&f, "END DONE") && f.end.how == END_KILLED);
	send_job(&f, 0); /* the next job needs its own */
	send_phase(&f, PHASE_COMPILE);
	go(&f);
	CHECK(f.s->state == SESSION_LIMIT);
	fixture_end(&f);
}

static void limit_of_each_test(void)
{
	struct fixture f;

	begin_placed(&f);
	send_job(&f, JOB_TESTS);
	send_phase(&f, PHASE_COMPILE);
	send_number(&f, FRAME_LIMIT, PHASE_COMPILE);
	go(&f);
	started(&f);
	ended(&f, EXIT_0);
	walk(&f, "a.out", false, true);
	for (uint32_t i = 0; i < 2; i++) {
		send_number(&f, FRAME_TEST, i);
		send_phase(&f, PHASE_RUN);
		go(&f);
		filled(&f);
		CHECK(f.s->state == SESSION_LIMIT);
		send_number(&f, FRAME_LIMIT, PHASE_RUN);
		CHECK(f.s->state == SESSION_PHASE);
		started(&f);
		ended(&f, EXIT_0);
		CHECK(f.s->state == SESSION_NEXT);
	}
	fixture_end(&f);
}

static void placing(void)
{
	struct fixture f;

	fixture_begin(&f);
	session_init(f.s, f.out, &f.gauge, &f.cells.x, &f.bare.x, 7);
	send_hello(&f, FRAME_VERSION);
	send_number(&f, FRAME_PLACED, 0); /* the host has none */
	session_get_ready(f.s);
	CHECK(says(&f, "HELLO READY") && !f.s->job_cgroup);
	send_number(&f, FRAME_PLACED, 1);
	CHECK(*f.s->fatal);
	fixture_end(&f);
	fixture_begin(&f);
	f.no_jobs = true;
	session_init(f.s, f.out, &f.gauge, &f.cells.x, &f.bare.x, 7);
	send_hello(&f, FRAME_VERSION);
	send_number(&f, FRAME_PLACED, 1);
	CHECK(strstr(f.s->fatal, "not to be seen"));
	fixture_end(&f);
	begin_placed(&f);
	send_job(&f, JOB_NO_CELL); /* outside of that cgroup */
	CHECK(says(&f, "TROUBLE DONE") && f.number == 1);
	fixture_end(&f);
}

static void hello_first(void)
{
	struct fixture f;

	fixture_begin(&f);
	session_init(f.s, f.out, &f.gauge, &f.cells.x, &f.bare.x, 0);
	send_job(&f, 0);
	CHECK(!strcmp(f.s->fatal, "a JOB before HELLO"));
	fixture_end(&f);
	fixture_begin(&f);
	session_init(f.s, f.out, &f.gauge, &f.cells.x, &f.bare.x, 0);
	send_hello(&f, FRAME_VERSION + 1);
	CHECK(strstr(f.s->fatal, "version"));
	fixture_end(&f);
}

static void malformed_frames(void)
{
	struct fixture f;

	begin(&f, true);
	session_bytes(f.s, (const unsigned char *)"\377\0\0\0\0\0\0\0", 8);
	CHECK(!strcmp(f.s->fatal, "malformed frame"));
	fixture_end(&f);
	begin_loading(&f, 0);
	send_bytes(&f, FRAME_PHASE, "\0\0\0\0", 4);
	CHECK(says(&f, "HELLO READY TROUBLE DONE") && !*f.s->fatal); /* of the job alone */
	begin_loading(&f, 0);
	send_phase(&f, PHASE_RUN);
	send_phase(&f, PHASE_RUN);
	CHECK(says(&f, "HELLO READY TROUBLE DONE") && !strcmp(f.text, "malformed PHASE frame"));
	fixture_end(&f);
}

static void stdin_beyond_the_credit(void)
{
	static char block[64 << 10];
	struct fixture f;

	begin_loading(&f, 0);
	send_bytes(&f, FRAME_STDIN, "x", 1);
	CHECK(*f.s->fatal);
	fixture_end(&f);
	begin_state(&f, SESSION_TEST);
	send_bytes(&f, FRAME_STDIN, block, sizeof block);
	CHECK(!*f.s->fatal);
	send_bytes(&f, FRAME_STDIN, "x", 1);
	CHECK(*f.s->fatal);
	fixture_end(&f);
	begin_running(&f);
	phase_ended(&f.s->phase, &(struct ended){ .status = 0 });
	for (int i = 0; i < 3; i++)
		send_bytes(&f, FRAME_STDIN, block, sizeof block); /* too late for the program: never mind */
	CHECK(!*f.s->fatal);
	fixture_end(&f);
}

static void signals_and_windows(void)
{
	struct fixture f;

	begin_state(&f, SESSION_LOADING);
	send_number(&f, FRAME_SIGNAL, SIGINT);
	CHECK(!f.cells.signal);
	send_phase(&f, PHASE_RUN);
	go(&f);
	send_number(&f, FRAME_SIGNAL, 1000);
	CHECK(!f.cells.signal);
	send_number(&f, FRAME_SIGNAL, SIGINT);
	CHECK(f.cells.signal == SIGINT);
	send_bytes(&f, FRAME_WINDOW, "\1\0\0\0\0\0\1\0", 8); /* 65536 columns */
	CHECK(f.s->job.tty.rows == 0);
	send_bytes(&f, FRAME_WINDOW, "\1\0\0\0\2\0\0\0", 8);
	CHECK(f.s->job.tty.rows == 1 && f.s->job.tty.columns == 2);
	fixture_end(&f);
}

/* ---- failures of the executor ---------------------------------------------------------------------------- */

static void operations_that_fail(void)
{
	struct fixture f;

	begin(&f, true);
	f.cells.refuses = "begin";
	send_job(&f, 0);
	CHECK(says(&f, "HELLO READY TROUBLE DONE") && !strcmp(f.text, "begin fails") && f.number == 1);
	send_any(&f, FRAME_FILE); /* the rest of that job */
	go(&f);
	CHECK(says(&f, "") && !*f.s->fatal);
	fixture_end(&f);

	begin_loading(&f, 0);
	f.cells.refuses = "frame";
	send_any(&f, FRAME_FILE);
	CHECK(says(&f, "HELLO READY TROUBLE DONE") && f.number == 1);
	fixture_end(&f);

	begin_loading(&f, 0);
	f.cells.refuses = "start";
	send_phase(&f, PHASE_RUN);
	go(&f);
	CHECK(says(&f, "HELLO READY START TROUBLE END DONE") && f.end.how == END_TROUBLE && f.number == 1);
	fixture_end(&f);

	begin_loading(&f, JOB_TESTS);
	f.cells.refuses = "collect";
	go(&f);
	CHECK(says(&f, "HELLO READY TROUBLE END DONE") &&
	      !strcmp(f.text, "the files of the compile phase cannot be kept: collect fails"));
	fixture_end(&f);

	begin_state(&f, SESSION_SNAPSHOT);
	f.cells.refuses = "renew";
	walk(&f, "a.out", false, true);
	CHECK(says(&f, "END NEXT TROUBLE DONE") && f.number == 1);
	send_number(&f, FRAME_TEST, 0); /* the answer to that NEXT */
	CHECK(!*f.s->fatal);
	fixture_end(&f);

	fixture_begin(&f);
	session_init(f.s, f.out, &f.gauge, &f.cells.x, &f.bare.x, 0);
	f.cells.refuses = "prepare";
	session_get_ready(f.s);
	CHECK(!strcmp(f.s->fatal, "no cell: prepare fails"));
	fixture_end(&f);
}

static void reported_failures(void)
{
	static const enum session_state states[] = { SESSION_LOADING, SESSION_NEXT, SESSION_TEST, SESSION_GO };
	struct fixture f;

	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		begin_state(&f, states[i]);
		failed(&f);
		CHECK(says(&f, "TROUBLE DONE") && !strcmp(f.text, "no such program") && f.number == 1);
		fixture_end(&f);
		begin_state(&f, states[i]);
		lost(&f);
		CHECK(says(&f, "TROUBLE DONE") && strstr(f.text, "status 9") && f.number == 1);
		fixture_end(&f);
	}
	begin_state(&f, SESSION_PHASE);
	failed(&f);
	CHECK(says(&f, "TROUBLE END DONE") && f.end.how == END_TROUBLE);
	failed(&f); /* without a job */
	CHECK(says(&f, "") && f.s->state == SESSION_IDLE);
	fixture_end(&f);
}

static void cell_that_dies_with_its_program(void)
{
	struct fixture f;

	begin_loading(&f, 0);
	send_phase(&f, PHASE_COMPILE);
	send_phase(&f, PHASE_RUN);
	send_any(&f, FRAME_COLLECT);
	go(&f);
	started(&f);
	f.cells.refuses = "collect";
	lost(&f);
	CHECK(says(&f, "HELLO READY START END LEFT DONE") && f.end.how == END_SIGNALLED && f.number == 0);
	fixture_end(&f);

	begin_state(&f, SESSION_GO);
	filled(&f);
	started(&f);
	lost(&f); /* only that test's */
	CHECK(says(&f, "START END NEXT") && f.s->state == SESSION_NEXT);
	fixture_end(&f);

	begin_state(&f, SESSION_COLLECTING);
	lost(&f);
	while (f.s->collector.fd >= 0)
		session_read_files(f.s);
	CHECK(says(&f, "LEFT DONE"));
	fixture_end(&f);
}

/* ---- boxes ----------------------------------------------------------------------------------------------------- */

static void box_without_cells(void)
{
	struct fixture f;

	begin(&f, false);
	CHECK(says(&f, "HELLO READY"));
	send_job(&f, 0);
	go(&f);
	CHECK(says(&f, "DONE") && fake_did(&f.bare, "prepare begin end "));
	session_get_ready(f.s);
	CHECK(says(&f, "")); /* one job in all */
	send_job(&f, 0);
	CHECK(says(&f, "TROUBLE DONE") && fake_did(&f.bare, "end "));
	fixture_end(&f);
}

static void job_without_a_cell(void)
{
	struct fixture f;

	begin(&f, true);
	send_job(&f, JOB_NO_CELL);
	CHECK(fake_did(&f.cells, "prepare end settle ") && fake_did(&f.bare, "begin "));
	fixture_end(&f);
}

static void two_sessions_in_one_process(void)
{
	struct fixture f, g;

	begin_running(&f);
	begin_state(&g, SESSION_GO);
	ended(&f, EXIT_7);
	CHECK(says(&f, "HELLO READY START CREDIT END DONE") && f.end.status != 0);
	filled(&g);
	started(&g);
	ended(&g, EXIT_0);
	CHECK(says(&g, "START END NEXT") && g.end.status == 0);
	fixture_end(&f);
	fixture_end(&g);
}

static void runner_that_is_gone(void)
{
	struct fixture f;

	begin(&f, true);
	f.s->out.fd = -1;
	session_flush(f.s);
	CHECK(f.s->runner_gone);
	fixture_end(&f);
}

static void runner_that_does_not_read(void)
{
	static char block[FRAME_MAX];
	struct fixture f;
	int full[2];

	begin(&f, true);
	CHECK(!pipe2(full, O_NONBLOCK | O_CLOEXEC));
	f.s->out.fd = full[1];
	for (int i = 0; i < OUTBOX_MAX / FRAME_MAX + 2; i++)
		outbox_frame(&f.s->out, FRAME_DATA, STREAM_NONE, block, sizeof block);
	session_flush(f.s);
	CHECK(strstr(f.s->fatal, "overflows"));
	close(full[0]);
	close(full[1]);
	fixture_end(&f);
}

int main(void)
{
	RUN(one_phase);
	RUN(compile_then_run);
	RUN(compile_that_fails);
	RUN(no_phases);
	RUN(files_are_collected);
	RUN(walk_that_is_cut_short);
	RUN(walk_that_sends_nonsense);
	RUN(many_tests);
	RUN(tests_without_a_compile_phase);
	RUN(tests_whose_compile_fails);
	RUN(files_that_cannot_be_kept);
	RUN(test_output_is_held_back);
	RUN(lines_stay_whole);
	RUN(kill_in_each_state);
	RUN(kill_between_phases);
	RUN(kill_of_a_test);
	RUN(each_frame_in_each_state);
	RUN(limit_first);
	RUN(limit_of_each_test);
	RUN(placing);
	RUN(hello_first);
	RUN(malformed_frames);
	RUN(stdin_beyond_the_credit);
	RUN(signals_and_windows);
	RUN(operations_that_fail);
	RUN(reported_failures);
	RUN(cell_that_dies_with_its_program);
	RUN(box_without_cells);
	RUN(job_without_a_cell);
	RUN(two_sessions_in_one_process);
	RUN(runner_that_is_gone);
	RUN(runner_that_does_not_read);
	return check_steps("session", 0) || check_status();
}
