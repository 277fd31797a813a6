/* cgroup_places_test.c - where the cgroups of containers are, as the texts of several hosts say
 *
 * The cgroups themselves need root and an engine: tests/23-memory.bats.
 */
#include "check.h"
#include "runner/box/cgroup_places.h"

#include <string.h>

static const char V1[] = "9:name=systemd:/docker/abc\n5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc/job\n0::/u\n",
		  V2[] = "0::/system.slice/docker-abc.scope\n";
static const char V1_MOUNTS[] = "tmpfs /sys/fs/cgroup tmpfs rw 0 0\n"
				"cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n"
				"cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0\n"
				"cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
static const char V2_MOUNTS[] = "proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n";

static void paths(void)
{
	char path[CGROUP_PATH];

	CHECK(cgroup_path_in(V1, "memory", path) && !strcmp(path, "/docker/abc/job"));
	CHECK(cgroup_path_in(V1, "cpuacct", path) && !strcmp(path, "/docker/abc"));
	CHECK(cgroup_path_in(V1, "", path) && !strcmp(path, "/u"));
	CHECK(!cgroup_path_in(V1, "acct", path) && !cgroup_path_in(V1, "pids", path));
	CHECK(cgroup_path_in(V2, "", path) && !strcmp(path, "/system.slice/docker-abc.scope"));
	CHECK(!cgroup_path_in(V2, "memory", path) && !cgroup_path_in("", "memory", path));
	CHECK(!cgroup_path_in("nonsense", "memory", path) && !cgroup_path_in("4:memory", "memory", path));
}

static void mounts(void)
{
	char path[CGROUP_PATH];

	CHECK(cgroup_mount_in(V1_MOUNTS, "memory", path) && !strcmp(path, "/sys/fs/cgroup/memory"));
	CHECK(cgroup_mount_in(V1_MOUNTS, "cpuacct", path) && !strcmp(path, "/sys/fs/cgroup/cpu,cpuacct"));
	CHECK(cgroup_mount_in(V1_MOUNTS, "", path) && !strcmp(path, "/sys/fs/cgroup/unified"));
	CHECK(!cgroup_mount_in(V1_MOUNTS, "pids", path));
	CHECK(!cgroup_mount_in(V2_MOUNTS, "memory", path));
	CHECK(cgroup_mount_in(V2_MOUNTS, "", path) && !strcmp(path, "/sys/fs/cgroup"));
}

static void of_a_container(void)
{
	struct cgroup_place p = { .before = "/sys/fs/cgroup/system.slice/docker-", .after = ".scope" };
	struct cgroup_places places = { 0 };
	struct cee_err e;
	char path[3 * CGROUP_PATH];

	cgroup_place_of(&p, "def", path);
	CHECK(!strcmp(path, "/sys/fs/cgroup/system.slice/docker-def.scope"));
	CHECK(cgroup_places_find(&places, "0123456789abcdef-no-such-container", &e) < 0 && strstr(e.msg, "/proc"));
}

int main(void)
{
	RUN(paths);
	RUN(mounts);
	RUN(of_a_container);
	return check_status();
}
