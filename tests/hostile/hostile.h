/* hostile.h - what the hostile programs in C share; main.c says how they are called
 *
 * A program tries to reach a goal. It ends by got() when it has, which a box must never let happen, and
 * by refused() when it was denied. A bomb that is stopped by a limit ends in neither way. The control
 * of each row runs the same function where the goal can be reached, and there it must end by got().
 */
#ifndef HOSTILE_H
#define HOSTILE_H
#include <stdbool.h>
#include <stddef.h>

enum { KB = 1 << 10, MB = 1 << 20, REFUSED = 3 };

struct hostile {
	const char *name;
	const char *tries;  /* in words */
	const char *limits; /* of the job, "memory=64M cpu=1" */
	/* Verdicts that are right, "exited 3|signalled 9|memory limit": a reason, and the exit code or the signal that
	 * it must come with. After ";" what else must be so, "hit NAME" or "dropped", or "in MODE VERDICT". */
	const char *want;
	/* Where it must reach its goal: "limits X=Y ..." in a box with these limits; "container" as root in a
	 * container with all capabilities and no filter; "host" bare, as whoever runs the tests; "same" bare, and
	 * the end must be the wanted one; "none REASON". */
	const char *control;
	void (*run)(void);
	const char *not_in; /* modes in which it makes no sense: "tests compile" */
};
/* Each ends with a NULL name. */
extern const struct hostile process_rows[], memory_rows[], cpu_rows[], disk_rows[], output_rows[], signal_rows[],
	escape_rows[], network_rows[], socket_rows[], end_rows[], kernel_rows[];

void got(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void refused(const char *what) __attribute__((noreturn)); /* errno says why */
void refused_if(bool no, const char *what);
void pause_ms(long ms);
/* A child that does work() and then stays; its pid, or -1. */
int stay(void (*work)(void));
bool can_open(const char *path, int flags); /* opens and closes it */
/* Writes text into an existing file; false when that is denied. */
bool can_write(const char *path, const char *text);
#endif
