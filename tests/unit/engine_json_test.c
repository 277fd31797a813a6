/* engine_json_test - the Docker Engine's JSON: what a container is asked to be, and answers of any kind */
#include "base/json.h"
#include "engine/container_spec.h"
#include "engine/docker_json.h"
#include "engine/engine.h"
#include "engine/engine_info.h"
#include "check.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a container ----------------------------------------------------------------------------- */

static const cJSON *at(const cJSON *o, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(o, name);
}

static bool is(const cJSON *o, const char *name, const char *json)
{
	AUTO_JSON cJSON *want = json_parse(json, strlen(json), NULL);
	bool same = want && cJSON_Compare(at(o, name), want, true);

	if (!same)
		printf("# %s is not %s\n", name, json);
	return same;
}

static struct container_spec some(void)
{
	static const char *const entry[] = { "/init", NULL }, *const env[] = { "A=\"b\"", NULL };
	static const struct container_mount mounts[] = { { "/host/init", "/init", true }, { "/host/s", "/s", false } };
	static const struct container_tmpfs tmpfs[] = { { "/work", "size=1m" } };
	static const struct engine_label labels[] = { { "cee.box", "1" } };

	return (struct container_spec){ .image = "cee/c",
					.entrypoint = entry,
					.env = env,
					.uid = 100000,
					.attach = true,
					.seccomp = "{\"defaultAction\":\"SCMP_ACT_ERRNO\"}",
					.memory = 448LL << 20,
					.processes = 64,
					.cpus = 1.5,
					.mounts = mounts,
					.nmounts = 2,
					.tmpfs = tmpfs,
					.ntmpfs = 1,
					.labels = labels,
					.nlabels = 1 };
}

static cJSON *asked_of(const struct container_spec *s, bool podman)
{
	char *text = docker_container_json(s, &(struct docker_dialect){ .podman = podman });
	cJSON *j = text ? json_parse(text, strlen(text), NULL) : NULL;

	CHECK(j != NULL);
	free(text);
	return j;
}

static cJSON *asked(const struct container_spec *s)
{
	return asked_of(s, false);
}

/* Everything that is taken away from a box, by the engine's names. */
static void locked_down(void)
{
	const struct container_spec s = some();
	AUTO_JSON cJSON *j = asked(&s);
	const cJSON *host = at(j, "HostConfig");

	CHECK(is(host, "CapDrop", "[\"ALL\"]") && !at(host, "CapAdd") && !at(host, "Privileged"));
	CHECK(is(host, "SecurityOpt",
		 "[\"no-new-privileges\",\"seccomp={\\\"defaultAction\\\":\\\"SCMP_ACT_ERRNO\\\"}\"]"));
	CHECK(is(host, "ReadonlyRootfs", "true") && is(host, "AutoRemove", "true"));
	CHECK(is(host, "NetworkMode", "\"none\"") && is(j, "NetworkDisabled", "true"));
	CHECK(is(host, "IpcMode", "\"private\"") && is(host, "CgroupnsMode", "\"private\""));
	CHECK(is(host, "Memory", "469762048") && is(host, "MemorySwap", "469762048") && is(host, "PidsLimit", "64"));
	CHECK(is(host, "NanoCpus", "1500000000") && !at(host, "Ulimits") && !at(host, "Runtime"));
	CHECK(is(host, "LogConfig", "{\"Type\":\"none\"}") && is(host, "Tmpfs", "{\"/work\":\"size=1m\"}"));
	CHECK(is(host, "Mounts",
		 "[{\"Type\":\"bind\",\"Source\":\"/host/init\",\"Target\":\"/init\",\"ReadOnly\":true},"
		 "{\"Type\":\"bind\",\"Source\":\"/host/s\",\"Target\":\"/s\",\"ReadOnly\":false}]"));
	CHECK(is(j, "User", "\"100000:100000\"") && is(j, "Tty", "false") && is(j, "OpenStdin", "true") &&
	      is(j, "StdinOnce", "true"));
	CHECK(is(j, "Entrypoint", "[\"/init\"]") && is(j, "Cmd", "[]") && is(j, "Env", "[\"A=\\\"b\\\"\"]"));
	CHECK(is(j, "Healthcheck", "{\"Test\":[\"NONE\"]}") && is(j, "Labels", "{\"cee.box\":\"1\"}"));
	CHECK(!at(host, "MaskedPaths")); /* those of the engine */
}

/* What the engine mounts is named by its own paths; what is not beneath the map stays. */
static void host_paths(void)
{
	const struct container_spec s = some();
	char *text = docker_container_json(&s, &(struct docker_dialect){ .host_paths = "/host/s:/there" });
	AUTO_JSON cJSON *j = text ? json_parse(text, strlen(text), NULL) : NULL;

	CHECK(j && is(at(j, "HostConfig"), "Mounts",
		      "[{\"Type\":\"bind\",\"Source\":\"/host/init\",\"Target\":\"/init\",\"ReadOnly\":true},"
		      "{\"Type\":\"bind\",\"Source\":\"/there\",\"Target\":\"/s\",\"ReadOnly\":false}]"));
	free(text);
}

static void as_asked(void)
{
	struct container_spec s = some();

	s.own_proc = s.keep = true;
	s.network = "host";
	s.apparmor = "cee-box";
	s.seccomp = NULL;
	s.runtime = "runsc";
	s.open_files = 256;
	s.attach = false;
	s.cpus = 0;
	{
		AUTO_JSON cJSON *j = asked(&s);
		const cJSON *host = at(j, "HostConfig");

		CHECK(is(host, "MaskedPaths", "[\"/sys/firmware\",\"/sys/devices/virtual/powercap\"]") &&
		      is(host, "ReadonlyPaths", "[]"));
		CHECK(is(host, "SecurityOpt", "[\"no-new-privileges\",\"apparmor=cee-box\"]"));
		CHECK(is(host, "NetworkMode", "\"host\"") && is(j, "NetworkDisabled", "false") &&
		      is(host, "Sysctls", "{}"));
		CHECK(is(host, "Runtime", "\"runsc\"") && is(host, "AutoRemove", "false") && !at(host, "NanoCpus"));
		CHECK(cJSON_GetArraySize(at(host, "Ulimits")) == 3 && is(j, "OpenStdin", "false"));
		CHECK(is(host, "LogConfig", "{\"Type\":\"json-file\",\"Config\":{\"max-size\":\"1m\"}}"));
	}
}

static bool text_is(char *text, const char *want)
{
	bool same = text && strcmp(text, want) == 0;

	free(text);
	return same;
}

static void labels(void)
{
	static const struct engine_label l[] = { { "a", "1" }, { "b", NULL }, { "c", "x\"y" } };

	CHECK(text_is(docker_labels_json(l, 3), "{\"a\":\"1\",\"c\":\"x\\\"y\"}"));
	CHECK(text_is(docker_filter_json(l, 3), "{\"label\":[\"a=1\",\"b\",\"c=x\\\"y\"]}"));
	CHECK(text_is(docker_labels_json(l, 0), "{}") && text_is(docker_filter_json(l, 0), "{\"label\":[]}"));
}

/* ---- answers -------------------------------------------------------------------------------------- */

static const char *id_in(const char *body)
{
	static char id[ENGINE_ID_MAX];
	struct docker_answer a = { 0 };
	const char *found = docker_parse_id(&a, body, strlen(body));

	snprintf(id, sizeof(id), "%s", found ? found : "");
	docker_answer_release(&a);
	return id;
}

static void ids(void)
{
	CHECK(strcmp(id_in("{\"Id\":\"0123456789abcdef\",\"Warnings\":[]}"), "0123456789abcdef") == 0);
	CHECK(!*id_in("{\"Id\":\"../../x\"}") && !*id_in("{\"Id\":\"\"}") && !*id_in("{\"Id\":7}") && !*id_in("{}"));
	CHECK(!*id_in("") && !*id_in("[]") && !*id_in("<html>") && !*id_in("{\"Id\":\"0123\""));
	CHECK(!*id_in(
		"{\"Id\":\"00000000000000000000000000000000000000000000000000000000000000000000000000000000000\"}"));
}

static void messages(void)
{
	char text[40];

	docker_message(text, sizeof(text), "{\"message\":\"no such\\u001b[2J image\"}", 36);
	CHECK(strcmp(text, "no such?[2J image") == 0);
	docker_message(text, sizeof(text), "bad gateway", 11);
	CHECK(strcmp(text, "bad gateway") == 0);
	docker_message(text, sizeof(text), "", 0);
	CHECK(strcmp(text, "no reason given") == 0);
	docker_parse_version(text, sizeof(text), "{\"ApiVersion\":\"1.47\"}", 21);
	CHECK(strcmp(text, "1.47") == 0);
	docker_parse_version(text, sizeof(text), "[]", 2);
	CHECK(!*text);
	CHECK(docker_parse_exit_code("{\"StatusCode\":137}", 18) == 137);
	CHECK(docker_parse_exit_code("{\"StatusCode\":\"1\"}", 18) == -1 && docker_parse_exit_code("x", 1) == -1);
}

static int listed(const char *body)
{
	struct docker_answer a = { 0 };
	int n = docker_parse_list(&a, body, strlen(body)) ? (int)a.ncontainers : -1;

	for (int i = 0; i < n; i++)
		CHECK(*a.containers[i].id);
	docker_answer_release(&a);
	return n;
}

static void lists(void)
{
	CHECK(listed("[]") == 0);
	CHECK(listed("[{\"Id\":\"ab\",\"Labels\":{\"a\":\"1\",\"b\":2}},{\"Id\":\"cd\",\"Labels\":null}]") == 2);
	CHECK(listed("{}") == -1 && listed("") == -1 && listed("[{\"Id\":") == -1);
	CHECK(listed("[{\"Id\":\"; rm\"},7,{\"Names\":[]},{\"Id\":\"ef\"}]") == 1); /* those with an id alone */
}

static void infos(void)
{
	static const char body[] =
		"{\"ServerVersion\":\"20.10\",\"CgroupDriver\":\"systemd\",\"CgroupVersion\":\"2\","
		"\"MemoryLimit\":true,\"PidsLimit\":true,\"Runtimes\":{\"runc\":{},\"crun\":{}},"
		"\"Warnings\":[\"one\",7,\"two\"],\"SecurityOptions\":[\"name=seccomp\",\"name=rootless\"]}";
	struct engine_info i;

	CHECK(docker_parse_info(&i, body, sizeof(body) - 1));
	CHECK(strcmp(i.version, "20.10") == 0 && strcmp(i.cgroup_version, "2") == 0 && i.memory_limit && i.pids_limit &&
	      !i.swap_limit);
	CHECK(strstr(i.runtimes, "runc ") && strstr(i.runtimes, "crun ") && strcmp(i.warnings, "one; two") == 0);
	CHECK(i.seccomp && i.rootless && !i.apparmor);
	CHECK(!docker_parse_info(&i, "[]", 2) && !docker_parse_info(&i, "", 0));
}

/* What Podman refuses of Docker's words, and its own for them. */
static void podman(void)
{
	const struct container_tmpfs tmpfs = { "/work", "rw,exec,size=9,nr_inodes=7,mode=0755,uid=5,gid=5" };
	const struct container_spec s = { .image = "i",
					  .own_proc = true,
					  .seccomp = "{}",
					  .seccomp_path = "/etc/cee/seccomp.json",
					  .tmpfs = &tmpfs,
					  .ntmpfs = 1 };
	cJSON *j = asked_of(&s, true), *host = cJSON_GetObjectItem(j, "HostConfig");

	CHECK(is(host, "SecurityOpt", "[\"no-new-privileges\",\"seccomp=/etc/cee/seccomp.json\",\"unmask=ALL\"]"));
	CHECK(is(host, "Tmpfs", "{\"/work\":\"rw,exec,size=9,mode=1777\"}"));
	cJSON_Delete(j);
	j = asked(&s);
	host = cJSON_GetObjectItem(j, "HostConfig");
	CHECK(is(host, "SecurityOpt", "[\"no-new-privileges\",\"seccomp={}\"]"));
	CHECK(is(host, "Tmpfs", "{\"/work\":\"rw,exec,size=9,nr_inodes=7,mode=0755,uid=5,gid=5\"}"));
	cJSON_Delete(j);
	CHECK(docker_parse_podman("{\"Components\":[{\"Name\":\"Podman Engine\"}]}", 43));
	CHECK(!docker_parse_podman("{\"Components\":[{\"Name\":\"Engine\"}]}", 36));
	CHECK(!docker_parse_podman("[]", 2));
}

int main(void)
{
	RUN(podman);
	RUN(locked_down);
	RUN(host_paths);
	RUN(as_asked);
	RUN(labels);
	RUN(ids);
	RUN(messages);
	RUN(lists);
	RUN(infos);
	return check_status();
}
