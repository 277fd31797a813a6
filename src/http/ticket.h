/* ticket.h - tickets: permission to read one task for a while, for browsers, whose EventSource sends no token
 *
 * "EXPIRES.OWNER.MAC": the expiry in seconds since the epoch, the task's owner, and an HMAC-SHA-256 of
 * both and of the task's id with a key that only cee-http has. A ticket is sent in a URL's query, so the
 * sample server configurations keep queries out of logs.
 */
#ifndef CEE_TICKET_H
#define CEE_TICKET_H

#include "base/json_write.h"
#include "http/request.h"
#include "spool/owner_name.h"

#include <stdbool.h>
#include <stdint.h>

enum { TICKET_KEY = 32, TICKET_MAX = 20 + 1 + OWNER_MAX + 1 + 64 + 1 };

/* No I/O. */
void ticket_format(char text[TICKET_MAX], const unsigned char key[TICKET_KEY], const char *owner, const char *id,
		   int64_t expires_s);
/* True, with the task's owner in owner, if text is a valid ticket for the task id at now_s. */
bool ticket_parse(char owner[OWNER_MAX], const unsigned char key[TICKET_KEY], const char *text, const char *id,
		  int64_t now_s);

/* These use the key in http_state, and create it when it is missing. */
bool ticket_make(struct request *rq, char text[TICKET_MAX], const char *id); /* false: the server's log says why */
void ticket_put(struct request *rq, struct json_writer *w, const char *id);  /* "ticket":"…", if one can be made */
bool ticket_check(struct request *rq, const char *text);		     /* for rq->id; true: rq's owner is set */
#endif
