/* image_type.c - the media type of an image, by its first bytes (image_type.h) */
#include "http/image_type.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

const char *image_type(int fd, int64_t from, int64_t size)
{
	static const struct {
		const char *magic;
		size_t len, at;
		const char *type;
	} types[] = {
		{ "\x89PNG\r\n\x1a\n", 8, 0, "image/png" },
		{ "\xff\xd8\xff", 3, 0, "image/jpeg" },
		{ "GIF87a", 6, 0, "image/gif" },
		{ "GIF89a", 6, 0, "image/gif" },
		{ "WEBP", 4, 8, "image/webp" },
	};
	char head[16] = "";
	ssize_t n = pread(fd, head, size < 16 ? (size_t)size : sizeof head, (off_t)from);

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (n >= (ssize_t)(types[i].at + types[i].len) &&
		    memcmp(head + types[i].at, types[i].magic, types[i].len) == 0)
			return types[i].type;
	return NULL;
}
