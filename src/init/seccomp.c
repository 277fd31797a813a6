/* seccomp.c - the system calls that a job may not make
 *
 * The box's profile (etc/seccomp.json) is an allow list, and it is a little wider
 * than the engine's own, because init must be able to build a cell. This filter revokes these
 * additions for the job, and other calls that programs under test do not need. It is a deny list
 * on top of an allow list: other calls are decided by the box's profile.
 *
 * Rules it keeps:
 * - No namespaces, no mounts, no looking into other processes, no keys, no bpf.
 * - One bound for the whole host is nobody's to use up: asynchronous I/O, compiled filters, flow labels.
 * - Calls that newer libraries try first and that have an older sibling answer
 *   ENOSYS (clone3, io_uring), so that they fall back; the others EPERM.
 * - The supervisor (process 1 of the cell) has the job's uid, so calls that take a process
 *   number must not reach it: limits, priority, scheduling. Without a cell that number
 *   is init's, and every other number is refused as well.
 * - A job that was given a processor stays on it.
 * - Only the native architecture: no x32, no 32 bit calls.
 */
#include "init/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#else
#define NATIVE 0 /* unknown architecture: filter_load fails, so jobs are not run */
#endif

/* Numbers shared by all architectures, for headers older than the call. */
enum {
	NR_pidfd_getfd = 438,
	NR_mount_setattr = 442,
	NR_quotactl_fd = 443,
	NR_memfd_secret = 447,
	NR_open_tree_attr = 467,
};
enum { X32_BIT = 0x40000000, WHO_USER_IO = 3, FILTER_MAX = 448, FLOW_LABELS = 32 /* IPV6_FLOWLABEL_MGR */ };
#define NEW_NAMESPACES                                                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static const int denied[] = {
	__NR_unshare,
	__NR_setns,
	__NR_mount,
	__NR_umount2,
	__NR_pivot_root,
	__NR_chroot,
	__NR_fsopen,
	__NR_fsconfig,
	__NR_fsmount,
	__NR_fspick,
	__NR_open_tree,
	__NR_move_mount,
	NR_mount_setattr,
	NR_open_tree_attr,
	__NR_ptrace,
	__NR_process_vm_readv,
	__NR_process_vm_writev,
	__NR_kcmp,
	NR_pidfd_getfd,
	__NR_keyctl,
	__NR_add_key,
	__NR_request_key,
	__NR_bpf,
	__NR_perf_event_open,
	__NR_userfaultfd,
	NR_memfd_secret,
	__NR_name_to_handle_at,
	__NR_open_by_handle_at,
	__NR_fanotify_init,
	__NR_fanotify_mark,
	__NR_quotactl,
	NR_quotactl_fd,
	__NR_syslog,
	__NR_vhangup,
	__NR_acct,
	__NR_swapon,
	__NR_swapoff,
	__NR_reboot,
	__NR_init_module,
	__NR_finit_module,
	__NR_delete_module,
	__NR_kexec_load,
	__NR_settimeofday,
	__NR_clock_settime,
	__NR_adjtimex,
	__NR_clock_adjtime,
	__NR_sethostname,
	__NR_setdomainname,
	__NR_mbind,
	__NR_set_mempolicy,
	__NR_migrate_pages,
	__NR_move_pages,
	__NR_seccomp,
};
static const int absent[] = {
	__NR_clone3,	 __NR_io_uring_setup,	__NR_io_uring_enter, __NR_io_uring_register,
	__NR_io_setup,	 __NR_remap_file_pages, __NR_vmsplice,
#ifdef __NR_modify_ldt
	__NR_modify_ldt,
#endif
};
/* Succeed and do nothing: they would write out the whole host's files, and a job's own are memory. */
static const int ignored[] = { __NR_sync, __NR_syncfs };
/* Changes the processor of a program; refused when the job was given one. */
static const int affinity[] = { __NR_sched_setaffinity };
/* Calls whose first argument is a process. */
static const int by_pid[] = {
	__NR_prlimit64, __NR_sched_setaffinity, __NR_sched_setattr, __NR_sched_setparam, __NR_sched_setscheduler,
};

struct program {
	struct sock_filter code[FILTER_MAX];
	unsigned short len;
};

static void add(struct program *p, struct sock_filter f)
{
	if (p->len < FILTER_MAX)
		p->code[p->len] = f;
	p->len++; /* filter_load checks the length */
}

static void add_stmt(struct program *p, unsigned short code, uint32_t k)
{
	add(p, (struct sock_filter)BPF_STMT(code, k));
}

static void add_jump(struct program *p, unsigned short code, uint32_t k, uint8_t t, uint8_t f)
{
	add(p, (struct sock_filter)BPF_JUMP(code, k, t, f));
}

static void load(struct program *p, size_t offset)
{
	add_stmt(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static void ret_errno(struct program *p, int err)
{
	add_stmt(p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)err);
}

static void allow(struct program *p)
{
	add_stmt(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
}

/* The low half of an argument; all that are looked at are ints or flags below 2^32,
 * which the kernel truncates in the same way. */
static size_t arg(int n)
{
	return offsetof(struct seccomp_data, args) + 8u * (size_t)n;
}

/* Skips n instructions unless the call is nr. The accumulator holds the number. */
static void only(struct program *p, int nr, uint8_t n)
{
	add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, n);
}

static void deny_all(struct program *p, const int *nr, size_t n, int err)
{
	for (size_t i = 0; i < n; i++) {
		only(p, nr[i], 1);
		ret_errno(p, err);
	}
}

/* The argument is a process: not process 1; without a cell only the caller itself. */
static void guard_pid(struct program *p, int nr, int argument, bool strict)
{
	only(p, nr, 4);
	load(p, arg(argument));
	if (strict)
		add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	else
		add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1);
	ret_errno(p, EPERM);
	allow(p);
}

/* (which, who): "all processes of a user" would include process 1. */
static void guard_who(struct program *p, int nr, uint32_t user, uint32_t process, bool strict)
{
	only(p, nr, 6);
	load(p, arg(0));
	if (strict)
		add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, process, 0, 2);
	else
		add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, user, 2, 0);
	load(p, arg(1));
	if (strict)
		add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	else
		add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1);
	ret_errno(p, EPERM);
	allow(p);
}

static void guard_clone(struct program *p)
{
	only(p, __NR_clone, 4);
	load(p, arg(0));
	add_jump(p, BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, 0, 1);
	ret_errno(p, EPERM);
	allow(p);
}

/* Local sockets; of the internet TCP and UDP, which are counted (sockets.c); of netlink the list of interfaces,
 * which getaddrinfo and getifaddrs ask. No vsock, alg, packet, ...; no device events, no MPTCP, no ping. */
static void guard_socket(struct program *p)
{
	only(p, __NR_socket, 13);
	load(p, arg(0));
	add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 10, 0);
	add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 3, 0);
	add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 2, 0);
	add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 4, 0);
	ret_errno(p, EAFNOSUPPORT);
	load(p, arg(2)); /* internet */
	add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 4, 0);
	add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 3, 0);
	load(p, arg(2)); /* netlink too: 0 is NETLINK_ROUTE, and of the internet the default */
	add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	ret_errno(p, EPROTONOSUPPORT);
	allow(p);
}

struct guarded {
	int nr, argument;
	uint32_t value;
};

/* Requests that are refused by their number. */
static const struct guarded requests[] = {
	{ __NR_ioctl, 1, TIOCSTI },   /* input into a terminal that another process reads */
	{ __NR_ioctl, 1, TIOCLINUX }, /* the same on a console */
	{ __NR_ioctl, 1, TIOCSETD },  /* line disciplines: drivers, loaded on demand */
	{ __NR_fcntl, 1, F_NOTIFY },  /* a folder's events by signal; inotify is what programs use */
	{ __NR_prctl, 0,
	  PR_SET_SECCOMP }, /* as seccomp: compiled filters take memory that has one bound for the host */
};

static void guard_requests(struct program *p)
{
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		only(p, requests[i].nr, 4);
		load(p, arg(requests[i].argument));
		add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, requests[i].value, 0, 1);
		ret_errno(p, EPERM);
		load(p, offsetof(struct seccomp_data, nr));
	}
}

/* Options that load programs or drivers into the kernel, or use what has one bound for the host. */
static const struct {
	uint32_t level, option;
} options[] = {
	{ SOL_SOCKET, SO_ATTACH_FILTER },
	{ SOL_SOCKET, SO_ATTACH_BPF },
	{ SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF },
	{ SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF },
	{ IPPROTO_TCP, TCP_ULP },
	{ IPPROTO_IPV6, FLOW_LABELS },
};

static void guard_options(struct program *p)
{
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		only(p, __NR_setsockopt, 6);
		load(p, arg(1));
		add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, options[i].level, 0, 3);
		load(p, arg(2));
		add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, options[i].option, 0, 1);
		ret_errno(p, EPERM);
		load(p, offsetof(struct seccomp_data, nr));
	}
}

static void head(struct program *p)
{
	load(p, offsetof(struct seccomp_data, arch));
	add_jump(p, BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0);
	add_stmt(p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	load(p, offsetof(struct seccomp_data, nr));
	add_jump(p, BPF_JMP | BPF_JSET | BPF_K, X32_BIT, 0, 1);
	ret_errno(p, ENOSYS);
}

int filter_load(bool strict, bool pinned)
{
	struct program p = { .len = 0 };
	struct sock_fprog prog;

	if (!NATIVE) {
		errno = ENOSYS;
		return -1;
	}
	head(&p);
	deny_all(&p, denied, sizeof denied / sizeof *denied, EPERM);
	deny_all(&p, absent, sizeof absent / sizeof *absent, ENOSYS);
	deny_all(&p, ignored, sizeof ignored / sizeof *ignored, 0);
	guard_clone(&p);
	guard_socket(&p);
	guard_requests(&p);
	guard_options(&p);
	if (pinned)
		deny_all(&p, affinity, sizeof affinity / sizeof *affinity, EPERM);
	for (size_t i = 0; i < sizeof by_pid / sizeof *by_pid; i++)
		guard_pid(&p, by_pid[i], 0, strict);
	guard_who(&p, __NR_setpriority, PRIO_USER, PRIO_PROCESS, strict);
	guard_who(&p, __NR_ioprio_set, WHO_USER_IO, 1, strict);
	allow(&p);
	if (p.len > FILTER_MAX) {
		errno = E2BIG;
		return -1;
	}
	prog = (struct sock_fprog){ .len = p.len, .filter = p.code };
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0);
}
