/* test_list.h - results of the tests that have ended, also while the job runs */
#ifndef CEE_CMD_TEST_LIST_H
#define CEE_CMD_TEST_LIST_H

#include "base/buf.h"
#include "cmd/cee-stat/stat_prog.h"
#include "job/result.h"

void put_tests(struct stat_prog *p, const char *id, int attempt);
/* Prints them as the last field of the job's object, and closes the object. */
void json_tests(struct stat_prog *p, const char *id, int attempt);
/* Prints the result's text with its tests. */
void json_result(struct stat_prog *p, const struct result *r, const struct buf *text);

#endif
