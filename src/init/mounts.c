/* mounts.c - building a cell from inside: its user, its mounts, its capabilities (mounts.h)
 *
 * One tmpfs is the whole disk: /work, /tmp, /dev/shm and /dev/mqueue are folders of it, so
 * that JOB_DISK and JOB_INODES bound them together. It is mounted at /work, and covered there by its own folder in the
 * end. Until then /tmp is a small one, with what is the same in all cells.
 */
#include "init/mounts.h"

#include "init/failure.h"
#include "init/relay.h"
#include "init/shown_limit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	CELL_UID = 1000,
	OWN_INODES = 7,	  /* of the disk itself: its root, make_folders(), HOSTS and LIMIT */
	OWN_BYTES = 8192, /* HOSTS and LIMIT */
	TERMINALS = 16,	  /* of a cell; the kernel has 3,072 for all boxes by default */
};

static const char HOSTS[] = "/work/hosts", LIMIT[] = "/work/memory";
static const char NONE[] = "/tmp/none"; /* an empty folder, read-only */


int mounts_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), saved;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, value, strlen(value));
	saved = errno;
	close(fd);
	errno = saved;
	return n < 0 ? -1 : 0;
}

/* The three files belong to root while the process is not dumpable, so it is made dumpable until
 * prepare_proc; no other process is in the cell yet. */
int mounts_map_user(uid_t uid, gid_t gid, char *text)
{
	char map[64];

	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (mounts_write("/proc/self/setgroups", "deny"))
		return init_fail(text, "setgroups: %s", strerror(errno));
	snprintf(map, sizeof map, "%d %u 1", CELL_UID, (unsigned)uid);
	if (mounts_write("/proc/self/uid_map", map))
		return init_fail(text, "uid_map: %s", strerror(errno));
	snprintf(map, sizeof map, "%d %u 1", CELL_UID, (unsigned)gid);
	if (mounts_write("/proc/self/gid_map", map))
		return init_fail(text, "gid_map: %s", strerror(errno));
	return 0;
}

static int bind_to(const char *from, const char *to, bool may_lack, char *text)
{
	if (!mount(from, to, NULL, MS_BIND, NULL) || (may_lack && errno == ENOENT))
		return 0;
	return init_fail(text, "%s: %s", to, strerror(errno));
}

/* Makes a bound folder read-only: its owner could change its mode otherwise. */
static int seal(const char *path, char *text)
{
	if (!mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) ||
	    errno == ENOENT)
		return 0;
	return init_fail(text, "%s read-only: %s", path, strerror(errno));
}

/* Shows an empty folder there. What is bound from a read-only mount is read-only. */
static int hide_folder(const char *path, char *text)
{
	return bind_to(NONE, path, true, text);
}

struct masked {
	const char *path;
	bool folder;
};

/* Facts of the host, channels between jobs (locks), and what only root needs. What language runtimes read of
 * processors and memory stays: stat, cpuinfo, meminfo, loadavg, uptime, vmstat, cgroups. */
static const struct masked masked[] = {
	{ "/proc/acpi", true },
	{ "/proc/asound", true },
	{ "/proc/bus", true },
	{ "/proc/driver", true },
	{ "/proc/fs", true },
	{ "/proc/irq", true },
	{ "/proc/pressure", true },
	{ "/proc/scsi", true },
	{ "/proc/tty", true },
	{ "/proc/buddyinfo", false },
	{ "/proc/cmdline", false },
	{ "/proc/config.gz", false },
	{ "/proc/consoles", false },
	{ "/proc/crypto", false },
	{ "/proc/diskstats", false },
	{ "/proc/interrupts", false },
	{ "/proc/iomem", false },
	{ "/proc/ioports", false },
	{ "/proc/kallsyms", false },
	{ "/proc/kcore", false },
	{ "/proc/keys", false },
	{ "/proc/key-users", false },
	{ "/proc/latency_stats", false },
	{ "/proc/locks", false },
	{ "/proc/modules", false },
	{ "/proc/partitions", false },
	{ "/proc/sched_debug", false },
	{ "/proc/schedstat", false },
	{ "/proc/softirqs", false },
	{ "/proc/sysrq-trigger", false },
	{ "/proc/timer_list", false },
	{ "/proc/timer_stats", false },
	{ "/proc/zoneinfo", false },
};

/* All of /proc is read-only, so jobs cannot write to /proc/sys or to oom_score_adj. */
static int mount_proc(char *text)
{
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, "hidepid=2"))
		return init_fail(text, "procfs: %s", strerror(errno));
	for (size_t i = 0; i < sizeof masked / sizeof *masked; i++)
		if (bind_to(masked[i].folder ? NONE : "/dev/null", masked[i].path, true, text))
			return -1;
	return 0;
}

static int make_folders(char *text)
{
	static const struct {
		const char *name;
		mode_t mode;
	} f[] = {
		{ "/work/work", 0755 },
		{ "/work/tmp", 01777 },
		{ "/work/shm", 01777 },
		{ "/work/mqueue", 01777 },
	};

	for (size_t i = 0; i < sizeof f / sizeof *f; i++)
		if (mkdir(f[i].name, 0700) || chmod(f[i].name, f[i].mode))
			return init_fail(text, "%s: %s", f[i].name, strerror(errno));
	return 0;
}

static int mount_disk(const struct disk_room *room, char *text)
{
	char options[160];

	snprintf(options, sizeof options, "size=%llu,nr_inodes=%llu,mode=0755,uid=%d,gid=%d",
		 (unsigned long long)(room->disk + OWN_BYTES), (unsigned long long)(room->inodes + OWN_INODES),
		 CELL_UID, CELL_UID);
	if (mount("tmpfs", "/work", "tmpfs", MS_NOSUID | MS_NODEV, options))
		return init_fail(text, "tmpfs: %s", strerror(errno));
	return make_folders(text);
}

static bool is_empty(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char c;
	bool empty = fd < 0 || read(fd, &c, 1) <= 0;

	if (fd >= 0)
		close(fd);
	return empty;
}

/* The engine leaves /etc/hosts empty in a box without a network; servers and clients on loopback need
 * "localhost". */
static int mount_hosts(char *text)
{
	char name[128] = "", hosts[512];
	int fd, n;
	bool written;

	if (!is_empty("/etc/hosts"))
		return 0;
	gethostname(name, sizeof name - 1);
	n = snprintf(hosts, sizeof hosts, "127.0.0.1\tlocalhost %s\n%s", *name ? name : "box",
		     is_empty("/proc/net/if_inet6") ? "" : "::1\tlocalhost ip6-localhost ip6-loopback\n");
	fd = open(HOSTS, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	written = fd >= 0 && write(fd, hosts, (size_t)n) == n;
	if (fd >= 0)
		close(fd);
	if (!written)
		return init_fail(text, "%s: %s", HOSTS, strerror(errno));
	return bind_to(HOSTS, "/etc/hosts", true, text) || seal("/etc/hosts", text) ? -1 : 0;
}

/* Terminals are numbered and bounded for the whole host (kernel.pty.max), so a cell has a few of its own.
 * The terminal of a job that has one is the box's: then no further one can be opened. */
static int mount_terminals(bool terminal, char *text)
{
	char options[64];

	if (terminal)
		return bind_to("/dev/null", "/dev/pts/ptmx", true, text);
	snprintf(options, sizeof options, "newinstance,ptmxmode=0666,mode=0620,max=%d", TERMINALS);
	if (mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, options) && errno != ENOENT)
		return init_fail(text, "/dev/pts: %s", strerror(errno));
	return 0;
}

/* A layer's file is one inode for all owners who name the same packages: locks on it and events of it (inotify)
 * would pass between them. An overlay has inodes of its own. Kernels before 5.11 do not let a cell have one.
 * The end of an overlay costs a millisecond (the kernel waits for readers of its mounts), and a job without
 * packages has no use for the layers. */
static int mount_layers(bool wanted, char *text)
{
	static const char path[] = "/.cee/layers";

	if (!wanted)
		return hide_folder(path, text);
	mount("layers", path, "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, "lowerdir=/.cee/layers:/tmp/none,userxattr");
	return 0;
}

/* An empty folder that nobody can change, to hide others with. */
static int mount_none(char *text)
{
	if (mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=4096,nr_inodes=2,mode=0755"))
		return init_fail(text, "tmpfs: %s", strerror(errno));
	if (mkdir(NONE, 0555))
		return init_fail(text, "%s: %s", NONE, strerror(errno));
	return bind_to(NONE, NONE, false, text) || seal(NONE, text) ? -1 : 0;
}

int mounts_prepare(char *text)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return init_fail(text, "private mounts: %s", strerror(errno));
	if (mount_none(text) || mount_proc(text))
		return -1;
	/* cee-init's program is the same file in every box, so locks on it would be shared
	 * between boxes: its name shows a read-only file of the cell's own instead. */
	if (bind_to("/proc/version", "/.cee/init", true, text))
		return -1;
	return hide_folder(RELAY_FOLDER, text); /* its socket is for cee-init, which counts what passes */
}

int mounts_make(const struct disk_room *room, int *shown, char *text)
{
	if (mount_disk(room, text) || mount_hosts(text) || mount_terminals(room->terminal, text) ||
	    mount_layers(room->layers, text))
		return -1;
	*shown = shown_limit_make(LIMIT, text);
	if (*shown < 0)
		return -1;
	if (bind_to("/work/shm", "/dev/shm", false, text) || bind_to("/work/mqueue", "/dev/mqueue", true, text) ||
	    bind_to("/work/tmp", "/tmp", false, text))
		return -1;
	return bind_to("/work/work", "/work", false, text);
}

/* Drops the capabilities of all sets, and makes sure that none can be regained. */
int mounts_drop_privileges(char *text)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };
	int last = -1;

	for (int c = 0; !prctl(PR_CAPBSET_DROP, c, 0, 0, 0); c++)
		last = c;
	if (last < 0 || errno != EINVAL) /* which says that the kernel has no such capability */
		return init_fail(text, "bounding set: %s", strerror(errno));
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (prctl(PR_SET_SECUREBITS,
		  SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
			  SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
		  0, 0, 0))
		return init_fail(text, "securebits: %s", strerror(errno));
	if (syscall(SYS_capset, &h, none))
		return init_fail(text, "capset: %s", strerror(errno));
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return 0;
}
