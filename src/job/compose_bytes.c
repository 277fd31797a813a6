/* compose_bytes.c - bytes of a job: read from a path, written as text or, where JSON cannot hold them, as base64 */
#include "job/compose_bytes.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/json_write.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_text(const struct buf *in)
{
	return in->len == 0 || (!memchr(in->data, 0, in->len) && utf8_valid(in->data, in->len));
}

int compose_put_bytes(struct json_writer *w, const char *as_text, const char *as_base64, const struct buf *in)
{
	AUTO_FREE char *coded = NULL;

	if (is_text(in)) {
		json_put_bytes(w, as_text, in->data ? in->data : "", in->len);
		return 0;
	}
	coded = base64_encode((const unsigned char *)in->data, in->len);
	if (!coded)
		return -1;
	json_put_text(w, as_base64, coded);
	return 0;
}

/* Accepts any readable file, also a pipe (cee-submit <(…)); never more than max bytes. */
int compose_read(const char *path, size_t max, struct buf *in, bool *executable, struct cee_err *e)
{
	bool standard = strcmp(path, "-") == 0;
	AUTO_CLOSE int own = standard ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int fd = standard ? STDIN_FILENO : own;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return cee_fail(e, errno, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return cee_fail(e, EISDIR, "%s: is a directory; name the files in it", path);
	*executable = S_ISREG(st.st_mode) && (st.st_mode & 0111);
	if (read_fd(fd, max, in) == 0)
		return 0;
	if (errno == EFBIG)
		return cee_fail(e, EFBIG, "%s: is larger than a job may be (%zu bytes, max_job of cee.conf)", path,
				max);
	return cee_fail(e, errno == ENOMEM ? ENOMEM : EIO, "%s: %s", path, strerror(errno));
}
