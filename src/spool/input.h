/* input.h - input, signals and window sizes for running jobs: OWNER/in */
#ifndef CEE_SPOOL_INPUT_H
#define CEE_SPOOL_INPUT_H

#include "base/error.h"
#include "base/id.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SPOOL_INPUT_AHEAD = 4 << 20, /* a writer may be so many bytes ahead of the box */
	SPOOL_INPUT_TELL = 1 << 20   /* the runner reports the bytes taken at least every so many bytes */
};
struct spool_input { /* for a submitter; descriptors are -1 when closed */
	int dir, fd; /* in/, and in/ID, which is locked */
	char id[ID_LEN + 1];
	int64_t size; /* bytes written */
};
/* Makes the input of a job with "stdin_stream", before the job is submitted. EEXIST: this id already has an input. */
int spool_input_make(struct spool *s, const char *owner, const char *id, struct spool_input *in, struct cee_err *e);
int spool_input_write(struct spool_input *in, const void *data, size_t len);
int spool_input_end(struct spool_input *in); /* marks the end of the input; closes */
/* Marks that other processes will add more, by spool_input_again; closes. */
int spool_input_keep(struct spool_input *in);
/* Opens such an input to add more; waits while another process writes it. ENOENT: no input, or it has ended. */
int spool_input_again(struct spool *s, const char *owner, const char *id, struct spool_input *in, struct cee_err *e);
/* Closes without an end mark. The program's input ends there, unless spool_input_keep was called. */
void spool_input_leave(struct spool_input *in);
void spool_input_drop(struct spool_input *in); /* the job was not submitted: removes the input */
/* Sends HUP, INT, QUIT, TERM, USR1 or USR2 to a job's program; before the program runs, cancels the job. */
int spool_signal(struct spool *s, const char *owner, const char *id, int sig, struct cee_err *e);
/* Sets the size of the job's terminal. */
int spool_window(struct spool *s, const char *owner, const char *id, unsigned rows, unsigned columns,
		 struct cee_err *e);
/* For the runner. */
enum spool_input_kind { INPUT_BYTES, INPUT_END, INPUT_OPEN, INPUT_WINDOW, INPUT_SIGNAL };
int64_t spool_end_parse(const char *text, size_t len); /* parses an end mark; -1 invalid */
bool spool_window_parse(const char *text, size_t len, unsigned *rows, unsigned *columns);
bool spool_input_parse(const char *name, char id[ID_LEN + 1], enum spool_input_kind *kind, int *sig);
int spool_input_open(struct spool *s, const char *owner, const char *id); /* EINVAL: not a regular file with one link */
bool spool_input_kept(struct spool *s, const char *owner, const char *id);    /* other processes will add more */
bool spool_input_left(int fd);						      /* no process is writing the input */
int64_t spool_input_size(struct spool *s, const char *owner, const char *id); /* in the end mark; -1: none yet */
/* Reads in/ID.window; false: missing or invalid. */
bool spool_window_read(struct spool *s, const char *owner, const char *id, unsigned *rows, unsigned *columns);
bool spool_signal_take(struct spool *s, const char *owner, const char *id,
		       int sig); /* true: the signal was pending; its file is removed */
int spool_each_input(struct spool *s, const char *owner, spool_name_fn f, void *arg);
void spool_input_clear(struct spool *s, const char *owner, const char *id);   /* removes all entries of a job */
bool spool_input_stale(struct spool *s, const char *owner, const char *name); /* true: the entry has no job */
/* The bytes of input that the attempt has taken, as last reported. */
int64_t spool_taken(struct spool *s, const char *owner, const char *id, int attempt);

#endif
