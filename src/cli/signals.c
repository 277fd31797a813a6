/* signals.c - records signals while a program waits for a job (signals.h)
 *
 * The handler counts, writes a byte that wakes the poll, and ends the program once signals_let_end was
 * called. A blocking write is interrupted (no SA_RESTART), so that a signal is noticed then too.
 */
#include "cli/signals.h"
#include "cli/prog.h"
#include "cli/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	volatile sig_atomic_t count, last, ends, resized;
	int wake[2];
} caught = { .wake = { -1, -1 } };

static void wake(void)
{
	if (write(caught.wake[1], "", 1) < 0) { /* if the pipe is full, poll wakes anyway */
	}
}

static void on_signal(int sig)
{
	int saved = errno;

	caught.count++;
	caught.last = sig;
	if (caught.ends)
		signals_exit();
	wake();
	errno = saved;
}

static void on_resize(int sig)
{
	int saved = errno;

	(void)sig;
	caught.resized = 1;
	wake();
	errno = saved;
}

void signals_catch(bool quit, bool resize)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	size_t n = sizeof numbers / sizeof *numbers - (quit ? 0 : 1);
	struct sigaction sa = { .sa_handler = on_signal }, old;

	if (pipe2(caught.wake, O_CLOEXEC | O_NONBLOCK) < 0)
		prog_die(EX_OSERR, "pipe: %s", strerror(errno));
	for (size_t i = 0; i < n; i++) {
		/* ignored at start: by nohup, or by a shell in the background */
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(numbers[i], &sa, NULL);
	}
	sa.sa_handler = on_resize;
	if (resize)
		sigaction(SIGWINCH, &sa, NULL);
	signal(SIGPIPE, SIG_IGN); /* the job must be cancelled before the program ends */
}

int signals_fd(void)
{
	return caught.wake[0];
}

void signals_drain(void)
{
	char bytes[16];

	while (read(caught.wake[0], bytes, sizeof bytes) > 0)
		;
}

int signals_count(void)
{
	return caught.count;
}

int signals_last(void)
{
	return caught.last;
}

bool signals_resized(void)
{
	bool resized = caught.resized;

	caught.resized = 0;
	return resized;
}

void signals_let_end(void)
{
	caught.ends = 1;
}

void signals_exit(void)
{
	tty_restore();
	_exit(128 + caught.last);
}
