/* apparmor_test - etc/apparmor.d/cee-box allows the mounts of a cell, each of them, and no other
 *
 * mounts_make runs in an empty root of its own, with a mount(2) of the test's (WRAPPED in the Makefile) that notes what
 * is asked for. No kernel with AppArmor is needed: the rules are compared as text. Where the test may not have a root of
 * its own it is skipped.
 */
#include "init/mounts.h"
#include "check.h"

#include "init/failure.h"

#include <errno.h>
#include <fnmatch.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 200 };

/* A mount that was asked for, or a rule of the profile; "" is nothing. */
struct entry {
	char type[16], options[80], from[64], to[64];
	bool used;
};

static struct asked { /* shared with the child that calls mounts_make */
	size_t n;
	struct entry e[MOST];
} * asked;

static const struct {
	unsigned long flag;
	const char *name;
} flags[] = {
	{ MS_NOSUID, "nosuid" }, { MS_NODEV, "nodev" },	     { MS_NOEXEC, "noexec" },
	{ MS_BIND, "bind" },	 { MS_PRIVATE, "rprivate" },
};

int __wrap_mount(const char *from, const char *to, const char *type, unsigned long how, const void *data);
int __wrap_mount(const char *from, const char *to, const char *type, unsigned long how, const void *data)
{
	struct entry *e = &asked->e[asked->n < MOST - 1 ? asked->n++ : MOST - 1];

	(void)data;
	snprintf(e->type, sizeof e->type, "%s", how & MS_REMOUNT ? "remount" : type ? type : "");
	snprintf(e->from, sizeof e->from, "%s", from && !(how & MS_REMOUNT) ? from : "");
	snprintf(e->to, sizeof e->to, "%s", to);
	strcpy(e->options, how & MS_RDONLY ? "ro" : "rw");
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (how & flags[i].flag)
			snprintf(e->options + strlen(e->options), sizeof e->options - strlen(e->options), ", %s",
				 flags[i].name);
	return 0;
}

/* ---- the mounts of cells, of each kind ------------------------------------------------------- */

static void make(bool terminal, bool layers)
{
	const struct disk_room room = { .disk = 1 << 20, .inodes = 64, .terminal = terminal, .layers = layers };
	char text[INIT_TEXT], root[] = "/tmp/cee-apparmor-test.XXXXXX";
	int status = -1, shown;
	pid_t pid;

	CHECK(mkdtemp(root) != NULL);
	pid = fork();
	if (!pid) {
		if (unshare(geteuid() ? CLONE_NEWUSER : 0) || chdir(root) || mkdir("tmp", 0700) ||
		    mkdir("work", 0700) || chroot("."))
			_exit(77);
		if (mounts_prepare(text) || mounts_make(&room, &shown, text)) {
			printf("# %s\n", text);
			_exit(1);
		}
		rmdir("/work/work"), rmdir("/work/tmp"), rmdir("/work/shm"), rmdir("/work/mqueue");
		unlink("/work/hosts"), unlink("/work/memory"), rmdir("/work"), rmdir("/tmp/none"), rmdir("/tmp");
		_exit(0);
	}
	waitpid(pid, &status, 0);
	rmdir(root);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		printf("ok all # skip no root of its own: %s\n", strerror(errno));
		exit(0);
	}
	CHECK(status == 0);
}

/* ---- the rules --------------------------------------------------------------------------------- */

static size_t read_rules(struct entry *rules)
{
	FILE *f = fopen("etc/apparmor.d/cee-box", "r");
	char line[300], *mark;
	size_t n = 0;

	CHECK(f != NULL);
	while (f && n < MOST && fgets(line, sizeof line, f)) {
		struct entry *r = &rules[n];
		char word[16];

		if (sscanf(line, " %15s", word) != 1 || (strcmp(word, "mount") && strcmp(word, "remount")))
			continue;
		*r = (struct entry){ .used = false };
		if (strcmp(word, "remount") == 0) {
			strcpy(r->type, "remount");
			CHECK(sscanf(line, " remount options=(%79[^)]) %63[^,]", r->options, r->to) == 2);
		} else {
			mark = strstr(line, "fstype=");
			CHECK(!mark || sscanf(mark, "fstype=%15s", r->type) == 1);
			mark = strstr(line, "options=(");
			CHECK(mark && sscanf(mark, "options=(%79[^)]) %63s", r->options, r->from) == 2);
			if (strcmp(r->from, "->") == 0)
				r->from[0] = 0;
			mark = strstr(line, "-> ");
			CHECK(mark && sscanf(mark, "-> %63[^,]", r->to) == 1);
		}
		n++;
	}
	if (f)
		fclose(f);
	return n;
}

/* AppArmor writes folders with a slash at the end. */
static bool path_matches(const char *rule, const char *path)
{
	char r[64];
	size_t n = (size_t)snprintf(r, sizeof r, "%s", rule);

	if (n > 1 && n < sizeof r && r[n - 1] == '/')
		r[n - 1] = 0;
	return fnmatch(r, path, FNM_PATHNAME) == 0;
}

static bool allows(const struct entry *r, const struct entry *e)
{
	return strcmp(r->type, e->type) == 0 && strcmp(r->options, e->options) == 0 && path_matches(r->from, e->from) &&
	       path_matches(r->to, e->to);
}

static void each_mount_has_its_rule(void)
{
	struct entry rules[MOST];
	size_t n = read_rules(rules);

	CHECK(n > 10 && asked->n > 100);
	for (size_t i = 0; i < asked->n; i++) {
		bool allowed = false;

		for (size_t k = 0; k < n; k++)
			if (allows(&rules[k], &asked->e[i]))
				allowed = rules[k].used = true;
		if (!allowed)
			printf("# no rule: %s (%s) %s -> %s\n", asked->e[i].type, asked->e[i].options, asked->e[i].from,
			       asked->e[i].to);
		CHECK(allowed);
	}
	for (size_t k = 0; k < n; k++) {
		if (!rules[k].used)
			printf("# no use: %s (%s) %s -> %s\n", rules[k].type, rules[k].options, rules[k].from,
			       rules[k].to);
		CHECK(rules[k].used);
	}
}

/* The comparison sees a difference. */
static void control(void)
{
	const struct entry rule = { .options = "rw, bind", .from = "/tmp/none/", .to = "/proc/*/" };
	struct entry e = { .options = "rw, bind", .from = "/tmp/none", .to = "/proc/acpi" };

	CHECK(allows(&rule, &e));
	strcpy(e.to, "/proc/sys/kernel");
	CHECK(!allows(&rule, &e));
	strcpy(e.to, "/proc/acpi");
	strcpy(e.options, "ro, bind");
	CHECK(!allows(&rule, &e));
	strcpy(e.options, "rw, bind");
	strcpy(e.from, "/tmp/work");
	CHECK(!allows(&rule, &e));
}

int main(void)
{
	asked = mmap(NULL, sizeof *asked, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (asked == MAP_FAILED)
		return 1;
	check_name = "mounts";
	make(false, true);
	make(true, false);
	make(false, false);
	RUN(control);
	RUN(each_mount_has_its_rule);
	return check_status() || check_failures_of_test;
}
