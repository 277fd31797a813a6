/* cell_follow.h - waiting for a cell of a session while its reader listens */
#ifndef HTTP_CELL_FOLLOW_H
#define HTTP_CELL_FOLLOW_H

#include "base/error.h"
#include "cli/session_cell.h"
#include "http/reader.h"

struct cell_follower {
	cell_fn take;
	void (*flush)(void *arg); /* before each wait; or NULL */
	void (*beat)(void *arg);  /* writes something, by which a reader that has gone is noticed */
};

/* CELL_RUNS: the reader has gone. */
enum cell_how cell_follow(struct cell_reader *r, struct reader *reader, const struct cell_follower *f, void *arg,
			  struct cee_err *e);

#endif
