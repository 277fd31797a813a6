/* signals.h - signals that a program takes note of while it waits for a job
 *
 * A signal's handler can reach only static state, so there is one set of these in a process.
 */
#ifndef CEE_CLI_SIGNALS_H
#define CEE_CLI_SIGNALS_H

#include <stdbool.h>

/* From here on INT, TERM, HUP and with quit QUIT are counted instead of ending the program, with resize also changes
 * of the terminal's size are noted, and SIGPIPE is ignored. Signals that were ignored at start stay so. */
void signals_catch(bool quit, bool resize);
int signals_fd(void); /* readable when one came: for poll */
void signals_drain(void);
int signals_count(void);    /* how many came */
int signals_last(void);	    /* the last that came, 0 none */
bool signals_resized(void); /* since it was asked last */
/* From here on the next signal ends the program at once, with status 128 + its number. */
void signals_let_end(void);
/* Ends it so now, by the last that came. */
void signals_exit(void) __attribute__((noreturn));

#endif
