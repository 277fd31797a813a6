/* prog.c - common parts of all programs (prog.h)
 *
 * Text from jobs, files and other users may contain escape sequences. They are removed from messages
 * here, from output in sink.c.
 */
#include "cli/prog.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* State of the process, set by main: the name in messages, and the exit status of errors. */
const char *prog_name = "cee";
int prog_failure;
static bool died; /* prog_die has said why: lost output is not reported besides */

/* Flushes stdio and reports lost output: a full disk must not look like success. */
static void output_end(void)
{
	bool lost = ferror(stdout);

	if ((fflush(stdout) == 0 && !lost) || died)
		return;
	prog_error("standard output: %s", lost ? "some output could not be written" : strerror(errno));
	_exit(EX_IOERR);
}

void prog_init(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	int fd;

	if (argv0 && *argv0)
		prog_name = slash ? slash + 1 : argv0;
	/* A file opened in the place of a closed standard stream would get our messages. The
	 * replacement is opened in the wrong direction, so that using it fails instead of passing
	 * unnoticed. */
	do
		fd = open("/dev/null", (fcntl(STDIN_FILENO, F_GETFD) < 0 ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
	atexit(output_end);
}

__attribute__((format(printf, 1, 0))) static void message(const char *fmt, va_list ap)
{
	char text[2048], line[sizeof text + 64];
	int n;

	vsnprintf(text, sizeof text, fmt, ap);
	text_clean(text);
	/* one write: lines of several programs on one terminal are not mixed */
	n = snprintf(line, sizeof line, "%.60s: %s\n", prog_name, text); /* memory may be what is missing */
	write_full(STDERR_FILENO, line, (size_t)n);
}

void prog_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
}

int prog_status(int status)
{
	switch (errno) {
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EIO:
	case EAGAIN:
	case ENOSPC:
	case EDQUOT:
	case EROFS: /* after an error of the disk, until somebody repairs it */
		return EX_OSERR;
	default:
		return status;
	}
}

int prog_config_status(void)
{
	return prog_status(EX_CONFIG);
}

void prog_die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
	died = true;
	exit(prog_failure ? prog_failure : status);
}

void prog_help(const char *text)
{
	size_t len = strlen(text);

	if (write_full(STDOUT_FILENO, text, len) < 0 ||
	    (len > 0 && text[len - 1] != '\n' && write_full(STDOUT_FILENO, "\n", 1) < 0))
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
	exit(EXIT_SUCCESS);
}

void prog_version(void)
{
	AUTO_BUF struct buf line = { 0 };

	if (buf_printf(&line, "%s (cee) %s\n", prog_name, CEE_VERSION) < 0 ||
	    write_full(STDOUT_FILENO, line.data, line.len) < 0)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
	exit(EXIT_SUCCESS);
}

void prog_usage(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	prog_die(EX_USAGE, "%s; see \"%s --help\"", text, prog_name);
}

int prog_getopt(int argc, char **argv, const char *letters, const struct option *options)
{
	bool prefix = *letters == '-' || *letters == '+';
	char own[128];
	int opt;

	/* ':' makes getopt distinguish a missing value from an unknown option */
	snprintf(own, sizeof own, "%.1s:%s", prefix ? letters : "", letters + prefix);
	opterr = 0;
	opt = getopt_long(argc, argv, own, options, NULL);
	if (opt == ':')
		prog_usage("%s: missing value", argv[optind - 1]);
	if (opt == '?' && optopt && strncmp(argv[optind - 1], "--", 2) == 0)
		prog_usage("%s: this option takes no value", argv[optind - 1]);
	if (opt == '?' && optopt)
		prog_usage("-%c: no such option", optopt);
	if (opt == '?')
		prog_usage("%s: no such option", argv[optind - 1]);
	return opt;
}

bool prog_colour(int fd)
{
	const char *no = getenv("NO_COLOR");

	return isatty(fd) && !(no && *no);
}
