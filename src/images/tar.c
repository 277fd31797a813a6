/* tar.c - the build context of an image, as a tar stream (tar.h), by libarchive
 *
 * Symbolic links are stored as links and never followed, except for the path that
 * the language file itself names. Sockets, pipes and devices are left out.
 */
#include "images/tar.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fail(struct archive *a, struct cee_err *err, const char *what)
{
	return cee_fail(err, EIO, "%s: %s", what, archive_error_string(a));
}

static int put_text(struct archive *a, const char *name, const char *text, struct cee_err *err)
{
	struct archive_entry *e = archive_entry_new();
	int r = 0;

	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_size(e, (la_int64_t)strlen(text));
	if (archive_write_header(a, e) != ARCHIVE_OK ||
	    archive_write_data(a, text, strlen(text)) != (la_ssize_t)strlen(text))
		r = fail(a, err, name);
	archive_entry_free(e);
	return r;
}

/* Writes exactly size bytes of a file, as its header says; fails if the file shrinks meanwhile. */
static int put_content(struct archive *a, const char *path, int64_t size, struct cee_err *err)
{
	char block[1 << 16];
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int64_t left = size;

	if (fd < 0)
		return cee_fail(err, errno, "%s: %s", path, strerror(errno));
	while (left > 0) {
		ssize_t got = read(fd, block, left < (int64_t)sizeof block ? (size_t)left : sizeof block);

		if (got <= 0)
			return cee_fail(err, EIO, "%s: changed while it was read (try again)", path);
		if (archive_write_data(a, block, (size_t)got) != got)
			return fail(a, err, path);
		left -= got;
	}
	return 0;
}

static int put_entry(struct archive *a, struct archive_entry *e, const char *root, const char *to, struct cee_err *err)
{
	const char *path = archive_entry_sourcepath(e);
	mode_t type = archive_entry_filetype(e), mode = archive_entry_perm(e);
	AUTO_BUF struct buf name = { 0 };

	if (type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK)
		return 0;
	if (buf_printf(&name, "%s%s", to, path + strlen(root)) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	mode = (mode & 0755) | 0444 | (type == AE_IFDIR || (mode & 0100) ? 0111 : 0);
	archive_entry_set_pathname(e, name.data);
	archive_entry_set_perm(e, type == AE_IFLNK ? 0777 : mode);
	archive_entry_set_uid(e, 0);
	archive_entry_set_gid(e, 0);
	archive_entry_set_hardlink(e, NULL);
	if (archive_write_header(a, e) != ARCHIVE_OK)
		return fail(a, err, path);
	return type == AE_IFREG ? put_content(a, path, archive_entry_size(e), err) : 0;
}

static int put_tree(struct archive *a, const char *root, const char *to, struct cee_err *err)
{
	struct archive *disk = archive_read_disk_new();
	struct archive_entry *e = archive_entry_new();
	int r = 0, got = ARCHIVE_OK;

	archive_read_disk_set_symlink_physical(disk);
	archive_read_disk_set_behavior(disk, ARCHIVE_READDISK_NO_XATTR | ARCHIVE_READDISK_NO_ACL |
						     ARCHIVE_READDISK_NO_FFLAGS);
	if (archive_read_disk_open(disk, root) != ARCHIVE_OK)
		r = fail(disk, err, root);
	while (r == 0 && (got = archive_read_next_header2(disk, e)) == ARCHIVE_OK) {
		r = put_entry(a, e, root, to, err);
		archive_read_disk_descend(disk);
	}
	if (r == 0 && got != ARCHIVE_EOF)
		r = fail(disk, err, root);
	archive_entry_free(e);
	archive_read_free(disk);
	return r;
}

int tar_context(int fd, const char *dockerfile, char *const *paths, size_t n, struct cee_err *err)
{
	struct archive *a = archive_write_new();
	char to[32];
	int r;

	archive_write_set_format_pax_restricted(a);
	archive_write_add_filter_none(a);
	r = archive_write_open_fd(a, fd) == ARCHIVE_OK ? 0 : fail(a, err, "build context");
	if (r == 0)
		r = put_text(a, "Dockerfile", dockerfile, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		snprintf(to, sizeof to, "host/%zu", i);
		r = put_tree(a, paths[i], to, err);
	}
	if (archive_write_close(a) != ARCHIVE_OK && r == 0)
		r = fail(a, err, "build context");
	archive_write_free(a);
	return r;
}
