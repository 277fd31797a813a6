/* admission.h - what every request passes before it is answered
 *
 *     if (admission_open(rq) && admission_caller(rq, needs, false) && admission_place(rq))
 *             answer
 */
#ifndef CEE_HTTP_ADMISSION_H
#define CEE_HTTP_ADMISSION_H

#include "http/request.h"

#include <stdbool.h>

/* Each returns false when it has answered. */

/* Reads the configuration, refuses a Host that is not this server's, bounds the memory, and adds the headers that
 * pages of other sites need. */
bool admission_open(struct request *rq);
/* Opens the spool and identifies the caller; needs and by_ticket as in auth.h. */
bool admission_caller(struct request *rq, unsigned needs, bool by_ticket);
/* Takes one of the caller's places for requests at once. */
bool admission_place(struct request *rq);

#endif
