/* token.c - bearer tokens (token.h)
 *
 * The file holds only hashes, so reading it does not reveal a token. An invalid line grants nothing.
 */
#include "conf/token.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { RANDOM_BYTES = 32, LINE_MAX_LEN = 512 };

static const char *const scope_name[SCOPE_BITS] = {
#define S(id, text) [SCOPE_BIT_##id] = text,
	SCOPES(S)
#undef S
};

bool token_name_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > TOKEN_NAME_MAX)
		return false;
	for (size_t i = 0, n; i < len; i += n)
		if ((n = utf8_printable(name + i, len - i)) == 0 || name[i] == ' ')
			return false;
	return *name != '#';
}

int token_scopes_parse(const char *text, unsigned *scopes, struct cee_err *e)
{
	unsigned all = 0;

	for (;;) {
		size_t n = strcspn(text, ",");
		int i = 0;

		while (i < SCOPE_BITS && !(strlen(scope_name[i]) == n && memcmp(scope_name[i], text, n) == 0))
			i++;
		if (i == SCOPE_BITS)
			return cee_fail(e, EINVAL, "\"%.*s\" is not a scope (there are submit, read, delegate, admin)",
					(int)(n < 60 ? n : 60), text);
		all |= 1u << i;
		if (!text[n])
			break;
		text += n + 1;
	}
	*scopes = all;
	return 0;
}

void token_scopes_format(char out[64], unsigned scopes)
{
	size_t n = 0;

	*out = 0;
	for (int i = 0; i < SCOPE_BITS; i++)
		if (scopes & 1u << i)
			n += (size_t)snprintf(out + n, 64 - n, "%s%s", n ? "," : "", scope_name[i]);
}

int token_make(char text[TOKEN_LEN + 1])
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char random[RANDOM_BYTES + 1] = { 0 };
	int at = snprintf(text, TOKEN_LEN + 1, "cee_");

	if (getrandom(random, RANDOM_BYTES, 0) != RANDOM_BYTES)
		return -1;
	for (int bit = 0; at < TOKEN_LEN; bit += 6, at++) {
		unsigned two = (unsigned)random[bit / 8] << 8 | random[bit / 8 + 1];

		text[at] = digit[two >> (10 - bit % 8) & 63];
	}
	text[at] = 0;
	return 0;
}

void token_hash(char hash[TOKEN_HASH + 1], const char *text)
{
	unsigned char digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx c;

	sha256_init(&c);
	sha256_update(&c, strlen(text), (const uint8_t *)text);
	sha256_digest(&c, sizeof digest, digest);
	for (size_t i = 0; i < sizeof digest; i++)
		snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}

/* ---- lines ----------------------------------------------------------------------- */

int token_format(struct buf *b, const struct token *t)
{
	char scopes[64], expires[TIME_TEXT_MAX] = "never";

	token_scopes_format(scopes, t->scopes);
	if (t->expires_us >= 0)
		time_format(expires, t->expires_us);
	return buf_printf(b, "%s %s %s %s\n", t->hash, t->name, scopes, expires);
}

int token_parse(struct token *t, const char *line, size_t len, struct cee_err *e)
{
	char text[LINE_MAX_LEN], scopes[64], expires[TIME_TEXT_MAX], more[2];

	*t = (struct token){ .expires_us = -1 };
	if (len == 0 || *line == '#')
		return 0;
	if (len >= sizeof text || memchr(line, 0, len))
		return cee_fail(e, EINVAL, "the line is too long, or not text");
	memcpy(text, line, len);
	text[len] = 0;
	if (sscanf(text, "%64s %64s %63s %47s %1s", t->hash, t->name, scopes, expires, more) != 4 ||
	    strspn(t->hash, "0123456789abcdef") != TOKEN_HASH || !token_name_valid(t->name))
		return cee_fail(e, EINVAL, "must be HASH NAME SCOPES EXPIRES");
	if (token_scopes_parse(scopes, &t->scopes, e) < 0)
		return -1;
	if (strcmp(expires, "never") != 0 && time_parse(expires, &t->expires_us) < 0)
		return cee_fail(e, EINVAL, "\"%s\" is not a time (write it as 2026-01-31T12:00:00.000000Z)", expires);
	return 1;
}

int token_find(struct token *t, const char *file, size_t len, const char *text, int64_t now)
{
	char hash[TOKEN_HASH + 1];

	token_hash(hash, text);
	while (len > 0) {
		const char *nl = memchr(file, '\n', len);
		size_t n = nl ? (size_t)(nl - file) : len;

		/* hashes are compared, so the time of the comparison reveals nothing about the token */
		if (n > TOKEN_HASH && memcmp(file, hash, TOKEN_HASH) == 0 && token_parse(t, file, n, NULL) == 1)
			return t->expires_us < 0 || now < t->expires_us;
		n += nl != NULL;
		file += n;
		len -= n;
	}
	return 0;
}
