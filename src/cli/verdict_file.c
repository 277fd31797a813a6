/* verdict_file.c - where --verdict writes a job's result (verdict_file.h) */
#include "cli/verdict_file.h"
#include "base/fd.h"
#include "cli/prog.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int verdict_descriptor(const char *number)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(number, &end, 10);
	if (*number < '0' || *number > '9' || *end || errno || n > INT_MAX || fcntl((int)n, F_GETFD) < 0)
		prog_usage("--verdict fd:%s: must be the number of an open descriptor", number);
	if ((fcntl((int)n, F_GETFL) & O_ACCMODE) == O_RDONLY)
		prog_usage("--verdict fd:%s: this descriptor is open for reading only", number);
	return (int)n;
}

int verdict_file_open(const char *where)
{
	int fd;

	if (strncmp(where, "fd:", 3) == 0)
		return verdict_descriptor(where + 3);
	fd = open(where, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666);
	if (fd < 0)
		prog_die(EX_CANTCREAT, "--verdict %s: %s", where, strerror(errno));
	return fd;
}

void verdict_file_write(int fd, const char *text, size_t len)
{
	if (fd >= 0 && write_full(fd, text, len) < 0)
		prog_error("--verdict: the result could not be written: %s", strerror(errno));
}
