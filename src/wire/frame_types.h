/* frame_types.h - the frames of frame.h: their numbers, and those in their payloads
 *
 * Each is named once, in a table, from which scripts/facts generates the definitions for C# and the tests'
 * driver. A number that is given here never changes its meaning within one FRAME_VERSION.
 */
#ifndef CEE_FRAME_TYPES_H
#define CEE_FRAME_TYPES_H

enum { FRAME_HEADER = 8, FRAME_MAX = 65536, FRAME_VERSION = 3, FRAME_NAME_MAX = 4096, TEST_STDIN = 65536 };

/* F(ID, number, stream, text, min, max): stream is 1 where the header names a stream; from
 * byte text on the payload has no NUL (-1: no such rule); min and max are the payload's length. */
#define FRAMES(F)                                                                                                          \
	/* both ways: u32 FRAME_VERSION, u32 flags (init: HELLO_*), build text */                                          \
	F(HELLO, 1, 0, 8, 8, 8 + 256)                                                                                      \
	/* to init: struct frame_job, as JOB_FIELDS u64 */                                                                 \
	F(JOB, 2, 0, -1, 8 * JOB_FIELDS, 8 * JOB_FIELDS)                                                                   \
	/* both ways: u32 mode, u64 size, name (relative, without ".."); size bytes of DATA follow. From init a        \
	 * collected file: one whose DATA stops short, or that LEFT_CHANGED names next, was not collected */   \
	F(FILE, 3, 0, 12, 13, 12 + FRAME_NAME_MAX)                                                                         \
	F(DATA, 4, 0, -1, 0, FRAME_MAX)                                                                                    \
	/* to init: u32 enum frame_phase, then LIMIT_COUNT u64 in the order of limit.h */                                  \
	F(PHASE, 5, 0, -1, 4, 4 + 8 * 64)                                                                                  \
	/* one argument; the first is the program, looked up in PATH of ENV */                                             \
	F(ARG, 6, 0, 0, 0, FRAME_MAX)                                                                                      \
	/* NAME=value */                                                                                                   \
	F(ENV, 7, 0, 0, 2, FRAME_MAX)                                                                                      \
	F(GO, 8, 0, -1, 0, 0)                                                                                              \
	F(STDIN, 9, 0, -1, 0, FRAME_MAX)                                                                                   \
	F(STDIN_END, 10, 0, -1, 0, 0)                                                                                      \
	/* u32 signal: sent to the program's process group */                                                              \
	F(SIGNAL, 11, 0, -1, 4, 4)                                                                                         \
	/* end the job now: END with how = END_KILLED, then DONE */                                                        \
	F(KILL, 12, 0, -1, 0, 0)                                                                                           \
	/* one pattern of files to collect at the end, see cee-job(5) */                                                   \
	F(COLLECT, 13, 0, 0, 1, FRAME_NAME_MAX)                                                                            \
	/* u32 rows, u32 columns of the job's terminal */                                                                  \
	F(WINDOW, 14, 0, -1, 8, 8)                                                                                         \
	/* u32 number of the test whose phase follows */                                                                   \
	F(TEST, 15, 0, -1, 4, 4)                                                                                           \
	/* no test follows */                                                                                              \
	F(FINISH, 16, 0, -1, 0, 0)                                                                                         \
	/* u32: 1 the process that makes the box's cells is in the jobs' cgroup; 0 there is none. The answer to HELLO in \
	 * a box with CEE_CGROUP */ \
	F(PLACED, 17, 0, -1, 4, 4)                                                                                         \
	/* u32 enum frame_phase: its memory limit is in force in the jobs' cgroup */                                       \
	F(LIMIT, 18, 0, -1, 4, 4)                                                                                          \
	/* from init */                                                                                                    \
	F(READY, 32, 0, -1, 0, FRAME_MAX)                                                                                  \
	/* u32 enum frame_phase */                                                                                         \
	F(START, 33, 0, -1, 4, 4)                                                                                          \
	/* bytes of the stream that the header names */                                                                    \
	F(OUT, 34, 1, -1, 0, FRAME_MAX)                                                                                    \
	/* u64: bytes of that stream that are missing here */                                                              \
	F(GAP, 35, 1, -1, 8, 8)                                                                                            \
	/* struct frame_end, as END_FIELDS u64 */                                                                          \
	F(END, 36, 0, -1, 8 * END_FIELDS, 8 * END_FIELDS)                                                                  \
	/* u32: 0 every phase that could run did, 1 a failure of cee's; the last frame of a job */                         \
	F(DONE, 37, 0, -1, 4, 4)                                                                                           \
	/* u32 bytes of STDIN */                                                                                           \
	F(CREDIT, 38, 0, -1, 4, 4)                                                                                         \
	/* text */                                                                                                         \
	F(TROUBLE, 39, 0, -1, 0, FRAME_MAX)                                                                                \
	/* a file that was not collected: u32 enum left_reason, name; LEFT_MORE: u32, u64 */                               \
	F(LEFT, 40, 0, -1, 4, 4 + FRAME_NAME_MAX)                                                                          \
	/* a test may be sent */                                                                                           \
	F(NEXT, 41, 0, -1, 0, 0)                                                                                           \
	/* struct frame_network, as NETWORK_FIELDS u64: what has passed the box's gate; before DONE */                     \
	F(NETWORK, 42, 0, -1, 8 * NETWORK_FIELDS, 8 * NETWORK_FIELDS)                                                      \
	/* u64: bytes of memory that the files of the job need, with room for what it writes until the next one */         \
	F(ROOM, 43, 0, -1, 8, 8)

enum frame_type {
#define F(id, number, stream, text, min, max) FRAME_##id = number,
	FRAMES(F)
#undef F
};

#define FRAME_STREAMS(F) F(NONE) F(OUT) F(ERR) F(COMPILE)
enum frame_stream {
#define F(id) STREAM_##id,
	FRAME_STREAMS(F)
#undef F
};

/* flags in init's HELLO: a cell could be built; from bit HELLO_MAKER on the box's number of the cells' maker, 0: init */
enum { HELLO_CELLS = 1, HELLO_MAKER = 8 };

/* FRAME_JOB's fields, in this order: F(ID, name, what) */
#define FRAME_JOB_FIELDS(F)                                                                                            \
	F(FLAGS, flags, "JOB_MERGE and the like")                                                                      \
	F(DISK, disk, "bytes of the job's tmpfs (work and tmp together)")                                              \
	F(INODES, inodes, "files and folders in it")                                                                   \
	F(CPU, cpu, "1 + the processor the job is kept on, 0 any")                                                     \
	F(COLLECT_FILES, collect_files, "at most so many files are collected")                                         \
	F(COLLECT_BYTES, collect_bytes, "and bytes in all of them")

enum {
#define F(id, name, what) JOB_##id,
	FRAME_JOB_FIELDS(F)
#undef F
		JOB_FIELDS
};

/* Bits in FRAME_JOB's flags. F(ID, bit, what) */
#define FRAME_JOB_FLAGS(F)                                                                                             \
	F(MERGE, 1, "stdout and stderr are one stream")                                                                \
	F(STOP_ON_OUTPUT, 2, "reaching the limit output ends the program")                                             \
	F(NO_CELL, 4, "run in the box itself, without a cell")                                                         \
	F(TTY, 8, "a terminal is the run phase's stdin, stdout and stderr")                                            \
	F(TESTS, 16, "the run phases come one by one, as tests")                                                       \
	F(LAYERS, 32, "the job sees the layers of packages")

enum {
#define F(id, bit, what) JOB_##id = bit,
	FRAME_JOB_FLAGS(F)
#undef F
};

/* FRAME_END's fields, in this order: F(ID, name, what) */
#define FRAME_END_FIELDS(F)                                                                                            \
	F(PHASE, phase, "enum frame_phase")                                                                            \
	F(HOW, how, "enum frame_how")                                                                                  \
	F(STATUS, status, "exit code, or END_SIGNAL + signal number")                                                  \
	F(CPU_US, cpu_us, "of all processes of the phase, user and system")                                            \
	F(WALL_US, wall_us, "from exec to the end of the program")                                                     \
	F(PEAK, peak, "bytes of memory")                                                                               \
	F(PEAK_HOW, peak_how, "0 largest process (rusage), 1 cgroup")                                                  \
	F(OOM_KILLS, oom_kills, "processes the kernel killed for memory in this phase")                                \
	F(EXCEEDED, exceeded, "bit set of enum limit_id: the limits that were exceeded, whatever the verdict")         \
	F(OUT_BYTES, out_bytes, "written by the program to stdout, kept or not")                                       \
	F(ERR_BYTES, err_bytes, "to stderr")                                                                           \
	F(DROPPED, dropped, "bytes of both that were not kept")

enum {
#define F(id, name, what) END_##id,
	FRAME_END_FIELDS(F)
#undef F
		END_FIELDS
};

/* FRAME_NETWORK's fields, in this order: F(ID, name, what) */
#define FRAME_NETWORK_FIELDS(F)                                                                                        \
	F(CONNECTIONS, connections, "to the gate that were not refused")                                               \
	F(IN, in, "bytes to the program")                                                                              \
	F(OUT, out, "bytes from the program")                                                                          \
	F(REFUSED, refused, "connections that were refused: by the gate, or beyond a bound")                           \
	F(DEAD, dead, "1 if the gate did not answer when the job ended")

enum {
#define F(id, name, what) NETWORK_##id,
	FRAME_NETWORK_FIELDS(F)
#undef F
		NETWORK_FIELDS
};

/* END's status, whatever the limit in how: the program's exit code (0 to 255), or END_SIGNAL + the number of
 * the signal that ended it, or END_SIGNAL alone if no program has ended. */
enum { END_SIGNAL = 256, END_STATUSES = END_SIGNAL + 128 };

/* How a phase ended; the runner derives the verdict from it. F(ID) */
#define FRAME_HOWS(F)                                                                                                  \
	F(EXITED)                                                                                                      \
	F(SIGNALLED)                                                                                                   \
	F(CPU_LIMIT)                                                                                                   \
	F(WALL_LIMIT)                                                                                                  \
	F(MEMORY_LIMIT)                                                                                                \
	F(OUTPUT_LIMIT)                                                                                                \
	F(PROCESS_LIMIT)                                                                                               \
	F(DISK_LIMIT)                                                                                                  \
	F(FILE_SIZE_LIMIT)                                                                                             \
	F(KILLED)  /* by FRAME_KILL or the end of the connection */                                                    \
	F(TROUBLE) /* the phase could not be started or watched: a failure of cee's */

enum frame_how {
#define F(id) END_##id,
	FRAME_HOWS(F)
#undef F
};
enum { END_HOWS = END_TROUBLE + 1 };

/* Why a file was not collected. F(ID, the reason in results) */
#define LEFT_REASONS_TABLE(F)                                                                                          \
	F(COUNT, "too many")	   /* that many files had been collected already */                                    \
	F(BYTES, "too large")	   /* it is larger than the remaining number of bytes */                               \
	F(NAME, "bad name")	   /* control characters, not UTF-8, too long, too deep (it may be a folder) */        \
	F(TYPE, "no regular file") /* not a regular file */                                                            \
	F(CHANGED, "changed")	   /* its size differs from the announced size */                                      \
	F(UNREADABLE, "unreadable")                                                                                    \
	F(MORE, "more")		  /* not a file: how many more were left behind and are not named */                   \
	F(SEARCH, "not searched") /* not a file: the search took too long or was cut short; name is where, or "" */

enum left_reason {
#define F(id, name) LEFT_##id,
	LEFT_REASONS_TABLE(F)
#undef F
		LEFT_REASONS
};

#endif
