/* stat_print.c - printing functions of cee-stat (stat_print.h) */
#include "cmd/cee-stat/stat_print.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "base/limit.h"
#include "base/text.h"
#include "cli/prog.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void out(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vprintf(fmt, ap) < 0)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
	va_end(ap);
}

void out_json(struct json_writer *w)
{
	json_close(w, '}');
	if (json_end_line(w) < 0)
		prog_die(EX_OSERR, "out of memory");
	if (fwrite(w->out->data, 1, w->out->len, stdout) < w->out->len)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
}

void out_flush(void)
{
	if (fflush(stdout) < 0)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
}

/* Neutralises text from a runner or a box. */
const char *clean(char *s)
{
	if (s)
		text_clean(s);
	return s ? s : "";
}

void put_clock(const char *what, int64_t us)
{
	time_t t = (time_t)(us / 1000000);
	char text[64] = "";
	struct tm tm;

	if (us <= 0)
		return;
	if (localtime_r(&t, &tm))
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
	out("%-9s %s.%03d\n", what, text, (int)(us / 1000 % 1000));
}

double seconds(int64_t us)
{
	return (double)us / 1e6;
}

void size_text(char text[LIMIT_TEXT_MAX], int64_t bytes)
{
	static const char unit[] = "BKMGT";
	double n = (double)bytes;
	int u = 0;

	while (n >= 1024 && unit[u + 1]) {
		n /= 1024;
		u++;
	}
	snprintf(text, LIMIT_TEXT_MAX, u ? "%.1f %c%s" : "%.0f %c%s", n, unit[u], u ? "iB" : "");
}
