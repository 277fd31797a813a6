/* metrics_file.h - each runner's metrics: SPOOL/metrics/RUNNER */
#ifndef CEE_LAYOUT_METRICS_FILE_H
#define CEE_LAYOUT_METRICS_FILE_H

#include "spool/spool.h"

#include <stddef.h>
#include <sys/types.h>

/* Writes SPOOL/metrics/RUNNER, which only the user reader (NULL: this process's user) can read. Not synced. -1 and
 * errno. */
int spool_metrics_write(struct spool *s, const char *runner, const char *text, size_t len, const uid_t *reader);
void spool_metrics_remove(struct spool *s, const char *runner);
/* Calls f with the text of each live runner. */
typedef int (*spool_text_fn)(void *arg, const char *name, const char *text, size_t len);
int spool_each_metrics(struct spool *s, spool_text_fn f, void *arg);

#endif
