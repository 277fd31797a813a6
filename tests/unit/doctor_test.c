/* doctor_test - judgements of the host: what an engine says, what tables of users hold, why there are no cells */
#include "base/limit.h"
#include "conf/conf.h"
#include "doctor/host_checks.h"
#include "engine/docker_json.h"
#include "runner/host/cells.h"
#include "runner/host/host.h"
#include "runner/host/limit_probe.h"
#include "check.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>


static const char info_here[] =
	"{\"ServerVersion\":\"20.10.24\",\"KernelVersion\":\"6.1.0\",\"CgroupDriver\":\"cgroupfs\",\"CgroupVersion\":"
	"\"1\","
	"\"MemoryLimit\":true,\"SwapLimit\":true,\"PidsLimit\":true,\"CpuCfsQuota\":true,\"DefaultRuntime\":\"runc\","
	"\"Runtimes\":{\"runc\":{\"path\":\"runc\"},\"runsc\":{\"path\":\"/usr/bin/runsc\"}},\"Warnings\":null,"
	"\"SecurityOptions\":[\"name=apparmor\",\"name=seccomp,profile=default\"],\"SystemTime\":\"2026-11-23T13:06:59."
	"91205082Z\"}";
static const char info_rootless[] =
	"{\"CgroupDriver\":\"none\",\"CgroupVersion\":\"2\",\"MemoryLimit\":false,\"PidsLimit\":false,"
	"\"Warnings\":[\"WARNING: Running in rootless-mode without "
	"cgroups\\u001b[31m\",7],\"SecurityOptions\":[\"name=rootless\"]}";

static void info(void)
{
	struct engine_info h;
	struct finding f;
	struct conf c = { .runtime = (char *)"run" };

	CHECK(docker_parse_info(&h, info_here, strlen(info_here)));
	CHECK(h.seccomp && h.apparmor && !h.rootless);
	CHECK(strcmp(h.runtimes, "runc runsc ") == 0);
	CHECK(h.time_us == 1795439219912050);
	host_cgroup(&f, &h);
	CHECK(f.status == FINDING_OK);
	host_runtime(&f, &h, &c); /* the beginning of a name is not the name */
	CHECK(f.status == FINDING_FAIL && f.conf && strstr(f.remedy, "runc runsc"));
	c.runtime = (char *)"runsc";
	host_runtime(&f, &h, &c);
	CHECK(f.status == FINDING_OK);
	h.pids_limit = false;
	host_cgroup(&f, &h);
	CHECK(f.status == FINDING_FAIL && strstr(f.what, "processes"));
}

static void runtime_auto(void)
{
	const struct engine_info with = { .default_runtime = "runc", .runtimes = "crun runc " };
	const struct engine_info without = { .default_runtime = "runc", .runtimes = "crun-vm runc " };
	struct conf c = { .runtime = (char *)"auto" };
	struct finding f;

	CHECK(strcmp(host_runtime_name(&c, &with), "crun") == 0);
	host_runtime(&f, &with, &c);
	CHECK(f.status == FINDING_OK && strcmp(f.what, "crun, chosen by runtime = auto") == 0);
	CHECK(!host_runtime_name(&c, &without));
	host_runtime(&f, &without, &c);
	CHECK(f.status == FINDING_OK && strcmp(f.what, "runc, the engine's default") == 0);
	c.runtime = (char *)"runc";
	CHECK(strcmp(host_runtime_name(&c, &with), "runc") == 0);
	c.runtime = (char *)"";
	CHECK(!host_runtime_name(&c, &with));
}

static void info_without_cgroups(void)
{
	struct engine_info h;
	struct finding f;

	CHECK(docker_parse_info(&h, info_rootless, strlen(info_rootless)));
	CHECK(h.rootless && !strchr(h.warnings, '\033'));
	host_cgroup(&f, &h);
	CHECK(f.status == FINDING_FAIL && strstr(f.what, "silently") && strstr(f.remedy, "Delegate"));
}

/* A size that no number holds is none. */
static void image_size(void)
{
	static const char large[] = "{\"Id\":\"sha256:1\",\"Size\":1e300}",
			  good[] = "{\"Id\":\"sha256:1\",\"Size\":4096}";
	struct docker_answer a = { 0 };

	CHECK(docker_parse_image(&a, large, strlen(large)) && a.image.size == 0);
	docker_answer_release(&a);
	a = (struct docker_answer){ 0 };
	CHECK(docker_parse_image(&a, good, strlen(good)) && a.image.size == 4096);
	docker_answer_release(&a);
}

static void info_that_is_none(void)
{
	struct engine_info h;

	CHECK(!docker_parse_info(&h, "", 0));
	CHECK(!docker_parse_info(&h, "[]", 2));
	CHECK(!docker_parse_info(&h, "{\"Runtimes\":", 12));
	CHECK(docker_parse_info(&h, "{\"Runtimes\":7,\"Warnings\":{},\"SystemTime\":\"then\"}", 48));
	CHECK(h.time_us == 0 && !h.memory_limit);
}

/* What cee-init says, on which host, and what is made of it. */
static struct finding cells_of(const char *said, const char *profile, bool apparmor, const struct host_userns *u)
{
	static const struct host_userns unknown = { -1, -1, -1 };
	const struct conf c = { .apparmor = (char *)"auto" };
	const struct engine_info h = { .apparmor = apparmor };
	const struct cells_seen seen = { .profile = profile, .said = said };
	struct finding f;

	host_cells(&f, &c, &h, u ? u : &unknown, &seen);
	return f;
}

static bool finds(struct finding f, const char *what, const char *remedy)
{
	return f.status == FINDING_WARN && strstr(f.what, what) && strstr(f.remedy, remedy);
}

#define SAID "cee-init: no cells in this box: "

static void why_no_cells(void)
{
	const struct host_userns none = { 0, -1, -1 }, no_clone = { 63000, -1, 0 }, ubuntu = { 63000, 1, 1 };
	const struct cells_seen built = { .built = true, .said = "" };
	const struct engine_info h = { .apparmor = true };
	struct conf c = { .cells_never = false, .apparmor = (char *)"auto" };
	struct finding f;

	host_cells(&f, &c, &h, &none, &built);
	CHECK(f.status == FINDING_OK);
	CHECK(finds(cells_of(SAID "no cell: clone: Operation not permitted", NULL, true, NULL), "seccomp profile",
		    "set seccomp in cee.conf"));
	CHECK(finds(cells_of(SAID "no cell: clone: Permission denied", NULL, true, NULL),
		    "engine's own AppArmor profile", "scripts/apparmor-load"));
	CHECK(finds(cells_of(SAID "private mounts: Permission denied", NULL, true, NULL),
		    "engine's own AppArmor profile", "scripts/apparmor-load"));
	CHECK(finds(cells_of(SAID "tmpfs: Permission denied", "cee-box", true, NULL), "cee-box that is loaded",
		    "load the cee-box of this version"));
	CHECK(finds(cells_of(SAID "no cell: clone: Permission denied", NULL, false, NULL), "a security module",
		    "allow boxes user namespaces"));
	CHECK(finds(cells_of(SAID "no cell: clone: No space left on device", NULL, false, NULL), "is used up",
		    "sysctl user.max_user_namespaces"));
	CHECK(finds(cells_of(SAID "no cell: clone: Operation not permitted", NULL, true, &no_clone),
		    "kernel.unprivileged_userns_clone is 0", "sysctl kernel.unprivileged_userns_clone=1"));
	CHECK(finds(cells_of(SAID "uid_map: Operation not permitted", NULL, false, &ubuntu),
		    "apparmor_restrict_unprivileged_userns", "unconfined does not help"));
	CHECK(finds(cells_of(SAID "no cell: clone: Permission denied", NULL, true, &none),
		    "user.max_user_namespaces is 0", "sysctl"));
	CHECK(finds(cells_of(SAID "no cell: clone: Invalid argument", NULL, false, NULL), "no user namespaces",
		    "CONFIG_USER_NS"));
	CHECK(finds(cells_of(SAID "procfs: Operation not permitted", NULL, false, NULL), "masks paths below /proc",
		    "upgrade the engine"));
	c.cells_never = true;
	host_cells(&f, &c, &h, &none, &built);
	CHECK(strstr(f.what, "cells = never"));
}

static void apparmor(void)
{
	const struct cells_seen denied = { .said = SAID "no cell: clone: Permission denied" },
				seccomp = { .said = SAID "no cell: clone: Operation not permitted" },
				ours = { .built = true, .profile = "cee-box", .said = "" };
	const struct engine_info with = { .apparmor = true }, without = { .apparmor = false };
	struct conf c = { .apparmor = (char *)"auto" };
	struct finding f;

	host_apparmor(&f, &c, &without, NULL);
	CHECK(f.status == FINDING_OK && strcmp(f.what, "none here") == 0);
	host_apparmor(&f, &c, &with, &ours);
	CHECK(f.status == FINDING_OK && strcmp(f.what, "cee-box") == 0);
	host_apparmor(&f, &c, &with, &denied); /* the engine's own is not ok where it forbids cells */
	CHECK(finds(f, "the engine's own profile forbids cells", "scripts/apparmor-load"));
	host_apparmor(&f, &c, &with, &seccomp); /* and not to blame where something else does */
	CHECK(f.status == FINDING_OK);
	c.apparmor = (char *)"";
	host_apparmor(&f, &c, &with, &denied);
	CHECK(finds(f, "the engine's own profile forbids cells", "set apparmor = auto"));
	c.cells_never = true; /* nobody wants cells */
	host_apparmor(&f, &c, &with, &denied);
	CHECK(f.status == FINDING_OK);
	c.apparmor = (char *)"mine";
	host_apparmor(&f, &c, &without, NULL);
	CHECK(finds(f, "apparmor = mine: this engine has no AppArmor", "set apparmor = auto"));
}

/* The engine maps users, and the numbers of boxes lie outside of what it maps. */
static void unmapped_uids(void)
{
	const struct conf c = { .apparmor = (char *)"auto" };
	struct engine_info h = { .userns_remap = true };
	struct limit_probe_end e = { .how = BOX_OURS,
				     .reason = "error mounting \"tmpfs\" to rootfs at \"/work\": mount "
					       "data: size=8388608,uid=900538,gid=900538: invalid argument" };
	struct finding f;

	host_box(&f, &c, &h, &e);
	CHECK(f.status == FINDING_FAIL && f.conf && strstr(f.remedy, "uids = 10000:1000"));
	h.userns_remap = false;
	host_box(&f, &c, &h, &e);
	CHECK(strstr(f.remedy, "engine's log"));
}

static void uids(void)
{
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n# "
				     "old:x:900005:0::\nann:x:900010:900010::/:/bin/sh\nbad\n:::\nlast:x:12";
	static const char subuid[] = "ann:100000:65536\nbob:886432:65536\nnone:900000:0\n";
	char who[32];
	uint64_t end = 0;

	CHECK(uids_met(passwd, false, 900000, 1000, who, sizeof(who), &end) && strcmp(who, "ann") == 0);
	CHECK(end == 900011);
	CHECK(!uids_met(passwd, false, 900011, 1000, who, sizeof(who), NULL));
	CHECK(!uids_met(passwd, false, 900000, 10, who, sizeof(who), NULL));
	CHECK(uids_met(passwd, false, 12, 1, who, sizeof(who), NULL) && strcmp(who, "last") == 0);
	CHECK(uids_met(subuid, true, 900000, 1000, who, sizeof(who), &end) && strcmp(who, "bob") == 0);
	CHECK(end == 951968);
	CHECK(uids_met(subuid, true, 165535, 1, who, sizeof(who), NULL) && strcmp(who, "ann") == 0);
	CHECK(!uids_met(subuid, true, 165536, 1000, who, sizeof(who), NULL));
	CHECK(!uids_met("", true, 0, 1, who, sizeof(who), NULL));
}

static void limit_probes(void)
{
	struct limit_probe_end e = { .ran = true };
	char why[200];

	strcpy(e.out, "processes 29\n");
	CHECK(limit_probe_number(&e, "processes") == 29 && limit_probe_number(&e, "process") == -1);
	CHECK(limit_probe_processes_bound(&e) && limit_probe_memory_bound(&e));
	strcpy(e.out, "processes 384\nmemory 384\n");
	CHECK(!limit_probe_processes_bound(&e) && !limit_probe_memory_bound(&e));
	e.out[0] = 0; /* it came nowhere: nothing is proven */
	CHECK(!limit_probe_processes_bound(&e) && !limit_probe_memory_bound(&e));
	for (int i = 0; i < LIMIT_COUNT; i++) {
		CHECK(limit_probe_of[i].what && limit_probe_of[i].limit > 0);
		CHECK(!limit_probe_held((enum limit_id)i, &e, why, sizeof(why)) && why[0]);
	}
}

int main(void)
{
	RUN(info);
	RUN(runtime_auto);
	RUN(info_without_cgroups);
	RUN(info_that_is_none);
	RUN(image_size);
	RUN(why_no_cells);
	RUN(apparmor);
	RUN(unmapped_uids);
	RUN(uids);
	RUN(limit_probes);
	return check_status();
}
