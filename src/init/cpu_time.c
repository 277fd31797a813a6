/* cpu_time.c - the cpu time of this process (cpu_time.h) */
#include "init/cpu_time.h"

#include <time.h>

int64_t own_cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
