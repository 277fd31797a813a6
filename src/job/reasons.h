/* reasons.h - the states of a job, and the reasons why jobs end
 *
 * Each state and each reason is one line in the tables below, from which `make generate` updates
 * openapi.json, the page and the tests' driver. Names never change, since results with them are
 * kept for years.
 */
#ifndef CEE_JOB_REASONS_H
#define CEE_JOB_REASONS_H

/* S(id, name in results and in HTTP, title on the page) */
#define STATES(S)                                                                                                      \
	S(CREATED, "Created", "Waiting")                                                                               \
	S(PENDING, "Pending", "Waiting")                                                                               \
	S(EXECUTING, "Executing", "Running")                                                                           \
	S(FINISHED, "Finished", "Finished")                                                                            \
	S(FAILED, "Failed", "Failed")                                                                                  \
	S(CANCELLED, "Cancelled", "Stopped")
enum state {
#define S(id, name, title) STATE_##id,
	STATES(S)
#undef S
		STATE_COUNT
};
extern const char *const state_name[STATE_COUNT];
extern const char *const state_names; /* all, for messages: "Created, Pending, ..." */

/* R(id, name in results, state, exit status of cee-submit -w or STATUS_OWN: the program's own,
 * STATUS_SIGNAL: 128 + its signal, title on the page) */
#define REASONS(R)                                                                                                     \
	R(EXITED, "exited", FINISHED, STATUS_OWN, "Finished")                                                          \
	R(SIGNALLED, "signalled", FINISHED, STATUS_SIGNAL, "Ended by a signal")                                        \
	R(TIME_LIMIT, "time limit", FINISHED, 124, "Time limit")                                                       \
	R(MEMORY_LIMIT, "memory limit", FINISHED, 137, "Memory limit")                                                 \
	R(OUTPUT_LIMIT, "output limit", FINISHED, 137, "Output limit")                                                 \
	R(PROCESS_LIMIT, "process limit", FINISHED, STATUS_OWN, "Process limit")                                       \
	R(DISK_LIMIT, "disk limit", FINISHED, STATUS_OWN, "Disk limit")                                                \
	R(COMPILE_ERROR, "compile error", FAILED, 126, "Compile error")                                                \
	R(PACKAGE_ERROR, "package error", FAILED, 126, "Package error")                                                \
	R(SESSION_ENDED, "session ended", FINISHED, 0, "Session ended")                                                \
	R(CANCELLED, "cancelled", CANCELLED, 130, "Stopped")                                                           \
	R(EXPIRED, "expired", FAILED, STATUS_INTERNAL, "Expired")                                                      \
	R(LOST, "lost", FAILED, STATUS_INTERNAL, "Lost")                                                               \
	R(BOX_DIED, "box died", FAILED, STATUS_INTERNAL, "The box died")                                               \
	R(REFUSED, "refused", FAILED, STATUS_INTERNAL, "Refused")                                                      \
	R(INTERNAL_ERROR, "internal error", FAILED, STATUS_INTERNAL, "Internal error")
enum reason {
#define R(id, name, state, status, title) REASON_##id,
	REASONS(R)
#undef R
		REASON_COUNT
};
extern const char *const reason_name[REASON_COUNT];
extern const enum state reason_state[REASON_COUNT];

enum { STATUS_OWN = -1, STATUS_SIGNAL = -2, STATUS_INTERNAL = 125 }; /* INTERNAL: cee failed, not the program */
extern const int reason_status[REASON_COUNT];			     /* the table of cee(7) */

#endif
