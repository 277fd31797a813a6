/* token_fuzz - a file of tokens: what is read of a line is bounded, and written again reads the same */
#include "base/buf.h"
#include "conf/token.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A list of scopes, as cee-token gets it from a command line. */
static void scopes(const char *data, size_t size)
{
	char *text = strndup(data, size), back[64];
	unsigned set, again;

	if (token_scopes_parse(text, &set, NULL) == 0) {
		token_scopes_format(back, set);
		if (!set || token_scopes_parse(back, &again, NULL) < 0 || again != set)
			abort();
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1); /* of the exact size, so that an over-read is seen */
	struct token t, again;
	struct buf b = { 0 };

	memcpy(text, data, size);
	if (token_parse(&t, text, size, NULL) == 1) {
		if (!t.scopes || !token_name_valid(t.name) || token_format(&b, &t) < 0 ||
		    token_parse(&again, b.data, b.len - 1, NULL) != 1 || strcmp(again.name, t.name) != 0 ||
		    again.scopes != t.scopes || again.expires_us != t.expires_us)
			abort();
		buf_release(&b);
	}
	if (token_find(&t, text, size, "cee_x", 0)) {
		char hash[TOKEN_HASH + 1];

		token_hash(hash, "cee_x");
		if (!memmem(text, size, hash, TOKEN_HASH) || (t.expires_us >= 0 && t.expires_us <= 0))
			abort();
	}
	scopes(text, size);
	free(text);
	return 0;
}
