/* cursor.c - an event reader's position as text; incomplete UTF-8 characters (cursor.h) */
#include "http/cursor.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void cursor_format(char text[CURSOR_TEXT], const struct cursor *c)
{
	const int64_t v[] = {
#define F(name) c->name,
		CURSOR_FIELDS(F)
#undef F
	};
	size_t at = 0;

	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		at += (size_t)snprintf(text + at, CURSOR_TEXT - at, "%s%" PRId64, i ? "-" : "", v[i]);
}

/* Up to 18 digits, without leading zeros: the place behind them, or NULL. */
static const char *number(const char *s, int64_t *v)
{
	size_t n = strspn(s, "0123456789");

	if (n == 0 || n > 18 || (*s == '0' && n > 1))
		return NULL;
	*v = 0;
	while (n-- > 0)
		*v = *v * 10 + (*s++ - '0');
	return s;
}

bool cursor_parse(struct cursor *c, const char *text)
{
	int64_t *const v[] = {
#define F(name) &c->name,
		CURSOR_FIELDS(F)
#undef F
	};

	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		if (i > 0 && *text++ != '-')
			return false;
		text = number(text, v[i]);
		if (!text)
			return false;
	}
	return !*text && c->notice <= 1 && c->end <= 1;
}

/* The length in bytes of a character whose first byte is c; 0: no character begins with c. */
static size_t length_of(unsigned char c)
{
	return c >= 0xf0 && c <= 0xf4 ? 4 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xc2 && c <= 0xdf ? 2 : 0;
}

/* RFC 3629, 4: which second bytes may follow which first. */
static bool second_fits(unsigned char first, unsigned char second)
{
	unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	return second >= low && second <= high;
}

size_t utf8_tail(const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;

	for (size_t n = 1; n <= 3 && n <= len; n++) {
		unsigned char c = u[len - n];

		if (c >= 0x80 && c <= 0xbf)
			continue;
		return length_of(c) > n && (n < 2 || second_fits(c, u[len - n + 1])) ? n : 0;
	}
	return 0;
}
