/* phase_limits.c - a phase's use of cpu, memory, processes and disk, against its limits (phase_limits.h) */
#include "init/phase_limits.h"

#include "init/plan.h"

#include <string.h>
#include <unistd.h>

enum {
	TICK = 20 * 1000,      /* us between two samples, after a program's first second */
	TICK_IDLE = 50 * 1000, /* ... of a program that uses nearly no cpu time */
	TICK_GROWTH = 2000,    /* ... while its memory grows by more than FAST between two samples */
	TICK_LEAST = 1000,     /* ... when little cpu time is left */
	FAST = 4 << 20,
	BASE_SLACK =
		2
		<< 20, /* bytes of shared memory and sockets that programs which are gone may still have at the start */
	BASE_WAITS = 20, /* how often phase_limits_begin waits for it to shrink to that */
	BASE_WAIT_US = 1000,
	ROOM_STEP = 64 << 10, /* what the files of a job take is told in steps of it */
	ROOM_FAST = 1 << 20,  /* bytes written between two samples, from which on room is made ahead */
	ROOM_AHEAD = 4,	      /* times what was written between two samples */
	FEW_FILES = 1 << 20,  /* bytes of files that cannot make the kernel's count of memory wrong */
	CPU_SLACK = 2000,     /* us by which the cgroup's figure and the processes' may differ */
};

int64_t phase_limit(const struct phase_limits *l, enum limit_id id)
{
	return limit_in_force(l->limit[id]) ? (int64_t)l->limit[id] : LIMIT_NONE;
}

void phase_limits_exceed(struct phase_limits *l, enum limit_id id)
{
	l->exceeded |= UINT64_C(1) << id;
}

bool phase_limits_exceeded(const struct phase_limits *l, enum limit_id id)
{
	return l->exceeded & (UINT64_C(1) << id);
}

void phase_limits_init(struct phase_limits *l, const struct gauge *g, struct executor *x, const uint64_t *limit)
{
	*l = (struct phase_limits){ .gauge = g, .x = x, .limit = limit };
}

/* init's own processes are in the box's cgroup, but not in the jobs'. */
static int64_t own_cpu(const struct phase_limits *l)
{
	return l->job_cgroup ? 0 : l->gauge->own_cpu_us(l->gauge->arg);
}

/* Shared memory that no file holds, and what sockets hold, belong to programs that are gone: the
 * kernel gives them back late when their last holder was a message between sockets. So wait a little for
 * it; otherwise the same amount of this phase's would not be counted. */
void phase_limits_begin(struct phase_limits *l, uint64_t own_shared)
{
	const struct gauge *g = l->gauge;
	struct disk_usage d;

	for (int i = 0; i < BASE_WAITS; i++) {
		g->read(g->arg, &l->base, NULL);
		l->x->ops->disk(l->x, &d);
		l->base_disk = l->disk_peak = l->disk_now = d.used;
		if (l->base.shmem - l->base_disk - (int64_t)(l->job_cgroup ? 0 : own_shared) + l->base.sockets <
		    BASE_SLACK)
			break;
		g->wait_us(g->arg, BASE_WAIT_US);
	}
	l->last = l->base;
	l->base_own_us = own_cpu(l);
}

/* Where the box's pids limit is the job's, it refuses and counts exactly; the process's own
 * limit is then set a little higher. cee's processes count in it too. */
uint32_t phase_limits_processes(struct phase_limits *l)
{
	int64_t n = phase_limit(l, LIMIT_PROCESSES), own = l->x->helpers > 2 ? l->x->helpers : 2;

	if (n > INT32_MAX - 64)
		return 0;
	l->exact_processes = l->gauge->pids_max > 0 && l->gauge->pids_max <= n + own;
	return (uint32_t)(n + 1 + (l->exact_processes ? 16 : 0));
}

static void check_disk(struct phase_limits *l, const struct disk_usage *d)
{
	if (d->full)
		phase_limits_exceed(l, LIMIT_DISK);
	if (d->inodes_full)
		phase_limits_exceed(l, LIMIT_INODES);
}

static void check_processes(struct phase_limits *l, const struct cgroup_sample *now)
{
	int64_t max = phase_limit(l, LIMIT_PROCESSES);

	if (max == LIMIT_NONE)
		return;
	if (now->pids_refused > l->base.pids_refused)
		phase_limits_exceed(l, LIMIT_PROCESSES);
	if (!l->exact_processes && now->pids > 0 && now->pids >= max + l->x->helpers)
		phase_limits_exceed(l, LIMIT_PROCESSES);
}

/* The job's memory: anonymous, shared memory that is not a file of its disk, and what its sockets hold. */
static int64_t memory_used(const struct phase_limits *l, const struct cgroup_sample *now, int64_t disk,
			   size_t own_memory)
{
	int64_t anon = now->anon - l->base.anon - (int64_t)(l->job_cgroup ? 0 : own_memory);
	int64_t shared = now->shmem - l->base.shmem - (disk - l->base_disk);
	int64_t sockets = now->sockets - l->base.sockets;

	return (anon > 0 ? anon : 0) + (shared > 0 ? shared : 0) + (sockets > 0 ? sockets : 0);
}

static int64_t cpu_used(const struct phase_limits *l, const struct cgroup_sample *now)
{
	return now->cpu_us - l->base.cpu_us - (own_cpu(l) - l->base_own_us);
}

/* Close together at a program's start and while its memory grows fast, further apart while it does nothing;
 * sooner when little cpu time is left, since a job can use all processors at once. */
static int64_t tick_length(const struct phase_limits *l, int64_t run, int64_t cpu_before, int64_t grown)
{
	int64_t t = run < 20000 ? 2000 : run < 100000 ? 5000 : run < 1000000 ? 10000 : TICK, left;

	if (t == TICK && l->cpu_us - cpu_before < TICK / 20)
		t = TICK_IDLE;
	if ((grown > FAST || l->disk_grown > ROOM_STEP) && t > TICK_GROWTH)
		t = TICK_GROWTH;
	if (phase_limit(l, LIMIT_CPU) != LIMIT_NONE) {
		left = (phase_limit(l, LIMIT_CPU) - l->cpu_us) / l->gauge->processors;
		if (left < t)
			t = left;
	}
	return t < TICK_LEAST ? TICK_LEAST : t;
}

/* The cgroup's limit is higher by what it counts besides; what sockets hold on v1 it does not count. */
static int64_t most_memory(const struct phase_limits *l)
{
	int64_t most = phase_limit(l, LIMIT_MEMORY);

	return most == LIMIT_NONE || !l->job_cgroup ? most : most + limit_kernel_memory(most);
}

bool phase_limits_room(struct phase_limits *l, uint64_t *bytes)
{
	int64_t room = l->disk_now;

	if (!l->job_cgroup)
		return false;
	if (l->disk_grown > ROOM_FAST)
		room += ROOM_AHEAD * l->disk_grown;
	if (room > l->room - ROOM_STEP && room < l->room + ROOM_STEP)
		return false;
	l->room = room;
	*bytes = (uint64_t)room;
	return true;
}

int phase_limits_check(struct phase_limits *l, int64_t now, int64_t started_us, size_t own_memory)
{
	int64_t cpu_before = l->cpu_us, memory, grown;
	int reason = NO_REASON;
	struct cgroup_sample u;
	struct disk_usage d;

	l->gauge->read(l->gauge->arg, &u, &l->last);
	l->last = u;
	l->x->ops->disk(l->x, &d);
	memory = memory_used(l, &u, d.used, own_memory);
	l->cpu_us = cpu_used(l, &u);
	grown = memory - l->memory;
	l->memory = memory;
	if (memory > l->peak)
		l->peak = memory;
	l->disk_grown = d.used - l->disk_now;
	l->disk_now = d.used;
	if (d.used > l->disk_peak)
		l->disk_peak = d.used;
	check_disk(l, &d);
	check_processes(l, &u);
	if (memory > most_memory(l)) {
		phase_limits_exceed(l, LIMIT_MEMORY);
		reason = END_MEMORY_LIMIT;
	}
	if (l->cpu_us > phase_limit(l, LIMIT_CPU)) {
		phase_limits_exceed(l, LIMIT_CPU);
		reason = END_CPU_LIMIT;
	}
	l->next_at = now + tick_length(l, now - started_us, cpu_before, grown);
	return reason;
}

/* Processes that were alive at the end count too: a program that fails at its first refused fork
 * is gone before a sample sees them. */
static void check_ended(struct phase_limits *l, const struct ended *e)
{
	if (!l->exact_processes && (int64_t)e->left + 1 >= phase_limit(l, LIMIT_PROCESSES))
		phase_limits_exceed(l, LIMIT_PROCESSES);
	if (e->file_full)
		phase_limits_exceed(l, LIMIT_FILE_SIZE);
	if (!l->job_cgroup && e->maxrss > phase_limit(l, LIMIT_MEMORY))
		phase_limits_exceed(l, LIMIT_MEMORY);
	if (e->cpu_us > phase_limit(l, LIMIT_CPU))
		phase_limits_exceed(l, LIMIT_CPU);
}

/* The kernel's own count of the largest use, where the phase has reached a new one: less what is still there after its
 * programs' end, which are the page cache and the files, and files that were removed. */
static void take_count(struct phase_limits *l, const struct cgroup_sample *now, const struct disk_usage *d)
{
	int64_t removed = l->disk_peak > d->used ? l->disk_peak - d->used : 0, most;

	if (now->peak <= l->base.peak || !now->total)
		return;
	most = now->peak - now->total - removed;
	if (most > l->peak) {
		l->peak = most;
		l->counted = true;
	}
	l->counted |= l->job_cgroup && l->peak > 0; /* else it was too small to be told from what is given back late */
}

void phase_limits_finish(struct phase_limits *l, struct ended *e)
{
	struct cgroup_sample u;
	struct disk_usage d;

	l->gauge->read(l->gauge->arg, &u, NULL);
	l->x->ops->disk(l->x, &d);
	check_disk(l, &d);
	check_processes(l, &u);
	l->disk_now = d.used;
	l->disk_grown = 0;
	take_count(l, &u, &d);
	if (!l->job_cgroup && l->peak > phase_limit(l, LIMIT_MEMORY) && l->disk_peak - l->base_disk < FEW_FILES) {
		phase_limits_exceed(l, LIMIT_MEMORY);
		l->over_memory = true;
	}
	l->oom_kills = u.oom_kills > l->base.oom_kills ? u.oom_kills - l->base.oom_kills : 0;
	if (l->oom_kills)
		phase_limits_exceed(l, LIMIT_MEMORY);
	/* what take_count() takes off may go with the programs, only later: memory of sockets */
	if (l->oom_kills && l->job_cgroup && l->peak < phase_limit(l, LIMIT_MEMORY))
		l->peak = phase_limit(l, LIMIT_MEMORY);
	/* Children of a parent that ignores SIGCHLD are reaped by the kernel and are
	 * missing from rusage; the cgroup has them. */
	l->cpu_us = cpu_used(l, &u) - e->own_us;
	if (l->gauge->cgroup && l->cpu_us > e->cpu_us + e->cpu_us / 50 + CPU_SLACK)
		e->cpu_us = l->cpu_us;
	check_ended(l, e);
}
