/* multiuser_test - the uid of an owner's name, and requests for a part of a shared spool */
#include "base/id.h"
#include "spool/join.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "check.h"

#include <string.h>


#define AN_ID "01a2098a-0392-700b-893a-e358eeb5bf14"

static uid_t uid_of(const char *owner, const uid_t *http)
{
	uid_t uid = 4711;

	return spool_owner_uid(owner, http, &uid) ? uid : (uid_t)-1;
}

static void whose(void)
{
	const uid_t http = 33;

	CHECK(uid_of("uid-0", NULL) == 0 && uid_of("uid-1000", NULL) == 1000 &&
	      uid_of("uid-4294967294", NULL) == 4294967294u);
	CHECK(uid_of("anon", &http) == 33 && uid_of("http-web-ann", &http) == 33 && uid_of("http-", &http) == 33);
}

static void nobodys(void)
{
	static const char *const owner[] = { "uid-",	       "uid-01",	  "uid-00", "uid-4294967295",
					     "uid-4294967296", "uid-99999999999", "uid-1x", "uid--1",
					     "uid-+1",	       "uid- 1",	  "uid1",   "ann",
					     "http",	       "anonymous",	  "" };
	const uid_t http = 33;

	for (size_t i = 0; i < sizeof owner / sizeof *owner; i++)
		CHECK(uid_of(owner[i], &http) == (uid_t)-1);
	CHECK(uid_of("anon", NULL) == (uid_t)-1 && uid_of("http-web-ann", NULL) == (uid_t)-1);
}

static void asks(void)
{
	char owner[OWNER_MAX], longest[OWNER_MAX + ID_LEN + 2];

	CHECK(join_parse("uid-1000." AN_ID, owner) && strcmp(owner, "uid-1000") == 0);
	CHECK(join_parse("a.b." AN_ID, owner) && strcmp(owner, "a.b") == 0);
	CHECK(!join_parse("", owner) && !join_parse(AN_ID, owner) && !join_parse("." AN_ID, owner));
	CHECK(!join_parse("uid-1000", owner) && !join_parse("uid-1000" AN_ID, owner));
	CHECK(!join_parse("uid-1000." AN_ID "x", owner) && !join_parse("cur." AN_ID, owner));
	memset(longest, 'a', sizeof longest);
	strcpy(longest + OWNER_MAX - 1, "." AN_ID);
	CHECK(join_parse(longest, owner) && strlen(owner) == OWNER_MAX - 1);
	memset(longest, 'a', sizeof longest);
	strcpy(longest + OWNER_MAX, "." AN_ID);
	CHECK(!join_parse(longest, owner));
}

static void removals(void)
{
	char id[ID_LEN + 1];

	CHECK(layout_removal_parse(AN_ID ".remove", id) && strcmp(id, AN_ID) == 0);
	CHECK(!layout_removal_parse(AN_ID, id) && !layout_removal_parse(AN_ID ".removed", id));
	CHECK(!layout_removal_parse(".remove", id) && !layout_removal_parse("", id) &&
	      !layout_removal_parse("x.remove", id));
}

int main(void)
{
	RUN(whose);
	RUN(nobodys);
	RUN(asks);
	RUN(removals);
	return check_status();
}
