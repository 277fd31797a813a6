# Harm to real jobs, on a schedule that a seed decides; every seed that ever failed is run. tests/harm/harm.py describes
# the harm, tests/harm/check.py what must hold after it. CEE_TEST_ALL=1 adds an engine of its own that is killed, and 10,000 jobs over many seeds.
load lib

setup_file() {
	case ${DOCKER_HOST:-unix://} in unix://*) ;; *) skip "the engine is not on a local socket" ;; esac
}

harm() { /usr/bin/python3 "$CEE_ROOT/tests/harm/harm.py" "$@"; }

seed() {	# seed N: the N-th line of the seeds
	local line
	line=$(grep -v '^#' "$CEE_ROOT/tests/harm/seeds" | sed -n "$1{s/#.*//;p}")
	[ -n "$line" ]
	# shellcheck disable=SC2086
	harm $line
}

@test "a storm: no descriptors, no memory, a full disk, a bad engine, kills" { seed 1; }
@test "a storm: runners start beside an engine that is ill" { seed 2; }
@test "a storm: half of the jobs over the web, server and CGI killed" { seed 3; }
@test "a storm: boxes that cannot be created" { seed 5; }
# watch: 3600 s
@test "storms whose faults have tests of their own by now (51-stop.bats)" {
	[ -n "${CEE_TEST_ALL:-}" ] || skip "several minutes: CEE_TEST_ALL=1"
	for n in 6 7 8; do seed $n; done
}

@test "power cuts after changes of the spool" { seed 4; }

# watch: 3600 s
@test "each call that changes the spool fails once: cee-submit, cee-run, cee-http, cee-rm, cee-prune, cee-fsck, cee-cancel" {
	/usr/bin/python3 "$CEE_ROOT/tests/harm/inject.py"
}

# watch: 3600 s
@test "each allocation fails once: cee-submit, cee-run, cee-http, cee-rm, cee-prune, cee-fsck, cee-cancel, cee-log, cee-files, cee-stat" {
	[ "$CEE_BIN" = "$CEE_ROOT/bin" ] || skip "sanitizers have an allocator of their own"
	/usr/bin/python3 "$CEE_ROOT/tests/harm/nomem.py"
}

# watch: 3600 s
@test "allocations of a runner over one job fail: its job ends, or waits for the next runner" {
	[ "$CEE_BIN" = "$CEE_ROOT/bin" ] || skip "sanitizers have an allocator of their own"
	[ -n "${CEE_TEST_ALL:-}" ] || skip "an hour: CEE_TEST_ALL=1"
	/usr/bin/python3 "$CEE_ROOT/tests/harm/nomem.py" runner --every 8
}

# watch: 3600 s
@test "calls of a runner over one job fail: its job ends, or waits for the next runner" {
	every=9
	[ -z "${CEE_TEST_ALL:-}" ] || every=1
	/usr/bin/python3 "$CEE_ROOT/tests/harm/inject.py" runner --every $every --errors 'ENOSPC,EIO,full disk'
}

@test "an engine and a containerd of its own are killed" {
	[ -n "${CEE_TEST_ALL:-}" ] || skip "several minutes: CEE_TEST_ALL=1"
	[ "$(id -u)" -eq 0 ] || skip "a second engine needs root"
	harm --jobs 100 --seed 22 --own-engine --only kill_engine,kill_containerd,kill_runner --settle 120
}

# watch: 14400 s
@test "10,000 jobs over many seeds" {
	[ -n "${CEE_TEST_ALL:-}" ] || skip "an hour: CEE_TEST_ALL=1"
	for s in $(seq 100 119); do harm --jobs 500 --seed "$s" --spool-size 400 --web; done
}
