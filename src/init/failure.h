/* failure.h - how cee-init reports what failed: a line of text in a buffer of the caller's */
#ifndef CEE_INIT_FAILURE_H
#define CEE_INIT_FAILURE_H

enum { INIT_TEXT = 512 };

/* Formats a line into text (INIT_TEXT bytes) and returns -1. */
int init_fail(char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
