/* clean - plants something in a box, and looks for it from the next job
 *
 *   clean list            each planter: its name and its flags
 *   clean plant NAME      0 planted, 3 denied (which is as good)
 *   clean probe NAME      0 nothing there, 1 found it, 2 the probe does not work
 *   clean hold NAME       plants it and stays
 *   clean control NAME    process 1 of a container without cells: plants and probes in it,
 *                         as a box would do that gave its jobs no cells
 *
 * The control is what makes the probe's "nothing" worth something: there it must find its
 * plant. Process 1 there is as careless as a program that was not made for it: it ends on
 * SIGTERM, can be dumped, and what it forks has its limits and priority.
 */
#include "clean.h"

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
	fprintf(stderr, "usage: clean list | plant NAME | probe NAME | hold NAME | control NAME\n");
	return 64;
}
