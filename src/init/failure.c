/* failure.c - how cee-init reports what failed: a line of text in a buffer of the caller's (failure.h) */
#include "init/failure.h"

#include <stdarg.h>
#include <stdio.h>

int init_fail(char *text, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, INIT_TEXT, fmt, ap);
	va_end(ap);
	return -1;
}
