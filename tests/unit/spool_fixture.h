/* spool_fixture.h - a spool of its own for each test of a file, and its end */
#ifndef SPOOL_FIXTURE_H
#define SPOOL_FIXTURE_H

#include "base/error.h"
#include "spool/owner.h"
#include "spool/spool.h"
#include "check.h"

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>


static const char OWNER[] = "uid-1000";
static char dir[256]; /* the spool of the running test */
static struct spool spool;
static struct cee_err err;

static void new_spool(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/cee_test.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	CHECK(mkdtemp(dir) != NULL);
	CHECK(spool_open(&spool, dir, SPOOL_CREATE, false, &err) == 0);
	CHECK(spool_owner_make(&spool, OWNER, &err) == 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st, (void)type, (void)f;
	return remove(path);
}

static void end_spool(void)
{
	spool_release(&spool);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
#endif
