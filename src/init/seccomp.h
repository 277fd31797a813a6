/* seccomp.h - the job's system call filter */
#ifndef CEE_INIT_SECCOMP_H
#define CEE_INIT_SECCOMP_H

#include <stdbool.h>

/* Loads the job's filter into the calling process; it cannot be removed. strict: there is no
 * cell, so calls that reach other processes by number are refused too. pinned: the program
 * must stay on its processor. -1 and errno. */
int filter_load(bool strict, bool pinned);

#endif
