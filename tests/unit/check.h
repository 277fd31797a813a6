/* check.h - the whole test frame of tests/unit
 *
 *     static void name(void) { CHECK(1 + 1 == 2); }
 *     int main(void) { RUN(name); return check_status(); }
 *
 * A test is one line: "ok name", or "not ok name file:line: condition" for each
 * condition that does not hold. The rest of a failed test still runs.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

static int check_failures, check_failures_of_test;
static const char *check_name = "main";

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			check_failures_of_test++;                                                                      \
			printf("not ok %s %s:%d: %s\n", check_name, __FILE__, __LINE__, #condition);                   \
			fflush(stdout);                                                                                \
		}                                                                                                      \
	} while (0)

#define RUN(test) check_run(#test, test)

static inline void check_run(const char *name, void (*test)(void))
{
	check_name = name;
	check_failures_of_test = 0;
	test();
	if (check_failures_of_test == 0)
		printf("ok %s\n", name);
	fflush(stdout); /* before a later test forks */
	check_failures += check_failures_of_test;
}

static inline int check_status(void)
{
	return check_failures > 0;
}

#endif
