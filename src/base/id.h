/* id.h - ids of jobs: a UUID with the time in front, in the form of version 7 (RFC 9562, section 5.7) */
#ifndef CEE_BASE_ID_H
#define CEE_BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

enum { ID_LEN = 36 };
/* Writes 36 lower-case characters and a NUL. Within a process ids rise. */
void id_make(char id[ID_LEN + 1]);
/* Exactly a lower-case UUID of version 4 or 7; ids were of version 7 once, and clients may choose such. That the
 * time stands in front of one of version 4 cannot be seen. */
bool id_valid(const char *s);
int64_t id_time_us(const char *id); /* its time stamp; microseconds since the epoch */

#endif
