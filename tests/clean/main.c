/* clean - plants something in a box, and looks for it from the next job
 *
 *   clean list            each planter: its name and its flags
 *   clean plant NAME      0 planted, 3 denied (which is as good)
 *   clean probe NAME      0 nothing there, 1 found it, 2 the probe does not work
 *   clean look [box]      all probes, and whatever else a job before could have left; 0 nothing there. box: for a
 *                         program that another one starts, without the probes for attributes of its own
 *   clean hold NAME       plants it and stays
 *   clean control NAME    process 1 of a container without cells: plants and probes in it,
 *                         as a box would do that gave its jobs no cells
 *
 * The control is what makes the probe's "nothing" worth something: there it must find its
 * plant. Process 1 there is as careless as a program that was not made for it: it ends on
 * SIGTERM, can be dumped, and what it forks has its limits and priority.
 */
#include "clean.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct plant *const families[] = { process_plants, file_plants, ipc_plants,
						net_plants,	init_plants, self_plants };

void found(const char *fmt, ...)
{
	va_list ap;

	printf("found: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

void denied(const char *what)
{
	printf("denied: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	_exit(3);
}

void broken(const char *what)
{
	printf("broken: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	_exit(2);
}

static const struct plant *find(const char *name)
{
	for (size_t f = 0; f < sizeof families / sizeof *families; f++)
		for (const struct plant *p = families[f]; p->name; p++)
			if (!strcmp(p->name, name))
				return p;
	fprintf(stderr, "clean: %s: no such planter\n", name);
	exit(64);
}

static int list(void)
{
	for (size_t f = 0; f < sizeof families / sizeof *families; f++)
		for (const struct plant *p = families[f]; p->name; p++)
			printf("%s %d\n", p->name, p->flags);
	return 0;
}

static int do_plant(const struct plant *p)
{
	p->plant();
	puts("planted");
	return 0;
}

static int do_probe(const struct plant *p)
{
	p->probe();
	puts("clean");
	return 0;
}

/* A child that execs this program again, after planting when the plant is its own. */
static int run(const struct plant *p, const char *what)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGTERM, SIG_DFL);
		if (p->flags & IN_SELF && !strcmp(what, "probe"))
			do_plant(p);
		fflush(stdout);
		execl("/clean", "clean", what, p->name, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status)) {
		printf("%s: %s died of signal %d\n", !strcmp(what, "probe") ? "found" : "broken", what,
		       WTERMSIG(status));
		fflush(stdout);
		return 1;
	}
	return WEXITSTATUS(status);
}

/* A process that is neither of this job nor process 1, a file in a folder that is empty for a new job, an abstract socket. */
static int strangers(void)
{
	static const char *const folders[] = { "/proc", "/tmp", "/dev/shm" };
	char line[512];
	int n = 0;

	for (size_t i = 0; i < 3; i++) {
		DIR *d = opendir(folders[i]);

		for (struct dirent *e; d && (e = readdir(d));) {
			long pid = strtol(e->d_name, NULL, 10);

			/* a .NET program has two of these itself, and so has its starter */
			if (i && (!strncmp(e->d_name, "dotnet-diag", 11) || !strncmp(e->d_name, "clr-debug", 9)))
				continue;
			if (e->d_name[0] == '.' || (!i && (pid <= 1 || pid == getpid() || pid == getppid())))
				continue;
			printf("found: %s/%s\n", folders[i], e->d_name);
			n++;
		}
		if (d)
			closedir(d);
	}
	FILE *f = fopen("/proc/net/unix", "re");

	while (f && fgets(line, sizeof line, f))
		if (strchr(line, '@')) {
			printf("found: an abstract socket: %s", line);
			n++;
		}
	if (f)
		fclose(f);
	return n;
}

static int look(bool self)
{
	int bad = strangers();

	for (size_t f = 0; f < sizeof families / sizeof *families; f++)
		for (const struct plant *p = families[f]; p->name; p++) {
			int status = 0;
			pid_t pid;

			if (!self && p->flags & IN_SELF)
				continue;
			pid = fork();
			if (!pid) {
				p->probe();
				_exit(0);
			}
			while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
				;
			if (status) {
				printf("%s: status %#x\n", p->name, (unsigned)status);
				bad++;
			}
		}
	if (!bad)
		puts("clean");
	return !!bad;
}

static void end(int sig)
{
	(void)sig;
	_exit(99);
}

static int control(const struct plant *p)
{
	int status;

	signal(SIGTERM, end);
	if (!(p->flags & IN_SELF)) {
		status = run(p, "plant");
		if (status)
			return status;
	}
	return run(p, "probe");
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "list"))
		return list();
	if (argc == 2 && !strcmp(argv[1], "look"))
		return look(true);
	if (argc == 3 && !strcmp(argv[1], "look") && !strcmp(argv[2], "box"))
		return look(false);
	if (argc == 3 && !strcmp(argv[1], "plant"))
		return do_plant(find(argv[2]));
	if (argc == 3 && !strcmp(argv[1], "probe"))
		return do_probe(find(argv[2]));
	if (argc == 3 && !strcmp(argv[1], "hold")) {
		do_plant(find(argv[2]));
		pause_ms(60000);
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "control"))
		return control(find(argv[2]));
	fprintf(stderr, "usage: clean list | look | plant NAME | probe NAME | hold NAME | control NAME\n");
	return 64;
}
