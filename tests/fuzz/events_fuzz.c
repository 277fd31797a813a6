/* events_fuzz - what a reader of events sends: an id is refused or reads back as it was, a ticket
 * that nobody made is refused, and a tail is never more than a character */
#include "base/text.h"
#include "http/cursor.h"
#include "http/ticket.h"
#include "spool/owner_name.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                                        \
	do {                                                                                                           \
		if (!(c))                                                                                              \
			abort();                                                                                       \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char key[TICKET_KEY] = "a key that no input knows of";
	char *text = malloc(size + 1), again[CURSOR_TEXT], owner[OWNER_MAX];
	struct cursor c;
	size_t tail;

	memcpy(text, data, size);
	text[size] = 0;
	if (cursor_parse(&c, text)) {
		cursor_format(again, &c);
		MUST(strcmp(again, text) == 0);
	}
	MUST(!ticket_parse(owner, key, text, "01890a5d-ac96-774b-bcce-b302099a8057", 0));
	tail = utf8_tail(text, size);
	MUST(tail <= 3 && tail <= size && (tail == 0 || !utf8_valid(text + size - tail, tail)));
	free(text);
	return 0;
}
