/* id.c - the id of a job: a UUID with the time in front
 *
 * 48 bits of milliseconds, then 12 bits of the fraction of the millisecond
 * (method 3 of section 6.2), then 62 random bits: the form of version 7 (RFC 9562, section 5.7), but
 * with the digit of version 4, since many libraries know only versions 1 to 5 and
 * refuse others. To a reader it is then a random UUID. Within a process time stamps
 * rise strictly, so that ids sort in the order of their creation, even
 * when many are made in a microsecond or the clock steps back.
 */
#include "base/id.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* Milliseconds << 12 | fraction, larger than the previous stamp. */
static uint64_t next_stamp(void)
{
	static _Atomic uint64_t last;
	struct timespec t;
	uint64_t stamp, before = atomic_load(&last);

	clock_gettime(CLOCK_REALTIME, &t);
	stamp = ((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000) << 12 |
		(uint64_t)(t.tv_nsec % 1000000) * 4096 / 1000000;
	do {
		if (stamp <= before)
			stamp = before + 1;
	} while (!atomic_compare_exchange_weak(&last, &before, stamp));
	return stamp;
}

static void random_bytes(void *p, size_t len)
{
	/* up to 256 bytes are complete once the pool is ready; a signal may interrupt before */
	while (getrandom(p, len, 0) != (ssize_t)len)
		if (errno != EINTR)
			abort(); /* a predictable or repeated id would be worse */
}

void id_make(char id[ID_LEN + 1])
{
	uint64_t stamp = next_stamp(), r;

	random_bytes(&r, sizeof r);
	snprintf(id, ID_LEN + 1, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(stamp >> 28 & 0xFFFFFFFF),
		 (unsigned)(stamp >> 12 & 0xFFFF), (unsigned)(0x4000 | (stamp & 0xFFF)),
		 (unsigned)(0x8000 | (r >> 48 & 0x3FFF)), (unsigned long long)(r & 0xFFFFFFFFFFFF));
}

bool id_valid(const char *s)
{
	for (int i = 0; i < ID_LEN; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s[i] != '-')
				return false;
		} else if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f'))) {
			return false; /* also at the end of a string that is too short */
		}
	}
	return s[ID_LEN] == '\0' && (s[14] == '4' || s[14] == '7') && memchr("89ab", s[19], 4);
}

int64_t id_time_us(const char *id)
{
	unsigned hi, lo, frac;

	if (!id_valid(id) || sscanf(id, "%8x-%4x-%*1x%3x", &hi, &lo, &frac) != 3)
		return 0;
	return (int64_t)((uint64_t)hi << 16 | lo) * 1000 + frac * 1000 / 4096;
}
