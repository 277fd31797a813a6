/* log.h - the log on standard error: one line per event, as text or JSON; in the journal with fields as well */
#ifndef RUNNER_LOG_H
#define RUNNER_LOG_H
#include <stdbool.h>

void log_init(bool json);
void log_off(void); /* for programs other than daemons */
/* Pairs of name and value, ended by NULL; a NULL value leaves its pair out.
 * event is a word: "start", "engine", "job", "box" … */
void log_event(const char *event, ...) __attribute__((sentinel));
/* A number as text, in one of a few rotating buffers: for arguments of log_event. */
const char *log_number(long long n);
#endif
