/* runner_socket.c - the socket on which the runner waits for cee-init (runner_socket.h) */
#include "init/runner_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int runner_socket(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = RUNNER_SOCKET_FOLDER "/socket" };
	int fd;

	if (!getenv("CEE_SOCKET"))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	dprintf(2, "cee-init: no socket to the runner, so the engine passes everything on: %s\n", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}
