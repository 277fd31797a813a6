/* error.h - an error of the library: one line, "OBJECT: what is wrong (what would be right)"
 *
 * The library never prints: it returns -1, sets errno and fills a cee_err, which the program prints once.
 */
#ifndef CEE_BASE_ERROR_H
#define CEE_BASE_ERROR_H

#include <stdbool.h>

struct cee_err {
	char msg[512];
};

/* Formats into e->msg (control characters replaced), sets errno, returns -1.
 * e may be NULL. */
int cee_fail(struct cee_err *e, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* "out of memory"; ENOMEM, -1 */
int cee_no_memory(struct cee_err *e);

/* The process or the host has no memory or descriptors at the moment, which says nothing of what was asked for: what
 * could not be read must not be taken for missing or damaged. */
bool error_is_passing(int err);

#endif
