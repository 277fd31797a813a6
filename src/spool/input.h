/* input.h - what goes into a running job: OWNER/in */
#ifndef CEE_SPOOL_INPUT_H
#define CEE_SPOOL_INPUT_H

#include "base/error.h"
#include "base/id.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What goes into a running job (spool_input.c): OWNER/in. */
enum {
	SPOOL_INPUT_AHEAD = 4 << 20, /* bytes of input that are written ahead of what the box has taken */
	SPOOL_INPUT_TELL = 1 << 20   /* the runner tells what it took in steps of this, at most */
};
struct spool_input { /* a submitter's; -1 where closed */
	int dir, fd; /* in/, and in/ID under its lock */
	char id[ID_LEN + 1];
	int64_t size; /* bytes written */
};
/* Before the job with "stdin_stream" is submitted. EEXIST: this id has one. */
int spool_input_make(struct spool *s, const char *owner, const char *id, struct spool_input *in, struct cee_err *e);
int spool_input_write(struct spool_input *in, const void *data, size_t len);
int spool_input_end(struct spool_input *in); /* all has come; closes */
/* More will come, by others who call spool_input_again: marks it so, closes. */
int spool_input_keep(struct spool_input *in);
/* Goes on with such an input: waits for whoever writes it now. ENOENT: it has none, or it has ended. */
int spool_input_again(struct spool *s, const char *owner, const char *id, struct spool_input *in, struct cee_err *e);
void spool_input_leave(struct spool_input *in); /* closes; without an end the program sees its end there */
void spool_input_drop(struct spool_input *in);	/* there will be no job: removes it */
/* HUP, INT, QUIT, TERM, USR1 or USR2 for the program of a job; before it runs the job's end. */
int spool_signal(struct spool *s, const char *owner, const char *id, int sig, struct cee_err *e);
/* The size of the job's terminal, from now on. */
int spool_window(struct spool *s, const char *owner, const char *id, unsigned rows, unsigned columns,
		 struct cee_err *e);
/* Runner. */
enum spool_input_kind { INPUT_BYTES, INPUT_END, INPUT_OPEN, INPUT_WINDOW, INPUT_SIGNAL };
int64_t spool_end_parse(const char *text, size_t len); /* the end mark's; -1 it is none */
bool spool_window_parse(const char *text, size_t len, unsigned *rows, unsigned *columns);
bool spool_input_parse(const char *name, char id[ID_LEN + 1], enum spool_input_kind *kind, int *sig);
int spool_input_open(struct spool *s, const char *owner, const char *id);     /* EINVAL no regular file of one link */
bool spool_input_kept(struct spool *s, const char *owner, const char *id);    /* others will go on with it */
bool spool_input_left(int fd);						      /* nobody writes it any more */
int64_t spool_input_size(struct spool *s, const char *owner, const char *id); /* as the end mark says; -1 none yet */
/* in/ID.window: false where there is none that can be understood. */
bool spool_window_read(struct spool *s, const char *owner, const char *id, unsigned *rows, unsigned *columns);
bool spool_signal_take(struct spool *s, const char *owner, const char *id, int sig); /* was it there? it goes */
int spool_each_input(struct spool *s, const char *owner, spool_name_fn f, void *arg);
void spool_input_clear(struct spool *s, const char *owner, const char *id);   /* all of a job's */
bool spool_input_stale(struct spool *s, const char *owner, const char *name); /* nobody's any more */
/* How much of its input that attempt has taken, in steps. */
int64_t spool_taken(struct spool *s, const char *owner, const char *id, int attempt);

#endif
