/* package_box.h - one package box: a box that fetches packages, or one that unpacks them
 *
 * package_box_start, then the box calls its user's operations: tree (fetching) or credit (unpacking) any number of
 * times, then once either done, with the report filled in, or failed. package_box_drop removes the box at any time,
 * also after these two; no operation is called after it.
 */
#ifndef RUNNER_PACKAGE_BOX_H
#define RUNNER_PACKAGE_BOX_H

#include "base/error.h"
#include "conf/conf.h"
#include "job/language.h"
#include "runner/box/box.h"
#include "runner/layers/package_report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The purpose of a box. Everything except folder must remain valid until package_box_drop. */
struct package_task {
	const struct conf *conf;
	const struct lang *lang;
	const char *framework;
	const char *request; /* fetch: JSON for the package client; NULL: unpack */
	const char *folder;  /* unpack: the host folder for the tree; only package_box_start reads this */
};
struct package_box_ops {
	void (*tree)(void *arg, const void *data, size_t len); /* the next bytes of the packed tree */
	void (*credit)(void *arg, uint32_t bytes); /* the box accepts this many more bytes by package_box_send */
	void (*done)(void *arg);
	void (*failed)(void *arg, const char *reason);
};
struct package_box {
	struct box *box; /* NULL: no box */
	struct package_task task;
	bool gated; /* the box has a network */
	struct package_report report;
	const struct package_box_ops *ops;
	void *arg;
};

enum {
	PACKAGE_UNPACK_US = 120000000,	/* time limit of packing and unpacking */
	PACKAGE_BOX_SLACK_US = 30000000 /* for making the box */
};

/* -1: e says why there is no box; no operation is called then. */
int package_box_start(struct package_box *p, struct boxes *boxes, const struct package_task *task, struct cee_err *e);
/* Sends bytes of the packed tree to an unpacking box; last: these are the last bytes. -1 ENOMEM. */
int package_box_send(struct package_box *p, const void *data, size_t len, bool last);
void package_box_flush(struct package_box *p);
void package_box_drop(struct package_box *p); /* does nothing if there is none */
#endif
