/* limit.c - limits by name, and the numbers people write for them
 *
 * Times are microseconds inside and written "1.5", "1.5s", "200ms", "2m", "1h",
 * "7d"; sizes are bytes and written "65536", "64K", "64M", "1.5GiB". Decimal
 * digits only: no sign, no exponent, no locale. All arithmetic is in integers
 * and checked.
 */
#include "base/limit.h"
#include "base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SIZE_LARGEST ((int64_t)1 << 50)
#define COUNT_LARGEST ((int64_t)1 << 30)
#define TIME_LARGEST ((int64_t)1000000000 * 1000000) /* 1e9 s: exact in a double, as results need */

const char *const limit_name[LIMIT_COUNT] = {
#define L(id, name, unit, compile, run, ceiling, text) [LIMIT_##id] = name,
	LIMITS(L)
#undef L
};

const enum limit_unit limit_unit[LIMIT_COUNT] = {
#define L(id, name, unit, compile, run, ceiling, text) [LIMIT_##id] = UNIT_##unit,
	LIMITS(L)
#undef L
};

#define L(id, name, unit, compile, run, ceiling, text) ", " name
static const char names[] = LIMITS(L);
#undef L
const char *const limit_names = names + 2;

#define SECOND INT64_C(1000000)
#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)
#define USUAL_COMPILE(id, name, unit, compile, run, ceiling, text) [LIMIT_##id] = (compile),
#define USUAL_RUN(id, name, unit, compile, run, ceiling, text) [LIMIT_##id] = (run),
#define CEILING(id, name, unit, compile, run, ceiling, text) [LIMIT_##id] = (ceiling),
const struct limits limits_usual[PHASE_COUNT] = {
	[PHASE_COMPILE] = { .v = { LIMITS(USUAL_COMPILE) } },
	[PHASE_RUN] = { .v = { LIMITS(USUAL_RUN) } },
};
const struct limits limits_ceiling = { .v = { LIMITS(CEILING) } };

void limits_init(struct limits *l)
{
	for (int i = 0; i < LIMIT_COUNT; i++)
		l->v[i] = -1;
}

void limits_default(struct limits *l, const struct limits *d)
{
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (l->v[i] < 0)
			l->v[i] = d->v[i];
	/* so that a job within its cpu time does not fail on a busy host */
	if (l->v[LIMIT_WALL] < 0 && l->v[LIMIT_CPU] >= 0)
		l->v[LIMIT_WALL] = limits_wall(l->v[LIMIT_CPU], 1);
}

int64_t limits_wall(int64_t cpu, double times)
{
	return (int64_t)(3 * (double)cpu * times) + 1000000;
}

void limits_cap(struct limits *l, const struct limits *max)
{
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (max->v[i] >= 0 && l->v[i] > max->v[i])
			l->v[i] = max->v[i];
}

int64_t limit_kernel_memory(int64_t memory)
{
	return memory / 512 + (512 << 10);
}

bool limit_may_be_none(enum limit_id id)
{
	return id == LIMIT_OUTPUT || id == LIMIT_FILE_SIZE;
}

enum limit_id limits_none(const struct limits *l)
{
	int i = 0;

	while (i < LIMIT_COUNT && l->v[i] != LIMIT_NONE)
		i++;
	return (enum limit_id)i;
}

int limit_find(const char *name)
{
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (strcmp(limit_name[i], name) == 0)
			return i;
	return -1;
}

struct unit {
	const char *name;
	int64_t mult;
};

static const struct unit time_units[] = { { "", 1000000 },     { "us", 1 },	     { "ms", 1000 },
					  { "s", 1000000 },    { "m", 60000000 },    { "min", 60000000 },
					  { "h", 3600000000 }, { "d", 86400000000 }, { NULL, 0 } };
static const struct unit size_units[] = { { "", 1 },
					  { "B", 1 },
					  { "K", 1 << 10 },
					  { "KiB", 1 << 10 },
					  { "M", 1 << 20 },
					  { "MiB", 1 << 20 },
					  { "G", 1 << 30 },
					  { "GiB", 1 << 30 },
					  { "T", (int64_t)1 << 40 },
					  { "TiB", (int64_t)1 << 40 },
					  { NULL, 0 } };

/* Digits, perhaps a fraction, then a unit of the table. -1 also on overflow. */
static int number_with_unit(const char *text, const struct unit *u, int64_t *value)
{
	int64_t whole = 0, part = 0, scale = 1, v = 0;
	const char *p = text;

	*value = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, *p - '0', &whole))
			return -1;
	if (p == text)
		return -1;
	if (*p == '.') {
		const char *dot = p++;
		for (; *p >= '0' && *p <= '9'; p++)
			if (p - dot <= 6) { /* further decimal places are dropped */
				part = part * 10 + (*p - '0');
				scale *= 10;
			}
		if (p == dot + 1)
			return -1;
	}
	for (; u->name && strcmp(u->name, p) != 0; u++)
		;
	if (!u->name || __builtin_mul_overflow(whole, u->mult, &v))
		return -1;
	/* mult is at most 2^40 and part below 10^6 */
	return __builtin_add_overflow(v, part * u->mult / scale, value) ? -1 : 0;
}

int duration_parse(const char *text, int64_t *us, struct cee_err *e)
{
	int64_t v;

	if (number_with_unit(text, time_units, &v) < 0 || v > TIME_LARGEST)
		return cee_fail(e, EINVAL,
				"\"%.40s\" is not a valid duration (write seconds, or a number with us, ms, s, m, h or "
				"d)",
				text);
	*us = v;
	return 0;
}

int duration_number(double seconds, int64_t *us, struct cee_err *e)
{
	if (!(seconds >= 0 && seconds <= (double)TIME_LARGEST / 1e6))
		return cee_fail(e, EINVAL,
				"%.15g is not a valid duration (write seconds from 0 on, or a text such as \"200ms\")",
				seconds);
	*us = llround(seconds * 1e6);
	return 0;
}

int size_parse(const char *text, int64_t *bytes, struct cee_err *e)
{
	int64_t v;

	if (number_with_unit(text, size_units, &v) < 0 || v > SIZE_LARGEST)
		return cee_fail(e, EINVAL,
				"\"%.40s\" is not a valid size (write bytes, or a number with K, M or G, which are "
				"powers of 1024)",
				text);
	*bytes = v;
	return 0;
}

static int64_t largest(enum limit_id id)
{
	switch (limit_unit[id]) {
	case UNIT_TIME:
		return TIME_LARGEST;
	case UNIT_SIZE:
		return SIZE_LARGEST;
	case UNIT_COUNT:
		break;
	}
	return COUNT_LARGEST;
}

/* Zero means "no limit" to tmpfs and to rlimits of time, and no program runs with zero of
 * the others: only output and file size may be 0. */
static int limit_range(enum limit_id id, int64_t v, int64_t *value, struct cee_err *e)
{
	bool zero = id == LIMIT_OUTPUT || id == LIMIT_FILE_SIZE;

	if (v < (zero ? 0 : 1))
		return cee_fail(e, EINVAL, "%s must be more than 0", limit_name[id]);
	if (v > largest(id))
		return cee_fail(e, EINVAL, "%s is too large", limit_name[id]);
	*value = v;
	return 0;
}

int limit_parse(enum limit_id id, const char *text, int64_t *value, struct cee_err *e)
{
	static const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };
	int64_t v = 0;

	if (strcmp(text, "none") == 0) {
		if (!limit_may_be_none(id))
			return cee_fail(e, EINVAL, "%s cannot be none (write a number)", limit_name[id]);
		*value = LIMIT_NONE;
		return 0;
	}
	switch (limit_unit[id]) {
	case UNIT_TIME:
		if (duration_parse(text, &v, e) < 0)
			return -1;
		break;
	case UNIT_SIZE:
		if (size_parse(text, &v, e) < 0)
			return -1;
		break;
	case UNIT_COUNT:
		if (strchr(text, '.') || number_with_unit(text, no_units, &v) < 0)
			return cee_fail(e, EINVAL, "\"%.40s\" is not a whole number", text);
		break;
	}
	return limit_range(id, v, value, e);
}

int limit_number(enum limit_id id, double number, int64_t *value, struct cee_err *e)
{
	int64_t v = 0;

	if (limit_unit[id] == UNIT_TIME) {
		if (duration_number(number, &v, e) < 0)
			return -1;
	} else {
		if (!(number >= 0 && number <= (double)SIZE_LARGEST) || number != floor(number))
			return cee_fail(e, EINVAL, "%.15g is not a whole number%s", number,
					limit_unit[id] == UNIT_SIZE ? " of bytes (nor a text such as \"64M\")" : "");
		v = (int64_t)number;
	}
	return limit_range(id, v, value, e);
}

static void size_format(char out[LIMIT_TEXT_MAX], int64_t v)
{
	static const char letters[] = "BKMGT";
	int i = 0;

	while (letters[i + 1] && v != 0 && v % 1024 == 0) {
		v /= 1024;
		i++;
	}
	snprintf(out, LIMIT_TEXT_MAX, "%" PRId64 "%.1s", v, i > 0 ? letters + i : "");
}

void limit_format(char out[LIMIT_TEXT_MAX], enum limit_id id, int64_t value)
{
	if (value < 0)
		snprintf(out, LIMIT_TEXT_MAX, "-");
	else if (value == LIMIT_NONE)
		snprintf(out, LIMIT_TEXT_MAX, "none");
	else if (limit_unit[id] == UNIT_SIZE)
		size_format(out, value);
	else if (limit_unit[id] == UNIT_COUNT)
		snprintf(out, LIMIT_TEXT_MAX, "%" PRId64, value);
	else if (value % 1000000 == 0)
		snprintf(out, LIMIT_TEXT_MAX, "%" PRId64 "s", value / 1000000);
	else if (value % 1000 == 0)
		snprintf(out, LIMIT_TEXT_MAX, "%" PRId64 "ms", value / 1000);
	else
		snprintf(out, LIMIT_TEXT_MAX, "%" PRId64 "us", value);
}
