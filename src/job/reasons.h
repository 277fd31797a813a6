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

/* W(id, name in results, state, exit status of cee-submit -w or STATUS_OWN: the program's own,
 * STATUS_SIGNAL: 128 + its signal, title on the page) */
#define WHYS(W)                                                                                                        \
	W(EXITED, "exited", FINISHED, STATUS_OWN, "Finished")                                                          \
	W(SIGNALLED, "signalled", FINISHED, STATUS_SIGNAL, "Ended by a signal")                                        \
	W(TIME_LIMIT, "time limit", FINISHED, 124, "Time limit")                                                       \
	W(MEMORY_LIMIT, "memory limit", FINISHED, 137, "Memory limit")                                                 \
	W(OUTPUT_LIMIT, "output limit", FINISHED, 137, "Output limit")                                                 \
	W(PROCESS_LIMIT, "process limit", FINISHED, STATUS_OWN, "Process limit")                                       \
	W(DISK_LIMIT, "disk limit", FINISHED, STATUS_OWN, "Disk limit")                                                \
	W(COMPILE_ERROR, "compile error", FAILED, 126, "Compile error")                                                \
	W(PACKAGE_ERROR, "package error", FAILED, 126, "Package error")                                                \
	W(CANCELLED, "cancelled", CANCELLED, 130, "Stopped")                                                           \
	W(EXPIRED, "expired", FAILED, STATUS_OURS, "Expired")                                                          \
	W(LOST, "lost", FAILED, STATUS_OURS, "Lost")                                                                   \
	W(BOX_DIED, "box died", FAILED, STATUS_OURS, "The box died")                                                   \
	W(REFUSED, "refused", FAILED, STATUS_OURS, "Refused")                                                          \
	W(INTERNAL_ERROR, "internal error", FAILED, STATUS_OURS, "Internal error")
enum why {
#define W(id, name, state, status, title) WHY_##id,
	WHYS(W)
#undef W
		WHY_COUNT
};
extern const char *const why_name[WHY_COUNT];
extern const enum state why_state[WHY_COUNT];

enum { STATUS_OWN = -1, STATUS_SIGNAL = -2, STATUS_OURS = 125 }; /* OURS: cee failed, not the program */
extern const int why_status[WHY_COUNT];				 /* the table of cee(7) */

#endif
