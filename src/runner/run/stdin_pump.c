/* feed.c - what goes into a running job: its standard input, its signals, its terminal's size
 *
 * Input comes from the job's text, or from OWNER/in/ID as far as its submitter
 * has written it (spool_input.c). Of either only what cee-init has given credit
 * for is sent: a program that does not read holds its input up, and N/taken, from
 * which the submitter sees how far it may go on, stands still with it.
 *
 * An event of in/ is a hint. The file's length is how much there is, and its
 * reading starts anew with each attempt.
 */
#include "base/fd.h"
#include "engine/attach.h"
#include "job/result.h"
#include "runner/run/run_internal.h"
#include "spool/attempt.h"
#include "spool/input.h"
#include "spool/spool.h"
#include "wire/frame.h"
#include "wire/frame_types.h"
#include "wire/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


void feed_init(struct feed *f)
{
	*f = (struct feed){ .fd = -1, .taken = -1 };
}

void feed_release(struct feed *f)
{
	if (f->taken >= 0 && ftruncate(f->taken, f->sent) < 0)
		f->told = f->sent; /* nobody waits for it any more */
	close_ptr(&f->taken);
	close_ptr(&f->fd);
	f->fd = f->taken = -1;
}

const char *feed_open(struct run *r, struct spool *s)
{
	r->feed.spool = s;
	if (!r->job.stdin_stream)
		return NULL;
	r->feed.fd = spool_input_open(s, r->owner, r->id);
	if (r->feed.fd < 0 && errno == ENOENT)
		return "stdin_stream: its input is not there; whoever submits such a job writes it (cee-submit -w -i "
		       "-, cee-run)";
	if (r->feed.fd < 0)
		return "stdin_stream: its input in in/ is no regular file of one link";
	r->feed.taken = spool_attempt_taken(&r->files);
	return NULL; /* without N/taken its writer goes no further than the first bytes ahead */
}

static void send_end(struct run *r)
{
	r->feed.ended = true;
	attach_send(&r->box->attach, FRAME_STDIN_END, NULL, 0);
}

/* ---- from the job's text ---------------------------------------------------------- */

static void pump_text(struct run *r)
{
	struct feed *f = &r->feed;
	size_t left = r->job.stdin_len - (size_t)f->sent, n = left < f->credit ? left : f->credit;

	if (n && attach_send(&r->box->attach, FRAME_STDIN, r->job.stdin_data + f->sent, n) == 0) {
		f->sent += (int64_t)n;
		f->credit -= n;
	}
	if ((size_t)f->sent == r->job.stdin_len)
		send_end(r);
}

/* ---- from the file ------------------------------------------------------------------ */

static void tell(struct feed *f)
{
	if (f->sent - f->told < SPOOL_INPUT_TELL)
		return;
	f->told = f->sent;
	if (f->taken >= 0 && ftruncate(f->taken, f->sent) < 0)
		close_ptr(&f->taken), f->taken = -1;
}

static int64_t file_size(const struct feed *f)
{
	struct stat st;

	return fstat(f->fd, &st) < 0 ? 0 : st.st_size;
}

/* Sends what there is and may be sent; true when all that there was at this look is sent. */
static bool send_file(struct run *r)
{
	static char block[FRAME_MAX];
	struct feed *f = &r->feed;
	ssize_t n = 1;

	while (f->credit && n > 0) {
		n = pread(f->fd, block, f->credit < sizeof(block) ? f->credit : sizeof(block), (off_t)f->sent);
		if (n <= 0 || attach_send(&r->box->attach, FRAME_STDIN, block, (size_t)n) < 0)
			break;
		f->sent += n;
		f->credit -= (size_t)n;
		tell(f);
	}
	return f->sent >= file_size(f);
}

/* All of the file is sent. Is that the end? What its writer did before it let go of
 * the lock is looked at after the lock. */
static const char *look_for_end(struct run *r)
{
	struct feed *f = &r->feed;
	bool left = spool_input_left(f->fd) && !spool_input_kept(f->spool, r->owner, r->id);
	int64_t end = spool_input_size(f->spool, r->owner, r->id), size = file_size(f);

	if ((end < 0 && !left) || f->sent < size)
		return NULL;
	if (end > size)
		return "stdin_stream: a part of its input is lost (a power cut?)";
	send_end(r);
	return NULL;
}

static void pump_file(struct run *r, int64_t max)
{
	const char *lost = NULL;

	if (file_size(&r->feed) > max) {
		char text[120];

		snprintf(text, sizeof(text),
			 "stdin_stream: its input is larger than %lld bytes (max_stdin of cee.conf)", (long long)max);
		run_verdict(r, WHY_REFUSED, text);
		return;
	}
	if (send_file(r))
		lost = look_for_end(r);
	if (lost)
		run_verdict(r, WHY_LOST, lost);
}

/* ---- when something happens ------------------------------------------------------------ */

void feed_look(struct run *r)
{
	if (r->state != RUN_EXECUTING || !r->box || r->killed || r->feed.ended || r->job.ntests)
		return; /* tests.c has the input of each test */
	if (r->job.stdin_stream)
		pump_file(r, run_config()->conf.max_stdin);
	else
		pump_text(r);
	if (r->box)
		attach_flush(&r->box->attach);
}

void feed_credit(struct run *r, const struct frame *f)
{
	uint32_t bytes;

	if (!frame_unpack_number(f->data, f->len, &bytes))
		return;
	r->feed.credit += bytes;
	feed_look(r);
}

void feed_window(struct run *r)
{
	unsigned rows = r->job.tty_rows ? r->job.tty_rows : 24, columns = r->job.tty_columns ? r->job.tty_columns : 80;
	struct payload p;

	if (r->state != RUN_EXECUTING || !r->box || !r->job.tty)
		return;
	if (r->feed.spool)
		spool_window_read(r->feed.spool, r->owner, r->id, &rows, &columns);
	frame_pack_window(&p, &(struct frame_window){ .rows = rows, .columns = columns });
	attach_send(&r->box->attach, FRAME_WINDOW, p.data, p.len);
	attach_flush(&r->box->attach);
}

bool feed_signal(struct run *r, int sig)
{
	struct payload p;

	if (r->state != RUN_EXECUTING || !r->box || !r->feed.started || r->killed)
		return false;
	frame_pack_number(&p, (uint32_t)sig);
	attach_send(&r->box->attach, FRAME_SIGNAL, p.data, p.len);
	attach_flush(&r->box->attach);
	return true;
}
