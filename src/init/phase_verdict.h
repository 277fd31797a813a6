/* phase_verdict.h - how a phase ended, from what is known of its program */
#ifndef CEE_INIT_PHASE_VERDICT_H
#define CEE_INIT_PHASE_VERDICT_H

#include "wire/frame.h"

#include <stdbool.h>
#include <stdint.h>

enum { NO_REASON = -1 };

struct phase_facts {
	int status;	   /* as waitpid gives it */
	int reason;	   /* enum frame_how for which init killed it, or NO_REASON */
	bool oom_kills;	   /* the kernel killed for memory */
	bool over_memory;  /* it has used more than its memory, and no kernel's limit kept it from that */
	uint64_t exceeded; /* bit set of enum limit_id */
};

/* Adds to *exceeded the limits that the program's end shows. */
enum frame_how phase_verdict(const struct phase_facts *f, uint64_t *exceeded);

#endif
