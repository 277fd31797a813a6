/* private_memory.c - memory of init's that its children do not get (private_memory.h) */
#include "init/private_memory.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void private_memory(void *p, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)p + page - 1) / page * page, to = ((uintptr_t)p + len) / page * page;

	if (to > from)
		madvise((void *)from, to - from, MADV_DONTFORK);
}
