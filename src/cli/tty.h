/* tty.h - the user's terminal while a job has one
 *
 * In raw mode typed bytes, including Ctrl-C, go unchanged to the job's terminal, which does the
 * echo, the line editing and the signals. The user's terminal is restored whenever the program
 * ends, except by SIGKILL: at exit, before a stop (SIGTSTP), and by tty_restore, which a signal
 * handler may call.
 */
#ifndef CEE_TTY_H
#define CEE_TTY_H
#include <stdbool.h>

/* Makes standard input raw if it is a terminal and this process is in its foreground. */
void tty_raw(void);
void tty_restore(void);
/* The size of standard output's terminal, else of standard input's; false: neither is a terminal. */
bool tty_size(unsigned *rows, unsigned *columns);

#endif
