/* escape.c - ways out of a container: mounts, namespaces, roots, devices, files of the kernel
 *
 * Goal: that one of them is allowed. What is tried changes nothing where it succeeds, since the control
 * does succeed: a mount goes over a folder of the control's own, a file of the host is opened for writing and not written.
 */
#include "hostile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static void mounts(void)
{
	bool ok = false;

	ok |= !mount("none", "/tmp", "tmpfs", 0, "size=64k");
	ok |= !mount("proc", "/tmp", "proc", 0, NULL);
	ok |= !mount("/", "/tmp", NULL, MS_BIND, NULL);
	ok |= !mount("cgroup", "/tmp", "cgroup", 0, "devices");
	ok |= !mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL);
	refused_if(!ok, "mount");
	got("a mount");
}

/* The same by the newer calls, which filters may not know. */
static void new_mounts(void)
{
	long fs = syscall(SYS_fsopen, "tmpfs", 0), tree = syscall(SYS_open_tree, AT_FDCWD, "/", 1);

	refused_if(fs < 0 && tree < 0, "fsopen, open_tree");
	got("a file system");
}

static void unmounts(void)
{
	refused_if(umount2("/proc", MNT_DETACH) && umount2("/dev/shm", MNT_DETACH), "umount");
	got("an unmount");
}

static void namespaces(void)
{
	static const int flags[] = { CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,	   CLONE_NEWNET,
				     CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP, 0x80 /* CLONE_NEWTIME */ };

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (!unshare(flags[i]))
			got("a namespace: %#x", (unsigned)flags[i]);
	refused("unshare");
}

static int as_child(void *arg)
{
	(void)arg;
	return 0;
}

static void clone_namespaces(void)
{
	static char stack[64 * KB];
	static const int flags[] = { CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET,
				     CLONE_NEWUSER | CLONE_NEWNET };
	struct {
		unsigned long long flags, rest[7];
	} args = { CLONE_NEWUSER, { 0, 0, 0, SIGCHLD } };

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (clone(as_child, stack + sizeof stack, flags[i] | SIGCHLD, NULL) > 0)
			got("a namespace by clone: %#x", (unsigned)flags[i]);
	long pid = syscall(SYS_clone3, &args, sizeof args);

	if (!pid)
		_exit(0);
	refused_if(pid < 0, "clone");
	got("a namespace by clone3");
}

static void joins(void)
{
	static const char *const names[] = { "net", "mnt", "user", "pid", "ipc", "uts", "cgroup" };
	char path[64];

	for (size_t i = 0; i < 7; i++) {
		snprintf(path, sizeof path, "/proc/1/ns/%s", names[i]);
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd >= 0 && !setns(fd, 0))
			got("joined %s", path);
	}
	long pidfd = syscall(SYS_pidfd_open, 1, 0);

	refused_if(pidfd < 0 || setns((int)pidfd, CLONE_NEWNET), "setns");
	got("joined by a pidfd");
}

static void roots(void)
{
	bool ok = !chroot("/tmp");

	ok |= !syscall(SYS_pivot_root, "/", "/");
	refused_if(!ok, "chroot");
	got("a root of its own");
}

/* ---- devices and the kernel's files ---------------------------------------------------------- */

static void nodes(void)
{
	static const char *const dirs[] = { "/tmp", "/work", "/dev/shm", "." };
	char path[64];

	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/node", dirs[i]);
		if (!mknod(path, S_IFCHR | 0600, makedev(1, 1)) || !mknod(path, S_IFBLK | 0600, makedev(8, 0))) {
			unlink(path);
			got("a device in %s", dirs[i]);
		}
	}
	refused("mknod");
}

/* Any that is there beside those that every container has. */
static void devices(void)
{
	static const char *const usual[] = { "null",  "zero",	"full",	  "random",  "urandom", "tty",
					     "stdin", "stdout", "stderr", "fd",	     "shm",	"pts",
					     "ptmx",  "mqueue", "core",	  "console", ".",	".." };
	DIR *d = opendir("/dev");

	for (struct dirent *e; d && (e = readdir(d));) {
		bool known = false;

		for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
			known |= !strcmp(e->d_name, usual[i]);
		if (!known)
			got("/dev/%s", e->d_name);
	}
	errno = ENOENT;
	refused("other devices");
}

static void kernel_files(void)
{
	static const char *const files[] = {
		"/proc/sysrq-trigger",
		"/proc/sys/kernel/core_pattern",
		"/proc/sys/kernel/hostname",
		"/proc/sys/vm/drop_caches",
		"/proc/sys/kernel/modprobe",
		"/proc/sys/fs/binfmt_misc/register",
		"/proc/irq/default_smp_affinity",
		"/proc/sys/vm/panic_on_oom",
		"/proc/sys/kernel/randomize_va_space",
		"/proc/mtrr",
		"/proc/acpi/wakeup",
		"/sys/kernel/uevent_helper",
		"/sys/power/state",
		"/sys/kernel/mm/ksm/run",
		"/sys/kernel/mm/transparent_hugepage/enabled",
		"/sys/devices/system/cpu/cpu1/online",
		"/sys/fs/cgroup/cgroup.procs",
		"/sys/kernel/security/apparmor/.load",
		"/sys/module/kernel/parameters/panic",
	};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (can_open(files[i], O_WRONLY))
			got("%s for writing", files[i]);
	refused("the kernel's files");
}

static void kernel_memory(void)
{
	static const char *const files[] = { "/proc/kcore",
					     "/dev/mem",
					     "/dev/kmem",
					     "/dev/port",
					     "/proc/kpagecount",
					     "/proc/kpageflags",
					     "/sys/kernel/debug/sched",
					     "/sys/kernel/tracing/trace" };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char c;
		int fd = open(files[i], O_RDONLY | O_CLOEXEC);

		if (fd >= 0 && read(fd, &c, 1) == 1)
			got("%s", files[i]);
	}
	refused("the kernel's memory");
}

static void kernel_log(void)
{
	char line[256];

	refused_if(syscall(SYS_syslog, 3, line, sizeof line) < 0 && !can_open("/dev/kmsg", O_RDONLY), "syslog");
	got("the kernel's log");
}

/* CVE-2022-0492 and the older ways: a group of one's own, a helper that the host starts. */
static void cgroups(void)
{
	static const char *const dirs[] = { "/sys/fs/cgroup",	  "/sys/fs/cgroup/memory",  "/sys/fs/cgroup/pids",
					    "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/devices", "/sys/fs/cgroup/memory/job",
					    "/sys/fs/cgroup/job" };
	static const char *const files[] = {
		"cgroup.procs",		 "tasks",	"release_agent", "notify_on_release",
		"memory.limit_in_bytes", "memory.max",	"pids.max",	 "cpu.shares",
		"devices.allow",	 "cgroup.kill", "cgroup.freeze"
	};
	char path[128];

	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		snprintf(path, sizeof path, "%s/hostile", dirs[i]);
		if (!mkdir(path, 0755)) {
			rmdir(path);
			got("a group: %s", path);
		}
		for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
			snprintf(path, sizeof path, "%s/%s", dirs[i], files[f]);
			if (can_open(path, O_WRONLY))
				got("%s for writing", path);
		}
	}
	refused("cgroups");
}

static void modules(void)
{
	long init = syscall(SYS_init_module, "", 0, ""), e = errno;
	long finit = syscall(SYS_finit_module, -1, "", 0);

	/* with the right to it the complaint is about the module */
	refused_if((init && e == EPERM) && (finit && errno == EPERM), "init_module");
	got("may load modules");
}

static void reboots(void)
{
	/* an argument that the kernel refuses after it has looked at the right */
	refused_if(syscall(SYS_reboot, 0xfee1dead, 672274793, 0x12345678, 0) < 0 && errno == EPERM, "reboot");
	got("may reboot");
}

static void swaps_on(void)
{
	refused_if(swapon("/nothing", 0) && errno == EPERM, "swapon");
	got("may use swap");
}

static void handles(void)
{
	struct {
		struct file_handle h;
		unsigned char room[128];
	} f = { .h.handle_bytes = 128 };
	int id, here = open("/", O_RDONLY | O_CLOEXEC);

	/* the root of the disk is inode 2 in every container's file system: "shocker" */
	refused_if(name_to_handle_at(AT_FDCWD, "/etc", &f.h, &id, 0) && errno == EPERM, "name_to_handle_at");
	refused_if(open_by_handle_at(here, &f.h, O_RDONLY) < 0 && errno == EPERM, "open_by_handle_at");
	got("files by their handles");
}

static void sockets_of_engines(void)
{
	static const char *const paths[] = { "/var/run/docker.sock",
					     "/run/docker.sock",
					     "/run/containerd/containerd.sock",
					     "/run/podman/podman.sock",
					     "/run/crio/crio.sock",
					     "/run/systemd/private",
					     "/run/dbus/system_bus_socket",
					     "/run/cee" };

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (!access(paths[i], F_OK))
			got("%s", paths[i]);
	refused("sockets of engines");
}

static void set_uid(void)
{
	refused_if(setuid(0) && setresuid(0, 0, 0) && setgid(0), "setuid");
	got("is root");
}

static void capabilities(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { ~0u, ~0u, ~0u }, { ~0u >> 23, ~0u >> 23, ~0u >> 23 } }, now[2] = { 0 };

	syscall(SYS_capset, &h, d);
	syscall(SYS_capget, &h, now);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 21, 0, 0);
	errno = EPERM;
	refused_if(!now[0].effective && !now[0].permitted, "capset");
	got("capabilities: %#x", now[0].effective);
}

/* Programs of the image that are somebody else's when they run. */
static void set_uid_file(void)
{
	static const char *const paths[] = { "/usr/bin/su", "/usr/bin/mount", "/usr/bin/passwd", "/bin/su" };

	for (size_t i = 0; i < 4; i++) {
		struct stat st;

		if (!stat(paths[i], &st) && st.st_mode & S_ISUID && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
			got("%s", paths[i]);
	}
	refused("set-uid programs");
}

static void secrets(void)
{
	static const char *const files[] = { "/etc/shadow",
					     "/etc/gshadow",
					     "/root/.ssh/id_rsa",
					     "/.cee/layers",
					     "/proc/1/environ",
					     "/run/secrets",
					     "/var/run/secrets/kubernetes.io" };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		DIR *d = opendir(files[i]);
		struct dirent *e;

		while (d && (e = readdir(d)))
			if (e->d_name[0] != '.')
				got("%s/%s", files[i], e->d_name);
		if (can_open(files[i], O_RDONLY) && !d)
			got("%s", files[i]);
	}
	refused("secrets");
}

static void writes_root(void)
{
	static const char *const dirs[] = { "",	    "/etc",  "/usr/bin", "/usr/lib",	 "/var/tmp",
					    "/var", "/run",  "/.cee",	 "/.cee/layers", "/dev",
					    "/sys", "/proc", "/opt",	 "/home",	 "/root" };
	char path[64];

	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		snprintf(path, sizeof path, "%s/.hostile", dirs[i]);
		int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

		if (fd >= 0) {
			unlink(path);
			got("a file in %s/", dirs[i]);
		}
	}
	refused("files outside of /work, /tmp and /dev/shm");
}

const struct hostile escape_rows[] = {
	{ "mounts", "mounts", 0, 0, "container", mounts, 0 },
	{ "new-mounts", "mounts by the newer calls", 0, 0, "container", new_mounts, 0 },
	{ "unmounts", "unmounts", 0, 0, "container", unmounts, 0 },
	{ "namespaces", "new namespaces by unshare", 0, 0, "container", namespaces, 0 },
	{ "clone-namespaces", "new namespaces by clone and clone3", 0, 0, "container", clone_namespaces, 0 },
	{ "joins", "joins the namespaces of process 1", 0, 0, "container", joins, 0 },
	{ "roots", "another root", 0, 0, "container", roots, 0 },
	{ "nodes", "makes devices", 0, 0, "container", nodes, 0 },
	{ "devices", "devices that are there", 0, 0, "host", devices, 0 },
	{ "kernel-files", "the kernel's switches", 0, 0, "container", kernel_files, 0 },
	{ "kernel-memory", "the kernel's memory", 0, 0, "container", kernel_memory, 0 },
	{ "kernel-log", "the kernel's log", 0, 0, "container", kernel_log, 0 },
	{ "cgroups", "cgroups", 0, 0, "container", cgroups, 0 },
	{ "modules", "modules of the kernel", 0, 0, "container", modules, 0 },
	{ "reboots", "reboot", 0, 0, "container", reboots, 0 },
	{ "swaps-on", "swap", 0, 0, "container", swaps_on, 0 },
	{ "handles", "files by handles", 0, 0, "container", handles, 0 },
	{ "engine-sockets", "sockets of engines", 0, 0, "host", sockets_of_engines, 0 },
	{ "set-uid", "becomes root", 0, 0, "container", set_uid, 0 },
	{ "capabilities", "takes capabilities", 0, 0, "container", capabilities, 0 },
	{ "set-uid-files", "programs that change who runs them", 0, 0, "container", set_uid_file, 0 },
	{ "secrets", "files with secrets", 0, 0, "container", secrets, 0 },
	{ "writes-root", "files outside of its own folders", 0, 0, "container", writes_root, 0 },
	{ 0 }
};
