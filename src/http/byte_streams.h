/* byte_streams.h - output and collected files as bytes */
#ifndef CEE_HTTP_BYTE_STREAMS_H
#define CEE_HTTP_BYTE_STREAMS_H

#include "http/request.h"

#include <stdint.h>

void byte_streams_stdout(struct request *rq); /* GET /tasks/{id}/stdout */
void byte_streams_stderr(struct request *rq); /* GET /tasks/{id}/stderr */
void byte_streams_files(struct request *rq);  /* GET /tasks/{id}/files */
void byte_streams_file(struct request *rq);   /* GET /tasks/{id}/files/{rest} */

/* For the unit test: 1 and the range, 0 the header is ignored (send all), -1 it cannot be
 * satisfied. */
int byte_range(const char *header, int64_t size, int64_t *first, int64_t *last);

#endif
