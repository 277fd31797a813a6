/* id.h - ids of jobs: a UUID of version 7, RFC 9562 section 5.7 */
#ifndef CEE_BASE_ID_H
#define CEE_BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

enum { ID_LEN = 36 };
/* Writes 36 lower-case characters and a NUL. Within a process ids rise. */
void id_make(char id[ID_LEN + 1]);
bool id_valid(const char *s);	    /* exactly a lower-case UUID of version 7 */
int64_t id_time_us(const char *id); /* its time stamp; microseconds since the epoch */

#endif
