/* disconnect.c - ?on_disconnect=cancel: a task that ends when its reader goes */
#include "http/disconnect.h"
#include "conf/token.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/request.h"

#include <stdbool.h>
#include <string.h>

bool disconnect_asked(struct request *rq, bool *cancel)
{
	const char *text = cgi_query(&rq->cgi, "on_disconnect");

	*cancel = text && strcmp(text, "cancel") == 0;
	if (text && !*cancel && strcmp(text, "continue") != 0)
		answer_problem(rq, 400, "on_disconnect: must be cancel or continue");
	else if (*cancel && !(rq->scopes & SCOPE_SUBMIT))
		answer_problem(rq, 403, "on_disconnect=cancel: requires the scope submit");
	else
		return true;
	return false;
}
