/* journal.h - entries of systemd's journal, with fields that journalctl can select
 *
 *     struct buf b = { 0 };
 *     journal_field(&b, "MESSAGE", text, len);
 *     journal_name(name, "owner");                CEE_OWNER
 *     journal_field(&b, name, value, strlen(value));
 *     journal_send(fd, &b);
 *
 * The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): an entry is a datagram of fields.
 */
#ifndef RUNNER_JOURNAL_H
#define RUNNER_JOURNAL_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
enum { JOURNAL_NAME_MAX = 64 };

/* Is standard error connected to the journal, as JOURNAL_STREAM says? Else its reader would miss the entries. */
bool journal_has_stderr(void);
/* -1 and errno. */
int journal_open(const char *path);
/* The field's name of a name in the log: CEE_ and capitals; others than letters and digits become '_'. */
void journal_name(char field[JOURNAL_NAME_MAX], const char *name);
/* Any bytes may stand in the value. -1: out of memory. */
int journal_field(struct buf *b, const char *field, const char *value, size_t len);
/* Never waits. -1 and errno: EAGAIN while the journal takes nothing. */
int journal_send(int fd, const struct buf *b);

#endif
