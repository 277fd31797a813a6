/* spool.h - the spool: opening it, and what lies at its head (cee-spool(5)) */
#ifndef CEE_SPOOL_SPOOL_H
#define CEE_SPOOL_SPOOL_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SPOOL_VERSION = 1, SPOOL_RESULT_MAX = 1 << 20 /* bytes of a result's text */ };

struct spool_queue_count { /* how many jobs waited in one owner's queue, when they were counted last */
	dev_t dev;
	ino_t ino;
	int64_t n, at;
};
struct spool {
	int fd; /* the directory; O_PATH for processes that may not list it */
	bool durable;
	bool shared;			 /* many users submit to it and the runner is root: VERSION says so */
	struct spool_queue_count queued; /* submission.c's own */
};
#define SPOOL_CREATE 1u /* make what is missing */
#define SPOOL_SHARED 2u /* ... of a shared one; EEXIST: it is one user's already */
/* EPROTO for another version; refuses network file systems (ENOTSUP). */
int spool_open(struct spool *s, const char *path, unsigned flags, bool durable, struct cee_err *e);
void spool_release(struct spool *s);

typedef int (*spool_name_fn)(void *arg, const char *name);

/* The languages that cee-lang published: SPOOL/languages.json. */
int spool_languages_write(struct spool *s, const char *text, size_t len);
int spool_languages_read(struct spool *s, struct buf *b);

#endif
