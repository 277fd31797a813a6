/* ticket.c - tickets (ticket.h), and the key that signs them: http_state/ticket.key
 *
 * Rules:
 *   - The key is 32 random bytes in a file of mode 0600, created by the first process that needs it:
 *     written under a temporary name and renamed without replacing, so that processes that race agree on
 *     one key.
 *   - Removing that file makes all tickets invalid.
 *   - MACs are compared in constant time.
 */
#include "http/ticket.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/json_write.h"
#include "cli/prog.h"
#include "http/request.h"
#include "spool/owner_name.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { MAC_BYTES = SHA256_DIGEST_SIZE, MAC_TEXT = 2 * MAC_BYTES };

/* ---- the text ----------------------------------------------------------------------------- */

static void mac_of(char text[MAC_TEXT + 1], const unsigned char key[TICKET_KEY], const char *owner, const char *id,
		   int64_t expires_s)
{
	unsigned char mac[MAC_BYTES];
	char signed_text[OWNER_MAX + ID_LEN + 64];
	int n = snprintf(signed_text, sizeof signed_text, "cee ticket 1\n%" PRId64 "\n%s\n%s\n", expires_s, owner, id);
	struct hmac_sha256_ctx c;

	hmac_sha256_set_key(&c, TICKET_KEY, key);
	hmac_sha256_update(&c, (size_t)n, (const uint8_t *)signed_text);
	hmac_sha256_digest(&c, sizeof mac, mac);
	for (int i = 0; i < MAC_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", mac[i]);
}

void ticket_format(char text[TICKET_MAX], const unsigned char key[TICKET_KEY], const char *owner, const char *id,
		   int64_t expires_s)
{
	char mac[MAC_TEXT + 1];

	mac_of(mac, key, owner, id, expires_s);
	snprintf(text, TICKET_MAX, "%" PRId64 ".%s.%s", expires_s, owner, mac);
}

bool ticket_parse(char owner[OWNER_MAX], const unsigned char key[TICKET_KEY], const char *text, const char *id,
		  int64_t now_s)
{
	size_t digits = strspn(text, "0123456789"), len = strlen(text), n;
	char mac[MAC_TEXT + 1];
	int64_t expires_s = 0;

	if (digits == 0 || digits > 15 || *text == '0' || text[digits] != '.' || len < digits + 1 + 1 + 1 + MAC_TEXT ||
	    text[len - MAC_TEXT - 1] != '.')
		return false;
	for (size_t i = 0; i < digits; i++)
		expires_s = expires_s * 10 + (text[i] - '0');
	n = len - MAC_TEXT - 1 - (digits + 1);
	if (n >= OWNER_MAX)
		return false;
	memcpy(owner, text + digits + 1, n);
	owner[n] = 0;
	if (!spool_owner_valid(owner))
		return false;
	mac_of(mac, key, owner, id, expires_s);
	return memeql_sec(mac, text + len - MAC_TEXT, MAC_TEXT) && now_s < expires_s;
}

/* ---- the key ------------------------------------------------------------------------------ */

#define KEY_FILE "ticket.key"

/* 0, or -1 with errno; EINVAL: the file has not the length of a key. */
static int key_read_file(int state, unsigned char key[TICKET_KEY])
{
	AUTO_BUF struct buf b = { 0 };

	if (read_file_at(state, KEY_FILE, TICKET_KEY, &b) < 0)
		return -1;
	if (b.len != TICKET_KEY) {
		errno = EINVAL;
		return -1;
	}
	memcpy(key, b.data, TICKET_KEY);
	return 0;
}

/* Creates the key; if another process was faster, reads that process's key. */
static int key_write_file(int state, unsigned char key[TICKET_KEY])
{
	char name[64];
	int fd, r = -1, err;

	snprintf(name, sizeof name, KEY_FILE ".%ld.%" PRId64, (long)getpid(), now_us());
	fd = openat(state, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	if (getrandom(key, TICKET_KEY, 0) == TICKET_KEY && write_full(fd, key, TICKET_KEY) == 0 && fsync(fd) == 0)
		r = renameat2(state, name, state, KEY_FILE, RENAME_NOREPLACE);
	err = errno;
	if (r < 0)
		unlinkat(state, name, 0);
	close(fd);
	errno = err;
	return r < 0 && err == EEXIST ? key_read_file(state, key) : r;
}

static bool key_get(struct request *rq, unsigned char key[TICKET_KEY])
{
	AUTO_CLOSE int state = open(rq->client.conf.http_state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (state >= 0 && (key_read_file(state, key) == 0 || (errno == ENOENT && key_write_file(state, key) == 0)))
		return true;
	prog_error("%s/" KEY_FILE ": %s: cannot issue or check tickets (see http_state in cee.conf)",
		   rq->client.conf.http_state, strerror(errno));
	return false;
}

bool ticket_make(struct request *rq, char text[TICKET_MAX], const char *id)
{
	unsigned char key[TICKET_KEY];

	if (!key_get(rq, key))
		return false;
	ticket_format(text, key, rq->client.owner, id, (now_us() + rq->client.conf.http_ticket_us) / 1000000);
	return true;
}

void ticket_put(struct request *rq, struct json_writer *w, const char *id)
{
	char ticket[TICKET_MAX];

	if (ticket_make(rq, ticket, id))
		json_put_text(w, "ticket", ticket);
}

bool ticket_check(struct request *rq, const char *text)
{
	unsigned char key[TICKET_KEY];

	return key_get(rq, key) && ticket_parse(rq->client.owner, key, text, rq->id, now_us() / 1000000);
}
