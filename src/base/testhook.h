/* testhook.h - where tests stop a process */
#ifndef CEE_BASE_TESTHOOK_H
#define CEE_BASE_TESTHOOK_H

/* For crash tests: stops this process (SIGSTOP, once) when $CEE_STOP_AT is this transition. */
void spool_hook(const char *transition);

#endif
