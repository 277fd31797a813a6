/* stdin_pump.c - standard input, from the job's text or from a file that grows
 *
 * The file is OWNER/in/ID, which its submitter may still be writing (spool/input.c). No more is sent than cee-init's
 * credit allows: if a program does not read, its input stops, and so does N/taken, which tells the submitter how far
 * it may write.
 *
 * An event of in/ is only a hint. The file's length is the amount of input, and each attempt reads from the start.
 */
#include "runner/run/stdin_pump.h"
#include "base/fd.h"
#include "engine/attach.h"
#include "spool/attempt.h"
#include "spool/input.h"
#include "spool/spool.h"
#include "wire/frame_types.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void stdin_pump_init(struct stdin_pump *p)
{
	*p = (struct stdin_pump){ .fd = -1, .taken = -1 };
}

void stdin_pump_release(struct stdin_pump *p)
{
	if (p->taken >= 0 && ftruncate(p->taken, p->sent) < 0)
		p->reported = p->sent; /* the failure is ignored: no submitter waits for the figure any more */
	close_ptr(&p->taken);
	close_ptr(&p->fd);
	p->fd = p->taken = -1;
}

void stdin_pump_text(struct stdin_pump *p, const void *text, size_t len)
{
	p->text = text;
	p->text_len = len;
}

const char *stdin_pump_open(struct stdin_pump *p, struct spool *s, const char *owner, const char *id,
			    struct spool_attempt *a)
{
	p->spool = s;
	p->owner = owner;
	p->id = id;
	p->fd = spool_input_open(s, owner, id);
	if (p->fd < 0 && errno == ENOENT)
		return "stdin_stream: its input is missing; the submitter of such a job writes it (cee-submit -w -i "
		       "-, cee-run)";
	if (p->fd < 0)
		return "stdin_stream: its input in in/ is not a regular file with one link";
	p->taken = spool_attempt_taken(a);
	return NULL; /* without N/taken the submitter stops after its first window of bytes */
}

static void send_end(struct stdin_pump *p, struct attach *a)
{
	p->ended = true;
	attach_send(a, FRAME_STDIN_END, NULL, 0);
}

static void send_text(struct stdin_pump *p, struct attach *a)
{
	size_t left = p->text_len - (size_t)p->sent, n = left < p->credit ? left : p->credit;

	if (n && attach_send(a, FRAME_STDIN, p->text + p->sent, n) == 0) {
		p->sent += (int64_t)n;
		p->credit -= n;
	}
	if ((size_t)p->sent == p->text_len)
		send_end(p, a);
}

/* ---- from the file ------------------------------------------------------------------ */

static void report(struct stdin_pump *p)
{
	if (p->sent - p->reported < SPOOL_INPUT_TELL)
		return;
	p->reported = p->sent;
	if (p->taken >= 0 && ftruncate(p->taken, p->sent) < 0)
		close_ptr(&p->taken), p->taken = -1;
}

static int64_t file_size(const struct stdin_pump *p)
{
	struct stat st;

	return fstat(p->fd, &st) < 0 ? 0 : st.st_size;
}

/* True if everything in the file at the time of this call is sent. */
static bool send_file(struct stdin_pump *p, struct attach *a)
{
	char block[FRAME_MAX];
	ssize_t n = 1;

	while (p->credit && n > 0) {
		n = pread(p->fd, block, p->credit < sizeof(block) ? p->credit : sizeof(block), (off_t)p->sent);
		if (n <= 0 || attach_send(a, FRAME_STDIN, block, (size_t)n) < 0)
			break;
		p->sent += n;
		p->credit -= (size_t)n;
		report(p);
	}
	return p->sent >= file_size(p);
}

/* All of the file is sent: checks for the end of input. The lock is tested first, so that everything written before
 * its release is seen. */
static enum stdin_error look_for_end(struct stdin_pump *p, struct attach *a)
{
	bool left = spool_input_left(p->fd) && !spool_input_kept(p->spool, p->owner, p->id);
	int64_t end = spool_input_size(p->spool, p->owner, p->id), size = file_size(p);

	if ((end < 0 && !left) || p->sent < size)
		return STDIN_OK;
	if (end > size)
		return STDIN_LOST;
	send_end(p, a);
	return STDIN_OK;
}

enum stdin_error stdin_pump_send(struct stdin_pump *p, struct attach *a, int64_t max)
{
	enum stdin_error error = STDIN_OK;

	if (p->ended)
		return STDIN_OK;
	if (p->fd < 0)
		send_text(p, a);
	else if (file_size(p) > max)
		return STDIN_TOO_LARGE;
	else if (send_file(p, a))
		error = look_for_end(p, a);
	if (error == STDIN_OK)
		attach_flush(a);
	return error;
}
