/* time_text.c - RFC 3339 in UTC with microseconds, written and read in exactly that form */
#include "base/time_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

void time_format(char out[TIME_TEXT_MAX], int64_t us)
{
	time_t s = us / 1000000;
	struct tm tm;
	size_t n;

	gmtime_r(&s, &tm);
	n = strftime(out, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, TIME_TEXT_MAX - n, ".%06dZ", (int)(us % 1000000));
}

/* Two or four digits and the character after them. */
static bool digits(const char **p, int n, char end, int *v)
{
	*v = 0;
	for (int i = 0; i < n; i++, ++*p) {
		if (**p < '0' || **p > '9')
			return false;
		*v = *v * 10 + (**p - '0');
	}
	return *(*p)++ == end;
}

int time_parse(const char *s, int64_t *us)
{
	struct tm tm = { 0 }, back;
	int year, month, micro;
	time_t t;

	if (!digits(&s, 4, '-', &year) || !digits(&s, 2, '-', &month) || !digits(&s, 2, 'T', &tm.tm_mday) ||
	    !digits(&s, 2, ':', &tm.tm_hour) || !digits(&s, 2, ':', &tm.tm_min) || !digits(&s, 2, '.', &tm.tm_sec) ||
	    !digits(&s, 6, 'Z', &micro) || *s || year < 1970)
		goto wrong;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	back = tm;
	t = timegm(&back);
	/* timegm turns 31 February into 3 March: a date that it changes is invalid */
	if (back.tm_mday != tm.tm_mday || back.tm_mon != tm.tm_mon || back.tm_hour != tm.tm_hour ||
	    back.tm_min != tm.tm_min || back.tm_sec != tm.tm_sec)
		goto wrong;
	*us = (int64_t)t * 1000000 + micro;
	return 0;
wrong:
	errno = EINVAL;
	return -1;
}
