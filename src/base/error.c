/* error.c - formats an error of one line; control characters become '?', since it may quote untrusted text */
#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int cee_fail(struct cee_err *e, int err, const char *fmt, ...)
{
	va_list ap;

	if (e) {
		va_start(ap, fmt);
		vsnprintf(e->msg, sizeof e->msg, fmt, ap);
		va_end(ap);
		text_clean(e->msg);
	}
	errno = err;
	return -1;
}

int cee_no_memory(struct cee_err *e)
{
	return cee_fail(e, ENOMEM, "out of memory");
}

bool error_is_passing(int err)
{
	return err == ENOMEM || err == EMFILE || err == ENFILE;
}
