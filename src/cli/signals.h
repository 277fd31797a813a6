/* signals.h - records signals while a program waits for a job
 *
 * A signal handler can use only static state, so a process has one record.
 */
#ifndef CEE_CLI_SIGNALS_H
#define CEE_CLI_SIGNALS_H

#include <stdbool.h>

/* From here on INT, TERM, HUP and with quit QUIT are counted instead of ending the program, with resize also changes
 * of the terminal's size are noted, and SIGPIPE is ignored. Signals that were ignored at start stay so. */
void signals_catch(bool quit, bool resize);
int signals_fd(void); /* readable when a signal was caught: for poll */
void signals_drain(void);
int signals_count(void);    /* the number of signals caught */
int signals_last(void);	    /* the last one caught, 0 none */
bool signals_resized(void); /* since the last call */
/* From here on the next signal ends the program at once, with status 128 + its number. */
void signals_let_end(void);
/* Ends the program so now, by the last signal caught. */
void signals_exit(void) __attribute__((noreturn));

#endif
