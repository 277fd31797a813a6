/* stdin_pump.h - standard input on its way into a running job
 *
 *     stdin_pump_init; stdin_pump_open before a box is asked for; stdin_pump_send whenever there may be more
 *     to send or more credit; stdin_pump_release
 */
#ifndef RUNNER_STDIN_PUMP_H
#define RUNNER_STDIN_PUMP_H

#include "engine/attach.h"
#include "spool/attempt.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stdin_pump {
	struct spool *spool;
	const char *owner, *id;	   /* borrowed */
	const unsigned char *text; /* the input when it comes with the job, borrowed */
	size_t text_len;
	int fd;			/* in/ID, or -1: from the text */
	int taken;		/* N/taken, or -1 */
	int64_t sent, reported; /* bytes sent to the box, and the length of N/taken, which lags behind */
	size_t credit;		/* bytes that init still accepts */
	bool ended;		/* STDIN_END is sent */
};
void stdin_pump_init(struct stdin_pump *p);
void stdin_pump_release(struct stdin_pump *p);
/* The input comes with the job: len bytes that stay valid until the release. */
void stdin_pump_text(struct stdin_pump *p, const void *text, size_t len);
/* The input comes through in/ID. s, owner and id stay valid until the release. NULL, or why the job cannot be run. */
const char *stdin_pump_open(struct stdin_pump *p, struct spool *s, const char *owner, const char *id,
			    struct spool_attempt *a);
/* Sends the available input, as far as credit allows, and its end once. An error ends the job. */
enum stdin_error {
	STDIN_OK,
	STDIN_TOO_LARGE, /* the file has more than max bytes */
	STDIN_LOST	 /* a part of it no longer exists */
};
enum stdin_error stdin_pump_send(struct stdin_pump *p, struct attach *a, int64_t max);
#endif
