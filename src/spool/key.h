/* key.h - keys: OWNER/keys/SHA-256, "ID KEY\n" */
#ifndef CEE_SPOOL_KEY_H
#define CEE_SPOOL_KEY_H

#include "base/error.h"
#include "base/id.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

enum { KEY_NAME_MAX = 65 };
void key_name(char name[KEY_NAME_MAX], const char *key);
bool key_name_valid(const char *name);
struct key {
	int fd;
	bool found;
	char id[ID_LEN + 1];
}; /* fd: locked; -1 none */
/* Takes the key; other processes that take it wait until key_release. k->id is the key's id: an
 * existing one (k->found), else fresh, which is then durable. */
int key_take(struct key *k, struct spool *s, const char *owner, const char *key, const char *fresh, struct cee_err *e);
void key_release(struct key *k);
/* Removes the key if its id is `id`; 0 also if it has another id. EAGAIN: another process has taken the key. */
int key_remove(struct spool *s, const char *owner, const char *key, const char *id);
/* Reads an entry of keys/: 1 and its id; 0: missing or invalid; -1. */
int key_read(int dir, const char *name, char id[ID_LEN + 1]);
/* Removes an entry whose job does not exist and that no process has taken: 1 removed, 0 not. */
int key_drop(struct spool *s, const char *owner, const char *name, bool dry);
/* Calls key_drop for each entry that was last written before before_us (epoch), and f (may be NULL) with the name of
 * each removed entry. */
void key_drop_old(struct spool *s, const char *owner, int64_t before_us, bool dry, spool_name_fn f, void *arg);

#endif
