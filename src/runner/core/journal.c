/* journal.c - the native protocol of systemd's journal */
#include "runner/core/journal.h"
#include "base/fd.h"

#include <ctype.h>
#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

bool journal_has_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == device && st.st_ino == inode;
}

int journal_open(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		close_ptr(&fd);
	return fd;
}

void journal_name(char field[JOURNAL_NAME_MAX], const char *name)
{
	snprintf(field, JOURNAL_NAME_MAX, "CEE_%s", name);
	for (char *p = field; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
}

/* A value with a line break has its length in front, as 64 bits in little-endian order. */
int journal_field(struct buf *b, const char *field, const char *value, size_t len)
{
	uint64_t size = htole64(len);
	bool lines = memchr(value, '\n', len) != NULL;

	if (buf_printf(b, lines ? "%s\n" : "%s=", field) < 0 || (lines && buf_add(b, &size, sizeof(size)) < 0))
		return -1;
	return buf_add(b, value, len) < 0 ? -1 : buf_add(b, "\n", 1);
}

int journal_send(int fd, const struct buf *b)
{
	return send(fd, b->data, b->len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -1 : 0;
}
