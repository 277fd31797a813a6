/* layer.c - what cee-init does as a program in package boxes: fetch, pack, unpack
 *
 * Layers are made in two boxes (src/runner/layers/package_box.c), in which this program is mounted a
 * second time, since in a cell its first name shows something else:
 *
 *     fetch REQUEST ARGV…     runs the language's package client with REQUEST, a file of
 *                             /work, on its standard input; that file is gone then
 *     pack FILES BYTES        writes the folder `layer` of /work to standard output as frames
 *                             (carry.c's) and its lock.json to standard error
 *     unpack FOLDER FILES BYTES   reads such frames from standard input and makes the tree;
 *                             its manifest goes to standard output (layer_tree.c of libcee reads it)
 *
 * Rules of unpack: what comes is a stranger's. Only regular files, folders and links, no
 * devices, no hard links, no bits beyond rwx; names without control characters, each part
 * made beneath the folder before it (cell.c); so many files and bytes and no more. The tree
 * is given modes that let everybody read it and its owner's neighbours remove it.
 */
#include "init/init.h"
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

enum { LOCK_MAX = 512 << 10, NAME_BYTES = 1024, BAD = 65, OURS = 70 };

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
		return complain(OURS, argv[0], strerror(errno));
	if (fd > 0)
		close(fd);
	execvp(argv[1], argv + 1);
	return complain(OURS, argv[1], strerror(errno));
}

/* ---- pack ------------------------------------------------------------------------- */

static int put_lock(int dir)
{
	int fd = openat(dir, "lock.json", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	static char bytes[LOCK_MAX + 1];
	size_t n = 0;
	struct stat st;
	ssize_t r = 1;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > LOCK_MAX)
		return complain(OURS, "lock.json", "the package client left none");
	while (r > 0 && n < LOCK_MAX) {
		r = read(fd, bytes + n, LOCK_MAX - n);
		n += r > 0 ? (size_t)r : 0;
	}
	close(fd);
	for (size_t done = 0; done < n; done += (size_t)r)
		if ((r = write(2, bytes + done, n - done)) <= 0)
			return OURS;
	return 0;
}

static int pack(char **argv)
{
	struct carry what = { .everything = 1, .files = number(argv[0]), .bytes = number(argv[1]) };
	int dir = open("layer", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;

	if (dir < 0)
		return complain(OURS, "layer", "the package client left none");
	r = put_lock(dir);
	if (r == 0)
		carry_walk(dir, &what, NULL, 0, 1);
	return r;
}

/* ---- unpack -------------------------------------------------------------------------- */

static struct {
	struct keeper k; /* makes what the frames say; k.work is the folder */
	struct sha256 hash;
	char kind, name[NAME_BYTES + 1];
	uint64_t size, left, files, bytes;
	bool done;
} u;

static int bad(const char *what, const char *why)
{
	return complain(BAD, what, why);
}

static void put_line(const char *digest)
{
	static const char zeros[65] = "0000000000000000000000000000000000000000000000000000000000000000";

	printf("%c %s %llu %s\n", u.kind, digest ? digest : zeros, (unsigned long long)u.size, u.name);
}

static int end_file(void)
{
	char digest[65];

	if (u.left)
		return 0;
	sha256_end(&u.hash, digest);
	put_line(u.kind == 'd' ? NULL : digest);
	u.kind = 0;
	return 0;
}

static int begin_file(const unsigned char *p, size_t len)
{
	char text[INIT_TEXT] = "";
	struct frame_file f;
	struct payload own;

	if (u.kind || !frame_unpack_file(p, len, &f) || f.name_len > NAME_BYTES)
		return bad("unpack", "invalid FILE frame");
	memcpy(u.name, f.name, f.name_len);
	u.name[f.name_len] = '\0';
	for (const char *s = u.name; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return bad("unpack", "a name with a control character");
	u.kind = S_ISDIR(f.mode) ? 'd' : S_ISLNK(f.mode) ? 'l' : 'f';
	u.size = u.left = u.kind == 'd' ? 0 : f.size;
	if (u.files-- == 0 || u.size > u.bytes)
		return bad(u.name, "more files or bytes than a layer may have");
	u.bytes -= u.size;
	f.mode = u.kind == 'd' ? S_IFDIR | 0777 : u.kind == 'l' ? S_IFLNK | 0777 : f.mode & 0100 ? 0755 : 0644;
	frame_pack_file(&own, &f);
	sha256_begin(&u.hash);
	if (keeper_frame(&u.k, FRAME_FILE, own.data, own.len, text))
		return bad(u.name, text);
	return end_file();
}

static int take_data(const struct frame *f)
{
	char text[INIT_TEXT] = "";

	if (!u.kind || !f->len || f->len > u.left)
		return bad("unpack", "more data than the file's size");
	u.left -= f->len;
	sha256_add(&u.hash, f->data, f->len);
	if (keeper_frame(&u.k, FRAME_DATA, f->data, f->len, text))
		return bad(u.name, text);
	return end_file();
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

static int take_frame(const struct frame *f)
{
	if (u.done)
		return bad("unpack", "something behind the end");
	switch ((unsigned)f->type) {
	case FRAME_FILE:
		return begin_file(f->data, f->len);
	case FRAME_DATA:
		return take_data(f);
	case FRAME_LEFT:
		return take_left(f);
	case FRAME_DONE:
		u.done = true;
		return u.kind ? bad("unpack", "the end in the midst of a file") : 0;
	default:
		return bad("unpack", "a frame that has no place here");
	}
}

static int unpack(char **argv)
{
	static struct frame_parser parser;
	static unsigned char bytes[65536];
	struct frame f;
	ssize_t n;
	size_t used;
	int r;

	keeper_init(&u.k, false);
	u.files = number(argv[1]);
	u.bytes = number(argv[2]);
	u.k.work = open(argv[0], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (u.k.work < 0)
		return complain(OURS, argv[0], strerror(errno));
	umask(0);
	frame_parser_init(&parser);
	while ((n = read(0, bytes, sizeof bytes)) > 0)
		for (unsigned char *p = bytes; n > 0; p += used, n -= (ssize_t)used) {
			r = frame_feed(&parser, p, (size_t)n, &used, &f);
			if (r < 0)
				return bad("unpack", "what came is no frame");
			if (r > 0 && (r = take_frame(&f)))
				return r;
		}
	if (!u.done)
		return bad("unpack", "the stream was cut short");
	if (syncfs(u.k.work) && errno != EPERM && errno != ENOSYS)
		return complain(OURS, "sync", strerror(errno));
	return fflush(stdout) ? OURS : 0;
}

/* argv is what follows the program's own name. -1: not one of these. */
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
