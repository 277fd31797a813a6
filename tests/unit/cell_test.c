/* cell_test.c - cells as init sees them (cell.c), with a process of the test's own as the supervisor
 *
 * cell_clone here forks a process that does what `script` says, in place of the namespaces and the supervisor of the real one.
 */
#include "init/cell.h"
#include "base/fd.h"
#include "check.h"
#include "init/cell_maker.h"
#include "init/orders.h"
#include "init/snapshot.h"
#include "wire/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void (*script)(int sock); /* the supervisor, which then exits with 7; NULL: cloning fails */
static int cloned, made;	 /* by init itself, and by the maker */

pid_t cell_clone(int theirs, unsigned long flags)
{
	pid_t pid;

	(void)flags;
	cloned++;
	if (!script) {
		errno = EAGAIN;
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		script(theirs);
		_exit(7);
	}
	return pid;
}

pid_t cell_maker_clone(const struct cell_maker *m, int theirs)
{
	(void)m;
	made++;
	cloned--;
	return cell_clone(theirs, 0);
}

/* ---- supervisors ------------------------------------------------------------------------------- */

static void say(int sock, const struct report *r, const int *fd)
{
	const struct packet p = { .data = r, .len = sizeof *r, .fds = fd, .nfds = fd != NULL };

	packet_send(sock, &p);
}

static void stays(int sock)
{
	(void)sock;
	for (;;)
		pause();
}

static void ends_at_once(int sock)
{
	(void)sock;
}

/* Does each order; what it got is in the reports: a number in time_us, bytes in text. */
static void obeys(int sock)
{
	unsigned char b[512];
	int fds[3];
	ssize_t n;

	while ((n = packet_receive(sock, b, sizeof b, 0, fds)) > 0) {
		struct report r = { .kind = REPORT_FAILED, .time_us = n };
		int root = open("/", O_PATH | O_CLOEXEC);

		memcpy(r.text, b, (size_t)n);
		if (b[0] == ORDER_BUILD) {
			r.kind = REPORT_BUILT;
			say(sock, &r, &root);
			r.kind = REPORT_FAILED; /* with the order's bytes, for the test */
			say(sock, &r, NULL);
		} else if (b[0] == ORDER_FILL) {
			r.kind = fds[0] >= 0 ? REPORT_FILLED : REPORT_FAILED;
			say(sock, &r, NULL);
		} else if (b[0] == ORDER_START) {
			r.kind = REPORT_STARTED;
			r.time_us = (fds[0] >= 0) + (fds[1] >= 0) + (fds[2] >= 0);
			say(sock, &r, NULL);
		} else if (b[0] == ORDER_KILL) {
			r.kind = REPORT_ENDED;
			r.ended = (struct ended){ .status = 9, .cpu_us = 5, .left = 2 };
			say(sock, &r, NULL);
		} else {
			say(sock, &r, NULL);
		}
		close(root);
		for (int i = 0; i < 3; i++)
			close_ptr(&fds[i]);
	}
}

static void fills_then_dies(int sock)
{
	struct report r = { .kind = REPORT_FILLED };

	say(sock, &r, NULL);
	r.kind = REPORT_STARTED;
	say(sock, &r, NULL);
}

static void says_half(int sock)
{
	(void)!write(sock, "half", 4);
	stays(sock);
}

/* ---- the tests ---------------------------------------------------------------------------------- */

static const struct disk_room room = { .disk = 0x1234567, .inodes = 64, .terminal = true };

static bool event(struct cell *c, struct executor_event *e)
{
	struct pollfd p = { .fd = c->x.fd, .events = POLLIN };

	while (!c->x.ops->next(&c->x, e)) /* a report may be none */
		if (c->x.fd < 0 || poll(&p, 1, 5000) <= 0)
			return false;
	return true;
}

static void await_death(struct cell *c)
{
	for (int i = 0; i < 500 && !c->lost; i++) {
		poll(NULL, 0, 10);
		c->x.ops->reap(&c->x);
	}
}

static void end(struct cell *c)
{
	c->x.ops->end(&c->x);
	c->x.ops->settle(&c->x);
	CHECK(c->x.fd < 0 && c->work < 0 && c->pid == 0 && c->dying == 0);
}

static void orders_and_their_events(void)
{
	struct collect_request what = { 0 };
	struct start start = { .phase = PHASE_RUN };
	struct disk_usage disk;
	struct executor_event e;
	char text[INIT_TEXT] = "";
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fds[3] = { null, null, null };
	const struct executor_ops *ops;
	struct cell c;

	script = obeys;
	cell_init(&c, NULL);
	ops = c.x.ops;
	CHECK(c.x.helpers == 2 && !c.x.one_job && c.x.fd < 0);
	ops->disk(&c.x, &disk);
	CHECK(disk.used == 0 && !disk.full && !disk.inodes_full);
	CHECK(ops->prepare(&c.x, text) == 1 && ops->prepare(&c.x, text) == 1 && cloned == 1);
	CHECK(ops->begin(&c.x, &room, text) == 0 && cloned == 1);
	CHECK(event(&c, &e) && e.kind == EXECUTOR_FAILED && e.text[0] == ORDER_BUILD && c.work >= 0);
	CHECK(frame_get64((unsigned char *)e.text + 1) == 0x1234567 && frame_get64((unsigned char *)e.text + 9) == 64 &&
	      e.text[17] == 1 && e.text[18] == 0);
	ops->disk(&c.x, &disk); /* of the folder that came */
	CHECK(disk.used >= 0);
	CHECK(ops->frame(&c.x, FRAME_ARG, (const unsigned char *)"abc", 3, text) == 0);
	CHECK(event(&c, &e) && e.text[0] == FRAME_ARG && strcmp(e.text + 1, "abc") == 0);
	CHECK(ops->start(&c.x, &start, fds, text) == 0);
	CHECK(event(&c, &e) && e.kind == EXECUTOR_STARTED && e.time_us == 3 && fcntl(null, F_GETFD) >= 0);
	ops->signal(&c.x, SIGUSR1);
	CHECK(event(&c, &e) && e.text[0] == ORDER_SIGNAL && memcmp(e.text + 1, &(int){ SIGUSR1 }, sizeof(int)) == 0);
	CHECK(ops->collect(&c.x, &what, fds, text) == 0 && event(&c, &e) && e.text[0] == ORDER_COLLECT);
	ops->kill(&c.x);
	CHECK(event(&c, &e) && e.kind == EXECUTOR_ENDED && e.ended.status == 9 && e.ended.cpu_us == 5 &&
	      e.ended.left == 2);
	end(&c);
	CHECK(ops->collect(&c.x, &what, fds, text) == -1 && strcmp(text, "the cell has ended") == 0);
	close(null);
}

/* Each test has a fresh cell; a large snapshot waits until the old one is gone. */
static void renewed(void)
{
	struct snapshot small = { .fd = open("/dev/null", O_RDONLY | O_CLOEXEC), .size = 10 }, large = small;
	struct executor_event e;
	char text[INIT_TEXT] = "";
	struct cell c;
	pid_t first;

	script = obeys;
	cell_init(&c, NULL);
	CHECK(c.x.ops->begin(&c.x, &room, text) == 0 && event(&c, &e));
	first = c.pid;
	CHECK(c.x.ops->renew(&c.x, &room, &small, text) == 0 && c.pid != first && c.dying == first);
	CHECK(event(&c, &e) && e.text[0] == ORDER_BUILD && event(&c, &e) && e.kind == EXECUTOR_FILLED);
	large.size = 2 << 20;
	CHECK(c.x.ops->renew(&c.x, &room, &large, text) == 0 && c.dying == 0);
	CHECK(event(&c, &e) && event(&c, &e) && e.kind == EXECUTOR_FILLED);
	end(&c);
	close(small.fd);
}

/* What the supervisor reported before it died comes first. */
static void lost_after_its_reports(void)
{
	struct executor_event e;
	struct cell c;
	char text[INIT_TEXT];

	script = fills_then_dies;
	cell_init(&c, NULL);
	CHECK(c.x.ops->prepare(&c.x, text) == 1);
	await_death(&c);
	CHECK(c.lost && c.x.pending && c.pid == 0);
	CHECK(c.x.ops->next(&c.x, &e) && e.kind == EXECUTOR_FILLED);
	CHECK(c.x.ops->next(&c.x, &e) && e.kind == EXECUTOR_STARTED);
	CHECK(c.x.ops->next(&c.x, &e) && e.kind == EXECUTOR_LOST && WEXITSTATUS(e.ended.status) == 7);
	CHECK(!c.x.ops->next(&c.x, &e) && !c.x.pending);
	end(&c);
}

/* A report of the wrong length: the supervisor is killed, and the cell is lost. */
static void bad_report(void)
{
	struct executor_event e;
	struct cell c;
	char text[INIT_TEXT];

	script = says_half;
	cell_init(&c, NULL);
	CHECK(c.x.ops->prepare(&c.x, text) == 1 && !event(&c, &e) && c.x.fd < 0);
	await_death(&c);
	CHECK(c.x.ops->next(&c.x, &e) && e.kind == EXECUTOR_LOST && WTERMSIG(e.ended.status) == SIGKILL);
	end(&c);
}

/* One that cannot be given an order is killed; one that was killed by destroy is lost. */
static void destroyed(void)
{
	struct executor_event e;
	struct cell c;
	char text[INIT_TEXT] = "";

	script = stays;
	cell_init(&c, NULL);
	CHECK(c.x.ops->prepare(&c.x, text) == 1);
	c.x.ops->destroy(&c.x);
	await_death(&c);
	CHECK(c.x.ops->next(&c.x, &e) && e.kind == EXECUTOR_LOST && WTERMSIG(e.ended.status) == SIGKILL);
	CHECK(c.x.ops->frame(&c.x, FRAME_ARG, (const unsigned char *)"", 0, text) == -1);
	CHECK(strncmp(text, "cannot write to the supervisor of the cell: ", 44) == 0);
	script = obeys; /* a cell made ahead has died: the next job gets another */
	CHECK(c.x.ops->begin(&c.x, &room, text) == 0 && event(&c, &e) && e.text[0] == ORDER_BUILD);
	end(&c);
	script = ends_at_once;
	CHECK(c.x.ops->prepare(&c.x, text) == 1);
	await_death(&c);
	c.x.ops->kill(&c.x);
	CHECK(c.x.ops->next(&c.x, &e) && e.kind == EXECUTOR_LOST && WEXITSTATUS(e.ended.status) == 7);
	end(&c);
}

/* The next job's cell is made once the last one is gone. */
static void prepared_after_the_last(void)
{
	struct cell c;
	char text[INIT_TEXT] = "";

	script = stays;
	cell_init(&c, NULL);
	CHECK(c.x.ops->prepare(&c.x, text) == 1);
	c.x.ops->end(&c.x);
	CHECK(c.dying > 0 && c.x.ops->prepare(&c.x, text) == 0);
	for (int i = 0; i < 500 && c.dying; i++) {
		poll(NULL, 0, 10);
		c.x.ops->reap(&c.x);
	}
	CHECK(c.x.ops->prepare(&c.x, text) == 1 && !c.lost);
	end(&c);
}

static void cannot_clone(void)
{
	struct cell_maker maker = { .sock = -1 };
	char text[INIT_TEXT] = "";
	struct cell c;

	script = NULL;
	cell_init(&c, NULL);
	CHECK(c.x.ops->prepare(&c.x, text) == -1 && strncmp(text, "clone: ", 7) == 0 && c.x.fd < 0 && c.pid == 0);
	CHECK(c.x.ops->begin(&c.x, &room, text) == -1 && strncmp(text, "no cell: clone: ", 16) == 0);
	end(&c);
	cell_init(&c, &maker);
	made = cloned = 0;
	CHECK(c.x.helpers == 3 && c.x.ops->prepare(&c.x, text) == -1 && made == 1 && cloned == 0);
	end(&c);
	CHECK(cell_self_test(NULL, text) == -1 && strncmp(text, "no cell: clone: ", 16) == 0);
	script = fills_then_dies; /* it never says that the program has ended */
	CHECK(cell_self_test(NULL, text) == -1 && *text);
}

int main(void)
{
	RUN(orders_and_their_events);
	RUN(renewed);
	RUN(lost_after_its_reports);
	RUN(bad_report);
	RUN(destroyed);
	RUN(prepared_after_the_last);
	RUN(cannot_clone);
	return check_status();
}
