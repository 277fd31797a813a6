/* token_fuzz - a file of tokens: what is read of a line is bounded, and written again reads the same */
#include "base/buf.h"
#include "conf/token.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	token_find(&t, text, size, "cee_x", 0);
	free(text);
	return 0;
}
