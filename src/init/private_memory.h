/* private_memory.h - memory of init's that its children do not get
 *
 * Data that passes through init must not be visible in a supervisor, which is forked from init,
 * nor in a program, which is a fork of the supervisor until its exec; such data must not count in
 * their peak memory either.
 */
#ifndef CEE_INIT_PRIVATE_MEMORY_H
#define CEE_INIT_PRIVATE_MEMORY_H

#include <stddef.h>

/* The whole pages within [p, p + len) are missing in children: they must not touch them. */
void private_memory(void *p, size_t len);

#endif
