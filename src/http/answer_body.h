/* answer_body.h - an answer in JSON that is sent as it grows
 *
 *     struct body body;
 *
 *     body_init(&body, rq, 200);
 *     while (there is more) {
 *             write to body.w;
 *             body_pass(&body);
 *     }
 *     body_end(&body);
 *
 * A small answer is sent at the end, in one write and with its length. Of a large one no more than BODY_KEPT bytes
 * and the last value are in memory.
 */
#ifndef CEE_HTTP_ANSWER_BODY_H
#define CEE_HTTP_ANSWER_BODY_H

#include "base/buf.h"
#include "base/json_write.h"
#include "http/request.h"

enum { BODY_KEPT = 65536 };

struct body {
	struct request *rq;
	int status;
	struct buf b;	      /* not sent yet */
	struct json_writer w; /* into b */
	size_t sent;
};
/* b must stay where it is until body_end. */
void body_init(struct body *body, struct request *rq, int status);
/* Sends the buffered bytes, if there are many. */
void body_pass(struct body *body);
/* Sends the rest and a line break, and releases b. */
void body_end(struct body *body);

#endif
