/* frame.h - the protocol between cee-runner and cee-init
 *
 * Process 1 of a box speaks it on its standard input and output; the runner
 * speaks it through the engine's attached stream. Used by both, so this file
 * and frame.c need nothing but libc.
 *
 * A frame is an 8 byte header and a payload:
 *     byte 0     type (enum frame_type)
 *     byte 1     stream (enum frame_stream) or 0
 *     byte 2-3   zero
 *     byte 4-7   payload length, little endian, at most FRAME_MAX
 * Numbers in payloads are little endian. The first frame each way is HELLO.
 * A peer that breaks a rule here is not understood any further: the box goes.
 *
 * The runner sends, for one job:
 *     HELLO  JOB  (FILE DATA*)*  COLLECT*  [WINDOW]  (PHASE ARG+ ENV*)*  GO
 *     and from then on STDIN (as credit allows), STDIN_END, SIGNAL, WINDOW, KILL.
 *     (A KILL while files are carried out leaves the rest of them behind.)
 * init sends:
 *     HELLO  READY  then for the job: (START OUT* GAP* END)*, the collected files
 *     as (FILE DATA*)* and LEFT*, and DONE last; then READY again when the box
 *     can take another job (it never does without cells).
 *     CREDIT allows the runner so many more bytes of STDIN. TROUBLE is a
 *     failure of ours (text); the job is then ended by DONE with that verdict.
 *
 * A job of many tests (JOB_TESTS) has no run phase before its GO. After the compile
 * phase (or at once, where there is none) and as long as it was a success, init says NEXT,
 * and again after the END of each test. To each NEXT the runner answers either
 *     TEST PHASE ARG+ ENV* GO, and STDIN as above, of which TEST_STDIN bytes need no
 *     credit; to which init answers START OUT* GAP* END
 * or FINISH. Each runs in a cell of its own that starts from the compile phase's files.
 * So never more than one test is in the box, and none while the last one's program is.
 */
#ifndef CEE_FRAME_H
#define CEE_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum { FRAME_HEADER = 8, FRAME_MAX = 65536, FRAME_VERSION = 2, TEST_STDIN = 65536 };

enum frame_type {
	/* both ways. payload: u32 FRAME_VERSION, u32 flags (init: HELLO_*), build text without NUL */
	FRAME_HELLO = 1,
	/* to init */
	FRAME_JOB = 2,	/* struct frame_job, packed as JOB_FIELDS u64 */
	FRAME_FILE = 3, /* u32 mode, u64 size, name (relative, no "..", no NUL); size bytes of DATA follow */
	FRAME_DATA = 4,
	FRAME_PHASE = 5, /* u32 phase (enum frame_phase), then LIMIT_COUNT u64 in the order of limit.h */
	FRAME_ARG = 6,	 /* one argument, without NUL; the first is the program, looked up in PATH of ENV */
	FRAME_ENV = 7,	 /* NAME=value */
	FRAME_GO = 8,
	FRAME_STDIN = 9,
	FRAME_STDIN_END = 10,
	FRAME_SIGNAL = 11,  /* u32 signal: given to the program's process group */
	FRAME_KILL = 12,    /* end the job now: END with how = END_KILLED, then DONE */
	FRAME_COLLECT = 13, /* one pattern of files to carry out at the end, see cee-job(5) */
	FRAME_WINDOW = 14,  /* u32 rows, u32 columns of the job's terminal */
	FRAME_TEST = 15,    /* u32 number of the test whose phase follows */
	FRAME_FINISH = 16,  /* no test comes any more */
	/* from init */
	FRAME_READY = 32,
	FRAME_START = 33,   /* u32 phase */
	FRAME_OUT = 34,	    /* stream is STREAM_OUT, _ERR or _COMPILE */
	FRAME_GAP = 35,	    /* u64: bytes of that stream that are missing here */
	FRAME_END = 36,	    /* struct frame_end as END_FIELDS u64 */
	FRAME_DONE = 37,    /* u32: 0 all phases that could run did, 1 failure of ours; the last frame of a job */
	FRAME_CREDIT = 38,  /* u32 bytes of STDIN */
	FRAME_TROUBLE = 39, /* text */
	FRAME_LEFT = 40,    /* a file that was not carried out: u32 enum frame_left, name; LEFT_MORE: u32, u64 */
	FRAME_NEXT = 41,    /* a test may come */
			    /* and FILE, DATA: a collected file. Its size is exactly what follows as DATA; one whose
	 * DATA stops short, or that LEFT_CHANGED names next, was not carried out after all */
};

enum frame_stream { STREAM_NONE = 0, STREAM_OUT = 1, STREAM_ERR = 2, STREAM_COMPILE = 3 };

/* flags in init's HELLO */
enum { HELLO_CELLS = 1 }; /* the self-test built a cell in this box */

/* FRAME_JOB: one u64 each, in this order */
enum frame_job_field {
	JOB_FLAGS, /* JOB_MERGE | JOB_STOP_ON_OUTPUT | JOB_NO_CELL */
	JOB_DISK,  /* bytes of the job's tmpfs (work and tmp together) */
	JOB_INODES,
	JOB_CPU,	   /* 1 + the processor the job is kept on, 0 any */
	JOB_COLLECT_FILES, /* at most so many files ... */
	JOB_COLLECT_BYTES, /* ... and bytes in all of them are carried out */
	JOB_FIELDS
};
enum {
	JOB_MERGE = 1,
	JOB_STOP_ON_OUTPUT = 2,
	JOB_NO_CELL = 4,
	JOB_TTY = 8, /* a terminal is the run phase's stdin, stdout and stderr */
	JOB_TESTS = 16
};

/* Why a file stayed behind. */
enum frame_left {
	LEFT_COUNT,   /* so many files had been carried out already */
	LEFT_BYTES,   /* it is larger than what was left of the bytes */
	LEFT_NAME,    /* control characters, no UTF-8, too long, too deep (it may be a folder) */
	LEFT_TYPE,    /* no regular file */
	LEFT_CHANGED, /* it was another size than it said */
	LEFT_UNREADABLE,
	LEFT_MORE,   /* not a file: how many more stayed behind and are not named */
	LEFT_SEARCH, /* not a file: the search took too long, or was cut short; name is where, or "" */
	LEFT_REASONS
};

/* FRAME_END: one u64 each, in this order */
enum frame_end_field {
	END_PHASE,     /* enum frame_phase */
	END_HOW,       /* enum frame_how */
	END_STATUS,    /* exit code or signal number */
	END_CPU_US,    /* of all processes of the phase, user and system */
	END_WALL_US,   /* from exec to the end of the program */
	END_PEAK,      /* bytes */
	END_PEAK_HOW,  /* 0 largest process (rusage), 1 sampled cgroup */
	END_OOM_KILLS, /* processes the kernel killed for memory in this phase */
	END_HIT,       /* bit set of enum limit_id that were touched, whatever the verdict */
	END_OUT_BYTES, /* written by the program, kept or not */
	END_ERR_BYTES,
	END_DROPPED, /* bytes of both that were not kept */
	END_FIELDS
};

/* How a phase ended; the runner makes the verdict of it. */
enum frame_how {
	END_EXITED,
	END_SIGNALLED,
	END_CPU_LIMIT,
	END_WALL_LIMIT,
	END_MEMORY_LIMIT,
	END_OUTPUT_LIMIT,
	END_PROCESS_LIMIT,
	END_DISK_LIMIT,
	END_FILE_SIZE_LIMIT,
	END_KILLED, /* by FRAME_KILL or the end of the connection */
	END_TROUBLE /* the phase could not be started or watched: our failure */
};

struct frame {
	enum frame_type type;
	enum frame_stream stream;
	const unsigned char *data; /* in the parser's buffer, valid until the next call */
	size_t len;
};

/* A parser that takes bytes in pieces and does no I/O. */
struct frame_parser {
	unsigned char buf[FRAME_HEADER + FRAME_MAX];
	size_t have;
};

void frame_parser_init(struct frame_parser *p);

/* Takes up to len bytes and says in *used how many. Returns 1 when *f is a
 * whole frame (call again with the rest), 0 when all was taken and more is
 * needed, -1 (EPROTO) when the bytes are no frame. */
int frame_feed(struct frame_parser *p, const void *bytes, size_t len, size_t *used, struct frame *f);

/* Writes the 8 header bytes. len is at most FRAME_MAX. */
void frame_header(unsigned char out[FRAME_HEADER], enum frame_type type, enum frame_stream stream, size_t len);

void frame_put32(unsigned char *p, uint32_t v);
void frame_put64(unsigned char *p, uint64_t v);
uint32_t frame_get32(const unsigned char *p);
uint64_t frame_get64(const unsigned char *p);

#endif
