/* c-live.c - stdout line by line, as on a terminal, and prompts before input is waited for
 *
 * Compiled while the image is built, and linked into each program of C and C++. libstdbuf.so would do the same, but as
 * a preload it costs each start 60 us, is seen by every program that this one starts, and stops AddressSanitizer, which
 * must be the first library. CEE_LIVE is not set for a job with "buffer": "full".
 */
#include <stdio.h>
#include <stdlib.h>

static void live(void) __attribute__((constructor));
static void live(void)
{
	if (!getenv("CEE_LIVE"))
		return;
	setvbuf(stdin, NULL, _IOLBF, 0); /* reading from it writes out what stdout holds */
	setvbuf(stdout, NULL, _IOLBF, 0);
}
