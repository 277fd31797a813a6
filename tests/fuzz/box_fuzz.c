/* box_fuzz - any frames as what a box sends to the runner: collected files become an index that reads back and covers
 * exactly the contents that were stored; a compiler's answer stays in its bounds; a phase's end makes a result that
 * reads back; a package box's report gives a message of one printable line */
#include "fuzz.h"

#include "base/buf.h"
#include "base/limit.h"
#include "base/loop.h"
#include "base/names.h"
#include "base/text.h"
#include "job/job.h"
#include "job/result.h"
#include "runner/compile/compile.h"
#include "runner/layers/package_report.h"
#include "runner/run/collect_files.h"
#include "runner/run/verdict.h"
#include "spool/collected.h"
#include "wire/payload.h"
#include "wire/resident.h"

enum { FILES = 8, BYTES = 4096, MEMORY = 1 << 20 };

struct runner_side {
	struct spool_attempt attempt;
	struct result result;
	struct files files;
	bool files_end; /* a frame was refused */
	struct compile *compile;
	bool compile_end;
	struct package_report report;
};

static struct limits limits;

/* ---- collected files ------------------------------------------------------------- */

static void check_files(struct runner_side *b)
{
	struct files_list l = { 0 };
	struct buf text = { 0 };
	char block[4096];
	struct stat contents;
	ssize_t n;
	int64_t sum = 0;

	files_end(&b->files);
	for (off_t at = 0; (n = pread(b->attempt.files_index, block, sizeof block, at)) > 0; at += n)
		MUST(buf_add(&text, block, (size_t)n) == 0);
	MUST(files_parse(&l, text.data ? text.data : "", text.len, NULL) == 0);
	MUST((int64_t)l.n == b->result.files.count && l.n <= FILES);
	for (size_t i = 0; i < l.n; i++) {
		MUST(job_name_valid(l.v[i].name) && l.v[i].mode <= 0777);
		sum += l.v[i].size;
	}
	MUST(fstat(b->attempt.files, &contents) == 0 && contents.st_size == sum && sum == b->result.files.bytes);
	MUST(sum <= BYTES && b->result.files.left_count >= (int64_t)b->result.files.nleft);
	for (size_t i = 0; i < b->result.files.nleft; i++)
		MUST(utf8_valid(b->result.files.left[i].name, strlen(b->result.files.left[i].name)));
	files_release(&l);
	buf_release(&text);
}

/* ---- a phase's end --------------------------------------------------------------- */

static void check_result(struct runner_side *b)
{
	struct result again;
	struct cee_err e;
	char text[300], *line = result_format(&b->result);

	verdict_explain(&b->result, text, sizeof text);
	MUST(strlen(text) < sizeof text && !strchr(text, '\n'));
	MUST(line && result_parse(&again, line, strlen(line), &e) == 0 && again.why == b->result.why);
	MUST(result_exit_status(&again) == result_exit_status(&b->result));
	for (int p = 0; p < PHASE_COUNT; p++)
		MUST(again.phase[p].ran == b->result.phase[p].ran);
	result_release(&again);
	free(line);
}

/* ---- a resident compiler --------------------------------------------------------- */

static void answered(void *arg, const struct frame_end *end)
{
	struct runner_side *b = arg;

	MUST(!b->compile_end);
	b->compile_end = true;
	if (!end) {
		MUST(!b->compile->product && !b->compile->nproducts);
		return;
	}
	MUST(end->phase == PHASE_COMPILE && end->how < END_HOWS && end->status < END_STATUSES);
	MUST(end->peak <= MEMORY && end->exceeded < 1u << LIMIT_COUNT && end->err_bytes >= end->dropped);
}

static void check_products(const struct compile *c)
{
	size_t sum = 0;

	MUST(c->nproducts <= RESIDENT_PRODUCTS);
	for (size_t i = 0; i < c->nproducts; i++) {
		MUST(job_name_valid(c->product[i].name) && c->product[i].mode <= 0777);
		sum += c->product[i].len;
	}
	MUST(sum + c->missing == c->product_bytes && c->product_bytes <= RESIDENT_BYTES);
}

static void to_compile(struct runner_side *b, const struct frame *f)
{
	struct compile *c = b->compile;
	const char *broken = NULL;
	struct frame_end end;

	if (f->type == FRAME_OUT)
		broken = compile_take_output(c, f);
	else if (f->type == FRAME_GAP)
		broken = compile_take_gap(c, f);
	else if (f->type == FRAME_FILE)
		broken = compile_take_file(c, f);
	else if (f->type == FRAME_DATA)
		broken = compile_take_data(c, f);
	else if (f->type != FRAME_END)
		return;
	check_products(c);
	if (f->type == FRAME_END) {
		if (resident_unpack_end(f->data, f->len, 1, &end) && !(broken = compile_check_end(c, &end))) {
			compile_plausible(c, MEMORY, &end);
			compile_answer(c, &end);
			return;
		}
		broken = broken ? broken : "END";
	}
	if (broken)
		compile_answer(c, NULL);
}

/* ---- a package box ----------------------------------------------------------------- */

static void to_report(struct package_report *r, const struct frame *f)
{
	struct frame_end end;

	if (f->type == FRAME_OUT && r->output.len < 4096)
		buf_add(&r->output, f->data, f->len);
	if (f->type == FRAME_TROUBLE)
		snprintf(r->trouble, sizeof r->trouble, "%.*s", (int)(f->len < 150 ? f->len : 150), f->data);
	if (f->type == FRAME_GAP)
		r->gap = true;
	if (f->type != FRAME_END || !frame_unpack_end(f->data, f->len, &end))
		return;
	r->ended[end.phase] = true;
	r->end[end.phase] = end;
}

static void check_report(struct package_report *r)
{
	char message[200];
	enum layer_answer a = package_fetch_answer(r, message, sizeof message);

	MUST(a == LAYER_READY || (*message && strlen(message) < sizeof message && !strpbrk(message, "\n\r\033")));
	bool ran = r->ended[PHASE_RUN];
	struct frame_end end = r->end[PHASE_RUN];

	package_report_restart(r);
	MUST(package_unpack_answer(r, message, sizeof message) !=
	     LAYER_READY); /* nothing has ended in the second box */
	r->ended[PHASE_RUN] = ran;
	r->end[PHASE_RUN] = end;
	MUST(buf_add(&r->manifest, "f", 1) == 0);
	if (package_unpack_answer(r, message, sizeof message) == LAYER_READY)
		MUST(ran && end.how == END_EXITED && end.status == 0);
	package_report_release(r);
}

static bool take(void *arg, const struct frame *f)
{
	struct runner_side *b = arg;

	if (!b->files_end && (f->type == FRAME_FILE || f->type == FRAME_DATA || f->type == FRAME_LEFT))
		b->files_end = files_frame(&b->files, f) < 0;
	if (f->type == FRAME_END) {
		struct result_phase p = { 0 };
		enum frame_phase phase;
		enum reason why;

		if (verdict_phase(f, &phase, &p, &why))
			MUST(phase < PHASE_COUNT && why < REASON_COUNT && p.ran &&
			     verdict_program_failed(&p) == (p.exit_code != 0 || p.signal != 0));
		verdict_end(&b->result, f, &phase);
	}
	if (!b->compile_end)
		to_compile(b, f);
	to_report(&b->report, f);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct loop loop = { .epoll_fd = -1, .held = 2000000 };
	struct runner_side b = { .attempt = SPOOL_ATTEMPT_NONE };
	struct compile_request request = { .limits = &limits, .done = answered, .arg = &b };

	limits = limits_usual[PHASE_COMPILE];
	limits.v[LIMIT_OUTPUT] = size & 1 ? 0 : 1000;
	limits.v[LIMIT_WALL] = 10000000;
	b.attempt.files = fuzz_appended();
	b.attempt.files_index = fuzz_appended();
	result_init(&b.result);
	id_make(b.result.id);
	b.result.attempt = 1;
	files_init(&b.files, &b.attempt, &b.result.files, FILES, BYTES);
	b.compile = compile_new(&loop, &request);
	b.compile->begun = 1000000;
	fuzz_frames(data, size, take, &b);
	if (!b.compile_end && compile_over_time(b.compile))
		MUST(false);
	check_files(&b);
	check_result(&b);
	check_report(&b.report);
	compile_release(b.compile);
	result_release(&b.result);
	close(b.attempt.files);
	close(b.attempt.files_index);
	return 0;
}
