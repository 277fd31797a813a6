/* hostile - programs that attack what runs them
 *
 *   hostile list            a row for each, fields separated by tabs: name, tries, limits, want, control, not in
 *   hostile NAME            runs it once: exit status 0 and "got: ..." when it reached its goal, 3 and
 *                           "refused: ..." when it was denied
 *   hostile NAME left       runs it as the child of a process 1 that is not cee's, and then looks for what it left
 *   hostile NAME beside     runs it as the child of this program, which can be reached
 *   hostile NAME endless    runs it again and again, for those who stand beside it
 */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct hostile *const families[] = { process_rows, memory_rows, cpu_rows,	  disk_rows,
						  output_rows,	signal_rows, escape_rows, network_rows,
						  socket_rows,	end_rows,    kernel_rows };
enum { FAMILIES = sizeof families / sizeof *families };

void got(const char *fmt, ...)
{
	va_list ap;

	fputs("\ngot: ", stdout);
	va_start(ap, fmt);
	vfprintf(stdout, fmt, ap);
	va_end(ap);
	fputs("\n", stdout);
	fflush(stdout);
	_exit(0);
}

void refused(const char *what)
{
	printf("\nrefused: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	_exit(REFUSED);
}

void refused_if(bool no, const char *what)
{
	if (no)
		refused(what);
}

void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

int stay(void (*work)(void))
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (work)
		work();
	for (;;)
		pause();
}

bool can_open(const char *path, int flags)
{
	int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

bool can_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n >= 0;
}

static const struct hostile *find(const char *name)
{
	for (size_t f = 0; f < FAMILIES; f++)
		for (const struct hostile *h = families[f]; h->name; h++)
			if (!strcmp(h->name, name))
				return h;
	return NULL;
}

static int list(void)
{
	for (size_t f = 0; f < FAMILIES; f++)
		for (const struct hostile *h = families[f]; h->name; h++)
			printf("%s\t%s\t%s\t%s\t%s\t%s\n", h->name, h->tries, h->limits ? h->limits : "",
			       h->want ? h->want : "exited 3", h->control, h->not_in ? h->not_in : "");
	return 0;
}

/* The control of those that leave processes: 0 and "got: ..." when one is there. */
static int left(const struct hostile *h)
{
	char path[64], name[32] = "";
	pid_t pid = fork();

	if (!pid) {
		h->run();
		_exit(0);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	pause_ms(100);
	for (int n = 2; n < 100000; n++) {
		snprintf(path, sizeof path, "/proc/%d/comm", n);
		FILE *f = fopen(path, "re");

		if (!f)
			continue;
		if (fgets(name, sizeof name, f) && !strcmp(name, "hostile-left\n"))
			got("process %d has outlived it", n);
		fclose(f);
	}
	return 1;
}

static int beside(const struct hostile *h)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		h->run();
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What a round leaves is killed, so that the next one does its work anew. */
static void endless(const struct hostile *h)
{
	for (;;) {
		pid_t pid = fork();

		if (!pid) {
			setpgid(0, 0);
			h->run();
			_exit(0);
		}
		if (pid > 0)
			while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
				;
		if (getuid() >= 1000 && access("/.cee", F_OK) == 0)
			kill(-1, SIGKILL); /* in a cell only */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

int main(int argc, char **argv)
{
	const struct hostile *h = argc > 1 ? find(argv[1]) : NULL;

	if (argc == 2 && !strcmp(argv[1], "list"))
		return list();
	if (!h) {
		fprintf(stderr, "usage: hostile list | NAME [left | beside | endless]\n");
		return 64;
	}
	if (argc > 2 && !strcmp(argv[2], "left"))
		return left(h);
	if (argc > 2 && !strcmp(argv[2], "beside"))
		return beside(h);
	if (argc > 2)
		endless(h);
	h->run();
	return 0;
}
