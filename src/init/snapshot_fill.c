/* snapshot_fill.c - writing a snapshot's files into a test's folder (snapshot_fill.h) */
#include "init/snapshot_fill.h"

#include "init/failure.h"
#include "wire/frame.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Mapped, not read: the supervisor's own memory at the time of the fork counts in its program's
 * peak. */
int snapshot_fill(struct intake *in, int fd, char *text)
{
	struct stat st;
	unsigned char *p;
	struct frame f;
	size_t size, n;
	int r = 0;

	if (fstat(fd, &st))
		return init_fail(text, "snapshot: %s", strerror(errno));
	size = (size_t)st.st_size;
	p = size ? mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0) : NULL;
	if (p == MAP_FAILED)
		return init_fail(text, "snapshot: %s", strerror(errno));
	for (size_t at = 0; !r && at < size; at += n) {
		n = frame_at(p + at, size - at, &f);
		if (!n)
			r = init_fail(text, "snapshot: truncated");
		else if (f.type == FRAME_FILE)
			r = intake_file(in, f.data, f.len, text);
		else
			r = intake_data(in, f.data, f.len, text);
	}
	if (p)
		munmap(p, size);
	return r;
}
