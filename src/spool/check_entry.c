/* check_entry.c - reporting findings, and checks that all entries of a spool need (check_entry.h) */
#include "spool/check_entry.h"
#include "base/dir.h"
#include "base/text.h"
#include "spool/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

__attribute__((format(printf, 4, 0))) static void report(struct spool_check *ck, enum spool_finding kind,
							 const char *path, const char *fmt, va_list ap)
{
	char text[1024], where[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	snprintf(where, sizeof(where), "%s", path);
	text_clean(text);
	text_clean(where);
	++*(kind == SPOOL_NOTE ? &ck->notes : &ck->problems);
	ck->report(ck->arg, kind, where, text);
}

void check_problem(struct spool_check *ck, const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(ck, SPOOL_PROBLEM, path, fmt, ap);
	va_end(ap);
}

void check_note(struct spool_check *ck, const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(ck, SPOOL_NOTE, path, fmt, ap);
	va_end(ap);
}

void check_join(char path[CHECK_PATH_MAX], const char *parent, const char *name)
{
	snprintf(path, CHECK_PATH_MAX, "%.250s/%.255s", parent, name);
}

void check_file(struct spool_check *ck, int dir, const char *name, const char *path)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (!S_ISREG(st.st_mode))
		check_problem(ck, path, "is not a regular file");
	else if (st.st_nlink > 1)
		check_problem(ck, path, "has %lu links (a file of the spool has one)", (unsigned long)st.st_nlink);
}

DIR *check_open_dir(struct spool_check *ck, int at, const char *name, const char *path)
{
	DIR *d = dir_list(at, name);
	struct stat st;

	if (!d && errno != ENOENT)
		check_problem(ck, path, "%s", strerror(errno));
	/* in a shared spool multiuser.c checks the modes */
	if (d && !ck->s->shared && fstat(dirfd(d), &st) == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)))
		check_problem(ck, path, "is writable by others (mode %03o; 700 is right)", st.st_mode & 0777);
	return d;
}
