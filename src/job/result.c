/* result.c - what happened to a job, and the exit status for it; result_json.c writes and reads it */
#include "job/result.h"
#include "base/limit.h"
#include "job/labels.h"
#include "job/reasons.h"
#include "layers/store.h"
#include "wire/frame_types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

enum { EXIT_MASK = 0xFF, SIGNAL_MASK = 0x7F };

const char *const left_name[LEFT_NAMES] = {
#define F(id, name) [LEFT_##id] = name,
	LEFT_REASONS_TABLE(F)
#undef F
		[LEFT_NO_ROOM] = LEFT_NO_ROOM_NAME,
};

void result_init(struct result *r)
{
	*r = (struct result){ .why = REASON_INTERNAL_ERROR, .exit_code = -1, .processor = -1 };
	for (int p = 0; p < PHASE_COUNT; p++) {
		r->phase[p].exit_code = -1;
		limits_init(&r->phase[p].limits);
	}
}

void result_release(struct result *r)
{
	free(r->message);
	free(r->language);
	free(r->image);
	free(r->runner);
	free(r->box);
	free(r->runtime);
	free(r->network.name);
	for (size_t i = 0; i < r->files.nleft; i++)
		free(r->files.left[i].name);
	layer_packages_release(r->packages, r->npackages);
	free(r->group);
	free(r->key);
	labels_release(r->labels, r->nlabels);
	result_init(r);
}

int result_exit_status(const struct result *r)
{
	int status = reason_status[r->why];

	if (status >= 0)
		return status;
	if (r->exit_code >= 0 && status == STATUS_OWN)
		return r->exit_code & EXIT_MASK;
	if (r->signal > 0)
		return 128 + (r->signal & SIGNAL_MASK);
	/* a limit ended it and no signal or exit code is known: report it as killed */
	return 137;
}

bool result_is_internal(const struct result *r)
{
	return reason_status[r->why] == STATUS_INTERNAL;
}
