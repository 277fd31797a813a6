/* limit.h - every limit, named once
 *
 * L(id, name in jobs and results, unit, text)
 * Units: TIME is microseconds inside (seconds in JSON), SIZE is bytes (a
 * number or "64M" in JSON), COUNT is a number.
 * The order is part of the frame protocol (frame.h, FRAME_PHASE): a change
 * there means a new FRAME_VERSION.
 */
#ifndef CEE_LIMIT_H
#define CEE_LIMIT_H

#include <stdint.h>

#define LIMITS(L)                                                                                                      \
	L(CPU, "cpu", TIME, "cpu time of all processes together")                                                      \
	L(WALL, "wall", TIME, "time on the clock")                                                                     \
	L(MEMORY, "memory", SIZE, "memory, without swap")                                                              \
	L(PROCESSES, "processes", COUNT, "processes and threads")                                                      \
	L(OUTPUT, "output", SIZE, "kept bytes of both streams")                                                        \
	L(FILE_SIZE, "file_size", SIZE, "the largest file")                                                            \
	L(DISK, "disk", SIZE, "bytes in all files")                                                                    \
	L(INODES, "inodes", COUNT, "files and folders")                                                                \
	L(OPEN_FILES, "open_files", COUNT, "open files of one process")                                                \
	L(STACK, "stack", SIZE, "stack of a main thread")

enum limit_unit { UNIT_TIME, UNIT_SIZE, UNIT_COUNT };

enum limit_id {
#define L(id, name, unit, text) LIMIT_##id,
	LIMITS(L)
#undef L
		LIMIT_COUNT
};

/* -1 is "not set". */
struct limits {
	int64_t v[LIMIT_COUNT];
};

#endif
