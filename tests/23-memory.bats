# The limit of memory: exact where jobs have a cgroup of their own, and what programs see of it. CEE_TEST_ALL: 100 runs each.

load lib

setup() { new_spool; start_runner; cd "$BATS_TEST_TMPDIR" || return 1; touches; }
teardown() { end_all; }

RUNS=20
[ -z "${CEE_TEST_ALL:-}" ] || RUNS=100

exact() {	# the runner may make cgroups
	[ "$(id -u)" -eq 0 ] || skip "cgroups for jobs need a runner that is root"
}

touches() {	# a.c: uses so many MiB of memory
	cat > a.c <<-'C'
		#include <stdio.h>
		#include <stdlib.h>
		int main(int argc, char **argv)
		{
			size_t n = strtoul(argv[argc - 1], 0, 0) << 20;
			char *p = malloc(n);

			for (size_t i = 0; i < n; i += 4096)
				p[i] = 1;
			puts("done");
			return 0;
		}
	C
}

ends() {	# ends "VERDICT HIT": of the last run, as v.json has it
	jq -r '"\(.why) \(.phases.run.hit | join(","))"' v.json | grep -qx "$1" || { cat v.json; false; }
}

each_ends() {	# each_ends "VERDICT HIT" MIB [OPTIONS]: every time, in a used box
	local right=$1 mib=$2 i
	shift 2
	for ((i = 0; i < RUNS; i++)); do
		cee-submit -q -w --verdict v.json -L cpu=20 -L wall=120 "$@" a.c -- "$mib" > out || :
		ends "$right"
	done
}

@test "1 MiB over the limit is a memory limit, every time" {
	exact
	each_ends "memory limit memory" 257
}

@test "1 MiB under the limit never is, and the peak is what it used" {
	exact
	each_ends "exited " 255
	[ "$(cat out)" = done ]
	jq -e '.phases.run | .peak_memory_from == "cgroup" and .peak_memory > 254 * 1048576 and .peak_memory < 258 * 1048576' v.json
}

@test "exact for small limits, and in each test of a job" {
	exact
	RUNS=5
	each_ends "memory limit memory" 17 -L memory=16M -L compile.memory=128M
	each_ends "exited " 15 -L memory=16M -L compile.memory=128M
	jq -n --rawfile c a.c '{language: "c", code: $c, arguments: [], limits: {cpu: 20, wall: 120}, tests: [
		{arguments: ["255"]}, {arguments: ["257"]}, {arguments: ["63"], limits: {memory: "64M"}},
		{arguments: ["65"], limits: {memory: "64M"}}, {arguments: ["255"]}]}' > j.json
	run cee-submit -q -w --verdict v.json -j j.json
	id=$(jq -r .id v.json)
	cee-stat --tests "$id" > tests.txt || cee-stat "$id" > tests.txt
	cat tests.txt
	jq -s -e 'map(.why) == ["exited", "memory limit", "exited", "memory limit", "exited"]' \
		"$CEE_SPOOL/$OWNER"/$OUT_PATH/"$id"/1/tests
}

@test "the compile phase has a limit and a peak of its own" {
	exact
	{ echo 'int a[] = {'; seq -s, 200000; echo '}; int main(void) { return a[0] - 1; }'; } > big.c
	run cee-submit -q -w --verdict v.json -L compile.memory=16M -L compile.cpu=50 -L compile.wall=200 big.c
	cat v.json
	jq -e '.phases.compile.hit == ["memory"]' v.json
	run cee-submit -q -w --verdict v.json -L compile.cpu=50 -L compile.wall=200 big.c
	[ "$status" -eq 0 ]
	jq -e '.phases.compile.peak_memory > 16777216 and .phases.run.peak_memory < 4000000' v.json
}

@test "runtimes see the job's limit, also without a cgroup of its own" {
	cat > a.sh <<-'SH'
		for f in /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max; do
			[ ! -e $f ] || cat $f
		done | sort -u
		while IFS=: read -r _ list path; do
			case $list in
			memory) cat "/sys/fs/cgroup/memory$path/memory.limit_in_bytes" ;;
			"") [ ! -e "/sys/fs/cgroup$path/memory.max" ] || cat "/sys/fs/cgroup$path/memory.max" ;;
			esac
		done < /proc/self/cgroup 2>/dev/null
	SH
	sees() { [ "$(cee-submit -w -L memory="$1" a.sh | sort -u)" = "$2" ]; }
	sees 100M 104857600
	sees 64M 67108864
	cat > a.cs <<-'CS'
		Console.WriteLine(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20);
	CS
	[ "$(cee-submit -w -L memory=200M -L wall=100 a.cs)" = 150 ]	# three quarters, as .NET takes
	stop_runner
	echo 'job_cgroups = never' >> "$CEE_CONF"
	start_runner
	sees 100M 104857600
}

@test "nothing in the box can write to the cgroup, and a job cannot leave it" {
	exact
	cat > a.sh <<-'SH'
		cd /sys/fs/cgroup/memory/job 2>/dev/null || cd /sys/fs/cgroup/job || exit 3
		for f in memory.limit_in_bytes memory.max ../memory.limit_in_bytes ../memory.max; do
			[ ! -e $f ] || { echo 1G > $f && echo "wrote $f"; chmod 666 $f && echo "chmod $f"; }
		done
		echo $$ > cgroup.procs && echo joined
		echo $$ > ../cgroup.procs && echo left
		mkdir x && echo made
		echo end
	SH
	[ "$(cee-submit -w a.sh 2> err)" = end ]
	cat err
}

@test ".NET collects before its limit: 64 MB of live data among much garbage" {
	cat > a.cs <<-'CS'
		// at most eight buffers of 8 MB are alive; the rest is garbage
		var keep = new Queue<byte[]>();
		long sum = 0;
		for (int i = 0; i < 400; i++)
		{
			var b = new byte[8 << 20];
			for (int k = 0; k < b.Length; k += 4096) b[k] = (byte)i;
			sum += b[4096];
			keep.Enqueue(b);
			if (keep.Count > 8) keep.Dequeue();
		}
		Console.WriteLine(sum);
	CS
	for _ in 1 2 3; do
		run cee-submit -w --verdict v.json -L cpu=50 -L wall=200 a.cs
		[ "$status" -eq 0 ]
		[ "$output" = 42936 ]
		ends "exited "
	done
}

@test "files count as disk and not as memory, however fast they are written" {
	exact
	echo 'head -c 60000000 /dev/zero > a; rm a; head -c 60000000 /dev/zero > a; ls -s a | cut -d" " -f2' > a.sh
	for _ in 1 2 3; do
		run cee-submit -w --verdict v.json -L memory=64M a.sh
		[ "$output" = a ]
		ends "exited "
	done
}

@test "a program whose child is killed for memory: told as that, if it fails too" {
	exact
	cat > a.py <<-'PY'
		import subprocess, sys
		r = subprocess.run([sys.executable, "-c", "x = []\nwhile True: x.append(bytearray(1 << 20))"])
		sys.exit(r.returncode != 0 and int(sys.argv[1]))
	PY
	run cee-submit -q -w --verdict v.json -L cpu=20 -L wall=120 a.py -- 3
	ends "memory limit memory"
	run cee-submit -q -w --verdict v.json -L cpu=20 -L wall=120 a.py -- 0
	[ "$status" -eq 0 ]
	ends "exited memory"
}

@test "without a cgroup of its own: the verdict follows the highest reading" {
	stop_runner
	printf '%s\n' 'job_cgroups = never' 'box_jobs = 1' >> "$CEE_CONF"	# in a used box that has grown before it cannot be known
	start_runner
	RUNS=5
	each_ends "memory limit memory" 260
}

@test "kill -9 of the runner leaves no cgroup behind" {
	exact
	[ "$(cee-submit -w a.c -- 1)" = done ]
	echo 'sleep 100' > a.sh
	id=$(cee-submit -L wall=120 a.sh)
	wait_until 60 bash -c "cee-stat $id | grep -q Executing"
	box=$(boxes | head -n 1)
	[ -n "$box" ]
	wait_until 20 bash -c "find /sys/fs/cgroup -path '*$box*' -name job | grep -q ."
	kill -9 "$RUNNER"
	wait_until 30 bash -c "! find /sys/fs/cgroup -path '*$box*' | grep -q ."
}
