/* supervisor_main.h - process 1 of a cell */
#ifndef CEE_INIT_SUPERVISOR_MAIN_H
#define CEE_INIT_SUPERVISOR_MAIN_H

#include <sys/types.h>

/* Builds nothing yet: takes orders (orders.h) from sock until it closes. uid, gid: the box's
 * user, from before the namespaces. */
void supervisor_main(int sock, uid_t uid, gid_t gid) __attribute__((noreturn));

#endif
