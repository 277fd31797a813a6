/* events_test - ids of events, characters that are not whole, and tickets, without a spool */
#include "http/cursor.h"
#include "http/ticket.h"
#include "spool/owner_name.h"
#include "check.h"

#include <stdio.h>
#include <string.h>


static void cursors(void)
{
	static const char *const bad[] = {
		"",
		"-",
		"1",
		"1-2-3-4-5-6-1",
		"1-2-3-4-5-6-1-1-",
		"1-2-3-4-5-6-1-1-0",
		"01-2-3-4-5-6-1-1",
		"1--2-3-4-5-6-1-1",
		"+1-2-3-4-5-6-1-1",
		" 1-2-3-4-5-6-1-1",
		"1-2-3-4-5-6-1-1 ",
		"1-2-3-4-5-6-2-1",
		"1-2-3-4-5-6-1-2",
		"1234567890123456789-0-0-0-0-0-0-0",
		"a-0-0-0-0-0-0-0",
	};
	struct cursor c = { .attempt = 1,
			    .out = 120,
			    .err = 999999999999999999,
			    .marks = 2,
			    .tests = 1000,
			    .queue = 7,
			    .notice = 1,
			    .end = 1 },
		      d;
	char text[CURSOR_TEXT];

	cursor_format(text, &c);
	CHECK(strcmp(text, "1-120-999999999999999999-2-1000-7-1-1") == 0);
	CHECK(cursor_parse(&d, text) && memcmp(&c, &d, sizeof c) == 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!cursor_parse(&d, bad[i]));
}

/* Of every prefix of every kind of character, the tail is what is missing its end. */
static void tails(void)
{
	static const char *const whole[] = { "a",
					     "\xc2\x80",
					     "\xdf\xbf",
					     "\xe0\xa0\x80",
					     "\xed\x9f\xbf",
					     "\xef\xbf\xbf",
					     "\xf0\x90\x80\x80",
					     "\xf4\x8f\xbf\xbf" };
	static const char *const none[] = { "",		"\x80",		"\xc0",		"\xc1",	    "\xe0\x80",
					    "\xe0\x9f", "\xed\xa0",	"\xf0\x80",	"\xf4\x90", "\xf5",
					    "\xff",	"\xbf\xbf\xbf", "a\x80\x80\x80" };
	char text[16];

	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
		for (size_t n = 0; n <= strlen(whole[i]); n++) {
			memcpy(mempcpy(text, "x\xc3\xa4", 3), whole[i], n);
			CHECK(utf8_tail(text, 3 + n) == (n == strlen(whole[i]) ? 0 : n));
		}
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		CHECK(utf8_tail(none[i], strlen(none[i])) == 0);
}

static void tickets(void)
{
	static const char id[] = "01890a5d-ac96-774b-bcce-b302099a8057",
			  other[] = "01890a5d-ac96-774b-bcce-b302099a8058";
	unsigned char key[TICKET_KEY] = "0123456789abcdef0123456789abcde",
		      wrong[TICKET_KEY] = "1123456789abcdef0123456789abcde";
	char text[TICKET_MAX], bent[TICKET_MAX], owner[OWNER_MAX], longest[OWNER_MAX];

	ticket_format(text, key, "http-web-ann", id, 1000);
	CHECK(ticket_parse(owner, key, text, id, 999) && strcmp(owner, "http-web-ann") == 0);
	CHECK(!ticket_parse(owner, key, text, id, 1000));
	CHECK(!ticket_parse(owner, key, text, other, 999));
	CHECK(!ticket_parse(owner, wrong, text, id, 999));
	for (size_t i = 0; text[i]; i++) { /* any character of it changed, or cut off there */
		strcpy(bent, text);
		bent[i] = text[i] == '1' ? '2' : '1';
		CHECK(!ticket_parse(owner, key, bent, id, 0));
		bent[i] = 0;
		CHECK(!ticket_parse(owner, key, bent, id, 0));
	}
	memset(longest, 'a', sizeof longest);
	longest[OWNER_MAX - 1] = 0;
	ticket_format(text, key, longest, id, 999999999999);
	CHECK(ticket_parse(owner, key, text, id, 0) && strcmp(owner, longest) == 0);
}

int main(void)
{
	RUN(cursors);
	RUN(tails);
	RUN(tickets);
	return check_status();
}
