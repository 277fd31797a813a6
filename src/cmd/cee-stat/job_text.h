/* job_text.h - a result for people: in full, or as a line of a table */
#ifndef CEE_CMD_JOB_TEXT_H
#define CEE_CMD_JOB_TEXT_H

#include "cmd/cee-stat/stat_prog.h"
#include "job/result.h"

void put_result(struct result *r);
void put_head(struct stat_prog *p); /* prints the table's head, once */
void put_result_line(struct stat_prog *p, const struct result *r);

#endif
