/* session_cell.h - cells of a session: a request sent to its driver, and the events that come of it (docs/SESSIONS.md)
 *
 *     struct cell_reader r;
 *
 *     if (cell_begin(&r, c, session, &e) == 0 && cell_send(&r, &cell, &e) == 0)
 *             while ((how = cell_step(&r, fn, arg, &e)) == CELL_RUNS)
 *                     cell_wait(&r, ms, fds, nfds);
 *     cell_release(&r);
 *
 * It never prints. The events are the driver's, so what they hold is as hostile as the session's program.
 */
#ifndef CEE_CLI_SESSION_CELL_H
#define CEE_CLI_SESSION_CELL_H

#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json_write.h"
#include "cli/client.h"
#include "spool/follow.h"

#include <cjson/cJSON.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CELL_OUTPUT = 1 << 20, CELL_LINE_MAX = 16 << 20, CELL_CODE_MAX = 4 << 20 };
#define CELL_WALL_US INT64_C(60000000) /* when nobody says how long */

struct cell {
	const char *code;
	size_t len;
	int64_t wall_us; /* at most the session's idle time */
	int64_t output;	 /* bytes of both streams; more are dropped */
};
struct cell_reader {
	struct client *c;
	char session[ID_LEN + 1], id[ID_LEN + 1]; /* id: of the cell */
	int64_t idle_us;
	int fd, inotify; /* the driver's events; -1: they have not begun */
	int64_t at;	 /* bytes read */
	bool whole;	 /* the next line is read from its beginning */
	struct buf line; /* an incomplete one */
	struct follow f; /* when the session ends */
	bool ended;
};
enum cell_how {
	CELL_FAILED = -1,
	CELL_RUNS,
	CELL_ENDED,	  /* its event "end" was handed out */
	CELL_SESSION_OVER /* the session has ended before; r->f.result is its result */
};
/* The event's object, and its name. Not 0: cell_step fails with that errno. */
typedef int (*cell_fn)(void *arg, const char *event, const cJSON *o);

/* -1: ENOENT this owner has no such job, EINVAL it is not a session, EPIPE it has ended (e says why). */
int cell_begin(struct cell_reader *r, struct client *c, const char *session, struct cee_err *e);
/* -1 as cell_begin; EINVAL also: the cell's limits; EDQUOT: the session has had as many bytes as it may (max_stdin). */
int cell_send(struct cell_reader *r, const struct cell *cell, struct cee_err *e);
/* Asks the driver to interrupt the cell, and whether that could be sent. */
int cell_cancel(struct cell_reader *r, struct cee_err *e);
/* Asks the driver to end the session. */
int cell_end_session(struct cell_reader *r, struct cee_err *e);
enum cell_how cell_step(struct cell_reader *r, cell_fn fn, void *arg, struct cee_err *e);
/* As follow_wait. */
int cell_wait(struct cell_reader *r, int timeout_ms, struct pollfd *more, int nmore);
void cell_release(struct cell_reader *r);

/* Is the text of a job that of a session? Sets its idle time. */
bool cell_is_session(const char *text, size_t len, int64_t *idle_us);

#endif
