/* layout_test - every name that the spool writes is parsed back, and hostile names are not */
#include "base/id.h"
#include "spool/input.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "check.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define AN_ID "01890a5d-ac96-774b-bcce-b302099a8057"

static char id[ID_LEN + 1];

static void waiting_jobs(void)
{
	static const char *const bad[] = { "",
					   ".",
					   "..",
					   AN_ID,
					   "5",
					   "5.",
					   "x." AN_ID,
					   "55." AN_ID,
					   "5." AN_ID ".",
					   "5." AN_ID ".1", /* only a runner gives attempts, with priority 0 */
					   "0." AN_ID ".0",
					   "0." AN_ID ".10",
					   "0." AN_ID ".a",
					   "0." AN_ID "\n",
					   "0.01890A5D-ac96-774b-bcce-b302099a8057",
					   "0.01890a5d-ac96-574b-bcce-b302099a8057",
					   "0./1890a5d-ac96-774b-bcce-b302099a8057" };
	char name[LAYOUT_NAME_MAX];
	int p, n;

	for (int priority = 0; priority <= 9; priority++) {
		layout_new_name(name, AN_ID, priority, 0);
		CHECK(layout_new_parse(name, id, &p, &n) && p == priority && n == 0 && strcmp(id, AN_ID) == 0);
	}
	for (int attempts = 1; attempts <= LAYOUT_ATTEMPTS; attempts++) {
		layout_new_name(name, AN_ID, 0, attempts);
		CHECK(layout_new_parse(name, id, &p, &n) && p == 0 && n == attempts && strcmp(id, AN_ID) == 0);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!layout_new_parse(bad[i], id, &p, &n));
}

static void claimed_jobs(void)
{
	static const char *const bad[] = { "",	       AN_ID,	   AN_ID ".",	AN_ID ".0", AN_ID ".10",
					   AN_ID "-1", "5." AN_ID, AN_ID ".1/", "lock",	    "alive" };
	char name[LAYOUT_NAME_MAX], path[2 * OWNER_MAX];
	int n;

	for (int attempt = 1; attempt <= LAYOUT_ATTEMPTS; attempt++) {
		layout_claim_name(name, AN_ID, attempt);
		CHECK(layout_claim_parse(name, id, &n) && n == attempt && strcmp(id, AN_ID) == 0);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!layout_claim_parse(bad[i], id, &n));
	layout_claims_path(path, "host.1.0123abcd", "uid-1");
	CHECK(strcmp(path, "host.1.0123abcd/uid-1") == 0);
}

static void removals(void)
{
	char name[LAYOUT_REMOVAL_MAX], gone[LAYOUT_GONE_MAX], again[LAYOUT_GONE_MAX];

	layout_removal_name(name, AN_ID);
	CHECK(layout_removal_parse(name, id) && strcmp(id, AN_ID) == 0);
	CHECK(!layout_removal_parse(AN_ID, id) && !layout_removal_parse(AN_ID ".removed", id));
	CHECK(!layout_removal_parse(".remove", id) && !layout_removal_parse("", id));
	layout_gone_name(gone, AN_ID);
	layout_gone_name(again, AN_ID);
	CHECK(layout_is_gone(gone) && layout_is_gone(again) && strcmp(gone, again) != 0);
	CHECK(!layout_is_gone(AN_ID) && !layout_is_gone(AN_ID ".gone.") && !layout_is_gone("x.gone.1"));
}

static void inputs(void)
{
	static const char *const bad[] = {
		"", ".end", AN_ID ".", AN_ID ".END", AN_ID ".KILL", AN_ID ".INT.", AN_ID "x"
	};
	static const enum spool_input_kind kinds[] = { INPUT_BYTES, INPUT_END, INPUT_OPEN, INPUT_WINDOW };
	char name[LAYOUT_INPUT_MAX];
	enum spool_input_kind kind;
	int sig, number;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		CHECK(layout_input_name(name, AN_ID, kinds[i], 0));
		CHECK(layout_input_parse(name, id, &kind, &sig) && kind == kinds[i] && strcmp(id, AN_ID) == 0);
	}
	for (size_t i = 0; (number = layout_signal(i)) != 0; i++) {
		CHECK(layout_input_name(name, AN_ID, INPUT_SIGNAL, number));
		CHECK(layout_input_parse(name, id, &kind, &sig) && kind == INPUT_SIGNAL && sig == number);
	}
	CHECK(!layout_input_name(name, AN_ID, INPUT_SIGNAL, SIGKILL));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!layout_input_parse(bad[i], id, &kind, &sig));
}

static void buckets(void)
{
	char bucket[LAYOUT_BUCKET + 1], at[LAYOUT_BUCKET + 1], path[LAYOUT_PATH_MAX], name[ID_LEN + 1];

	layout_bucket_of(bucket, AN_ID);
	CHECK(strcmp(bucket, "01890a5") == 0 && layout_is_bucket(bucket));
	CHECK(!layout_is_bucket("01890a") && !layout_is_bucket("01890a55") && !layout_is_bucket("01890A5") &&
	      !layout_is_bucket("..") && !layout_is_bucket("01890a/"));
	layout_bucket_at(at, id_time_us(AN_ID));
	CHECK(strcmp(at, bucket) == 0 && layout_bucket_us(bucket) <= id_time_us(AN_ID));
	layout_bucket_at(at, layout_bucket_us(bucket) - 1);
	CHECK(strcmp(at, "01890a4") == 0);
	layout_bucket_at(at, 0);
	CHECK(strcmp(at, "0000000") == 0);
	layout_bucket_at(at, -5);
	CHECK(strcmp(at, "0000000") == 0);
	layout_bucket_at(at, INT64_MAX); /* no id is as late, so any bucket will do that is none too early */
	CHECK(strcmp(at, bucket) > 0);
	id_make(name);
	layout_bucket_of(bucket, name);
	layout_bucket_at(at, id_time_us(name));
	CHECK(strcmp(at, bucket) == 0);
	layout_out_path(path, "uid-1", AN_ID);
	CHECK(strcmp(path, "uid-1/out/01890a5/" AN_ID) == 0);
}

static void attempts(void)
{
	static const char *const bad[] = { "",		"0",	      "10",	     "a",  "1.",
					   "1.0123abc", "1.0123ABCD", "1.0123abcd5", ".1", "job" };
	char name[2], aside_name[LAYOUT_ASIDE_MAX];
	bool aside;

	for (int n = 1; n <= LAYOUT_ATTEMPTS; n++) {
		layout_attempt_name(name, n);
		CHECK(layout_attempt_parse(name, &aside) == n && !aside);
		layout_aside_name(aside_name, n);
		CHECK(layout_attempt_parse(aside_name, &aside) == n && aside);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(layout_attempt_parse(bad[i], &aside) == 0);
	for (int i = 0; i < ATTEMPT_FILE_COUNT; i++)
		for (int k = 0; k < i; k++)
			CHECK(strcmp(attempt_file_name[i], attempt_file_name[k]) != 0);
}

static void owners(void)
{
	static const char *const reserved[] = { "cur", "tmp", "join", "metrics", "languages.json" };
	static const char *const bad[] = { "", ".", "..", ".x", "-x", "A", "a/b", "a b", "a\n", "\xc3\xa9" };
	char path[LAYOUT_JOIN_MAX], owner[OWNER_MAX], longest[OWNER_MAX + 1];

	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		CHECK(!spool_owner_valid(reserved[i]) && layout_root_name(reserved[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!spool_owner_valid(bad[i]) && !spool_runner_valid(bad[i]));
	memset(longest, 'a', sizeof longest);
	longest[OWNER_MAX] = 0;
	CHECK(!spool_owner_valid(longest));
	longest[OWNER_MAX - 1] = 0;
	CHECK(spool_owner_valid(longest));
	layout_join_path(path, longest, AN_ID);
	CHECK(strncmp(path, "join/", 5) == 0 && layout_join_parse(path + 5, owner) && strcmp(owner, longest) == 0);
	CHECK(!layout_join_parse("uid-1", owner) && !layout_join_parse("uid-1." AN_ID "x", owner) &&
	      !layout_join_parse("", owner) && !layout_join_parse("." AN_ID, owner));
	for (int i = 0; i < PART_COUNT; i++) {
		char part[LAYOUT_PATH_MAX];

		layout_part_path(part, "uid-1", (enum owner_part)i);
		CHECK(strncmp(part, "uid-1/", 6) == 0 && strcmp(part + 6, owner_part_name[i]) == 0);
	}
}

int main(void)
{
	RUN(waiting_jobs);
	RUN(claimed_jobs);
	RUN(removals);
	RUN(inputs);
	RUN(buckets);
	RUN(attempts);
	RUN(owners);
	return check_status();
}
