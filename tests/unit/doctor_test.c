/* doctor_test - judgements of the host: what an engine says, what tables of users hold, why there are no cells */
#include "base/limit.h"
#include "conf/conf.h"
#include "doctor/host_checks.h"
#include "engine/docker_json.h"
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

static void why_no_cells(void)
{
	struct conf c = { .cells_never = false };
	struct host_userns u = { -1, -1, -1 };
	struct finding f;

	host_cells(&f, &c, &u, true, "");
	CHECK(f.status == FINDING_OK);
	host_cells(&f, &c, &u, false, "clone: Operation not permitted");
	CHECK(f.status == FINDING_WARN && strstr(f.what, "seccomp") && strstr(f.what, "not permitted"));
	u.apparmor_restricts = 1;
	host_cells(&f, &c, &u, false, "");
	CHECK(strstr(f.what, "Ubuntu 23.10") && strstr(f.remedy, "apparmor in cee.conf"));
	u.max = 0;
	host_cells(&f, &c, &u, false, "");
	CHECK(strstr(f.what, "user.max_user_namespaces is 0") && strstr(f.remedy, "sysctl"));
	c.cells_never = true;
	host_cells(&f, &c, &u, false, "");
	CHECK(strstr(f.what, "cells = never"));
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
	RUN(info_without_cgroups);
	RUN(info_that_is_none);
	RUN(image_size);
	RUN(why_no_cells);
	RUN(uids);
	RUN(limit_probes);
	return check_status();
}
