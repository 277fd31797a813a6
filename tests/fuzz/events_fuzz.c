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

/* A ticket is for its task and its owner, until it expires, and only as it was written. */
static void tickets(const char *owner)
{
	static const unsigned char key[TICKET_KEY] = "a key";
	const char *id = "01890a5d-ac96-774b-bcce-b302099a8057", *other = "01890a5d-ac96-774b-bcce-b302099a8058";
	char ticket[TICKET_MAX], whose[OWNER_MAX];

	if (!spool_owner_valid(owner))
		return;
	ticket_format(ticket, key, owner, id, 100);
	MUST(ticket_parse(whose, key, ticket, id, 99) && strcmp(whose, owner) == 0);
	MUST(!ticket_parse(whose, key, ticket, id, 101) && !ticket_parse(whose, key, ticket, other, 99));
	ticket[strlen(ticket) - 1] ^= 1;
	MUST(!ticket_parse(whose, key, ticket, id, 99));
}

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
	tickets(text);
	tail = utf8_tail(text, size);
	MUST(tail <= 3 && tail <= size && (tail == 0 || !utf8_valid(text + size - tail, tail)));
	free(text);
	return 0;
}
