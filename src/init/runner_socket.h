/* runner_socket.h - the socket on which the runner waits for cee-init
 *
 * Its folder is mounted in this box alone, and the runner removes both as soon as this process has connected, before
 * any job: what is left is a name that nobody can open.
 */
#ifndef CEE_INIT_RUNNER_SOCKET_H
#define CEE_INIT_RUNNER_SOCKET_H

#define RUNNER_SOCKET_FOLDER "/.cee/socket"

/* Connects where the environment says that there is one (CEE_SOCKET). -1: frames go over standard input and output; where
 * the socket is refused, by a security module for instance, standard error has why. */
int runner_socket(void);

#endif
