/* container.c - the container of a box: everything that locks it down
 *
 * No network (except a package box that fetches), no capability, a read-only root, a uid of its own, and three tmpfs
 * as the only places to write. In a box with cells the tmpfs are small: each cell mounts its own over them. Mounts from
 * the host are read-only, except the one folder of a package box that unpacks.
 */
#include "runner/box/container.h"
#include "conf/conf.h"
#include "engine/container_spec.h"
#include "engine/engine.h"
#include "runner/box/box.h"
#include "runner/box/box_socket.h"
#include "runner/box/boxes.h"
#include "runner/box/gate.h"
#include "runner/core/config.h"
#include "spool/owner_name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { MOST_MOUNTS = 7, MOST_ENV = 5, TMPFS_OF_A_CELL = 65536 };

static size_t add_mount(struct container_mount *m, size_t n, const char *from, const char *to, bool read_only)
{
	if (!from)
		return n;
	m[n] = (struct container_mount){ .from = from, .to = to, .read_only = read_only };
	return n + 1;
}

static size_t make_mounts(struct container_mount m[MOST_MOUNTS], const struct boxes *bs, const struct box_spec *s)
{
	const char *init = bs->config->conf.init;
	size_t n = add_mount(m, 0, init, "/.cee/init", true);

	n = s->tools ? add_mount(m, n, init, "/.cee/pack", true) : add_mount(m, n, bs->layers, "/.cee/layers", true);
	n = add_mount(m, n, s->writable, "/.cee/layer", false);
	n = add_mount(m, n, s->index, "/.cee/index", true);
	n = add_mount(m, n, s->authorities, BOX_AUTHORITIES, true);
	n = add_mount(m, n, s->socket_folder, BOX_SOCKET_FOLDER, true);
	return add_mount(m, n, s->gate_folder, GATE_FOLDER, true);
}

struct tmpfs_options {
	char work[160], tmp[160], shm[160];
};

/* Without cells the job uses these, and they share its disk limit. */
static void make_tmpfs(struct tmpfs_options *o, const struct box_spec *s, bool cells, unsigned uid)
{
	long long work = cells ? TMPFS_OF_A_CELL : s->disk / 2, tmp = cells ? TMPFS_OF_A_CELL : s->disk / 4;

	snprintf(o->work, sizeof(o->work), "rw,exec,nosuid,nodev,size=%lld,nr_inodes=%lld,mode=0755,uid=%u,gid=%u",
		 work, (long long)s->inodes / 2, uid, uid);
	snprintf(o->tmp, sizeof(o->tmp), "rw,exec,nosuid,nodev,size=%lld,nr_inodes=%lld,mode=1777,uid=%u,gid=%u", tmp,
		 (long long)s->inodes / 4, uid, uid);
	snprintf(o->shm, sizeof(o->shm), "rw,nosuid,nodev,noexec,size=%lld,nr_inodes=%lld,mode=1777,uid=%u,gid=%u", tmp,
		 (long long)s->inodes / 4, uid, uid);
}

struct engine_call *container_create(struct boxes *bs, const struct box_spec *s, unsigned slot, engine_done *done,
				     void *arg)
{
	static const char *const entry[] = { "/.cee/init", NULL };
	const struct config *c = bs->config;
	unsigned uid = boxes_uid(bs, slot);
	struct container_mount mounts[MOST_MOUNTS];
	struct tmpfs_options o;
	const struct container_tmpfs tmpfs[] = { { "/work", o.work }, { "/tmp", o.tmp }, { "/dev/shm", o.shm } };
	const struct engine_label labels[] = { { "cee.spool", bs->spool },
					       { "cee.runner", bs->runner },
					       { "cee.site", bs->site } };
	char name[OWNER_MAX + 32], gate[80];
	const char *env[MOST_ENV] = { NULL };
	size_t nenv = 0;
	struct container_spec spec = {
		.name = name,
		.image = s->image,
		.hostname = "box",
		.workdir = "/",
		.entrypoint = entry,
		.env = env,
		.uid = uid,
		.attach = true,
		.own_proc = bs->cells, /* a cell masks those paths itself */
		.seccomp = c->seccomp,
		.seccomp_path = c->conf.seccomp,
		.apparmor = bs->apparmor,
		.runtime = bs->runtime,
		.memory = s->memory,
		/* cee-init counts too, the cell's supervisor and the maker of cells; jobs that share a
					* box with them get exactly what they may have */
		.processes = s->processes + 1 + bs->cells + s->job_cgroup,
		.open_files = s->open_files,
		.cpus = c->conf.cpus,
		.mounts = mounts,
		.nmounts = make_mounts(mounts, bs, s),
		.tmpfs = tmpfs,
		.ntmpfs = sizeof(tmpfs) / sizeof(*tmpfs),
		.labels = labels,
		.nlabels = sizeof(labels) / sizeof(*labels) - !*bs->site
	};

	snprintf(name, sizeof(name), "cee-%s-%u", bs->runner, ++bs->serial);
	make_tmpfs(&o, s, bs->cells, uid);
	if (!bs->cells)
		env[nenv++] = "CEE_CELLS=never";
	if (s->job_cgroup)
		env[nenv++] = "CEE_CGROUP=1";
	if (s->socket_folder)
		env[nenv++] = "CEE_SOCKET=1";
	if (s->gate_folder) {
		snprintf(gate, sizeof(gate), "CEE_GATE=%lld %lld", (long long)s->gate_connections,
			 (long long)s->gate_bytes);
		env[nenv] = gate;
	}
	return engine_ask(bs->engine, &(struct engine_request){ .op = ENGINE_CREATE, .container = &spec }, done, arg);
}
