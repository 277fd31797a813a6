/* kernel.c - parts of the kernel that no program here needs, each a way out of a container once
 *
 * Goal: that the kernel does it, or complains about its arguments only.
 */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void bpf(void)
{
	unsigned attr[32] = { 2, 4, 4, 1 }; /* an array of one value */

	refused_if(syscall(SYS_bpf, 0, attr, sizeof attr) < 0, "bpf");
	got("a bpf map");
}

static void perf(void)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof a, .config = PERF_COUNT_SW_CPU_CLOCK, .exclude_kernel = 1
	};

	refused_if(syscall(SYS_perf_event_open, &a, 0, -1, -1, 0) < 0, "perf_event_open");
	got("a perf event");
}

static void userfault(void)
{
	refused_if(syscall(SYS_userfaultfd, 0) < 0 && syscall(SYS_userfaultfd, 1) < 0, "userfaultfd");
	got("userfaultfd");
}

static void uring(void)
{
	char params[256] = { 0 };

	refused_if(syscall(SYS_io_uring_setup, 4, params) < 0, "io_uring_setup");
	got("an io_uring");
}

static void keys(void)
{
	refused_if(syscall(SYS_add_key, "user", "hostile", "x", 1, -2) < 0 && syscall(SYS_keyctl, 0, -3, 0) < 0,
		   "add_key");
	got("a key");
}

static void persona(void)
{
	refused_if(personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC) < 0, "personality");
	got("no random addresses");
}

/* The other tables of system calls, which a filter of the native numbers does not see. */
static void other_tables(void)
{
#ifdef __x86_64__
	long r, e = 0;

	r = syscall(0x40000000 | 39);
	if (r > 0)
		got("getpid by x32");
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20), "b"(0) : "memory", "r8", "r9", "r10", "r11");
	if (r > 0)
		got("getpid by 32 bit calls");
	(void)e;
	errno = (int)-r;
	refused("other tables of system calls");
#else
	errno = ENOSYS;
	refused("other tables of system calls");
#endif
}

static void ldt(void)
{
#ifdef SYS_modify_ldt
	char entry[16] = { 0 };

	refused_if(syscall(SYS_modify_ldt, 1, entry, sizeof entry) < 0 && errno != EINVAL, "modify_ldt");
	got("modify_ldt");
#else
	errno = ENOSYS;
	refused("modify_ldt");
#endif
}

static void fanotify(void)
{
	refused_if(syscall(SYS_fanotify_init, 0, 0) < 0 && errno == EPERM, "fanotify_init");
	got("fanotify");
}

static void whole_memory_policy(void)
{
	refused_if(syscall(SYS_migrate_pages, 1, 0, NULL, NULL) < 0 && syscall(SYS_set_mempolicy, 0, NULL, 0) < 0,
		   "set_mempolicy");
	got("memory policies");
}

/* ---- what has one bound for the whole host ------------------------------------------ */

static void contexts(void)
{
	unsigned long c = 0;

	refused_if(syscall(SYS_io_setup, 128, &c) < 0, "io_setup");
	got("a context of asynchronous I/O, of which the host has 65,536");
}

static void packet_filter(void)
{
	struct sock_filter all = { 6, 0, 0, 0xffff };
	struct sock_fprog p = { 1, &all };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	refused_if(fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof p), "SO_ATTACH_FILTER");
	got("a program in the kernel");
}

static void call_filter(void)
{
	struct sock_filter all = { 6, 0, 0, 0x7fff0000 };
	struct sock_fprog p = { 1, &all };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	refused_if(syscall(SYS_seccomp, 1, 0, &p) < 0 && prctl(PR_SET_SECCOMP, 2, &p) < 0, "seccomp");
	got("a filter of system calls");
}

static void device_events(void)
{
	refused_if(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 15) < 0, "NETLINK_KOBJECT_UEVENT");
	got("the host's device events");
}

static void terminals(void)
{
	int n = 0;

	while (n < 100 && posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC) >= 0)
		n++;
	refused_if(n < 100, "terminals");
	got("%d of the host's terminals", n);
}

static void line_discipline(void)
{
	int m = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), null = 27;

	refused_if(m < 0 || ioctl(m, TIOCSETD, &null) < 0, "TIOCSETD");
	got("another line discipline");
}

const struct hostile kernel_rows[] = {
	{ "bpf", "bpf", 0, 0, "container", bpf, 0 },
	{ "perf", "perf events", 0, 0, "container", perf, 0 },
	{ "userfault", "userfaultfd", 0, 0, "container", userfault, 0 },
	{ "uring", "io_uring", 0, 0, "container", uring, 0 },
	{ "keys", "keys of the kernel", 0, 0, "container", keys, 0 },
	{ "persona", "personalities", 0, 0, "container", persona, 0 },
	{ "other-tables", "x32 and 32 bit calls", 0, "exited 3|signalled 31|signalled 11", "container", other_tables,
	  0 },
	{ "ldt", "modify_ldt", 0, 0, "container", ldt, 0 },
	{ "fanotify", "fanotify", 0, 0, "container", fanotify, 0 },
	{ "memory-policies", "memory policies", 0, 0, "container", whole_memory_policy, 0 },
	{ "io-contexts", "asynchronous I/O", 0, 0, "container", contexts, 0 },
	{ "packet-filter", "a packet filter", 0, 0, "container", packet_filter, 0 },
	{ "call-filter", "a filter of system calls", 0, 0, "container", call_filter, 0 },
	{ "device-events", "the host's device events", 0, 0, "container", device_events, 0 },
	{ "terminals", "many terminals", "open_files=256", 0, "container", terminals, 0 },
	{ "line-discipline", "a line discipline", 0, 0, "container", line_discipline, 0 },
	{ 0 }
};
