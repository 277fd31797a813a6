/* frame.h - the protocol between cee-runner and cee-init
 *
 * Process 1 of a box speaks it on its standard input and output; the runner
 * speaks it through the engine's attached stream. Both link these files, which
 * need nothing but libc and do no I/O. frame_types.h numbers the frames, payload.h
 * has a function to write and one to read the payload of each.
 *
 * A frame is an 8 byte header and a payload:
 *     byte 0     type (enum frame_type)
 *     byte 1     stream (enum frame_stream) or 0
 *     byte 2-3   zero
 *     byte 4-7   payload length, little endian, at most FRAME_MAX
 * Numbers in payloads are little endian. The first frame each way is HELLO.
 * When a peer breaks a rule, nothing more is read from it and the box is removed.
 *
 * The runner sends, for one job:
 *     HELLO  JOB  (FILE DATA*)*  COLLECT*  [WINDOW]  (PHASE ARG+ ENV*)*  GO
 *     and from then on STDIN (as credit allows), STDIN_END, SIGNAL, WINDOW, KILL.
 *     (A KILL while files are collected leaves the rest of them behind.)
 * init sends:
 *     HELLO  READY  then for the job: (START OUT* GAP* OUT* END)*, the collected files
 *     as FILE DATA* and the others as LEFT, mixed, and DONE last; then READY again when
 *     the box can take another job (never without cells).
 *     CREDIT allows the runner that many more bytes of STDIN. TROUBLE is a failure
 *     of cee's, not the job's (text); DONE 1 then ends the job.
 *
 * A job of many tests (JOB_TESTS) has no run phase before its GO. After the compile
 * phase (or at once, where there is none) and as long as it was a success, init says NEXT,
 * and again after the END of each test. The runner answers each NEXT with either
 *     TEST PHASE ARG+ ENV* GO, and STDIN as above, of which TEST_STDIN bytes need no
 *     credit; to which init answers START OUT* GAP* OUT* END
 * or FINISH. Each test runs in a cell of its own that starts from the compile phase's files.
 * So at most one test is in the box, and the next one comes when the last one's program is gone.
 */
#ifndef CEE_FRAME_H
#define CEE_FRAME_H

#include "wire/frame_types.h"

#include <stddef.h>
#include <stdint.h>

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

/* Takes up to len bytes and stores in *used how many. Returns 1 if *f is a
 * whole frame (call again with the rest), 0 if all bytes were taken and more are
 * needed, -1 (EPROTO) if the bytes are not a valid frame. */
int frame_feed(struct frame_parser *p, const void *bytes, size_t len, size_t *used, struct frame *f);

/* Writes the 8 header bytes. len is at most FRAME_MAX. */
void frame_header(unsigned char out[FRAME_HEADER], enum frame_type type, enum frame_stream stream, size_t len);

/* Reads the first frame of len bytes that hold whole frames, such as a file of frames.
 * Returns its size with its header, or 0 (EPROTO) if it is invalid. */
size_t frame_at(const void *bytes, size_t len, struct frame *f);

void frame_put32(unsigned char *p, uint32_t v);
void frame_put64(unsigned char *p, uint64_t v);
uint32_t frame_get32(const unsigned char *p);
uint64_t frame_get64(const unsigned char *p);

#endif
