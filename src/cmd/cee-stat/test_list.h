/* test_list.h - results of the tests that have ended, also while the job runs */
#ifndef CEE_CMD_TEST_LIST_H
#define CEE_CMD_TEST_LIST_H

#include "base/buf.h"
#include "base/json_write.h"
#include "cmd/cee-stat/stat_prog.h"
#include "job/result.h"

void put_tests(struct stat_prog *p, const char *id, int attempt);
/* Writes them as a field of the job's object. */
void json_tests(struct stat_prog *p, struct json_writer *w, const char *id, int attempt);
/* Prints the result's text with its tests. */
void json_result(struct stat_prog *p, const struct result *r, const struct buf *text);

#endif
