/* work.c - what one run of cee-lang works with: progress on standard output, and ending the
 * program */
#include "images/work.h"
#include "images/engine_client.h"
#include "images/source.h"

#include <stdarg.h>
#include <stdio.h>

void work_say(struct work *w, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	printf("%s%s%s\n", w->stage, *w->stage ? ": " : "", text);
	fflush(stdout);
}

void work_release(struct work *w)
{
	engine_client_close(&w->engine);
	source_apt_release(&w->apt);
}
