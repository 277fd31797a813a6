/* cell_output.h - what a cell of a session has written, gathered for an answer
 *
 *     cell_output_init; cell_output_take as the function of cell_step; cell_output_put; cell_output_release
 */
#ifndef CEE_HTTP_CELL_OUTPUT_H
#define CEE_HTTP_CELL_OUTPUT_H

#include "base/buf.h"
#include "base/json_write.h"
#include "cli/session_cell.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct cell_output {
	struct buf out, err;
	struct buf results;	 /* objects of JSON, with commas */
	struct buf error;	 /* one, or empty */
	struct buf shown, trace; /* the texts of results; the traceback, or the error's name and value */
	char why[32];		 /* of its end; "" before it */
	bool restarted;
	int64_t dropped;
};
/* A cell_fn; arg is a struct cell_output. */
int cell_output_take(void *arg, const char *event, const cJSON *o);
/* Fields of an object: why, stdout, stderr, results, error, dropped, restarted. */
void cell_output_put(const struct cell_output *c, struct json_writer *w);
void cell_output_release(struct cell_output *c);

/* Writes the members of an event but its cell and name. -1 ENOMEM */
int cell_event_members(struct json_writer *w, const cJSON *o);

#endif
