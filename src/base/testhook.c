/* testhook.c - stops a process at a named transition, so that a test can kill it there */
#include "base/testhook.h"

#include <linux/magic.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

void spool_hook(const char *transition)
{
	static bool stopped;
	const char *at = getenv("CEE_STOP_AT");

	if (at && !stopped && strcmp(at, transition) == 0) {
		stopped = true;
		raise(SIGSTOP);
	}
}
