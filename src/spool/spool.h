/* spool.h - the spool: opening it, and the files at its head (cee-spool(5)) */
#ifndef CEE_SPOOL_SPOOL_H
#define CEE_SPOOL_SPOOL_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SPOOL_VERSION = 1, SPOOL_RESULT_MAX = 1 << 20 /* bytes of a result's text */ };

struct spool_queue_count { /* the number of jobs in one owner's queue at the last count */
	dev_t dev;
	ino_t ino;
	int64_t n, at;
	int64_t kept_at; /* the owner's kept bytes were below their bound */
};
struct spool {
	int fd; /* the directory; O_PATH for processes that may not list it */
	bool durable;
	bool shared;			 /* many users submit to it and the runner is root: VERSION says so */
	struct spool_queue_count queued; /* private to submission.c */
};
#define SPOOL_CREATE 1u /* create missing parts */
#define SPOOL_SHARED 2u /* ... of a shared spool; EEXIST: the spool exists and is not shared */
/* EPROTO for another version; refuses network file systems (ENOTSUP). */
int spool_open(struct spool *s, const char *path, unsigned flags, bool durable, struct cee_err *e);
void spool_release(struct spool *s);

typedef int (*spool_name_fn)(void *arg, const char *name);

/* The languages that cee-lang published: SPOOL/languages.json. */
int spool_languages_write(struct spool *s, const char *text, size_t len);
int spool_languages_read(struct spool *s, struct buf *b);

#endif
