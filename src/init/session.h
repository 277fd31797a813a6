/* session.h - cee-init's side of the protocol: takes jobs, reports their results
 *
 *     session_init; then, in the loop (session_loop.c) or in a test:
 *     session_get_ready     sends READY when a job may come
 *     session_bytes         what the runner has sent
 *     session_read_output, session_read_files, session_events, session_tick
 *     session_step          acts on the input, as far as possible
 *
 * Nothing here polls. out.fd is only written by session_flush, and with NEXT, which must not wait
 * while the next test's cell is made. When fatal is not empty the peer has broken the protocol,
 * or init cannot continue: the caller reports it and exits.
 */
#ifndef CEE_INIT_SESSION_H
#define CEE_INIT_SESSION_H

#include "init/collector.h"
#include "init/executor.h"
#include "init/failure.h"
#include "init/gauge.h"
#include "init/outbox.h"
#include "init/phase.h"
#include "init/relay.h"
#include "init/session_state.h"
#include "init/snapshot.h"
#include "wire/payload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job {
	struct frame_job asked;
	bool killed;   /* by KILL, or with its cell: no more phases */
	bool filled;   /* the test's place has the snapshot's files */
	bool patterns; /* there are files to collect */
	struct tty_size tty;
	uint32_t next_phase;
	bool set[PHASE_COUNT];	    /* the phase is part of the job */
	bool in_force[PHASE_COUNT]; /* LIMIT has come for it */
	uint32_t waiting;	    /* SESSION_LIMIT: the phase that begins with its LIMIT */
	uint64_t limit[PHASE_COUNT][LIMIT_COUNT];
};

struct session {
	enum session_state state;
	bool greeted, ready_sent;
	bool unplaced;	 /* PLACED has not come: no cell may be made */
	bool job_cgroup; /* cells are in a cgroup of their own, which the runner gives the limit of each phase */
	bool box_used;	 /* by a job without a cell: no other job may come */
	bool runner_gone;
	char fatal[INIT_TEXT];
	struct job job;
	struct phase phase;
	struct collector collector;
	struct snapshot snapshot;
	struct executor *cells; /* NULL where this box has none */
	struct executor *bare;
	struct executor *x; /* of the job, or of the next one */
	const struct gauge *gauge;
	const struct relay_counts *relay; /* set by the caller after session_init; NULL: the box has no gate */
	int64_t held_until;		  /* see holds_back in session.c; 0 nothing is held back */
	struct frame_parser parser;
	struct outbox out;
	unsigned char bytes[64 << 10]; /* the bytes that the loop has just read from the runner */
};

/* s: zeroed memory. The caller keeps ownership of the other arguments. maker: the number of the process that makes the
 * cells, which the runner places before the first one; 0: none. Sends HELLO. */
void session_init(struct session *s, int out_fd, const struct gauge *g, struct executor *cells, struct executor *bare,
		  uint32_t maker);
void session_release(struct session *s);

void session_get_ready(struct session *s);
void session_bytes(struct session *s, const unsigned char *p, size_t len);
/* Reads the program's output pipes that are readable. */
void session_read_output(struct session *s, bool first, bool second);
/* Reads the collector's pipe: collected files, or files of a snapshot. */
void session_read_files(struct session *s);
/* Takes the executor's events. */
void session_events(struct session *s);
void session_tick(struct session *s);
void session_step(struct session *s);
/* Writes what may go out now. */
void session_flush(struct session *s);

bool session_busy(const struct session *s);	   /* session_step has more to do, without waiting */
bool session_reads_files(const struct session *s); /* collector.fd is to be watched */
int64_t session_deadline(const struct session *s); /* when session_tick is due; INT64_MAX never */

#endif
