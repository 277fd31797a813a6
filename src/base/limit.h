/* limit.h - every limit, named once
 *
 * L(id, name in jobs and results, unit, default of the compile phase, of the run, ceiling, text)
 * Units: TIME is microseconds inside (seconds in JSON), SIZE is bytes (a
 * number or "64M" in JSON), COUNT is a number. A wall time of -1 follows from the cpu time
 * (limits_default). 0 is a limit of 0, which output and file_size may have; LIMIT_NONE is no limit,
 * which those two may have where the administrator says so. The order is part of the frame
 * protocol (frame_types.h, PHASE): a change there means a new FRAME_VERSION. `make generate` writes
 * what other languages and the manual pages say of this table.
 */
#ifndef CEE_LIMIT_H
#define CEE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct cee_err;

#define LIMITS(L)                                                                                                      \
	L(CPU, "cpu", TIME, 20 * SECOND, 5 * SECOND, 60 * SECOND, "cpu time of all processes together")                \
	L(WALL, "wall", TIME, -1, -1, 300 * SECOND, "time on the clock")                                               \
	L(MEMORY, "memory", SIZE, 512 * MIB, 256 * MIB, 2 * GIB, "memory, without swap")                               \
	L(PROCESSES, "processes", COUNT, 128, 64, 512, "processes and threads")                                        \
	L(OUTPUT, "output", SIZE, MIB, 16 * MIB, 256 * MIB, "kept output of both streams")                             \
	L(FILE_SIZE, "file_size", SIZE, 64 * MIB, 64 * MIB, GIB, "the largest file")                                   \
	L(DISK, "disk", SIZE, 64 * MIB, 64 * MIB, GIB, "size of all files")                                            \
	L(INODES, "inodes", COUNT, 4096, 4096, 65536, "files and folders")                                             \
	L(OPEN_FILES, "open_files", COUNT, 256, 256, 4096, "open files of one process")                                \
	L(STACK, "stack", SIZE, 8 * MIB, 8 * MIB, 2 * GIB, "stack of a main thread")

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
#define L(id, name, unit, compile, run, ceiling, text) LIMIT_##id,
	LIMITS(L)
#undef L
		LIMIT_COUNT
};

#define LIMIT_NONE INT64_MAX /* "none", on the wire UINT64_MAX */

/* The limits of one phase; -1 is "not set". */
struct limits {
	int64_t v[LIMIT_COUNT];
};
extern const struct limits limits_usual[PHASE_COUNT], limits_ceiling; /* without a configuration */

extern const char *const limit_name[LIMIT_COUNT];
extern const char *const limit_names; /* all, for messages: "cpu, wall, ..." */
extern const enum limit_unit limit_unit[LIMIT_COUNT];
void limits_init(struct limits *l); /* all -1 */
/* Fills limits that are -1 from d. A wall time that is still unset becomes three times the cpu
 * time plus a second. */
void limits_default(struct limits *l, const struct limits *d);
/* The wall time that follows from a cpu time, on a host that is times as slow as one that is not busy. */
int64_t limits_wall(int64_t cpu, double times);
void limits_cap(struct limits *l, const struct limits *max); /* lowers limits that are above max */
/* What a program that uses all of its memory needs besides: page tables, and what the kernel keeps for a cell. The cgroup
 * of a job counts it, so its limit is higher by this. */
int64_t limit_kernel_memory(int64_t memory);
bool limit_may_be_none(enum limit_id id); /* an administrator may write "none" for it: output and file_size */
/* The first limit that is LIMIT_NONE, or LIMIT_COUNT. */
enum limit_id limits_none(const struct limits *l);
int limit_find(const char *name); /* enum limit_id or -1 */
/* "1.5" or "1.5s", "200ms" for TIME; "64M", "64MiB", "65536" for SIZE; a number for COUNT; "none". */
int limit_parse(enum limit_id id, const char *text, int64_t *value, struct cee_err *e);
int limit_number(enum limit_id id, double number, int64_t *value, struct cee_err *e); /* TIME: seconds */
enum { LIMIT_TEXT_MAX = 48 };
/* The form that limit_parse reads: "5s", "64M", "128", "none"; "-" if not set. */
void limit_format(char out[LIMIT_TEXT_MAX], enum limit_id id, int64_t value);
int duration_parse(const char *text, int64_t *us, struct cee_err *e); /* "1.5", "200ms", "2m", "1h", "7d" */
int duration_number(double seconds, int64_t *us, struct cee_err *e);
int size_parse(const char *text, int64_t *bytes, struct cee_err *e); /* "65536", "64M", "1.5GiB" */

#endif
