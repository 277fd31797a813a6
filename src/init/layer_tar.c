/* layer_tar.c - cee-init as a program in package boxes: fetch, pack, unpack (layer_tar.h)
 *
 * Rules of unpack: the stream is untrusted. Only regular files, folders and links, no devices,
 * no hard links, no bits beyond rwx; names without control characters, each part made beneath
 * the folder before it (intake.c); the number of files and bytes is limited. The tree gets modes
 * that let everybody read it and the runner remove it.
 */
#include "init/layer_tar.h"

#include "init/collect_walk.h"
#include "init/failure.h"
#include "init/intake.h"
#include "init/sha256.h"
#include "wire/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_MAX = 512 << 10, BAD = 65, INTERNAL = 70 };

static int complain(int status, const char *what, const char *why)
{
	dprintf(2, "%.200s: %.200s\n", what, why);
	return status;
}

static uint64_t number(const char *s)
{
	return s ? strtoull(s, NULL, 10) : 0;
}

/* ---- fetch --------------------------------------------------------------------- */

static int fetch(char **argv)
{
	int fd = open(argv[0], O_RDONLY | O_NOFOLLOW);

	if (fd < 0 || dup2(fd, 0) < 0 || unlink(argv[0]))
		return complain(INTERNAL, argv[0], strerror(errno));
	if (fd > 0)
		close(fd);
	execvp(argv[1], argv + 1);
	return complain(INTERNAL, argv[1], strerror(errno));
}

/* ---- pack ------------------------------------------------------------------------- */

static int put_lock(int dir)
{
	int fd = openat(dir, "lock.json", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char bytes[LOCK_MAX + 1];
	size_t n = 0;
	struct stat st;
	ssize_t r = 1;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > LOCK_MAX)
		return complain(INTERNAL, "lock.json", "the package client left none");
	while (r > 0 && n < LOCK_MAX) {
		r = read(fd, bytes + n, LOCK_MAX - n);
		n += r > 0 ? (size_t)r : 0;
	}
	close(fd);
	for (size_t done = 0; done < n; done += (size_t)r)
		if ((r = write(2, bytes + done, n - done)) <= 0)
			return INTERNAL;
	return 0;
}

static int pack(char **argv)
{
	struct collect_request what = { .everything = 1, .files = number(argv[0]), .bytes = number(argv[1]) };
	int dir = open("layer", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;

	if (dir < 0)
		return complain(INTERNAL, "layer", "the package client left none");
	r = put_lock(dir);
	if (r == 0)
		collect_walk(dir, &what, NULL, 0, 1);
	return r;
}

/* ---- unpack -------------------------------------------------------------------------- */

struct unpack {
	struct intake intake; /* creates the files that the frames describe */
	struct sha256 hash;
	char kind; /* of the current file: f, d, l; 0 none */
	char name[COLLECT_NAME_MAX + 1];
	uint64_t size, left;   /* of the current file: its bytes, and those still missing */
	uint64_t files, bytes; /* how many are still allowed */
	bool done;
};

static int bad(const char *what, const char *why)
{
	return complain(BAD, what, why);
}

static void put_line(const struct unpack *u, const char *digest)
{
	static const char zeros[65] = "0000000000000000000000000000000000000000000000000000000000000000";

	printf("%c %s %llu %s\n", u->kind, digest ? digest : zeros, (unsigned long long)u->size, u->name);
}

static int end_file(struct unpack *u)
{
	char digest[65];

	if (u->left)
		return 0;
	sha256_end(&u->hash, digest);
	put_line(u, u->kind == 'd' ? NULL : digest);
	u->kind = 0;
	return 0;
}

static int begin_file(struct unpack *u, const unsigned char *p, size_t len)
{
	char text[INIT_TEXT] = "";
	struct frame_file f;
	struct payload own;

	if (u->kind || !frame_unpack_file(p, len, &f) || f.name_len > COLLECT_NAME_MAX)
		return bad("unpack", "invalid FILE frame");
	memcpy(u->name, f.name, f.name_len);
	u->name[f.name_len] = '\0';
	for (const char *s = u->name; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return bad("unpack", "a name with a control character");
	u->kind = S_ISDIR(f.mode) ? 'd' : S_ISLNK(f.mode) ? 'l' : 'f';
	u->size = u->left = u->kind == 'd' ? 0 : f.size;
	if (u->files-- == 0 || u->size > u->bytes)
		return bad(u->name, "more files or bytes than a layer may have");
	u->bytes -= u->size;
	f.mode = u->kind == 'd' ? S_IFDIR | 0777 : u->kind == 'l' ? S_IFLNK | 0777 : f.mode & 0100 ? 0755 : 0644;
	frame_pack_file(&own, &f);
	sha256_begin(&u->hash);
	if (intake_file(&u->intake, own.data, own.len, text))
		return bad(u->name, text);
	return end_file(u);
}

static int take_data(struct unpack *u, const struct frame *f)
{
	char text[INIT_TEXT] = "";

	if (!u->kind || !f->len || f->len > u->left)
		return bad("unpack", "more data than the file's size");
	u->left -= f->len;
	sha256_add(&u->hash, f->data, f->len);
	if (intake_data(&u->intake, f->data, f->len, text))
		return bad(u->name, text);
	return end_file(u);
}

static int take_left(const struct frame *f)
{
	static const char *const why[LEFT_REASONS] = {
		[LEFT_COUNT] = "more files than a layer may have",
		[LEFT_BYTES] = "more bytes than a layer may have",
		[LEFT_NAME] = "its name is too long or too deep",
		[LEFT_TYPE] = "neither file, folder nor link",
		[LEFT_CHANGED] = "it changed",
		[LEFT_UNREADABLE] = "it cannot be read",
		[LEFT_MORE] = "and more",
		[LEFT_SEARCH] = "looking through the tree took too long",
	};
	struct frame_left l;
	char name[200];

	if (!frame_unpack_left(f->data, f->len, &l))
		return bad("unpack", "invalid LEFT frame");
	snprintf(name, sizeof name, "%.*s", (int)l.name_len, l.name);
	return bad(name, why[l.reason]);
}

static int take_frame(struct unpack *u, const struct frame *f)
{
	if (u->done)
		return bad("unpack", "a frame after the end");
	switch ((unsigned)f->type) {
	case FRAME_FILE:
		return begin_file(u, f->data, f->len);
	case FRAME_DATA:
		return take_data(u, f);
	case FRAME_LEFT:
		return take_left(f);
	case FRAME_DONE:
		u->done = true;
		return u->kind ? bad("unpack", "the end in the middle of a file") : 0;
	default:
		return bad("unpack", "unexpected frame");
	}
}

static int read_frames(struct unpack *u, struct frame_parser *parser)
{
	unsigned char bytes[65536], *p;
	struct frame f;
	size_t used;
	ssize_t n;
	int r;

	while ((n = read(0, bytes, sizeof bytes)) > 0)
		for (p = bytes; n > 0; p += used, n -= (ssize_t)used) {
			r = frame_feed(parser, p, (size_t)n, &used, &f);
			if (r < 0)
				return bad("unpack", "malformed frame");
			if (r > 0 && (r = take_frame(u, &f)))
				return r;
		}
	return u->done ? 0 : bad("unpack", "the stream was cut short");
}

static int unpack(char **argv)
{
	struct unpack u = { .files = number(argv[1]), .bytes = number(argv[2]) };
	struct frame_parser parser;
	int r;

	intake_init(&u.intake);
	u.intake.folder = open(argv[0], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (u.intake.folder < 0)
		return complain(INTERNAL, argv[0], strerror(errno));
	umask(0);
	frame_parser_init(&parser);
	r = read_frames(&u, &parser);
	if (!r && syncfs(u.intake.folder) && errno != EPERM && errno != ENOSYS)
		r = complain(INTERNAL, "sync", strerror(errno));
	intake_release(&u.intake);
	return r ? r : fflush(stdout) ? INTERNAL : 0;
}

int layer_program(int argc, char **argv)
{
	if (argc >= 3 && !strcmp(argv[0], "fetch"))
		return fetch(argv + 1);
	if (argc == 3 && !strcmp(argv[0], "pack"))
		return pack(argv + 1);
	if (argc == 4 && !strcmp(argv[0], "unpack"))
		return unpack(argv + 1);
	return -1;
}
