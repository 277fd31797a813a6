/* docker_container.c - the JSON of a container to create */
#include "base/buf.h"
#include "base/json_write.h"
#include "conf/host_paths.h"
#include "engine/container_spec.h"
#include "engine/docker_json.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Also an empty list: without one the engine uses its default. */
static void put_strings(struct json_writer *w, const char *name, const char *const *v)
{
	json_open(w, name, '[');
	for (; v && *v; v++)
		json_put_text(w, NULL, *v);
	json_close(w, ']');
}

static void put_source(struct json_writer *w, const char *host_paths, const char *path)
{
	AUTO_FREE char *there = host_path(host_paths, path);

	w->failed |= !there;
	if (there)
		json_put_text(w, "Source", there);
}

static void put_mounts(struct json_writer *w, const struct container_spec *s, const char *host_paths)
{
	json_open(w, "Mounts", '[');
	for (size_t i = 0; i < s->nmounts; i++) {
		json_open(w, NULL, '{');
		json_put_text(w, "Type", "bind");
		put_source(w, host_paths, s->mounts[i].from);
		json_put_text(w, "Target", s->mounts[i].to);
		json_put_bool(w, "ReadOnly", s->mounts[i].read_only);
		json_close(w, '}');
	}
	json_close(w, ']');
}

/* "seccomp=…"; NULL without memory. */
static char *seccomp_option(const struct container_spec *s, const struct docker_dialect *d)
{
	AUTO_FREE char *path = d->podman && s->seccomp_path ? host_path(d->host_paths, s->seccomp_path) : NULL;
	char *option;

	if (d->podman && !path)
		return NULL;
	return asprintf(&option, "seccomp=%s", d->podman ? path : s->seccomp) < 0 ? NULL : option;
}

/* Podman refuses these of a tmpfs's options, and makes it root's: so everybody may write there. */
static bool podman_lacks(const char *option)
{
	return strncmp(option, "nr_inodes=", 10) == 0 || strncmp(option, "uid=", 4) == 0 ||
	       strncmp(option, "gid=", 4) == 0 || strncmp(option, "mode=", 5) == 0;
}

static void put_tmpfs(struct json_writer *w, const struct container_tmpfs *t, const struct docker_dialect *d)
{
	AUTO_FREE char *copy = strdup(t->options);
	AUTO_BUF struct buf b = { 0 };

	w->failed |= !copy;
	for (char *rest = copy, *one; copy && (one = strsep(&rest, ","));)
		if (!d->podman || !podman_lacks(one))
			w->failed |= buf_printf(&b, "%s%s", b.len ? "," : "", one) < 0;
	if (d->podman)
		w->failed |= buf_printf(&b, ",mode=1777") < 0;
	if (!w->failed)
		json_put_text(w, t->path, b.data ? b.data : "");
}

static void put_security(struct json_writer *w, const struct container_spec *s, const struct docker_dialect *d)
{
	static const char *const all[] = { "ALL", NULL },
				 *const masked[] = { "/sys/firmware", "/sys/devices/virtual/powercap", NULL },
				 *const none[] = { NULL };
	char *seccomp = NULL, *apparmor = NULL;
	const char *opt[5] = { "no-new-privileges" };
	int n = 1;

	put_strings(w, "CapDrop", all);
	if (s->seccomp && (seccomp = seccomp_option(s, d)))
		opt[n++] = seccomp;
	if (s->apparmor && asprintf(&apparmor, "apparmor=%s", s->apparmor) > 0)
		opt[n++] = apparmor;
	/* a container is rather not made than made without its filter */
	w->failed |= n != 1 + (s->seccomp != NULL) + (s->apparmor != NULL);
	if (d->podman && s->own_proc)
		opt[n] = "unmask=ALL";
	put_strings(w, "SecurityOpt", opt);
	free(seccomp);
	free(apparmor);
	if (s->own_proc) { /* the kernel refuses a new procfs while any path of /proc is masked */
		put_strings(w, "MaskedPaths", masked);
		put_strings(w, "ReadonlyPaths", none);
	}
}

static void put_ulimit(struct json_writer *w, const char *name, int64_t n)
{
	json_open(w, NULL, '{');
	json_put_text(w, "Name", name);
	json_put_integer(w, "Soft", n);
	json_put_integer(w, "Hard", n);
	json_close(w, '}');
}

static void put_limits(struct json_writer *w, const struct container_spec *s)
{
	json_open(w, "LogConfig", '{');
	json_put_text(w, "Type", s->keep ? "json-file" : "none");
	if (s->keep) {
		json_open(w, "Config", '{');
		json_put_text(w, "max-size", "1m");
		json_close(w, '}');
	}
	json_close(w, '}');
	json_put_integer(w, "Memory", s->memory);
	json_put_integer(w, "MemorySwap", s->memory);
	json_put_integer(w, "PidsLimit", s->processes);
	if (s->cpus > 0)
		json_put_integer(w, "NanoCpus", llround(s->cpus * 1e9));
	if (!s->open_files)
		return;
	json_open(w, "Ulimits", '[');
	put_ulimit(w, "nofile", s->open_files);
	put_ulimit(w, "memlock", 65536);
	put_ulimit(w, "msgqueue", 65536);
	json_close(w, ']');
}

static void put_host_config(struct json_writer *w, const struct container_spec *s, const struct docker_dialect *d)
{
	json_open(w, "HostConfig", '{');
	json_put_bool(w, "AutoRemove", !s->keep);
	json_put_bool(w, "ReadonlyRootfs", true);
	json_put_text(w, "NetworkMode", s->network ? s->network : "none");
	json_put_text(w, "IpcMode", "private");
	json_put_text(w, "CgroupnsMode", "private");
	if (s->runtime)
		json_put_text(w, "Runtime", s->runtime);
	json_open(w, "Sysctls", '{');
	if (!s->network ||
	    strcmp(s->network, "host") != 0) /* not with the host's network, which keeps its own setting */
		json_put_text(w, "net.ipv4.tcp_max_tw_buckets", "0");
	json_close(w, '}');
	put_security(w, s, d);
	put_limits(w, s);
	json_open(w, "Tmpfs", '{');
	for (size_t i = 0; i < s->ntmpfs; i++)
		put_tmpfs(w, &s->tmpfs[i], d);
	json_close(w, '}');
	put_mounts(w, s, d->host_paths);
	json_close(w, '}');
}

static void put_program(struct json_writer *w, const struct container_spec *s)
{
	char user[32];

	snprintf(user, sizeof(user), "%u:%u", s->uid, s->uid);
	json_put_text(w, "Image", s->image);
	json_put_text(w, "User", user);
	if (s->hostname)
		json_put_text(w, "Hostname", s->hostname);
	if (s->workdir)
		json_put_text(w, "WorkingDir", s->workdir);
	put_strings(w, "Entrypoint", s->entrypoint);
	put_strings(w, "Cmd", s->command);
	put_strings(w, "Env", s->env);
}

char *docker_container_json(const struct container_spec *s, const struct docker_dialect *d)
{
	static const char *const streams[] = { "OpenStdin", "StdinOnce", "AttachStdin", "AttachStdout",
					       "AttachStderr" },
				 *const no_check[] = { "NONE", NULL };
	struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '{');
	put_program(&w, s);
	json_put_bool(&w, "NetworkDisabled", !s->network || strcmp(s->network, "none") == 0);
	for (size_t i = 0; i < sizeof(streams) / sizeof(*streams); i++)
		json_put_bool(&w, streams[i], s->attach);
	json_put_bool(&w, "Tty", false);
	json_open(&w, "Healthcheck", '{');
	put_strings(&w, "Test", no_check);
	json_close(&w, '}');
	json_open(&w, "Labels", '{');
	for (size_t i = 0; i < s->nlabels; i++)
		json_put_text(&w, s->labels[i].name, s->labels[i].value);
	json_close(&w, '}');
	put_host_config(&w, s, d);
	json_close(&w, '}');
	return json_detach(&w);
}
