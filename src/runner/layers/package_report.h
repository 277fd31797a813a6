/* package_report.h - the report of a package box, and the verdict on it */
#ifndef RUNNER_PACKAGE_REPORT_H
#define RUNNER_PACKAGE_REPORT_H

#include "base/buf.h"
#include "base/limit.h"
#include "runner/layers/layer_answer.h"
#include "wire/frame.h"
#include "wire/payload.h"

#include <stdbool.h>
#include <stddef.h>

struct package_report {
	bool ended[PHASE_COUNT];
	struct frame_end end[PHASE_COUNT];
	bool gap;		   /* bytes of the tree, the lock file or the manifest are missing */
	char trouble[200];	   /* cee-init's report of its own failure, or "" */
	struct buf output;	   /* of the programs in the box, for people */
	struct buf lock, manifest; /* the lock file (fetched), the list of files (unpacked) */
};

void package_report_release(struct package_report *r);
/* Prepares the report for another box: the lock file is kept. */
void package_report_restart(struct package_report *r);

/* READY: the box succeeded. Otherwise message gives the reason, on one line. */
enum layer_answer package_fetch_answer(const struct package_report *r, char *message, size_t size);
enum layer_answer package_unpack_answer(const struct package_report *r, char *message, size_t size);
#endif
