/* prog.c - what every command of cee does alike (prog.h)
 *
 * The only part of the library that prints. What comes from jobs, from files
 * and from other users may hold escape sequences: whatever goes to a terminal
 * passes through here and loses them.
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

const char *prog_name = "cee";
int prog_failure;

/* What stdio still holds, or has lost: a full disk is no success. */
static void output_end(void)
{
	bool lost = ferror(stdout);

	if (fflush(stdout) == 0 && !lost)
		return;
	prog_error("standard output: %s", lost ? "some of it could not be written" : strerror(errno));
	_exit(EX_IOERR);
}

void prog_init(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	int fd;

	if (argv0 && *argv0)
		prog_name = slash ? slash + 1 : argv0;
	/* A file opened in the place of a closed standard stream would get our messages. What
	 * stands there can be read or written only the wrong way round: it is missed, not silent. */
	do
		fd = open("/dev/null", (fcntl(STDIN_FILENO, F_GETFD) < 0 ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
	atexit(output_end);
}

static void message(const char *fmt, va_list ap)
{
	char text[2048];
	AUTO_BUF struct buf line = { 0 };

	vsnprintf(text, sizeof text, fmt, ap);
	text_clean(text);
	/* one write: lines of several programs on one terminal stay whole */
	if (buf_printf(&line, "%s: %s\n", prog_name, text) == 0)
		write_full(STDERR_FILENO, line.data, line.len);
}

void prog_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
}

void prog_die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
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
	prog_die(EX_USAGE, "%s; \"%s --help\" says how it is used", text, prog_name);
}

int prog_getopt(int argc, char **argv, const char *letters, const struct option *options)
{
	bool prefix = *letters == '-' || *letters == '+';
	char own[128];
	int opt;

	/* ':' makes getopt tell a missing value from an unknown option */
	snprintf(own, sizeof own, "%.1s:%s", prefix ? letters : "", letters + prefix);
	opterr = 0;
	opt = getopt_long(argc, argv, own, options, NULL);
	if (opt == ':')
		prog_usage("%s: its value is missing", argv[optind - 1]);
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

/* The bytes of a character whose rest has not come yet, for stdout and stderr: the
 * pieces of a stream are cut anywhere, and half a character must neither be shown
 * as garbage nor let a control character through in two halves. */
static struct carry {
	char b[4];
	size_t n;
} carry[3];

static int escape(struct buf *out, unsigned char c)
{
	if (c < 0x20 || c == 0x7F)
		return buf_printf(out, "^%c", c ^ 0x40);
	return buf_printf(out, "\\x%02X", c);
}

/* May the bytes at s be the beginning of a character that is cut off? */
static bool half_char(const char *s, size_t len)
{
	unsigned char c = (unsigned char)s[0];
	size_t want = c >= 0xC2 && c <= 0xDF ? 2 : c >= 0xE0 && c <= 0xEF ? 3 : c >= 0xF0 && c <= 0xF4 ? 4 : 0;

	if (len >= want)
		return false;
	for (size_t i = 1; i < len; i++)
		if (((unsigned char)s[i] & 0xC0) != 0x80)
			return false;
	return true;
}

/* Appends what may be shown of s; says how many bytes were taken (a cut-off character
 * at the end is not), or -1. */
static ssize_t clean(struct buf *out, const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t n = s[i] == '\n' || s[i] == '\t' ? 1 : utf8_printable(s + i, len - i);
		if (n == 0 && half_char(s + i, len - i))
			break;
		if (n > 0 ? buf_add(out, s + i, n) : escape(out, (unsigned char)s[i]))
			return -1;
		i += n > 0 ? n : 1;
	}
	return (ssize_t)i;
}

/* What never became a character is shown as its bytes. */
static void carry_flush(void)
{
	for (int fd = 1; fd <= 2; fd++) {
		AUTO_BUF struct buf out = { 0 };
		for (size_t i = 0; i < carry[fd].n; i++)
			escape(&out, (unsigned char)carry[fd].b[i]);
		carry[fd].n = 0;
		if (out.len > 0)
			write_full(fd, out.data, out.len);
	}
}

static int carry_rest(int fd, struct buf *out, const char *s, size_t len)
{
	static bool registered;

	if (fd < 1 || fd > 2 || len >= sizeof carry[0].b) {
		for (size_t i = 0; i < len; i++)
			if (escape(out, (unsigned char)s[i]) < 0)
				return -1;
		return 0;
	}
	if (len > 0 && !registered)
		registered = atexit(carry_flush) == 0;
	memcpy(carry[fd].b, s, len);
	carry[fd].n = len;
	return 0;
}

int prog_write(int fd, bool neutralise, const void *data, size_t len)
{
	AUTO_BUF struct buf in = { 0 }, out = { 0 };
	ssize_t taken;

	if (!neutralise)
		return write_full(fd, data, len);
	if (fd >= 1 && fd <= 2) {
		if (buf_add(&in, carry[fd].b, carry[fd].n) < 0)
			return -1;
		carry[fd].n = 0;
	}
	if (buf_add(&in, data, len) < 0)
		return -1;
	taken = clean(&out, in.data, in.len);
	if (taken < 0 || carry_rest(fd, &out, in.data + taken, in.len - (size_t)taken) < 0)
		return -1;
	return write_full(fd, out.data, out.len);
}
