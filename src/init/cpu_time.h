/* cpu_time.h - the cpu time of this process */
#ifndef CEE_INIT_CPU_TIME_H
#define CEE_INIT_CPU_TIME_H

#include <stdint.h>

int64_t own_cpu_us(void); /* microseconds, user and system, without its children */

#endif
