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

struct cee_err;

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

/* The phases of a job; each has limits of its own. The order is part of the frame protocol. P(id, name) */
#define PHASES(P)                                                                                                      \
	P(COMPILE, "compile")                                                                                          \
	P(RUN, "run")
enum frame_phase {
#define P(id, name) PHASE_##id,
	PHASES(P)
#undef P
		PHASE_COUNT
};

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

extern const char *const limit_name[LIMIT_COUNT];
extern const enum limit_unit limit_unit[LIMIT_COUNT];
void limits_init(struct limits *l); /* all -1 */
/* Fills what is -1. Wall time that is then still unset becomes three times the cpu
 * time plus a second. */
void limits_default(struct limits *l, const struct limits *d);
void limits_cap(struct limits *l, const struct limits *max); /* lowers what is over max */
int limit_find(const char *name);			     /* enum limit_id or -1 */
/* "1.5" or "1.5s", "200ms" for TIME; "64M", "64MiB", "65536" for SIZE; a number for COUNT. */
int limit_parse(enum limit_id id, const char *text, int64_t *value, struct cee_err *e);
int limit_number(enum limit_id id, double number, int64_t *value, struct cee_err *e); /* TIME: seconds */
enum { LIMIT_TEXT_MAX = 48 };
/* As people write it and limit_parse reads it: "5s", "64M", "128"; "-" when not set. */
void limit_format(char out[LIMIT_TEXT_MAX], enum limit_id id, int64_t value);
int duration_parse(const char *text, int64_t *us, struct cee_err *e); /* "1.5", "200ms", "2m", "1h", "7d" */
int duration_number(double seconds, int64_t *us, struct cee_err *e);
int size_parse(const char *text, int64_t *bytes, struct cee_err *e); /* "65536", "64M", "1.5GiB" */

#endif
