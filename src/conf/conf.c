/* conf.c - cee.conf(5): lines "key = value"
 *
 * A line that is not understood is an error with its number, never skipped: a
 * limit that was misspelt would otherwise be no limit. A comment begins with #
 * at the start of a line or after white space. The table below is the list of
 * keys; limit.PHASE.NAME and ceiling.PHASE.NAME come from limit.h.
 */
#include "conf/conf.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/limit.h"
#include "base/names.h"
#include "base/text.h"
#include "layers/grammar.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { CONF_MAX = 1 << 20, VALUE_MAX = 4096, NETWORKS_MAX = 64, ORIGIN_MAX = 256 };

#define KIB ((int64_t)1 << 10)
#define MIB ((int64_t)1 << 20)
#define GIB ((int64_t)1 << 30)
#define SECOND ((int64_t)1000000)

/* Where most distributions have the host's authorities; nothing is mounted where there is no such file. */
#define CERTIFICATES "/etc/ssl/certs/ca-certificates.crt"

/* Those that this process may use, as nproc(1) says. */
static int processors(void)
{
	cpu_set_t set;
	long n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (int)n : 1;
}

void conf_init(struct conf *c)
{
	*c = (struct conf){
		.spool = strdup("/var/spool/cee"),
		.languages = strdup("/etc/cee/languages.d"),
		.docker_host = strdup("unix:///var/run/docker.sock"),
		.runtime = strdup(""),
		.init = strdup("/usr/local/bin/cee-init"),
		.seccomp = strdup("/etc/cee/seccomp.json"),
		.apparmor = strdup(""),
		.jobs = processors(),
		.durable = true,
		.uid_base = 900000,
		.uid_count = 1000,
		.max_job = 16 * MIB,
		.max_stdin = 4 * GIB,
		.max_queued = 100000,
		.collect_files = 256,
		.collect_bytes = 16 * MIB,
		.min_room = 64 * MIB,
		.box_reserve = 64 * MIB,
		.run_slack_us = 10 * SECOND,
		.warm = 8,
		.box_jobs = 1000,
		.box_idle_us = 60 * SECOND,
		.box_age_us = 3600 * SECOND,
		.http_realm = strdup("web"),
		.http_user = strdup(""),
		.http_tokens = strdup("/etc/cee/tokens"),
		.http_state = strdup("/var/lib/cee-http"),
		.http_page = strdup("/usr/local/share/cee/web"),
		.http_editor = strdup("/usr/share/javascript/codemirror"),
		.http_wait_us = 50 * SECOND,
		.http_ticket_us = 24 * 3600 * SECOND,
		.keep_us = -1,
		.keep_max_us = -1,
		.layers_max = 8 * GIB,
		.package_network = strdup("bridge"),
		.package_proxy = strdup(""),
		.package_certificates = strdup(CERTIFICATES),
		.package_bytes = 512 * MIB,
		.package_inodes = 40000,
		.package_memory = 512 * MIB,
		.package_wall_us = 120 * SECOND,
		.package_boxes = 2,
	};
	for (int p = 0; p < PHASE_COUNT; p++) {
		c->dflt[p] = limits_usual[p];
		c->max[p] = limits_ceiling;
	}
}

enum { INDEXES = sizeof((struct conf *)0)->package_index / sizeof((struct conf *)0)->package_index[0] };

static void names_release(char ***v, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		free((*v)[i]);
	free(*v);
	*v = NULL;
	*n = 0;
}

void conf_release(struct conf *c)
{
	free(c->path);
	free(c->spool);
	free(c->languages);
	free(c->docker_host);
	free(c->runtime);
	free(c->init);
	free(c->seccomp);
	free(c->apparmor);
	free(c->http_realm);
	free(c->http_user);
	free(c->http_tokens);
	free(c->http_state);
	free(c->http_page);
	free(c->http_editor);
	free(c->layers);
	free(c->package_network);
	free(c->package_proxy);
	free(c->package_certificates);
	for (size_t i = 0; i < INDEXES; i++) {
		free(c->package_index[i].grammar);
		free(c->package_index[i].index);
	}
	names_release(&c->networks, &c->nnetworks);
	names_release(&c->http_origins, &c->nhttp_origins);
	*c = (struct conf){ 0 };
}

/* ---- values ------------------------------------------------------------- */

static int replace(char **s, const char *value, struct cee_err *e)
{
	char *copy = strdup(value);

	if (!copy)
		return cee_fail(e, ENOMEM, "out of memory");
	free(*s);
	*s = copy;
	return 0;
}

static int set_path(char **s, const char *value, struct cee_err *e)
{
	if (!*value)
		return cee_fail(e, EINVAL, "a path must follow");
	if (strlen(value) >= PATH_MAX / 2)
		return cee_fail(e, EINVAL, "the path is too long");
	return replace(s, value, e);
}

/* A name that ends up in a request to the engine. */
static int set_name(char **s, const char *value, struct cee_err *e)
{
	if (value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")])
		return cee_fail(e, EINVAL, "\"%.60s\" is no name: letters, digits, '.', '_' and '-' make one", value);
	return replace(s, value, e);
}

static int set_choice(bool *b, const char *value, const char *yes, const char *no, struct cee_err *e)
{
	if (strcmp(value, yes) != 0 && strcmp(value, no) != 0)
		return cee_fail(e, EINVAL, "must be %s or %s, not \"%.60s\"", yes, no, value);
	*b = strcmp(value, yes) == 0;
	return 0;
}

/* Decimal digits only, from min to max. */
static int set_integer(int64_t *n, const char *value, int64_t min, int64_t max, struct cee_err *e)
{
	int64_t v = -1;

	if (*value && value[strspn(value, "0123456789")] == '\0' && strlen(value) <= 18)
		v = strtoll(value, NULL, 10);
	if (v < min || v > max)
		return cee_fail(e, EINVAL, "must be a whole number from %" PRId64 " to %" PRId64 ", not \"%.60s\"", min,
				max, value);
	*n = v;
	return 0;
}

static int set_spool(struct conf *c, const char *v, struct cee_err *e)
{
	return set_path(&c->spool, v, e);
}
static int set_languages(struct conf *c, const char *v, struct cee_err *e)
{
	return set_path(&c->languages, v, e);
}
static int set_init(struct conf *c, const char *v, struct cee_err *e)
{
	return set_path(&c->init, v, e);
}
static int set_seccomp(struct conf *c, const char *v, struct cee_err *e)
{
	return set_path(&c->seccomp, v, e);
}
static int set_runtime(struct conf *c, const char *v, struct cee_err *e)
{
	return set_name(&c->runtime, v, e);
}
static int set_apparmor(struct conf *c, const char *v, struct cee_err *e)
{
	return set_name(&c->apparmor, v, e);
}
static int set_durable(struct conf *c, const char *v, struct cee_err *e)
{
	return set_choice(&c->durable, v, "yes", "no", e);
}
static int set_cells(struct conf *c, const char *v, struct cee_err *e)
{
	return set_choice(&c->cells_never, v, "never", "auto", e);
}
static int set_log(struct conf *c, const char *v, struct cee_err *e)
{
	return set_choice(&c->log_json, v, "json", "text", e);
}
static int set_max_job(struct conf *c, const char *v, struct cee_err *e)
{
	return size_parse(v, &c->max_job, e);
}
static int set_max_stdin(struct conf *c, const char *v, struct cee_err *e)
{
	return size_parse(v, &c->max_stdin, e);
}
static int set_min_room(struct conf *c, const char *v, struct cee_err *e)
{
	return size_parse(v, &c->min_room, e);
}
static int set_box_reserve(struct conf *c, const char *v, struct cee_err *e)
{
	return size_parse(v, &c->box_reserve, e);
}
static int set_run_slack(struct conf *c, const char *v, struct cee_err *e)
{
	return duration_parse(v, &c->run_slack_us, e);
}
static int set_max_queued(struct conf *c, const char *v, struct cee_err *e)
{
	return set_integer(&c->max_queued, v, 1, 100000000, e);
}

static int set_span(int64_t *us, const char *v, struct cee_err *e)
{
	if (strcmp(v, "forever") != 0)
		return duration_parse(v, us, e);
	*us = -1;
	return 0;
}

static int set_keep(struct conf *c, const char *v, struct cee_err *e)
{
	return set_span(&c->keep_us, v, e);
}
static int set_keep_max(struct conf *c, const char *v, struct cee_err *e)
{
	return set_span(&c->keep_max_us, v, e);
}

static int set_share(struct conf *c, const char *v, struct cee_err *e)
{
	return set_choice(&c->share_none, v, "none", "owner", e);
}
static int set_pin(struct conf *c, const char *v, struct cee_err *e)
{
	return set_choice(&c->pin, v, "yes", "no", e);
}
static int set_box_idle(struct conf *c, const char *v, struct cee_err *e)
{
	return duration_parse(v, &c->box_idle_us, e);
}
static int set_box_age(struct conf *c, const char *v, struct cee_err *e)
{
	return duration_parse(v, &c->box_age_us, e);
}

static int set_resident(struct conf *c, const char *v, struct cee_err *e)
{
	static const char *const name[] = {
		[RESIDENT_AUTO] = "auto", [RESIDENT_AHEAD] = "ahead", [RESIDENT_NEVER] = "never"
	};

	for (int i = RESIDENT_AUTO; i <= RESIDENT_NEVER; i++)
		if (strcmp(v, name[i]) == 0) {
			c->resident = (enum resident_when)i;
			return 0;
		}
	return cee_fail(e, EINVAL, "must be auto, ahead or never, not \"%.60s\"", v);
}

static int set_small(int *out, const char *v, int min, int max, struct cee_err *e)
{
	int64_t n = 0;

	if (set_integer(&n, v, min, max, e) < 0)
		return -1;
	*out = (int)n;
	return 0;
}

static int set_warm(struct conf *c, const char *v, struct cee_err *e)
{
	return set_small(&c->warm, v, 0, 1000, e);
}
static int set_boxes(struct conf *c, const char *v, struct cee_err *e)
{
	return set_small(&c->boxes, v, 0, 4096, e);
}
static int set_box_jobs(struct conf *c, const char *v, struct cee_err *e)
{
	return set_small(&c->box_jobs, v, 1, 1000000, e);
}

static int set_collect_bytes(struct conf *c, const char *v, struct cee_err *e)
{
	return size_parse(v, &c->collect_bytes, e);
}
static int set_collect_files(struct conf *c, const char *v, struct cee_err *e)
{
	return set_integer(&c->collect_files, v, 0, FILES_MOST, e);
}

static int set_http_tokens(struct conf *c, const char *v, struct cee_err *e)
{
	return set_path(&c->http_tokens, v, e);
}
static int set_http_state(struct conf *c, const char *v, struct cee_err *e)
{
	return set_path(&c->http_state, v, e);
}
static int set_http_page(struct conf *c, const char *v, struct cee_err *e)
{
	return set_path(&c->http_page, v, e);
}
static int set_http_editor(struct conf *c, const char *v, struct cee_err *e)
{
	return set_path(&c->http_editor, v, e);
}
static int set_http_jobs(struct conf *c, const char *v, struct cee_err *e)
{
	return set_integer(&c->http_jobs, v, 0, 100000000, e);
}
static int set_http_bytes(struct conf *c, const char *v, struct cee_err *e)
{
	return size_parse(v, &c->http_bytes, e);
}
static int set_http_wait(struct conf *c, const char *v, struct cee_err *e)
{
	return duration_parse(v, &c->http_wait_us, e);
}

static int set_http_ticket(struct conf *c, const char *v, struct cee_err *e)
{
	return duration_parse(v, &c->http_ticket_us, e);
}

/* A part of owners' names, without the '-' that separates the parts. */
static int set_http_realm(struct conf *c, const char *v, struct cee_err *e)
{
	if (!*v || strlen(v) > 24 || v[strspn(v, "abcdefghijklmnopqrstuvwxyz0123456789")])
		return cee_fail(e, EINVAL, "must be 1 to 24 of a-z and 0-9, not \"%.60s\"", v);
	return replace(&c->http_realm, v, e);
}

/* A name or a number; whether there is such a user is asked when it is needed. */
static int set_http_user(struct conf *c, const char *v, struct cee_err *e)
{
	if (strlen(v) > 64 || v[strcspn(v, ":/ \t")])
		return cee_fail(e, EINVAL, "must be a user's name or number, not \"%.60s\"", v);
	return replace(&c->http_user, v, e);
}

static int set_http_anonymous(struct conf *c, const char *v, struct cee_err *e)
{
	c->http_anonymous_submit = strcmp(v, "submit") == 0 || strcmp(v, "submit,read") == 0;
	c->http_anonymous_read = strcmp(v, "read") == 0 || strcmp(v, "submit,read") == 0;
	if (c->http_anonymous_submit || c->http_anonymous_read || strcmp(v, "none") == 0)
		return 0;
	return cee_fail(e, EINVAL, "must be none, submit, read or submit,read, not \"%.60s\"", v);
}

static int set_jobs(struct conf *c, const char *v, struct cee_err *e)
{
	return set_small(&c->jobs, v, 1, 4096, e);
}

/* Whoever speaks to the engine is root: an address in the clear is for loopback only. */
static int set_docker_host(struct conf *c, const char *v, struct cee_err *e)
{
	static const char *const good[] = { "unix:///", "tcp://127.0.0.1:", "tcp://[::1]:", "tcp://localhost:" };

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (strncmp(v, good[i], strlen(good[i])) == 0 && v[strlen(good[i])])
			return replace(&c->docker_host, v, e);
	return cee_fail(e, EINVAL, "must be unix:///PATH or tcp://127.0.0.1:PORT, not \"%.60s\"", v);
}

static int set_cpus(struct conf *c, const char *v, struct cee_err *e)
{
	int64_t millionths = 0;

	/* as a duration's number: decimal digits in every locale */
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
	if (set_integer(&b, base, 1000, INT32_MAX, e) < 0 || set_integer(&n, colon + 1, 1, 1000000, e) < 0)
		return -1;
	if (b + n > INT32_MAX)
		return cee_fail(e, EINVAL, "the range ends above %d", INT32_MAX);
	c->uid_base = (uid_t)b;
	c->uid_count = (unsigned)n;
	return 0;
}

static int add_network(struct conf *c, const char *name, struct cee_err *e)
{
	/* these would not separate the job from anything */
	if (strcmp(name, "host") == 0 || strcmp(name, "none") == 0 || strncmp(name, "container", 9) == 0)
		return cee_fail(e, EINVAL, "\"%.60s\" cannot be offered to jobs: name a network made for them", name);
	if (c->nnetworks == NETWORKS_MAX)
		return cee_fail(e, EINVAL, "more than %d names", NETWORKS_MAX);
	if (!c->networks)
		c->networks = calloc(NETWORKS_MAX + 1, sizeof *c->networks);
	if (!c->networks)
		return cee_fail(e, ENOMEM, "out of memory");
	if (set_name(&c->networks[c->nnetworks], name, e) < 0)
		return -1;
	c->nnetworks++;
	return 0;
}

static int set_networks(struct conf *c, const char *v, struct cee_err *e)
{
	AUTO_FREE char *copy = strdup(v);
	char *save = NULL;

	names_release(&c->networks, &c->nnetworks);
	if (!copy)
		return cee_fail(e, ENOMEM, "out of memory");
	for (char *w = strtok_r(copy, " ,\t", &save); w; w = strtok_r(NULL, " ,\t", &save))
		if (add_network(c, w, e) < 0)
			return -1;
	return 0;
}

static int set_layers(struct conf *c, const char *v, struct cee_err *e)
{
	return set_path(&c->layers, v, e);
}
static int set_layers_max(struct conf *c, const char *v, struct cee_err *e)
{
	return size_parse(v, &c->layers_max, e);
}
static int set_offline(struct conf *c, const char *v, struct cee_err *e)
{
	return set_choice(&c->offline, v, "yes", "no", e);
}
static int set_package_bytes(struct conf *c, const char *v, struct cee_err *e)
{
	return size_parse(v, &c->package_bytes, e);
}
static int set_package_memory(struct conf *c, const char *v, struct cee_err *e)
{
	return size_parse(v, &c->package_memory, e);
}
static int set_package_wall(struct conf *c, const char *v, struct cee_err *e)
{
	return duration_parse(v, &c->package_wall_us, e);
}
static int set_package_boxes(struct conf *c, const char *v, struct cee_err *e)
{
	return set_small(&c->package_boxes, v, 1, 100, e);
}
static int set_package_certificates(struct conf *c, const char *v, struct cee_err *e)
{
	return replace(&c->package_certificates, v, e);
}

static int set_package_inodes(struct conf *c, const char *v, struct cee_err *e)
{
	return set_integer(&c->package_inodes, v, 16, 10000000, e);
}

/* It would see what the other container sees, which nobody has looked at. */
static int set_package_network(struct conf *c, const char *v, struct cee_err *e)
{
	if (!*v || strncmp(v, "container", 9) == 0)
		return cee_fail(e, EINVAL, "must be bridge, host, none or the name of a network, not \"%.60s\"", v);
	return set_name(&c->package_network, v, e);
}

/* An address goes into the package client's environment, so what is in it can be read there. */
static int set_package_proxy(struct conf *c, const char *v, struct cee_err *e)
{
	if (strncmp(v, "http://", 7) != 0 && strncmp(v, "https://", 8) != 0)
		return cee_fail(e, EINVAL, "must be http://HOST:PORT or https://HOST:PORT, not \"%.60s\"", v);
	if (strchr(v, '@'))
		return cee_fail(e, EINVAL,
				"must not have a password in it: no credential enters a box; let the proxy add it");
	return replace(&c->package_proxy, v, e);
}

static bool index_valid(const char *v)
{
	return (*v == '/' || strncmp(v, "http://", 7) == 0 || strncmp(v, "https://", 8) == 0) &&
	       !strpbrk(v, " \t\"'@\\") && strlen(v) < 1000;
}

/* packages.index.GRAMMAR; 1 when key is none. */
static int set_index(struct conf *c, const char *key, const char *value, struct cee_err *e)
{
	size_t i = 0;

	if (strncmp(key, "packages.index.", 15) != 0)
		return 1;
	key += 15;
	if (grammar_find(key) < 0)
		return cee_fail(e, EINVAL, "no such registry: there are nuget, pip and npm");
	if (!index_valid(value))
		return cee_fail(e, EINVAL, "must be an absolute path or http[s]://…, without a password, not \"%.60s\"",
				value);
	while (c->package_index[i].grammar && strcmp(c->package_index[i].grammar, key) != 0)
		i++;
	if (c->package_index[i].grammar)
		return cee_fail(e, EINVAL, "stands twice");
	return replace(&c->package_index[i].grammar, key, e) < 0 ? -1 : replace(&c->package_index[i].index, value, e);
}

const char *conf_index(const struct conf *c, const char *grammar)
{
	for (size_t i = 0; i < INDEXES && c->package_index[i].grammar; i++)
		if (strcmp(c->package_index[i].grammar, grammar) == 0)
			return c->package_index[i].index;
	return NULL;
}

/* An origin as a browser sends it (RFC 6454, 6.2): scheme, host and port, no path. */
static int add_origin(struct conf *c, const char *v, struct cee_err *e)
{
	const char *host = strstr(v, "://");
	size_t scheme = strncmp(v, "http://", 7) == 0 ? 4 : strncmp(v, "https://", 8) == 0 ? 5 : 0;

	if (strcmp(v, "*") != 0 && (!scheme || host != v + scheme || !host[3] || strlen(v) > ORIGIN_MAX ||
				    host[3 + strspn(host + 3, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]")]))
		return cee_fail(e, EINVAL,
				"must be http://HOST[:PORT] or https://HOST[:PORT], in small letters and without a "
				"path, or *, not \"%.60s\"",
				v);
	if (c->nhttp_origins == NETWORKS_MAX)
		return cee_fail(e, EINVAL, "more than %d origins", NETWORKS_MAX);
	if (!c->http_origins && !(c->http_origins = calloc(NETWORKS_MAX + 1, sizeof *c->http_origins)))
		return cee_fail(e, ENOMEM, "out of memory");
	if (replace(&c->http_origins[c->nhttp_origins], v, e) < 0)
		return -1;
	c->nhttp_origins++;
	return 0;
}

static int set_http_origins(struct conf *c, const char *v, struct cee_err *e)
{
	AUTO_FREE char *copy = strdup(v);
	char *save = NULL;

	names_release(&c->http_origins, &c->nhttp_origins);
	if (!copy)
		return cee_fail(e, ENOMEM, "out of memory");
	for (char *w = strtok_r(copy, " ,\t", &save); w; w = strtok_r(NULL, " ,\t", &save))
		if (add_origin(c, w, e) < 0)
			return -1;
	return 0;
}

static const struct key {
	const char *name;
	int (*set)(struct conf *c, const char *value, struct cee_err *e);
} keys[] = {
	{ "spool", set_spool },
	{ "languages", set_languages },
	{ "docker_host", set_docker_host },
	{ "runtime", set_runtime },
	{ "init", set_init },
	{ "seccomp", set_seccomp },
	{ "apparmor", set_apparmor },
	{ "networks", set_networks },
	{ "jobs", set_jobs },
	{ "cpus", set_cpus },
	{ "durable", set_durable },
	{ "cells", set_cells },
	{ "log", set_log },
	{ "resident", set_resident },
	{ "uids", set_uids },
	{ "max_job", set_max_job },
	{ "max_stdin", set_max_stdin },
	{ "max_queued", set_max_queued },
	{ "collect_files", set_collect_files },
	{ "collect_bytes", set_collect_bytes },
	{ "min_room", set_min_room },
	{ "box_reserve", set_box_reserve },
	{ "share", set_share },
	{ "pin", set_pin },
	{ "warm", set_warm },
	{ "boxes", set_boxes },
	{ "box_jobs", set_box_jobs },
	{ "box_idle", set_box_idle },
	{ "box_age", set_box_age },
	{ "run_slack", set_run_slack },
	{ "keep", set_keep },
	{ "keep_max", set_keep_max },
	{ "layers", set_layers },
	{ "layers_max", set_layers_max },
	{ "offline", set_offline },
	{ "packages.network", set_package_network },
	{ "packages.proxy", set_package_proxy },
	{ "packages.certificates", set_package_certificates },
	{ "packages.bytes", set_package_bytes },
	{ "packages.inodes", set_package_inodes },
	{ "packages.memory", set_package_memory },
	{ "packages.wall", set_package_wall },
	{ "packages.boxes", set_package_boxes },
	{ "http_anonymous", set_http_anonymous },
	{ "http_realm", set_http_realm },
	{ "http_user", set_http_user },
	{ "http_tokens", set_http_tokens },
	{ "http_page", set_http_page },
	{ "http_editor", set_http_editor },
	{ "http_state", set_http_state },
	{ "http_jobs", set_http_jobs },
	{ "http_bytes", set_http_bytes },
	{ "http_wait", set_http_wait },
	{ "http_ticket", set_http_ticket },
	{ "http_origins", set_http_origins },
};
enum { KEYS = sizeof keys / sizeof keys[0] };

/* ---- lines --------------------------------------------------------------- */

/* Which keys were met, so that none stands twice: the later one would win in silence. */
struct seen {
	bool key[KEYS];
	bool limit[2][PHASE_COUNT][LIMIT_COUNT];
};

static int once(bool *seen, struct cee_err *e)
{
	if (*seen)
		return cee_fail(e, EINVAL, "stands twice");
	*seen = true;
	return 0;
}

/* "limit.run.cpu" and "ceiling.run.cpu"; 1 when key is neither. */
static int set_limit(struct conf *c, const char *key, const char *value, struct seen *seen, struct cee_err *e)
{
	static const char *const phases[PHASE_COUNT] = { [PHASE_COMPILE] = "compile.", [PHASE_RUN] = "run." };
	bool ceiling = strncmp(key, "ceiling.", 8) == 0;
	int phase, id;

	if (!ceiling && strncmp(key, "limit.", 6) != 0)
		return 1;
	key += ceiling ? 8 : 6;
	for (phase = 0; phase < PHASE_COUNT; phase++)
		if (strncmp(key, phases[phase], strlen(phases[phase])) == 0)
			break;
	if (phase == PHASE_COUNT)
		return cee_fail(e, EINVAL, "compile or run must stand after the first point");
	id = limit_find(key + strlen(phases[phase]));
	if (id < 0)
		return cee_fail(e, EINVAL, "unknown limit; there are %s", limit_names);
	if (once(&seen->limit[ceiling][phase][id], e) < 0)
		return -1;
	return limit_parse((enum limit_id)id, value, &(ceiling ? c->max : c->dflt)[phase].v[id], e);
}

static int set_key(struct conf *c, const char *key, const char *value, struct seen *seen, struct cee_err *e)
{
	int r = set_limit(c, key, value, seen, e);

	if (r > 0)
		r = set_index(c, key, value, e);
	if (r <= 0)
		return r;
	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(keys[i].name, key) == 0)
			return once(&seen->key[i], e) < 0 ? -1 : keys[i].set(c, value, e);
	return cee_fail(e, EINVAL, "unknown key: cee.conf(5) has the list");
}

static char *trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r");
	n = strlen(s);
	while (n > 0 && strchr(" \t\r", s[n - 1]))
		s[--n] = '\0';
	return s;
}

static void cut_comment(char *line)
{
	for (char *p = line; *p; p++)
		if (*p == '#' && (p == line || p[-1] == ' ' || p[-1] == '\t')) {
			*p = '\0';
			return;
		}
}

static int conf_line(struct conf *c, const char *where, char *line, struct seen *seen, struct cee_err *e)
{
	struct cee_err why = { "" };
	char *key, *equals;

	cut_comment(line);
	key = trim(line);
	if (!*key)
		return 0;
	equals = strchr(key, '=');
	if (!equals)
		return cee_fail(e, EINVAL, "%s: \"%.60s\" is no line of the form key = value", where, key);
	*equals = '\0';
	key = trim(key);
	if (set_key(c, key, trim(equals + 1), seen, &why) < 0)
		return cee_fail(e, errno, "%s: %.60s: %s", where, key, why.msg);
	return 0;
}

/* One line of text, at most VALUE_MAX bytes, into a string. */
static int line_copy(char line[VALUE_MAX], const char *text, size_t len, const char *where, struct cee_err *e)
{
	if (len >= VALUE_MAX)
		return cee_fail(e, EINVAL, "%s: the line is longer than %d bytes", where, VALUE_MAX - 1);
	if (memchr(text, 0, len) || !utf8_valid(text, len))
		return cee_fail(e, EINVAL, "%s: the line is no text", where);
	memcpy(line, text, len);
	line[len] = '\0';
	return 0;
}

int conf_parse(struct conf *c, const char *file, const char *text, size_t len, struct cee_err *e)
{
	struct seen seen = { 0 };
	char line[VALUE_MAX], where[300];

	for (int n = 1; len > 0; n++) {
		const char *nl = memchr(text, '\n', len);
		size_t take = nl ? (size_t)(nl - text) : len;

		snprintf(where, sizeof where, "%.250s:%d", file, n);
		if (line_copy(line, text, take, where, e) < 0 || conf_line(c, where, line, &seen, e) < 0)
			return -1;
		take += nl != NULL;
		text += take;
		len -= take;
	}
	/* a default over the ceiling would give a silent job more than one that asks */
	for (int p = 0; p < PHASE_COUNT; p++)
		limits_cap(&c->dflt[p], &c->max[p]);
	if (c->keep_max_us >= 0 && (c->keep_us < 0 || c->keep_us > c->keep_max_us))
		c->keep_us = c->keep_max_us;
	return 0;
}

/* ---- the file ------------------------------------------------------------ */

/* The directory of the running program, or NULL. */
static char *program_dir(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash || slash == path)
		return NULL;
	*slash = '\0';
	return strdup(path);
}

/* Which file: the named one, or the first that exists of those it may be. NULL with
 * errno 0: none, which is fine. */
static char *conf_find(const char *path)
{
	AUTO_FREE char *dir = NULL, *beside = NULL;

	if (!path)
		path = getenv("CEE_CONF");
	if (path && *path)
		return strdup(path);
	dir = program_dir();
	if (dir && asprintf(&beside, "%s/../etc/cee.conf", dir) < 0)
		beside = NULL;
	errno = 0;
	if (beside && access(beside, F_OK) == 0)
		return realpath(beside, NULL);
	if (access("/etc/cee/cee.conf", F_OK) == 0)
		return strdup("/etc/cee/cee.conf");
	errno = 0;
	return NULL;
}

/* The directory above the file's own, absolute: what relative paths in it are beneath. */
static char *conf_base(const char *path)
{
	AUTO_FREE char *real = realpath(path, NULL);

	for (int i = 0; real && i < 2; i++) {
		char *slash = strrchr(real, '/');
		*(slash == real ? slash + 1 : slash) = '\0';
	}
	return real ? strdup(real) : NULL;
}

static int make_absolute(char **path, const char *base)
{
	char *joined;

	if (**path == '/')
		return 0;
	if (asprintf(&joined, "%s/%s", strcmp(base, "/") == 0 ? "" : base, *path) < 0)
		return -1;
	free(*path);
	*path = joined;
	return 0;
}

static int conf_read(struct conf *c, struct cee_err *e)
{
	AUTO_CLOSE int fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	AUTO_FREE char *base = NULL;
	AUTO_BUF struct buf b = { 0 };

	if (fd < 0 || read_fd(fd, CONF_MAX, &b) < 0)
		return cee_fail(e, errno, "%s: %s", c->path, strerror(errno));
	if (conf_parse(c, c->path, b.data, b.len, e) < 0)
		return -1;
	base = conf_base(c->path);
	if (!base || make_absolute(&c->spool, base) < 0 || make_absolute(&c->languages, base) < 0 ||
	    make_absolute(&c->http_tokens, base) < 0 || make_absolute(&c->http_state, base) < 0 ||
	    (c->layers && make_absolute(&c->layers, base) < 0) || make_absolute(&c->http_page, base) < 0 ||
	    make_absolute(&c->http_editor, base) < 0 || make_absolute(&c->init, base) < 0 ||
	    make_absolute(&c->seccomp, base) < 0)
		return cee_fail(e, errno, "%s: %s", c->path, strerror(errno));
	return 0;
}

/* An installed cee-init stands beside the programs, wherever those are. */
static void init_beside(struct conf *c)
{
	AUTO_FREE char *dir = program_dir();
	char *path;

	if (!dir || asprintf(&path, "%s/cee-init", dir) < 0)
		return;
	if (access(path, X_OK) < 0) {
		free(path);
		return;
	}
	free(c->init);
	c->init = path;
}

/* Beside the spool, whose directories are owners: SPOOL-layers. */
static int layers_beside(struct conf *c)
{
	size_t n = strlen(c->spool);

	while (n > 1 && c->spool[n - 1] == '/')
		n--;
	return asprintf(&c->layers, "%.*s-layers", (int)n, c->spool) < 0 ? -1 : 0;
}

/* So does the page, in PREFIX/share of PREFIX/bin. */
static void page_beside(struct conf *c)
{
	AUTO_FREE char *dir = program_dir();
	char *path;

	if (!dir || asprintf(&path, "%s/../share/cee/web", dir) < 0)
		return;
	if (access(path, X_OK) < 0) {
		free(path);
		return;
	}
	free(c->http_page);
	c->http_page = path;
}

static int conf_fill(struct conf *c, const char *path, const char *spool, struct cee_err *e)
{
	const char *host = getenv("DOCKER_HOST");

	if (!c->spool || !c->languages || !c->docker_host || !c->runtime || !c->init || !c->seccomp || !c->apparmor ||
	    !c->package_network || !c->package_proxy || !c->package_certificates || !c->http_realm || !c->http_user ||
	    !c->http_tokens || !c->http_state || !c->http_page || !c->http_editor)
		return cee_fail(e, ENOMEM, "out of memory");
	init_beside(c);
	page_beside(c);
	c->path = conf_find(path);
	if (!c->path && errno)
		return cee_fail(e, errno, "cee.conf: %s", strerror(errno));
	if (c->path && conf_read(c, e) < 0)
		return -1;
	if (!spool)
		spool = getenv("CEE_SPOOL");
	if (spool && *spool && replace(&c->spool, spool, e) < 0)
		return -1;
	if (!c->layers && layers_beside(c) < 0)
		return cee_fail(e, ENOMEM, "out of memory");
	/* not judged here: most programs never speak to the engine */
	return host && *host ? replace(&c->docker_host, host, e) : 0;
}

int conf_load(struct conf *c, const char *path, const char *spool, struct cee_err *e)
{
	conf_init(c);
	if (conf_fill(c, path, spool, e) == 0)
		return 0;
	int saved = errno;
	conf_release(c);
	errno = saved;
	return -1;
}
