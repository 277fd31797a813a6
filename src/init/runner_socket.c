/* runner_socket.c - the socket on which the runner waits for cee-init (runner_socket.h) */
#include "init/runner_socket.h"

#include "base/unix_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int runner_socket(void)
{
	int fd;

	if (!getenv("CEE_SOCKET"))
		return -1;
	fd = unix_connect(RUNNER_SOCKET_FOLDER "/socket", 0);
	if (fd < 0)
		dprintf(2, "cee-init: no socket to the runner, so the engine passes everything on: %s\n",
			strerror(errno));
	return fd;
}
