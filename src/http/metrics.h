/* metrics.h - what the runners count, for Prometheus */
#ifndef CEE_HTTP_METRICS_H
#define CEE_HTTP_METRICS_H

#include "http/request.h"

void metrics_get(struct request *rq); /* GET /metrics */

#endif
