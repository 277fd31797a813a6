/* token.h - bearer tokens: names, scopes, expiry (token.c, cee-token(8))
 *
 * Part of libcee: never prints, never exits, and does no I/O.
 */
#ifndef CEE_TOKEN_H
#define CEE_TOKEN_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

/* S(id, text): permissions of a token's bearer. */
#define SCOPES(S) S(SUBMIT, "submit") S(READ, "read") S(DELEGATE, "delegate") S(ADMIN, "admin")
enum {
#define S(id, text) SCOPE_BIT_##id,
	SCOPES(S)
#undef S
		SCOPE_BITS
};
enum {
#define S(id, text) SCOPE_##id = 1u << SCOPE_BIT_##id,
	SCOPES(S)
#undef S
		SCOPE_NONE = 0
};

/* A token's text is "cee_" and 43 characters of base64url, 256 random bits: so storing its plain SHA-256 is
 * safe, without salt and stretching. */
enum { TOKEN_LEN = 47, TOKEN_HASH = 64, TOKEN_NAME_MAX = 64, TOKENS_MAX_BYTES = 4 << 20 };

struct token {
	char hash[TOKEN_HASH + 1];     /* 64 hexadecimal digits; the first 8 are the token's id */
	char name[TOKEN_NAME_MAX + 1]; /* the user or program that it was made for */
	unsigned scopes;
	int64_t expires_us; /* epoch; -1 never */
};
/* UTF-8, 1 to 64 bytes, without spaces and control characters. */
bool token_name_valid(const char *name);
int token_scopes_parse(const char *text, unsigned *scopes, struct cee_err *e); /* "submit,read" */
void token_scopes_format(char out[64], unsigned scopes);
int token_make(char text[TOKEN_LEN + 1]); /* -1 errno: no random bytes */
void token_hash(char hash[TOKEN_HASH + 1], const char *text);

/* The file: "HASH NAME SCOPES EXPIRES", EXPIRES a time or "never"; empty lines and # comments. */
int token_format(struct buf *b, const struct token *t); /* appends a line; -1 ENOMEM */
/* Parses a line of len bytes: 1 a token, 0 an empty line or a comment, -1 invalid, e says why. */
int token_parse(struct token *t, const char *line, size_t len, struct cee_err *e);
/* Finds the token with that text in the file's text: 1; 0: unknown or expired. Invalid lines are skipped. */
int token_find(struct token *t, const char *file, size_t len, const char *text, int64_t now);
#endif
