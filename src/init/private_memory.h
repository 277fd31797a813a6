/* private_memory.h - memory of init's that its children do not get
 *
 * What passes through init does not belong into a supervisor, which is a copy of it, nor into a
 * program, which is a copy of that until its exec: they must not find it there, and it must
 * not count in their peak of memory.
 */
#ifndef CEE_INIT_PRIVATE_MEMORY_H
#define CEE_INIT_PRIVATE_MEMORY_H

#include <stddef.h>

/* The whole pages within [p, p + len) are missing in children: they must not touch them. */
void private_memory(void *p, size_t len);

#endif
