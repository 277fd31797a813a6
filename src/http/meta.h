/* meta.h - what this engine offers: health, languages, the description of the API */
#ifndef CEE_HTTP_META_H
#define CEE_HTTP_META_H

#include "http/request.h"

void meta_health(struct request *rq);	 /* GET /healthz */
void meta_openapi(struct request *rq);	 /* GET /openapi.json */
void meta_languages(struct request *rq); /* GET /languages */

#endif
