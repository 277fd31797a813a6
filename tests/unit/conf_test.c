/* conf_test - cee.conf: what it may say, what is refused and how, and where it is looked for */
#include "base/error.h"
#include "base/fd.h"
#include "base/limit.h"
#include "conf/conf.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct conf c;
static struct cee_err e;

static int parse(const char *text)
{
	conf_release(&c);
	conf_init(&c);
	e.msg[0] = '\0';
	return conf_parse(&c, "t.conf", text, strlen(text), &e);
}

/* Refused, and the line says this. */
static bool refused(const char *text, const char *says)
{
	return parse(text) == -1 && errno == EINVAL && strstr(e.msg, says);
}

static void defaults(void)
{
	CHECK(parse("") == 0);
	CHECK(c.durable && !c.pin && !c.cells_never && !c.log_json && c.jobs >= 1 && c.cpus == 0 && c.nnetworks == 0);
	CHECK(c.max_job == 16 << 20 && c.max_queued == 100000 && c.run_slack_us == 10000000);
	CHECK(c.keep_us == INT64_C(30) * 86400 * 1000000 && c.keep_max_us == -1 && c.keep_bytes == INT64_C(8) << 30);
	CHECK(c.keep_owner_us == INT64_C(86400) * 1000000 && c.collect_files == 256 && c.collect_bytes == 16 << 20);
	CHECK(c.uid_base == 900000 && c.uid_count == 1000);
	CHECK(c.dflt[PHASE_COMPILE].v[LIMIT_CPU] == 20000000 && c.dflt[PHASE_RUN].v[LIMIT_CPU] == 5000000);
	CHECK(c.dflt[PHASE_RUN].v[LIMIT_WALL] == -1 && c.max[PHASE_RUN].v[LIMIT_WALL] == 300000000);
	for (int p = 0; p < PHASE_COUNT; p++)
		for (int i = 0; i < LIMIT_COUNT; i++)
			CHECK(c.max[p].v[i] > 0 && c.dflt[p].v[i] <= c.max[p].v[i] &&
			      (c.dflt[p].v[i] > 0 || i == LIMIT_WALL));
}

static void networks(void)
{
	const struct conf_network *n;

	CHECK(parse("network.lab = example.org:443, *.example.net:80 10.0.0.5:5432\nnetwork.lab.owners = uid-* "
		    "http-web-ann\n"
		    "network.lab.connections = 7\nnetwork.lab.bytes = 1M\nnetwork.all = a.test:1\n"
		    "gate.image = me/gate:1\ngate.network = host\ngate.dns = 10.0.0.1") == 0);
	n = conf_network_find(&c, "lab");
	CHECK(n && n->nhosts == 3 && n->hosts[2].port == 5432 && n->connections == 7 && n->bytes == 1 << 20);
	CHECK(conf_network_allows(n, "uid-1000") && conf_network_allows(n, "http-web-ann"));
	CHECK(!conf_network_allows(n, "http-web-bob") && !conf_network_allows(n, "anon"));
	n = conf_network_find(&c, "all"); /* by default those of this host alone */
	CHECK(n && n->connections == 200 && conf_network_allows(n, "uid-0") && !conf_network_allows(n, "http-web-ann"));
	CHECK(!conf_network_find(&c, "other") && strcmp(c.gate_network, "host") == 0);
	CHECK(refused("network.lab = example.org", "HOST:PORT") && refused("network.lab =", "is empty"));
	CHECK(refused("network.none = a.b:1", "network's name") && refused("network.a/b = a.b:1", "network's name"));
	CHECK(refused("network.lab = a.b:1\nnetwork.lab = a.b:1", "duplicate"));
	CHECK(refused("network.lab.colour = 1", "unknown key") &&
	      refused("network.lab.bytes = 5", "network.lab: is missing"));
	CHECK(refused("network.lab = a.b:1\nnetwork.lab.connections = 0", "whole number"));
	CHECK(refused("gate.network = none", "bridge, host") && refused("gate.network = container:x", "bridge, host"));
	CHECK(refused("gate.dns = a.test", "address of a resolver") && refused("gate.image = a b", "name of an image"));
	CHECK(refused("packages.index.pip = http://", "absolute path"));
}

static void all_keys(void)
{
	CHECK(parse("# a comment\n\n  spool =  a/b c  # with a comment\nlanguages=l\ndocker_host = unix:///x.sock\r\n"
		    "runtime = runsc\ninit = /i\nseccomp = s#1.json\napparmor = cee-box\nnetworks = lab, web  db\njobs "
		    "= 7\n"
		    "cpus = 1.5\npin = yes\ndurable = no\ncells = never\nlog = json\nuids = 500000:10\nmax_job = "
		    "1M\nmax_stdin = 2G\nmax_queued = 5\n"
		    "collect_files = 9\ncollect_bytes = 2M\nmin_room = 1G\nbox_reserve = 32M\nrun_slack = "
		    "500ms\nlimit.compile.cpu = 3s\nlimit.run.memory = 128M\n"
		    "ceiling.run.memory = 512M\nceiling.compile.open_files = 99") == 0);
	CHECK(strcmp(c.spool, "a/b c") == 0 && strcmp(c.languages, "l") == 0 &&
	      strcmp(c.docker_host, "unix:///x.sock") == 0);
	CHECK(strcmp(c.runtime, "runsc") == 0 && strcmp(c.init, "/i") == 0 && strcmp(c.seccomp, "s#1.json") == 0);
	CHECK(strcmp(c.apparmor, "cee-box") == 0 && c.nnetworks == 3 && strcmp(c.networks[2], "db") == 0);
	CHECK(c.jobs == 7 && c.cpus == 1.5 && c.pin && !c.durable && c.cells_never && c.log_json);
	CHECK(c.uid_base == 500000 && c.uid_count == 10 && c.max_job == 1 << 20 && c.max_stdin == INT64_C(2) << 30 &&
	      c.max_queued == 5);
	CHECK(c.collect_files == 9 && c.collect_bytes == 2 << 20);
	CHECK(c.min_room == 1 << 30 && c.box_reserve == 32 << 20 && c.run_slack_us == 500000);
	CHECK(c.dflt[PHASE_COMPILE].v[LIMIT_CPU] == 3000000 && c.dflt[PHASE_RUN].v[LIMIT_MEMORY] == 128 << 20);
	CHECK(c.max[PHASE_RUN].v[LIMIT_MEMORY] == 512 << 20 && c.max[PHASE_COMPILE].v[LIMIT_OPEN_FILES] == 99);
	/* a ceiling bounds what a silent job gets */
	CHECK(c.dflt[PHASE_COMPILE].v[LIMIT_OPEN_FILES] == 99);
}

static void refusals(void)
{
	CHECK(refused("a\n\nnonsense\n", "t.conf:1"));
	CHECK(refused("\n\nspol = x\n", "t.conf:3: spol: unknown key"));
	CHECK(refused("jobs = 0", "t.conf:1: jobs: must be a whole number from 1") && refused("jobs = 2x", "jobs"));
	CHECK(refused("jobs = -1", "jobs") && refused("jobs =", "jobs") &&
	      refused("jobs = 99999999999999999999", "jobs"));
	CHECK(refused("jobs = 1\njobs = 2", "t.conf:2: jobs: duplicate"));
	CHECK(refused("limit.run.cpu = 1s\nlimit.run.cpu = 1s", "t.conf:2: limit.run.cpu: duplicate"));
	CHECK(refused("pin = 2", "must be yes or no"));
	CHECK(refused("durable = maybe", "must be yes or no") && refused("cells = on", "never or auto") &&
	      refused("log = xml", "json or text"));
	CHECK(refused("limit.cpu = 1", "limit.compile") && refused("limit.run.cup = 1", "unknown limit") &&
	      refused("limit. = 1", "limit.compile"));
	CHECK(refused("limit.run.cpu = fast", "not a valid duration") &&
	      refused("ceiling.run.memory = 1X", "not a valid size"));
	CHECK(refused("docker_host = tcp://10.0.0.1:2375", "unix:///PATH") &&
	      refused("docker_host = unix:///", "unix:///PATH"));
	CHECK(parse("docker_host = tcp://127.0.0.1:2375") == 0);
	CHECK(refused("networks = host", "cannot be offered") && refused("networks = a/b", "not a valid name"));
	CHECK(refused("uids = 5", "BASE:COUNT") && refused("uids = 0:10", "1000") &&
	      refused("uids = 2147483000:1000", "range"));
	CHECK(refused("cpus = -1", "processors") && refused("cpus = 5s", "processors") && refused("spool =", "path"));
	CHECK(refused("spool = \xff", "not text"));
	CHECK(conf_parse(&c, "t", "jobs\0= 1", 8, &e) == -1 && strstr(e.msg, "not text"));
	char *big = calloc(1, 6001);
	memset(big, 'x', 6000);
	CHECK(refused(big, "longer than"));
	free(big);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write_full(fd, text, strlen(text)) == 0);
	close(fd);
}

static void loading(void)
{
	char dir[] = "/tmp/conf_test.XXXXXX", path[64], want[64];

	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof path, "%s/etc", dir);
	CHECK(mkdir(path, 0700) == 0);
	snprintf(path, sizeof path, "%s/etc/cee.conf", dir);
	put(path, "spool = sp\nlanguages = etc/l\ninit = /abs\n");
	unsetenv("CEE_SPOOL");
	unsetenv("CEE_CONF");
	unsetenv("DOCKER_HOST");
	conf_release(&c);
	CHECK(conf_load(&c, path, NULL, &e) == 0);
	snprintf(want, sizeof want, "%s/sp", dir);
	CHECK(strcmp(c.spool, want) == 0 && strcmp(c.init, "/abs") == 0 && strcmp(c.path, path) == 0);
	snprintf(want, sizeof want, "%s/etc/l", dir);
	CHECK(strcmp(c.languages, want) == 0 && strcmp(c.docker_host, "unix:///var/run/docker.sock") == 0);
	conf_release(&c);
	setenv("CEE_CONF", path, 1);
	setenv("CEE_SPOOL", "envspool", 1);
	setenv("DOCKER_HOST", "unix:///other.sock", 1);
	CHECK(conf_load(&c, NULL, NULL, &e) == 0 && strcmp(c.spool, "envspool") == 0 &&
	      strcmp(c.docker_host, "unix:///other.sock") == 0);
	conf_release(&c);
	CHECK(conf_load(&c, NULL, "mine", &e) == 0 && strcmp(c.spool, "mine") == 0);
	conf_release(&c);
	put(path, "jobs = x\n");
	CHECK(conf_load(&c, NULL, NULL, &e) == -1 && strstr(e.msg, "cee.conf:1: jobs"));
	unlink(path);
	CHECK(conf_load(&c, NULL, NULL, &e) == -1 && errno == ENOENT && strstr(e.msg, "cee.conf: No such file"));
	unsetenv("CEE_CONF");
	*strrchr(path, '/') = '\0';
	rmdir(path);
	rmdir(dir);
}

static void keep(void)
{
	static const char both[] = "keep = 90d\nkeep_max = 7d\n", forever[] = "keep = forever\n",
			  most[] = "keep_max = 1h\n";
	static const char wrong[] = "keep = always\n";

	conf_init(&c);
	CHECK(conf_parse(&c, "c", both, strlen(both), &e) == 0);
	CHECK(c.keep_max_us == INT64_C(604800000000) && c.keep_us == c.keep_max_us);
	conf_release(&c);
	conf_init(&c);
	CHECK(conf_parse(&c, "c", forever, strlen(forever), &e) == 0 && c.keep_us == -1);
	conf_release(&c);
	conf_init(&c); /* who may keep for an hour at most does not keep for ever by saying nothing */
	CHECK(conf_parse(&c, "c", most, strlen(most), &e) == 0 && c.keep_us == INT64_C(3600000000));
	conf_release(&c);
	conf_init(&c);
	CHECK(conf_parse(&c, "c", wrong, strlen(wrong), &e) == -1 && strstr(e.msg, "keep"));
	conf_release(&c);
}

int main(void)
{
	RUN(keep);
	RUN(defaults);
	RUN(networks);
	RUN(all_keys);
	RUN(refusals);
	RUN(loading);
	conf_release(&c);
	return check_status();
}
