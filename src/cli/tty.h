/* tty.h - our terminal while a job has one
 *
 * Raw, what is typed goes to the job's terminal as it is, Ctrl-C too, and that one does what
 * terminals do: it echoes, edits lines, makes signals. Ours is as it was again on every way out
 * but SIGKILL: at exit, before a stop (SIGTSTP), and by tty_restore, which a handler may call.
 */
#ifndef CEE_TTY_H
#define CEE_TTY_H
#include <stdbool.h>

/* Standard input becomes raw when it is a terminal of which we are in the foreground. */
void tty_raw(void);
void tty_restore(void);
/* Of standard output's terminal, else of input's; false when neither is one. */
bool tty_size(unsigned *rows, unsigned *columns);

#endif
