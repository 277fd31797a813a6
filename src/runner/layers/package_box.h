/* package_box.h - one package box: a box in which packages are fetched, or one in which they are unpacked
 *
 * package_box_start, then the user hears from it through its operations: any number of tree (fetching) or credit
 * (unpacking), then once either done, with the report filled in, or failed. package_box_drop at any time, also after
 * these two, removes the box; nothing is heard after it.
 */
#ifndef RUNNER_PACKAGE_BOX_H
#define RUNNER_PACKAGE_BOX_H

#include "conf/conf.h"
#include "job/language.h"
#include "runner/box/box.h"
#include "runner/layers/package_report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a box is for. All of it but folder must stay until package_box_drop. */
struct package_task {
	const struct conf *conf;
	const struct lang *lang;
	const char *framework;
	const char *request; /* fetch: JSON for the package client; NULL: unpack */
	const char *folder;  /* unpack: the folder of the host that gets the tree; read by package_box_start alone */
};
struct package_box_ops {
	void (*tree)(void *arg, const void *data, size_t len); /* the next bytes of the packed tree */
	void (*credit)(void *arg, uint32_t bytes);	       /* it takes so many more: package_box_send */
	void (*done)(void *arg);
	void (*failed)(void *arg, const char *reason);
};
struct package_box {
	struct box *box; /* NULL: none is there */
	struct package_task task;
	struct package_report report;
	const struct package_box_ops *ops;
	void *arg;
};

enum {
	PACKAGE_UNPACK_US = 120000000,	/* that packing and unpacking may take */
	PACKAGE_BOX_SLACK_US = 30000000 /* for making the box */
};

/* -1 ENOMEM; nothing is heard then. */
int package_box_start(struct package_box *p, struct boxes *boxes, const struct package_task *task);
/* Bytes of the packed tree, for the one that unpacks; last: no more will come. -1 ENOMEM. */
int package_box_send(struct package_box *p, const void *data, size_t len, bool last);
void package_box_flush(struct package_box *p);
void package_box_drop(struct package_box *p); /* does nothing if there is none */
#endif
