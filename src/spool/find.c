/* find.c - finding a job: its place, its text, its result (find.h)
 *
 * Nothing here reads a directory that grows with history. A job moves new -> cur -> out, and back from cur to new
 * when it is requeued: so the places are searched in that order, several times, until the job is found.
 */
#include "spool/find.h"
#include "base/buf.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "job/result.h"
#include "job/test_result.h"
#include "spool/layout.h"
#include "spool/lookup.h"
#include "spool/places.h"
#include "spool/spool.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { FIND_TRIES = 3 };

static bool attempt_begun(int out, int n)
{
	AUTO_CLOSE int dir = out < 0 ? -1 : place_attempt(out, n);

	return dir >= 0 && dir_has(dir, attempt_file_name[ATTEMPT_INDEX]);
}

static int last_attempt(int out)
{
	for (int n = LAYOUT_ATTEMPTS; n > 0; n--)
		if (attempt_begun(out, n))
			return n;
	return 0;
}

/* Searches each place once: 1 found, 0 not found. */
static int look(struct spool *s, const char *owner, const char *id, struct spool_where *w)
{
	AUTO_CLOSE int out = place_out(s, owner, id), new = -1, cur = -1;
	char name[LAYOUT_NAME_MAX], found[ID_LEN + 1];
	int priority;

	memset(w, 0, sizeof(*w));
	if (out >= 0 && dir_has(out, LAYOUT_RESULT)) {
		w->state = STATE_FINISHED;
		w->attempt = last_attempt(out);
		return 1;
	}
	if ((new = place_part(s, owner, PART_NEW)) >= 0 && lookup_new(new, id, name)) {
		w->state = STATE_CREATED;
		layout_new_parse(name, found, &priority, &w->attempt);
		return 1;
	}
	if ((cur = lookup_claim(s, owner, id, w)) < 0)
		return 0;
	if (out < 0)
		out = place_out(s, owner, id);
	/* since out was searched the job may have ended, and may be moving to out */
	if (out >= 0 && dir_has(out, LAYOUT_RESULT))
		w->state = STATE_FINISHED;
	else
		w->state = attempt_begun(out, w->attempt) ? STATE_EXECUTING : STATE_PENDING;
	return 1;
}

int spool_find(struct spool *s, const char *owner, const char *id, struct spool_where *w, struct cee_err *e)
{
	memset(w, 0, sizeof(*w));
	if (place_check_names(owner, id, e) < 0)
		return -1;
	for (int i = 0; i < FIND_TRIES; i++)
		if (look(s, owner, id, w))
			return 0;
	return cee_fail(e, ENOENT, "%s: no such job of %s", id, owner);
}

int spool_read_result(struct spool *s, const char *owner, const char *id, struct buf *b)
{
	AUTO_CLOSE int out = place_out(s, owner, id);

	return out < 0 ? -1 : read_file_at(out, LAYOUT_RESULT, SPOOL_RESULT_MAX, b);
}

int spool_read_tests(struct spool *s, const char *owner, const char *id, int attempt, struct buf *b)
{
	AUTO_CLOSE int out = place_out(s, owner, id);
	AUTO_CLOSE int dir = out < 0 ? -1 : place_attempt(out, attempt);

	return dir < 0 ? -1 : read_file_at(dir, attempt_file_name[ATTEMPT_TESTS], TESTS_MAX_BYTES, b);
}

/* Tries each place once: 0 read, -1 ENOENT not found, -1 another error. */
static int read_job(struct spool *s, const char *owner, const char *id, size_t max, struct buf *b)
{
	AUTO_CLOSE int new = -1, cur = -1, out = -1;
	struct spool_where w = { 0 };
	char name[LAYOUT_NAME_MAX];

	if ((new = place_part(s, owner, PART_NEW)) >= 0 && lookup_new(new, id, name)) {
		if (read_file_at(new, name, max, b) == 0)
			return 0;
		if (errno != ENOENT)
			return -1;
	}
	if ((cur = lookup_claim(s, owner, id, &w)) >= 0) {
		layout_claim_name(name, id, w.attempt);
		if (read_file_at(cur, name, max, b) == 0)
			return 0;
		if (errno != ENOENT)
			return -1;
	}
	out = place_out(s, owner, id);
	return out < 0 ? -1 : read_file_at(out, LAYOUT_JOB, max, b);
}

int spool_read_job(struct spool *s, const char *owner, const char *id, size_t max, struct buf *b)
{
	if (place_check_names(owner, id, NULL) < 0)
		return -1;
	for (int i = 0; i < FIND_TRIES; i++)
		if (read_job(s, owner, id, max, b) == 0)
			return 0;
		else if (errno != ENOENT)
			return -1;
	errno = ENOENT;
	return -1;
}

int spool_read_ended_job(struct spool *s, const char *owner, const char *id, size_t max, struct buf *b)
{
	AUTO_CLOSE int out = place_out(s, owner, id);

	if (out >= 0 && read_file_at(out, LAYOUT_JOB, max, b) == 0)
		return 0;
	buf_release(b);
	*b = (struct buf){ 0 };
	return spool_read_job(s, owner, id, max, b);
}

int spool_read_waiting(struct spool *s, const char *owner, const char *id, int priority, int attempts, size_t max,
		       struct buf *b)
{
	AUTO_CLOSE int new = place_part(s, owner, PART_NEW);
	char name[LAYOUT_NAME_MAX];

	layout_new_name(name, id, priority, attempts);
	return new < 0 ? -1 : read_file_at(new, name, max, b);
}
