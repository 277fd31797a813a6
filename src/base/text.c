/* text.c - UTF-8 by RFC 3629, the characters that are safe on a terminal, and base64 */
#include "base/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Length of the well-formed UTF-8 character at s (RFC 3629: no overlong forms,
 * no surrogates, at most U+10FFFF), 0 if there is none. */
static size_t utf8_char(const unsigned char *s, size_t len)
{
	unsigned char lo = 0x80, hi = 0xBF;
	size_t n;

	if (len == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xC2 && s[0] <= 0xDF)
		n = 2;
	else if (s[0] >= 0xE0 && s[0] <= 0xEF)
		n = 3;
	else if (s[0] >= 0xF0 && s[0] <= 0xF4)
		n = 4;
	else
		return 0;
	if (s[0] == 0xE0)
		lo = 0xA0;
	if (s[0] == 0xED)
		hi = 0x9F;
	if (s[0] == 0xF0)
		lo = 0x90;
	if (s[0] == 0xF4)
		hi = 0x8F;
	if (len < n || s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xBF)
			return 0;
	return n;
}

bool utf8_valid(const char *s, size_t len)
{
	while (len > 0) {
		size_t n = utf8_char((const unsigned char *)s, len);
		if (n == 0)
			return false;
		s += n;
		len -= n;
	}
	return true;
}

size_t utf8_printable(const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = utf8_char(u, len);

	if (n == 1 && (u[0] < 0x20 || u[0] == 0x7F))
		return 0;
	if (n == 2 && u[0] == 0xC2 && u[1] < 0xA0) /* the C1 controls: CSI among them */
		return 0;
	return n;
}

bool text_only(const char *s, const char *set)
{
	return s[strspn(s, set)] == '\0';
}

void text_clean(char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < len;) {
		size_t n = utf8_printable(s + i, len - i);
		if (n == 0)
			s[i++] = '?';
		else
			i += n;
	}
}

static const char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	if (c == '/')
		return 63;
	return -1;
}

/* Decodes four characters, the last pad of them '=' (0 to 2), into 3 - pad bytes. Unused bits before
 * the padding must be zero, so that each content has only one encoding. */
static int base64_quad(const char *s, int pad, unsigned char *out)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		int d = i < 4 - pad ? base64_value(s[i]) : 0;
		if (d < 0)
			return -1;
		v = v << 6 | (uint32_t)d;
	}
	if ((pad == 1 && (v & 0xFF)) || (pad == 2 && (v & 0xFFFF)))
		return -1;
	for (int i = 0; i < 3 - pad; i++)
		out[i] = (unsigned char)(v >> (16 - 8 * i));
	return 0;
}

int base64_decode(const char *s, size_t len, unsigned char **out, size_t *outlen)
{
	int pad = 0;
	unsigned char *p;

	*out = NULL;
	*outlen = 0;
	if (len % 4 != 0) {
		errno = EINVAL;
		return -1;
	}
	if (len > 0 && s[len - 1] == '=')
		pad = s[len - 2] == '=' ? 2 : 1;
	p = malloc(len / 4 * 3 + 1);
	if (!p)
		return -1;
	for (size_t i = 0; i < len; i += 4)
		if (base64_quad(s + i, i + 4 == len ? pad : 0, p + i / 4 * 3) < 0) {
			free(p);
			errno = EINVAL;
			return -1;
		}
	*outlen = len / 4 * 3 - (size_t)pad;
	p[*outlen] = '\0';
	*out = p;
	return 0;
}

char *base64_encode(const unsigned char *s, size_t len)
{
	char *out, *p;

	if (len > SIZE_MAX / 2) {
		errno = ENOMEM;
		return NULL;
	}
	out = p = malloc((len + 2) / 3 * 4 + 1);
	if (!out)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t v = (uint32_t)s[i] << 16;
		if (left > 1)
			v |= (uint32_t)s[i + 1] << 8;
		if (left > 2)
			v |= s[i + 2];
		/* cppcheck-suppress uninitdata ; written here for the first time */
		*p++ = base64_alphabet[v >> 18];
		*p++ = base64_alphabet[v >> 12 & 63];
		*p++ = left > 1 ? base64_alphabet[v >> 6 & 63] : '=';
		*p++ = left > 2 ? base64_alphabet[v & 63] : '=';
	}
	*p = '\0';
	return out;
}
