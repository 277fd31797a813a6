/* unix_socket.h - connecting to a Unix socket */
#ifndef CEE_BASE_UNIX_SOCKET_H
#define CEE_BASE_UNIX_SOCKET_H

/* A stream to the socket of that path, closed on exec. flags: 0 or SOCK_NONBLOCK. -1 and errno; ENAMETOOLONG: sun_path
 * has no room for it (unix(7)). */
int unix_connect(const char *path, int flags);

#endif
