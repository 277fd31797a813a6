/* owner_name.c - valid names of owners and runners (owner_name.h) */
#include "spool/owner_name.h"
#include "spool/layout.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool name_valid(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n >= OWNER_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s[i];
		bool low = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		bool more = (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';

		if (!low && !(more && i > 0))
			return false;
	}
	return true;
}

bool spool_owner_valid(const char *owner)
{
	return name_valid(owner) && !layout_root_name(owner);
}

bool spool_runner_valid(const char *name)
{
	return name_valid(name);
}

void spool_owner_self(char owner[OWNER_MAX])
{
	snprintf(owner, OWNER_MAX, "uid-%u", (unsigned)getuid());
}

bool spool_owner_uid(const char *owner, const uid_t *http, uid_t *uid)
{
	const char *digits = owner + strlen("uid-");
	size_t n;
	unsigned long long u = 0;

	if (strcmp(owner, "anon") == 0 || strncmp(owner, "http-", strlen("http-")) == 0) {
		if (http)
			*uid = *http;
		return http != NULL;
	}
	if (strncmp(owner, "uid-", strlen("uid-")) != 0 || (n = strlen(digits)) == 0 || n > 10 ||
	    digits[strspn(digits, "0123456789")] || (n > 1 && *digits == '0'))
		return false;
	for (const char *p = digits; *p; p++)
		u = u * 10 + (unsigned)(*p - '0');
	*uid = (uid_t)u;
	return u < UINT32_MAX;
}
