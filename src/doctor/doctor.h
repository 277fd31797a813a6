/* doctor.h - one run of cee-doctor: its options, and the findings so far */
#ifndef CEE_DOCTOR_DOCTOR_H
#define CEE_DOCTOR_DOCTOR_H

#include "base/error.h"
#include "base/loop.h"
#include "engine/docker.h"
#include "engine/engine_info.h"
#include "runner/box/boxes.h"
#include "runner/core/config.h"
#include "runner/host/limit_probe.h"

#include <limits.h>
#include <stdbool.h>

enum { ENGINE_US = 6000000, LEAVE_US = 10000000, SECCOMP_MAX = 1 << 20, STATUS_INTERRUPTED = 130 };

struct probed {
	bool done;
	struct limit_probe_end end;
};

struct doctor {
	const char *conf_path, *spool_path;
	bool json, quiet;
	struct loop loop;
	struct docker docker;
	struct boxes boxes;
	struct limit_probes probes;
	struct config config;
	struct cee_err conf_error, langs_error, seccomp_error; /* "" is fine */
	char spool_real[PATH_MAX], self[40];
	struct watch signals;
	int interrupted;
	bool failed;
	/* determined once, when first needed */
	bool engine_begun, engine_asked, engine_there;
	struct cee_err engine_error; /* from parsing the engine's address */
	bool info_asked, info_there;
	struct engine_info info;
	bool images_asked;
	bool *image_there; /* by language */
	const char *image; /* the first existing one */
	bool box_asked, box_there;
	struct limit_probe_end box; /* the result of limit_probe_bounds, or the reason why it failed */
	struct probed probed;
};

#endif
