/* program_pipes.c - the three descriptors of a program, and init's ends of them (program_pipes.h) */
#include "init/program_pipes.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static void clear(struct program_pipes *p, int theirs[3])
{
	*p = (struct program_pipes){ .input = -1, .output = { -1, -1 }, .tty = -1 };
	theirs[0] = theirs[1] = theirs[2] = -1;
}

void program_tty_resize(int tty, const struct tty_size *size)
{
	struct winsize w = { .ws_row = size->rows, .ws_col = size->columns };

	if (tty >= 0 && w.ws_row && w.ws_col)
		ioctl(tty, TIOCSWINSZ, &w);
}

/* The terminal is from the box's devpts, so that the program can open it by name; there is no
 * other job in the box. */
int program_tty(struct program_pipes *p, const struct tty_size *size, int theirs[3])
{
	int zero = 0, master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios t;

	clear(p, theirs);
	p->output[0] = master;
	if (master < 0 || ioctl(master, TIOCSPTLCK, &zero))
		return -1;
	p->tty = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	p->input = fcntl(master, F_DUPFD_CLOEXEC, 3);
	if (p->tty < 0 || p->input < 0 || tcgetattr(p->tty, &t))
		return -1;
	t.c_iflag |= IUTF8;
	if (tcsetattr(p->tty, TCSANOW, &t))
		return -1;
	program_tty_resize(p->tty, size);
	for (int i = 0; i < 3; i++)
		if ((theirs[i] = fcntl(p->tty, F_DUPFD_CLOEXEC, 3)) < 0)
			return -1;
	return 0;
}

static int make_pipe(int *own, int *theirs, int own_end)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC))
		return -1;
	*own = p[own_end];
	*theirs = p[!own_end];
	fcntl(*own, F_SETFL, O_NONBLOCK);
	return 0;
}

int program_pipes(struct program_pipes *p, bool input, size_t outputs, int theirs[3])
{
	clear(p, theirs);
	if (input && make_pipe(&p->input, &theirs[0], 1))
		return -1;
	if (!input && (theirs[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
		return -1;
	for (size_t i = 0; i < outputs; i++)
		if (make_pipe(&p->output[i], &theirs[1 + i], 0))
			return -1;
	if (outputs == 1)
		theirs[2] = fcntl(theirs[1], F_DUPFD_CLOEXEC, 3);
	return theirs[2] < 0 ? -1 : 0;
}
