/* conf_keys.c - the keys of cee.conf(5): one table of names, members, defaults and bounds
 *
 * A default is written as in the file. limit.PHASE.NAME and ceiling.PHASE.NAME are not
 * here: conf_limits.c takes them from limit.h.
 */
#include "conf/conf_keys.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limit.h"
#include "base/names.h"
#include "base/strv.h"
#include "base/text.h"
#include "conf/conf.h"
#include "conf/conf_limits.h"
#include "conf/conf_networks.h"
#include "conf/conf_values.h"
#include "conf/host_paths.h"
#include "conf/host_port.h"
#include "layers/grammar.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/types.h>

/* The certificate authorities of the host, as most distributions place them; a missing file is not mounted. */
#define CERTIFICATES "/etc/ssl/certs/ca-certificates.crt"

enum { ORIGIN_MAX = 256 };
#define SECOND ((int64_t)1000000)

/* ---- values with rules of their own ------------------------------------------------ */

/* Access to the engine is equivalent to root, so an unencrypted address must be a loopback one. */
static int docker_host(const char *v, struct cee_err *e)
{
	static const char *const good[] = { "unix:///", "tcp://127.0.0.1:", "tcp://[::1]:", "tcp://localhost:" };

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (strncmp(v, good[i], strlen(good[i])) == 0 && v[strlen(good[i])])
			return 0;
	return cee_fail(e, EINVAL, "must be unix:///PATH or tcp://127.0.0.1:PORT, not \"%.60s\"", v);
}

/* Refuses networks that would not isolate the job. */
static int job_network(const char *name, struct cee_err *e)
{
	if (strcmp(name, "host") == 0 || strcmp(name, "none") == 0 || strncmp(name, "container", 9) == 0)
		return cee_fail(e, EINVAL, "\"%.60s\" cannot be offered to jobs: name a network made for them", name);
	return conf_network_name_valid(name) ? 0 : cee_fail(e, EINVAL, "\"%.60s\" is not a valid name", name);
}

/* The name of an image, as the engine takes it. */
static int gate_image(const char *v, struct cee_err *e)
{
	if (!*v || *v == '-' || strlen(v) > 200 ||
	    !text_only(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/:@"))
		return cee_fail(e, EINVAL, "must be the name of an image, as cee/gate:latest, not \"%.60s\"", v);
	return 0;
}

static int gate_dns(const char *v, struct cee_err *e)
{
	unsigned char address[HOST_ADDRESS_LEN];

	if (*v && !host_address(address, v))
		return cee_fail(e, EINVAL, "must be the address of a resolver, not \"%.60s\"", v);
	return 0;
}

static int set_networks(struct conf *c, const char *v, struct cee_err *e)
{
	return conf_list(&c->networks, &c->nnetworks, v, job_network, e);
}

static int set_cpus(struct conf *c, const char *v, struct cee_err *e)
{
	int64_t millionths = 0;

	/* written as the number of a duration: decimal digits in every locale */
	if (v[strspn(v, "0123456789.")] || duration_parse(v, &millionths, NULL) < 0 || millionths > 1024 * SECOND)
		return cee_fail(e, EINVAL, "must be a number of processors such as 1 or 0.5, or 0 for no quota");
	c->cpus = (double)millionths / 1e6;
	return 0;
}

static int set_uids(struct conf *c, const char *v, struct cee_err *e)
{
	const char *colon = strchr(v, ':');
	char base[24];
	int64_t b = 0, n = 0;

	if (!colon || (size_t)(colon - v) >= sizeof base)
		return cee_fail(e, EINVAL, "must be BASE:COUNT, as 900000:1000");
	snprintf(base, sizeof base, "%.*s", (int)(colon - v), v);
	if (conf_integer(&b, base, 1000, INT32_MAX, e) < 0 || conf_integer(&n, colon + 1, 1, 1000000, e) < 0)
		return -1;
	if (b + n > INT32_MAX)
		return cee_fail(e, EINVAL, "the range ends above %d", INT32_MAX);
	c->uid_base = (uid_t)b;
	c->uid_count = (unsigned)n;
	return 0;
}

/* Refuses another container's network: a gate would reach everything that the container can reach. */
static int gate_network(const char *v, struct cee_err *e)
{
	if (!*v || strncmp(v, "container", 9) == 0 || strcmp(v, "none") == 0)
		return cee_fail(e, EINVAL, "must be bridge, host or the name of a network, not \"%.60s\"", v);
	return 0;
}

/* The same, and none. */
static int package_network(const char *v, struct cee_err *e)
{
	struct cee_err ignored;

	if (strcmp(v, "none") != 0 && gate_network(v, &ignored) < 0)
		return cee_fail(e, EINVAL, "must be bridge, host, none or the name of a network, not \"%.60s\"", v);
	return 0;
}

/* Refuses a password: programs in the package box can read the address in their environment. */
static int package_proxy(const char *v, struct cee_err *e)
{
	struct host_port host;

	if (strncmp(v, "http://", 7) != 0 && strncmp(v, "https://", 8) != 0)
		return cee_fail(e, EINVAL, "must be http://HOST:PORT or https://HOST:PORT, not \"%.60s\"", v);
	if (strchr(v, '@'))
		return cee_fail(e, EINVAL,
				"must not have a password in it: no credential enters a box; let the proxy add it");
	return host_port_of_url(&host, v, e);
}

/* An address of a registry, or a folder of packages. */
static int package_index(const char *v, struct cee_err *e)
{
	struct host_port host;
	bool known = *v == '/' || host_port_of_url(&host, v, e) == 0;

	if (known && !strpbrk(v, " \t\"'@\\") && strlen(v) < 1000)
		return 0;
	return cee_fail(e, EINVAL, "must be an absolute path or http[s]://…, without a password, not \"%.60s\"", v);
}

/* A part of owners' names, without the '-' that separates the parts. */
static int http_realm(const char *v, struct cee_err *e)
{
	if (!*v || strlen(v) > 24 || v[strspn(v, "abcdefghijklmnopqrstuvwxyz0123456789")])
		return cee_fail(e, EINVAL, "must be 1 to 24 of a-z and 0-9, not \"%.60s\"", v);
	return 0;
}

/* A name or a number; whether the user exists is checked at the time of use. */
static int http_user(const char *v, struct cee_err *e)
{
	if (strlen(v) > 64 || v[strcspn(v, ":/ \t")])
		return cee_fail(e, EINVAL, "must be a user's name or number, not \"%.60s\"", v);
	return 0;
}

static int set_http_anonymous(struct conf *c, const char *v, struct cee_err *e)
{
	c->http_anonymous_submit = strcmp(v, "submit") == 0 || strcmp(v, "submit,read") == 0;
	c->http_anonymous_read = strcmp(v, "read") == 0 || strcmp(v, "submit,read") == 0;
	if (c->http_anonymous_submit || c->http_anonymous_read || strcmp(v, "none") == 0)
		return 0;
	return cee_fail(e, EINVAL, "must be none, submit, read or submit,read, not \"%.60s\"", v);
}

/* An origin as a browser sends it (RFC 6454, 6.2): scheme, host and port, no path. */
static int origin(const char *v, struct cee_err *e)
{
	const char *host = strstr(v, "://");
	size_t scheme = strncmp(v, "http://", 7) == 0 ? 4 : strncmp(v, "https://", 8) == 0 ? 5 : 0;

	if (strcmp(v, "*") != 0 && (!scheme || host != v + scheme || !host[3] || strlen(v) > ORIGIN_MAX ||
				    host[3 + strspn(host + 3, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]")]))
		return cee_fail(e, EINVAL,
				"must be http://HOST[:PORT] or https://HOST[:PORT], in small letters and without a "
				"path, or *, not \"%.60s\"",
				v);
	return 0;
}

static int set_http_origins(struct conf *c, const char *v, struct cee_err *e)
{
	return conf_list(&c->http_origins, &c->nhttp_origins, v, origin, e);
}

/* ---- the table --------------------------------------------------------------------- */

static const char *const yes_no[] = { "yes", "no", NULL }, *const never_auto[] = { "never", "auto", NULL },
			 *const json_text[] = { "json", "text", NULL }, *const none_owner[] = { "none", "owner", NULL };
static const char *const resident_when[] = {
	[RESIDENT_AUTO] = "auto", [RESIDENT_AHEAD] = "ahead", [RESIDENT_NEVER] = "never", NULL
};

enum kind {
	PATH,  /* char * */
	PATHS, /* char *, separated by colons */
	NAME,  /* char *, conf_name */
	TEXT,  /* char * */
	FLAG,  /* bool: whether the value is the first of words */
	WORD,  /* an enum: the index in words */
	INT,   /* int */
	COUNT, /* int64_t */
	SIZE,  /* int64_t, bytes */
	BOUND, /* int64_t, bytes; LIMIT_NONE */
	TIME,  /* int64_t, microseconds */
	SPAN,  /* int64_t, microseconds; -1 forever */
	OWN    /* set */
};

#define AT(m) .at = offsetof(struct conf, m)

static const struct key {
	const char *name;
	enum kind kind;
	size_t at;
	const char *value; /* the default */
	int64_t least, most;
	const char *const *words;
	int (*check)(const char *value, struct cee_err *e); /* NAME and TEXT: an additional check */
	int (*set)(struct conf *c, const char *value, struct cee_err *e);
} keys[] = {
	/* paths: relative ones are relative to the checkout, or to the parent of the file's directory */
	{ "spool", PATH, AT(spool), .value = "/var/spool/cee" },
	{ "languages", PATHS, AT(languages), .value = "/etc/cee/languages.d" },
	{ "init", PATH, AT(init), .value = "/usr/local/bin/cee-init" },
	{ "seccomp", PATH, AT(seccomp), .value = "/etc/cee/seccomp.json" },
	{ "layers", PATH, AT(layers) },
	{ "http_tokens", PATH, AT(http_tokens), .value = "/etc/cee/tokens" },
	{ "http_state", PATH, AT(http_state), .value = "/var/lib/cee-http" },
	{ "http_page", PATH, AT(http_page), .value = "/usr/local/share/cee/web" },
	{ "http_editor", PATH, AT(http_editor), .value = "/usr/share/javascript/codemirror" },
	/* the engine */
	{ "docker_host", TEXT, AT(docker_host), .value = "unix:///var/run/docker.sock", .check = docker_host },
	{ "host_paths", TEXT, AT(host_paths), .value = "", .check = host_paths_check },
	{ "runtime", NAME, AT(runtime), .value = "" },
	{ "apparmor", NAME, AT(apparmor), .value = "auto" },
	{ "networks", OWN, .set = set_networks },
	{ "gate.image", TEXT, AT(gate_image), .value = "cee/gate:latest", .check = gate_image },
	{ "gate.network", NAME, AT(gate_network), .value = "bridge", .check = gate_network },
	{ "gate.dns", TEXT, AT(gate_dns), .value = "", .check = gate_dns },
	/* jobs and boxes */
	{ "jobs", INT, AT(jobs), .least = 1, .most = 4096 },
	{ "sessions", INT, AT(sessions), .value = "32", .least = 0, .most = 4096 },
	{ "owner_sessions", INT, AT(owner_sessions), .value = "16", .least = 0, .most = 4096 },
	{ "owner_jobs", INT, AT(owner_jobs), .value = "0", .least = 0, .most = 4096 },
	{ "cpus", OWN, .set = set_cpus },
	{ "durable", FLAG, AT(durable), .value = "yes", .words = yes_no },
	{ "cells", FLAG, AT(cells_never), .value = "auto", .words = never_auto },
	{ "job_cgroups", FLAG, AT(job_cgroups_never), .value = "auto", .words = never_auto },
	{ "box_sockets", FLAG, AT(box_sockets_never), .value = "auto", .words = never_auto },
	{ "log", FLAG, AT(log_json), .value = "text", .words = json_text },
	{ "share", FLAG, AT(share_none), .value = "owner", .words = none_owner },
	{ "pin", FLAG, AT(pin), .value = "no", .words = yes_no },
	{ "resident", WORD, AT(resident), .value = "auto", .words = resident_when },
	{ "uids", OWN, .value = "900000:1000", .set = set_uids },
	{ "warm", INT, AT(warm), .value = "8", .least = 0, .most = 1000 },
	{ "boxes", INT, AT(boxes), .value = "0", .least = 0, .most = 4096 },
	{ "box_jobs", INT, AT(box_jobs), .value = "1000", .least = 1, .most = 1000000 },
	{ "box_idle", TIME, AT(box_idle_us), .value = "60s" },
	{ "box_age", TIME, AT(box_age_us), .value = "1h" },
	{ "box_reserve", SIZE, AT(box_reserve), .value = "64M" },
	{ "run_slack", TIME, AT(run_slack_us), .value = "10s" },
	/* what users may have */
	{ "max_job", SIZE, AT(max_job), .value = "16M" },
	{ "max_stdin", SIZE, AT(max_stdin), .value = "4G" },
	{ "max_queued", COUNT, AT(max_queued), .value = "100000", .least = 1, .most = 100000000 },
	{ "collect_files", COUNT, AT(collect_files), .value = "256", .least = 0, .most = FILES_MOST },
	{ "collect_bytes", SIZE, AT(collect_bytes), .value = "16M" },
	{ "min_room", SIZE, AT(min_room), .value = "64M" },
	{ "keep", SPAN, AT(keep_us), .value = "30d" },
	{ "keep_max", SPAN, AT(keep_max_us), .value = "forever" },
	{ "keep_bytes", BOUND, AT(keep_bytes), .value = "8G" },
	{ "keep_owner", SPAN, AT(keep_owner_us), .value = "1d" },
	/* packages */
	{ "layers_max", SIZE, AT(layers_max), .value = "8G" },
	{ "offline", FLAG, AT(offline), .value = "no", .words = yes_no },
	{ "packages.network", NAME, AT(package_network), .value = "bridge", .check = package_network },
	{ "packages.proxy", TEXT, AT(package_proxy), .value = "", .check = package_proxy },
	{ "packages.certificates", TEXT, AT(package_certificates), .value = CERTIFICATES },
	{ "packages.bytes", SIZE, AT(package_bytes), .value = "512M" },
	{ "packages.inodes", COUNT, AT(package_inodes), .value = "40000", .least = 16, .most = 10000000 },
	{ "packages.memory", SIZE, AT(package_memory), .value = "512M" },
	{ "packages.wall", TIME, AT(package_wall_us), .value = "120s" },
	{ "packages.boxes", INT, AT(package_boxes), .value = "2", .least = 1, .most = 100 },
	{ "packages.index.nuget", TEXT, AT(package_index[GRAMMAR_NUGET]), .check = package_index },
	{ "packages.index.pip", TEXT, AT(package_index[GRAMMAR_PIP]), .check = package_index },
	{ "packages.index.npm", TEXT, AT(package_index[GRAMMAR_NPM]), .check = package_index },
	/* HTTP */
	{ "http_anonymous", OWN, .set = set_http_anonymous },
	{ "http_realm", TEXT, AT(http_realm), .value = "web", .check = http_realm },
	{ "http_user", TEXT, AT(http_user), .value = "", .check = http_user },
	{ "http_requests", COUNT, AT(http_requests), .value = "256", .least = 0, .most = CONF_HTTP_REQUESTS_MAX },
	{ "http_processes", COUNT, AT(http_processes), .value = "512", .least = 0, .most = CONF_HTTP_REQUESTS_MAX },
	{ "http_jobs", COUNT, AT(http_jobs), .value = "0", .least = 0, .most = 100000000 },
	{ "http_bytes", SIZE, AT(http_bytes), .value = "0" },
	{ "http_wait", TIME, AT(http_wait_us), .value = "50s" },
	{ "http_ticket", TIME, AT(http_ticket_us), .value = "24h" },
	{ "http_origins", OWN, .set = set_http_origins },
};
enum { KEYS = sizeof keys / sizeof *keys };
_Static_assert((int)KEYS <= (int)CONF_KEYS_MOST, "CONF_KEYS_MOST");

#define MEMBER(type, c, k) ((type *)((char *)(c) + (k)->at))

static bool is_text(const struct key *k)
{
	return k->kind == PATH || k->kind == PATHS || k->kind == NAME || k->kind == TEXT;
}

static int set_number(struct conf *c, const struct key *k, const char *value, struct cee_err *e)
{
	int64_t n = 0;
	int r = k->kind == SIZE	   ? size_parse(value, &n, e)
		: k->kind == TIME  ? duration_parse(value, &n, e)
		: k->kind == SPAN  ? conf_span(&n, value, e)
		: k->kind == BOUND ? conf_bound(&n, value, e)
				   : conf_integer(&n, value, k->least, k->most, e);

	if (r < 0)
		return -1;
	if (k->kind == INT)
		*MEMBER(int, c, k) = (int)n;
	else
		*MEMBER(int64_t, c, k) = n;
	return 0;
}

static int set_word(struct conf *c, const struct key *k, const char *value, struct cee_err *e)
{
	int n = 0;

	if (conf_word(&n, value, k->words, e) < 0)
		return -1;
	if (k->kind == FLAG)
		*MEMBER(bool, c, k) = n == 0;
	else
		*MEMBER(int, c, k) = n;
	return 0;
}

static int set(struct conf *c, const struct key *k, const char *value, struct cee_err *e)
{
	if (k->check && k->check(value, e) < 0)
		return -1;
	switch (k->kind) {
	case PATH:
	case PATHS:
		return conf_path(MEMBER(char *, c, k), value, e);
	case NAME:
		return conf_name(MEMBER(char *, c, k), value, e);
	case TEXT:
		return conf_text(MEMBER(char *, c, k), value, e);
	case FLAG:
	case WORD:
		return set_word(c, k, value, e);
	case INT:
	case COUNT:
	case SIZE:
	case BOUND:
	case TIME:
	case SPAN:
		return set_number(c, k, value, e);
	case OWN:
		break;
	}
	return k->set(c, value, e);
}

int conf_set(struct conf *c, const char *key, const char *value, bool seen[CONF_KEYS_MOST], struct cee_err *e)
{
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(keys[i].name, key) != 0)
			continue;
		if (seen[i])
			return cee_fail(e, EINVAL, "duplicate");
		seen[i] = true;
		return set(c, &keys[i], value, e);
	}
	return cee_fail(e, EINVAL, "unknown key (cee.conf(5) has the list)");
}

/* The number of processors that this process may use, as in nproc(1). */
static int processors(void)
{
	cpu_set_t set;
	long n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (int)n : 1;
}

void conf_init(struct conf *c)
{
	*c = (struct conf){ .jobs = processors() };
	conf_limits_init(c);
	for (size_t i = 0; i < KEYS; i++) {
		const struct key *k = &keys[i];

		if (k->value && is_text(k)) /* unchecked: a default may be "" even if a value in the file may not */
			*MEMBER(char *, c, k) = strdup(k->value);
		else if (k->value)
			set(c, k, k->value, NULL);
	}
}

void conf_release(struct conf *c)
{
	for (size_t i = 0; i < KEYS; i++)
		if (is_text(&keys[i]))
			free(*MEMBER(char *, c, &keys[i]));
	free(c->path);
	strv_release(c->networks, c->nnetworks);
	conf_networks_release(c);
	strv_release(c->http_origins, c->nhttp_origins);
	*c = (struct conf){ 0 };
}

int conf_complete(const struct conf *c)
{
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].value && is_text(&keys[i]) && !*MEMBER(char *const, c, &keys[i])) {
			errno = ENOMEM;
			return -1;
		}
	return 0;
}

static char *absolute(const char *path, const char *base)
{
	char *joined;

	if (*path == '/')
		return strdup(path);
	return asprintf(&joined, "%s/%s", strcmp(base, "/") == 0 ? "" : base, path) < 0 ? NULL : joined;
}

/* Each of several paths. */
static char *all_absolute(const char *paths, const char *base)
{
	AUTO_FREE char *copy = strdup(paths);
	AUTO_BUF struct buf b = { 0 };

	for (char *rest = copy, *one; copy && (one = strsep(&rest, ":"));) {
		AUTO_FREE char *full = *one ? absolute(one, base) : NULL;

		if (*one && (!full || buf_printf(&b, "%s%s", b.len ? ":" : "", full) < 0))
			return NULL;
	}
	return copy ? strdup(b.data ? b.data : "") : NULL;
}

int conf_make_absolute(struct conf *c, const char *base)
{
	for (size_t i = 0; i < KEYS; i++) {
		char **path = MEMBER(char *, c, &keys[i]), *joined;

		if ((keys[i].kind != PATH && keys[i].kind != PATHS) || !*path)
			continue;
		joined = keys[i].kind == PATHS ? all_absolute(*path, base) : absolute(*path, base);
		if (!joined)
			return -1;
		free(*path);
		*path = joined;
	}
	return 0;
}
