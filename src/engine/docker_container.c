/* docker_container.c - the JSON of a container to create */
#include "engine/container_spec.h"
#include "engine/docker_json.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_strings(cJSON *o, const char *name, const char *const *v)
{
	cJSON *a = cJSON_AddArrayToObject(o, name); /* also an empty list: without one the engine uses its default */

	for (; v && *v; v++)
		cJSON_AddItemToArray(a, cJSON_CreateString(*v));
}

static void add_mounts(cJSON *host, const struct container_spec *s)
{
	cJSON *all = cJSON_AddArrayToObject(host, "Mounts");

	for (size_t i = 0; i < s->nmounts; i++) {
		cJSON *m = cJSON_CreateObject();

		cJSON_AddStringToObject(m, "Type", "bind");
		cJSON_AddStringToObject(m, "Source", s->mounts[i].from);
		cJSON_AddStringToObject(m, "Target", s->mounts[i].to);
		cJSON_AddBoolToObject(m, "ReadOnly", s->mounts[i].read_only);
		cJSON_AddItemToArray(all, m);
	}
}

static void add_security(cJSON *host, const struct container_spec *s)
{
	static const char *const all[] = { "ALL", NULL },
				 *const masked[] = { "/sys/firmware", "/sys/devices/virtual/powercap", NULL },
				 *const none[] = { NULL };
	char *seccomp = NULL, *apparmor = NULL;
	const char *opt[4] = { "no-new-privileges" };
	int n = 1;

	add_strings(host, "CapDrop", all);
	if (s->seccomp && asprintf(&seccomp, "seccomp=%s", s->seccomp) > 0)
		opt[n++] = seccomp;
	if (s->apparmor && asprintf(&apparmor, "apparmor=%s", s->apparmor) > 0)
		opt[n++] = apparmor;
	add_strings(host, "SecurityOpt", opt);
	free(seccomp);
	free(apparmor);
	if (s->own_proc) { /* the kernel refuses a new procfs while any path of /proc is masked */
		add_strings(host, "MaskedPaths", masked);
		add_strings(host, "ReadonlyPaths", none);
	}
}

static void add_ulimit(cJSON *list, const char *name, int64_t n)
{
	cJSON *u = cJSON_CreateObject();

	cJSON_AddStringToObject(u, "Name", name);
	cJSON_AddNumberToObject(u, "Soft", (double)n);
	cJSON_AddNumberToObject(u, "Hard", (double)n);
	cJSON_AddItemToArray(list, u);
}

static void add_limits(cJSON *host, const struct container_spec *s)
{
	cJSON *log = cJSON_AddObjectToObject(host, "LogConfig"), *u;

	cJSON_AddStringToObject(log, "Type", s->keep ? "json-file" : "none");
	if (s->keep)
		cJSON_AddStringToObject(cJSON_AddObjectToObject(log, "Config"), "max-size", "1m");
	cJSON_AddNumberToObject(host, "Memory", (double)s->memory);
	cJSON_AddNumberToObject(host, "MemorySwap", (double)s->memory);
	cJSON_AddNumberToObject(host, "PidsLimit", (double)s->processes);
	if (s->cpus > 0)
		cJSON_AddNumberToObject(host, "NanoCpus", s->cpus * 1e9);
	if (!s->open_files)
		return;
	u = cJSON_AddArrayToObject(host, "Ulimits");
	add_ulimit(u, "nofile", s->open_files);
	add_ulimit(u, "memlock", 65536);
	add_ulimit(u, "msgqueue", 65536);
}

static cJSON *host_config(const struct container_spec *s)
{
	cJSON *host = cJSON_CreateObject(), *sys, *tmpfs;

	cJSON_AddBoolToObject(host, "AutoRemove", !s->keep);
	cJSON_AddBoolToObject(host, "ReadonlyRootfs", true);
	cJSON_AddStringToObject(host, "NetworkMode", s->network ? s->network : "none");
	cJSON_AddStringToObject(host, "IpcMode", "private");
	cJSON_AddStringToObject(host, "CgroupnsMode", "private");
	if (s->runtime)
		cJSON_AddStringToObject(host, "Runtime", s->runtime);
	sys = cJSON_AddObjectToObject(host, "Sysctls");
	if (!s->network ||
	    strcmp(s->network, "host") != 0) /* not with the host's network, which keeps its own setting */
		cJSON_AddStringToObject(sys, "net.ipv4.tcp_max_tw_buckets", "0");
	add_security(host, s);
	add_limits(host, s);
	tmpfs = cJSON_AddObjectToObject(host, "Tmpfs");
	for (size_t i = 0; i < s->ntmpfs; i++)
		cJSON_AddStringToObject(tmpfs, s->tmpfs[i].path, s->tmpfs[i].options);
	add_mounts(host, s);
	return host;
}

char *docker_container_json(const struct container_spec *s)
{
	static const char *const streams[] = { "OpenStdin", "StdinOnce", "AttachStdin", "AttachStdout",
					       "AttachStderr" },
				 *const no_check[] = { "NONE", NULL };
	cJSON *j = cJSON_CreateObject(), *labels;
	char user[32], *text;

	snprintf(user, sizeof(user), "%u:%u", s->uid, s->uid);
	cJSON_AddStringToObject(j, "Image", s->image);
	cJSON_AddStringToObject(j, "User", user);
	if (s->hostname)
		cJSON_AddStringToObject(j, "Hostname", s->hostname);
	if (s->workdir)
		cJSON_AddStringToObject(j, "WorkingDir", s->workdir);
	add_strings(j, "Entrypoint", s->entrypoint);
	add_strings(j, "Cmd", s->command);
	add_strings(j, "Env", s->env);
	cJSON_AddBoolToObject(j, "NetworkDisabled", !s->network || strcmp(s->network, "none") == 0);
	for (size_t i = 0; i < sizeof(streams) / sizeof(*streams); i++)
		cJSON_AddBoolToObject(j, streams[i], s->attach);
	cJSON_AddBoolToObject(j, "Tty", false);
	add_strings(cJSON_AddObjectToObject(j, "Healthcheck"), "Test", no_check);
	labels = cJSON_AddObjectToObject(j, "Labels");
	for (size_t i = 0; i < s->nlabels; i++)
		cJSON_AddStringToObject(labels, s->labels[i].name, s->labels[i].value);
	cJSON_AddItemToObject(j, "HostConfig", host_config(s));
	text = cJSON_PrintUnformatted(j);
	cJSON_Delete(j);
	return text;
}
