/* output.c - output without end, in bad forms, by those who should be dead, and forged frames
 *
 * Their goal is told on the other stream where the flood is on one: "got" means that all of it was kept.
 */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

enum { FLOOD = 2 * MB };

static void flood(int fd, const char *text, size_t size)
{
	for (size_t n = 0; n < FLOOD; n += size)
		if (write(fd, text, size) < 0)
			refused("write");
	dprintf(fd == 1 ? 2 : 1, "got: %d MiB were taken\n", FLOOD / MB);
	_exit(0);
}

static char block[64 * KB];

static void flood_stdout(void)
{
	memset(block, 'o', sizeof block);
	block[sizeof block - 1] = '\n';
	flood(1, block, sizeof block);
}

static void flood_stderr(void)
{
	memset(block, 'e', sizeof block);
	block[sizeof block - 1] = '\n';
	flood(2, block, sizeof block);
}

static void one_line(void)
{
	memset(block, 'x', sizeof block);
	flood(1, block, sizeof block);
}

static void zeros(void)
{
	flood(1, block, sizeof block);
}

static void binary(void)
{
	for (size_t i = 0; i < sizeof block; i++)
		block[i] = (char)(i * 2654435761u >> 13);
	flood(1, block, sizeof block);
}

/* Half of a character at each end, overlong forms, surrogates. */
static void bad_text(void)
{
	for (size_t i = 0; i < sizeof block; i += 8)
		memcpy(block + i, "\xe2\x82\xc0\xaf\xed\xa0\x80\xf5", 8);
	flood(1, block, sizeof block);
}

/* A byte a call: a frame for each would cost more than it carries. */
static void drops(void)
{
	for (int n = 0; n < 200000; n++)
		if (write(1 + n % 2, "x", 1) < 0)
			refused("write");
	_exit(0);
}

/* What a terminal would do: clear, set its title, report itself, run what it was told to. */
static void escapes(void)
{
	printf("\033c\033[2J\033]0;owned\007\033[6n\033P$q\"p\033\\\033]52;c;b3duZWQ=\007\033[21t\x9b"
	       "6n\r\b\b\n");
	fflush(stdout);
	_exit(0);
}

static void stop_at_once(void)
{
	memset(block, 'x', sizeof block);
	for (;;)
		(void)!write(1, block, sizeof block);
}

/* ---- descriptors ------------------------------------------------------------------------- */

/* DONE and END frames, as cee-init would send them, to whatever there is; then an end of its own. */
static void forge_frames(void)
{
	unsigned char frame[128] = { 0 };
	char path[64];

	for (int kind = 0; kind < 64; kind++) {
		frame[0] = (unsigned char)kind;
		frame[4] = 96;
		for (int fd = 3; fd < 300; fd++)
			(void)!write(fd, frame, 104);
		(void)!write(1, frame, 104);
		(void)!write(2, frame, 104);
	}
	for (int pid = 0; pid < 32; pid++)
		for (int fd = 0; fd < 32; fd++) {
			snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
			int f = pid == getpid() || !pid ? -1 : open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

			if (f >= 0 && write(f, frame, 104) > 0 && pid != getppid())
				_exit(8);
		}
	_exit(9);
}

static void reads_own_output(void)
{
	char c;

	fcntl(1, F_SETFL, O_NONBLOCK);
	refused_if(read(1, &c, 1) <= 0 && read(2, &c, 1) <= 0, "read of an output");
	got("read what was written");
}

static void closes_all(void)
{
	for (int fd = 0; fd < 1024; fd++)
		close(fd);
	_exit(3);
}

/* Output closed, the program goes on: its end is still its own. */
static void closes_output(void)
{
	close(1);
	close(2);
	pause_ms(200);
	_exit(7);
}

/* Child and grandchild write after their parent's end. */
static void orphans_write(void)
{
	if (!fork()) {
		setsid();
		if (!fork())
			for (;;) {
				(void)!write(1, "late words\n", 11);
				pause_ms(1);
			}
		_exit(0);
	}
	pause_ms(20);
	_exit(0);
}

/* The pipe is made small and blocking off, then full: who reads must not spin nor wait. */
static void odd_pipes(void)
{
	fcntl(1, F_SETPIPE_SZ, 4096);
	fcntl(1, F_SETFL, O_NONBLOCK);
	memset(block, 'p', sizeof block);
	for (int n = 0; n < 2000; n++)
		if (write(1, block, sizeof block) < 0 && errno == EAGAIN)
			poll(NULL, 0, 0);
	_exit(7);
}

/* Puts its outputs and its input elsewhere. */
static void swaps(void)
{
	dup2(1, 0);
	dup2(2, 1);
	dup2(0, 2);
	(void)!write(0, "to an input\n", 12);
	(void)!write(1, "to the other\n", 13);
	_exit(7);
}

static void never_reads(void)
{
	pause_ms(300);
	_exit(7);
}

/* Types into the terminal of whoever stands above it. */
static void types(void)
{
	int ok = 0;

	for (int fd = 0; fd < 3; fd++)
		ok |= !ioctl(fd, TIOCSTI, "x");
	refused_if(!ok, "TIOCSTI");
	got("typed");
}

static void takes_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	int console = open("/dev/console", O_RDWR | O_CLOEXEC | O_NOCTTY);

	refused_if(fd < 0 && console < 0, "/dev/tty, /dev/console");
	got("a terminal that is not its own");
}

const struct hostile output_rows[] = {
	{ "flood-stdout", "much standard output", "output=64K", "exited 0; dropped", "limits output=8M", flood_stdout,
	  0 },
	{ "flood-stderr", "much standard error", "output=64K", "exited 0; dropped", "limits output=8M", flood_stderr,
	  0 },
	{ "one-line", "one long line", "output=64K", "exited 0; dropped", "limits output=8M", one_line, 0 },
	{ "zeros", "NULs", "output=64K", "exited 0; dropped", "limits output=8M", zeros, 0 },
	{ "binary", "bytes of all values", "output=64K", "exited 0; dropped", "limits output=8M", binary, 0 },
	{ "bad-text", "bytes that look like UTF-8 and are not", "output=64K", "exited 0; dropped", "limits output=8M",
	  bad_text, 0 },
	{ "drops", "200,000 bytes, each by a call of its own", "output=64K wall=20", "exited 0; dropped",
	  "none its cost counts", drops, 0 },
	{ "escapes", "sequences that a terminal obeys", 0, "exited 0", "same", escapes, 0 },
	{ "output-stop", "output without end, to be stopped at its limit", "output=64K stop=output", "output limit",
	  "none it ends by the limit alone", stop_at_once, "compile" },
	{ "output-spin", "output without end, until its time is over", "output=64K cpu=300ms",
	  "time limit; hit cpu; dropped", "none it ends by time alone", stop_at_once, 0 },
	{ "forge-frames", "frames of cee-init's to every descriptor", 0, "exited 9", "same", forge_frames, 0 },
	{ "reads-own-output", "reads its outputs", 0, 0, "none a pipe's other end is nobody's to have",
	  reads_own_output, 0 },
	{ "closes-all", "closes every descriptor", 0, "exited 3", "same", closes_all, 0 },
	{ "closes-output", "closes its outputs and goes on", 0, "exited 7", "same", closes_output, 0 },
	{ "orphans-write", "orphans write after the end", 0, "exited 0", "none only what comes after counts",
	  orphans_write, 0 },
	{ "odd-pipes", "small pipes that do not block", "output=64K", "exited 7", "same", odd_pipes, 0 },
	{ "swaps", "exchanges its descriptors", 0, "exited 7", "same", swaps, 0 },
	{ "never-reads", "does not read its large input", 0, "exited 7", "same", never_reads, 0 },
	{ "types", "types into a terminal", 0, 0, "none the tests have no terminal to lose", types, 0 },
	{ "takes-terminal", "opens the terminals of others", 0, 0, "container", takes_terminal, 0 },
	{ 0 }
};
