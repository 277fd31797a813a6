/* payload.h - the payloads of frames, written and read
 *
 * Each payload has a struct, a function that packs it and one that unpacks it. A pack
 * function replaces *p; if it returns an int, -1 (EMSGSIZE) means that a text is too long.
 * An unpack function takes a payload's bytes, which may come from an untrusted peer: it
 * returns false, and the struct is then undefined, unless the length is right and every
 * number is one that the protocol allows. Strings point into the bytes and have no NUL.
 *
 *     struct payload p;
 *     frame_pack_file(&p, &(struct frame_file){ .mode = 0644, .size = n, .name = s, .name_len = strlen(s) });
 *     attach_send(a, FRAME_FILE, p.data, p.len);
 *
 * ARG, ENV, COLLECT, DATA, STDIN, OUT and TROUBLE are plain bytes and need no function.
 */
#ifndef CEE_PAYLOAD_H
#define CEE_PAYLOAD_H

#include "base/limit.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAYLOAD_MAX = 12 + FRAME_NAME_MAX };

struct payload {
	size_t len;
	unsigned char data[PAYLOAD_MAX];
};

struct frame_hello {
	uint32_t version; /* FRAME_VERSION */
	uint32_t flags;	  /* HELLO_* */
	const char *build;
	size_t build_len;
};

struct frame_job {
#define F(id, name, what) uint64_t name;
	FRAME_JOB_FIELDS(F)
#undef F
};

struct frame_file {
	uint32_t mode; /* with the file's type if it is not a regular file */
	uint64_t size;
	const char *name;
	size_t name_len;
};

/* A phase that is to run: its limits; its arguments and environment follow as frames. */
struct frame_plan {
	uint32_t phase;		     /* enum frame_phase; for a resident compiler the number of the compile */
	uint64_t limit[LIMIT_COUNT]; /* INT64_MAX or more: no limit; 0 is a limit of 0 */
};

struct frame_window {
	uint32_t rows, columns;
};

struct frame_end {
#define F(id, name, what) uint64_t name;
	FRAME_END_FIELDS(F)
#undef F
};

struct frame_network {
#define F(id, name, what) uint64_t name;
	FRAME_NETWORK_FIELDS(F)
#undef F
};

struct frame_left {
	enum left_reason reason;
	uint64_t more; /* LEFT_MORE: how many; otherwise 0 */
	const char *name;
	size_t name_len;
};

int frame_pack_hello(struct payload *p, const struct frame_hello *h);
bool frame_unpack_hello(const void *data, size_t len, struct frame_hello *h);

void frame_pack_job(struct payload *p, const struct frame_job *j);
bool frame_unpack_job(const void *data, size_t len, struct frame_job *j);

int frame_pack_file(struct payload *p, const struct frame_file *f);
bool frame_unpack_file(const void *data, size_t len, struct frame_file *f);

void frame_pack_plan(struct payload *p, uint32_t phase, const struct limits *l);
bool frame_unpack_plan(const void *data, size_t len, struct frame_plan *plan); /* phase < PHASE_COUNT */

/* The one u32 of SIGNAL, TEST, START, DONE, CREDIT, PLACED and LIMIT. */
void frame_pack_number(struct payload *p, uint32_t number);
bool frame_unpack_number(const void *data, size_t len, uint32_t *number);

void frame_pack_window(struct payload *p, const struct frame_window *w);
bool frame_unpack_window(const void *data, size_t len, struct frame_window *w);

/* The one u64 of GAP and ROOM. */
void frame_pack_gap(struct payload *p, uint64_t bytes);
bool frame_unpack_gap(const void *data, size_t len, uint64_t *bytes);

void frame_pack_end(struct payload *p, const struct frame_end *e);
/* phase < PHASE_COUNT, how < END_HOWS, status < END_STATUSES */
bool frame_unpack_end(const void *data, size_t len, struct frame_end *e);
int frame_end_exit_code(const struct frame_end *e); /* -1 if it did not exit by itself */
int frame_end_signal(const struct frame_end *e);    /* 0: none */

void frame_pack_network(struct payload *p, const struct frame_network *n);
bool frame_unpack_network(const void *data, size_t len, struct frame_network *n);

int frame_pack_left(struct payload *p, const struct frame_left *l);
bool frame_unpack_left(const void *data, size_t len, struct frame_left *l);

#endif
