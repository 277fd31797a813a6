/* result_members.h - the tables of a result's, a phase's and a test's fields; for result_json.c, test_result.c and tests */
#ifndef CEE_JOB_RESULT_MEMBERS_H
#define CEE_JOB_RESULT_MEMBERS_H

#include "base/json_record.h"

extern const struct json_member result_members[];	/* of struct result */
extern const struct json_member result_phase_members[]; /* of struct result_phase */
extern const struct json_member test_members[];		/* of struct test_result */

#endif
