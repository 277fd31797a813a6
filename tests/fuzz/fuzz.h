/* fuzz.h - what several fuzzers share: MUST, a folder in memory, and bytes as frames */
#ifndef FUZZ_H
#define FUZZ_H

#include "wire/frame.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise of what is fuzzed: a fuzzer that finds it broken keeps the input. */
#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c)) {                                                                                            \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #c);                                \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/* The program's own folder, in memory, empty; the caller empties it after each input. Removed at the end. */
static inline int fuzz_folder(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/dev/shm/cee-fuzz.%ld", (long)getpid());
	if (mkdir(path, 0755) < 0)
		rmdir(path);
	mkdir(path, 0755);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(fd >= 0);
	return fd;
}

/* A file in memory with these bytes, at its start. */
static inline int fuzz_file(const void *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	MUST(fd >= 0 && (size == 0 || write(fd, data, size) == (ssize_t)size) && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* An empty file in memory that is appended to, as an attempt's files are. */
static inline int fuzz_appended(void)
{
	int fd = fuzz_file("", 0);

	MUST(fcntl(fd, F_SETFL, O_APPEND) == 0);
	return fd;
}

/* Calls take for each frame of the bytes, until it returns false or a frame is malformed. */
static inline void fuzz_frames(const uint8_t *data, size_t size, bool (*take)(void *arg, const struct frame *f),
			       void *arg)
{
	struct frame_parser *p = malloc(sizeof *p);
	struct frame f;
	size_t used;
	int r = 0;

	frame_parser_init(p);
	for (; size && r >= 0; data += used, size -= used) {
		r = frame_feed(p, data, size, &used, &f);
		if (r > 0 && !take(arg, &f))
			break;
	}
	free(p);
}

#endif
