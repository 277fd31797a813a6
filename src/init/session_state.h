/* session_state.h - the states of a session, and the frames allowed in each */
#ifndef CEE_INIT_SESSION_STATE_H
#define CEE_INIT_SESSION_STATE_H

#include "wire/frame.h"

#include <stdbool.h>

enum session_state {
	SESSION_IDLE,	    /* no job */
	SESSION_LOADING,    /* JOB has come, GO has not */
	SESSION_LIMIT,	    /* the next phase waits for LIMIT: its memory limit is not in force yet */
	SESSION_PHASE,	    /* a program: see phase.h */
	SESSION_SNAPSHOT,   /* the compiled files are taken, for the tests */
	SESSION_NEXT,	    /* NEXT was sent; waiting for TEST or FINISH */
	SESSION_TEST,	    /* TEST has come, its GO has not */
	SESSION_GO,	    /* GO has come, the test's cell is not filled yet */
	SESSION_COLLECTING, /* all programs have ended; the job's files are being sent */
	SESSION_STATES
};

enum frame_rule { FRAME_REFUSED, FRAME_IGNORED, FRAME_TAKEN };

struct session;

/* The only writer of a session's state. */
void session_enter(struct session *s, enum session_state to);
/* REFUSED: a protocol error in that state. IGNORED: it was sent before the runner could know. */
enum frame_rule session_rule(enum session_state state, enum frame_type type);

#endif
