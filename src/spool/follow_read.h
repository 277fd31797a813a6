/* follow_read.h - reading the output of one followed attempt (private to follow.c) */
#ifndef CEE_SPOOL_FOLLOW_READ_H
#define CEE_SPOOL_FOLLOW_READ_H

#include "spool/follow.h"

/* Hands out all unread output of the open attempt. -1: errno of fn or the system; EPROTO the log is damaged. */
int follow_drain(struct follow *f, follow_fn fn, void *arg);
void follow_stream_reset(struct follow_stream *t); /* to the beginning of the stream */
void follow_stream_close(struct follow_stream *t);

#endif
