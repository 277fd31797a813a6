/* page.h - the page and its parts */
#ifndef CEE_HTTP_PAGE_H
#define CEE_HTTP_PAGE_H

#include "http/request.h"

void page_index(struct request *rq); /* GET / */
void page_part(struct request *rq);  /* GET /page/{rest} */
void page_embed(struct request *rq); /* GET /embed.js */

#endif
