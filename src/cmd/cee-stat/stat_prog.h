/* stat_prog.h - cee-stat's options */
#ifndef CEE_CMD_STAT_PROG_H
#define CEE_CMD_STAT_PROG_H

#include "cli/client.h"
#include "job/compose.h"
#include "spool/follow.h"

#include <stdbool.h>
#include <stdint.h>

struct stat_prog {
	struct client c;
	struct follow f;
	bool json, wait, all;
	bool lines;  /* several jobs: a line each */
	bool headed; /* the table's head is printed */
	bool warned;
	struct strings labels; /* --label: a job must have all of them */
	int64_t since_us;      /* --since, epoch; 0 not given */
};

#endif
