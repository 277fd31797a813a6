/* disconnect.h - ?on_disconnect=cancel: a task that ends when its reader goes */
#ifndef CEE_HTTP_DISCONNECT_H
#define CEE_HTTP_DISCONNECT_H

#include "http/request.h"

#include <stdbool.h>

/* Sets *cancel. False: the value is invalid or not allowed, and is answered. */
bool disconnect_asked(struct request *rq, bool *cancel);

#endif
