/* tty.c - the user's terminal while a job has one (tty.h) */
#include "cli/tty.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* Static, since a signal handler restores the terminal. */
static struct {
	struct termios before; /* the original settings; valid when known */
	volatile sig_atomic_t known, is_raw;
} terminal;

/* Uses async-signal-safe functions only. */
void tty_restore(void)
{
	if (terminal.is_raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.before);
	terminal.is_raw = 0;
}

static void make_raw(void)
{
	struct termios t = terminal.before;

	/* in the background tcsetattr would stop this process; leave the terminal to the foreground */
	if (tcgetpgrp(STDIN_FILENO) != getpgrp())
		return;
	t.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	t.c_oflag &= ~(tcflag_t)OPOST;
	t.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	terminal.is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &t) == 0;
}

/* SIGTSTP was sent by a process: in raw mode Ctrl-Z is a byte. */
static void on_stop(int sig)
{
	int saved = errno;

	(void)sig;
	tty_restore();
	kill(getpid(), SIGSTOP);
	make_raw();
	errno = saved;
}

void tty_raw(void)
{
	struct sigaction sa = { .sa_handler = on_stop };

	if (terminal.known || tcgetattr(STDIN_FILENO, &terminal.before) < 0)
		return;
	terminal.known = 1;
	atexit(tty_restore);
	sigaction(SIGTSTP, &sa, NULL);
	make_raw();
}

bool tty_size(unsigned *rows, unsigned *columns)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) < 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &w) < 0)
		return false;
	*rows = w.ws_row;
	*columns = w.ws_col;
	return w.ws_row > 0 && w.ws_col > 0;
}
