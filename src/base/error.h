/* error.h - an error of the library: one line that says what is wrong and what would be right */
#ifndef CEE_BASE_ERROR_H
#define CEE_BASE_ERROR_H

struct cee_err {
	char msg[512];
};

/* Formats into e->msg (control characters replaced), sets errno, returns -1.
 * e may be NULL. */
int cee_fail(struct cee_err *e, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
