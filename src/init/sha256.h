/* sha256.h - SHA-256 (FIPS 180-4); cee-init links libc alone */
#ifndef CEE_INIT_SHA256_H
#define CEE_INIT_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
	uint32_t state[8];
	uint64_t len;
	unsigned char rest[64];
};
void sha256_begin(struct sha256 *h);
void sha256_add(struct sha256 *h, const unsigned char *p, size_t n);
void sha256_end(struct sha256 *h, char text[65]); /* in hexadecimal */

#endif
