# Limits and verdicts; after each the next job runs.
load lib

setup_file() { :; }
setup() { new_spool; start_runner; }
teardown() { end_all; }

why() { ls -t "$CEE_SPOOL/$OWNER"/$OUT_PATH/*/result | head -n 1 | xargs jq -r "$1"; }

@test "cpu time of all processes together" {
	run py 'import os
for i in range(3): os.fork()
while True: pass' -L cpu=1 -L wall=20
	[ "$status" -eq 124 ]
	[ "$(why .why)" = "time limit" ]
	[ "$(why '.phases.run.hit | index("cpu") != null')" = true ]
	next_job_runs
}

@test "wall time; all that it printed is there" {
	run --separate-stderr py 'import time
print("before"); time.sleep(30)' -L wall=1
	[ "$status" -eq 124 ]
	[ "$output" = before ]
	[ "$(why .why)" = "time limit" ]
	next_job_runs
}

@test "memory: the verdict is memory limit" {
	run py 'x = []
while True: x.append(bytearray(1 << 20))' -L memory=64M
	[ "$status" -eq 137 ]
	[ "$(why .why)" = "memory limit" ]
	next_job_runs
}

@test "a program that exits 0 with OOM-killed children says both" {
	run py 'import os
pid = os.fork()
if pid == 0:
    x = []
    while True: x.append(bytearray(1 << 20))
os.waitpid(pid, 0)' -L memory=1024M -L cpu=30
	if [ "$(why .why)" = exited ]; then
		[ "$(why '.phases.run.oom_kills > 0')" = true ]
		[ "$(why .exit_code)" = 0 ]
	else
		[ "$(why .why)" = "memory limit" ]
	fi
	next_job_runs
}

@test "processes: a fork bomb" {
	run py 'import os
n = 0
while True:
    os.fork()' -L processes=20 -L cpu=3 -L wall=6
	[ "$status" -ne 0 ]
	[ "$(why '.phases.run.hit | index("processes") != null')" = true ]
	next_job_runs
}

@test "processes: exactly as many as the job may have" {
	run --separate-stderr py 'import os, signal, time
pids = []
try:
    while len(pids) < 100:
        pid = os.fork()
        if not pid:
            time.sleep(60)
        pids.append(pid)
except OSError:
    pass
print(1 + len(pids), flush=True)
for p in pids: os.kill(p, signal.SIGKILL)' -L processes=40
	[ "$output" = 40 ]
}

@test "disk: bytes" {
	run py 'f = open("big", "wb")
while True: f.write(b"x" * 65536)' -L disk=8M
	[ "$status" -ne 0 ]
	[ "$(why .why)" = "disk limit" ]
	next_job_runs
}

@test "disk: inodes" {
	run py 'i = 0
while True:
    open("f%d" % i, "w").close(); i += 1' -L inodes=200
	[ "$status" -ne 0 ]
	[ "$(why .why)" = "disk limit" ]
	next_job_runs
}

@test "file size" {
	run py 'f = open("big", "wb")
while True: f.write(b"x" * 65536)' -L file_size=1M -L disk=32M
	[ "$status" -ne 0 ]
	[ "$(why .why)" = "disk limit" ]
	next_job_runs
}

@test "a program that meets a limit and exits keeps its exit code" {
	own() { why '[.why, .exit_code, .signal] | tostring'; }
	run py 'import sys
try: open("f", "wb").write(b"x" * 100_000_000)
except OSError: sys.exit(7)' -L disk=8M
	[ "$status" -eq 7 ]
	[ "$(own)" = '["disk limit",7,null]' ]
	run py 'import sys
try: open("f", "wb").write(b"x" * 8_000_000)
except OSError: sys.exit(8)' -L file_size=1M -L disk=32M
	[ "$status" -eq 8 ]
	[ "$(own)" = '["disk limit",8,null]' ]
	run py 'import threading, time
for i in range(100): threading.Thread(target=time.sleep, args=(0.5,)).start()' -L processes=20
	[ "$status" -eq 1 ]
	[ "$(own)" = '["process limit",1,null]' ]
}

@test "output: the program is stopped for it only if the job says so" {
	run py 'while True: print("x" * 1000)' -L output=64K -L wall=2 -L cpu=2
	[ "$(why .why)" = "time limit" ]
	run --separate-stderr cee-submit -w -j - <<< '{"language":"python","code":"while True: print(\"x\" * 1000)","limits":{"output":"64K","stop":"output"}}'
	[ "$status" -eq 137 ]
	[ "$(why .why)" = "output limit" ]
	next_job_runs
}

@test "output and file size of 0 are 0; no job may have none" {
	run --separate-stderr py 'print("x" * 1000000)' -L output=0
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ "$(why '[.why, (.phases.run | .stdout_bytes, .dropped)] | tostring')" = '["exited",1000001,1000001]' ]
	run cee-submit -w -j - <<< '{"language":"python","code":"import time; print(1, flush=True); time.sleep(60)","limits":{"output":0,"stop":"output"}}'
	[ "$(why .why)" = "output limit" ]
	run py 'open("f", "wb").write(b"x" * 1000000)' -L file_size=0
	[ "$status" -eq 1 ]
	[ "$(why .why)" = "disk limit" ]
	for limit in output=none file_size=none output=257M file_size=-1; do
		run cee-submit -L "$limit" -l python /dev/null
		[ "$status" -eq 65 ] || [ "$status" -eq 64 ]
		[[ "$output" == *"${limit%=*}"* ]]
	done
}

@test "a job's own files over its disk or inodes are refused, and never run again" {
	head -c 200000 /dev/zero | tr '\0' x > "$BATS_TEST_TMPDIR/data"
	printf 'print(1)' > "$BATS_TEST_TMPDIR/main.py"
	for limit in disk=100K inodes=1; do
		run cee-submit -w -l python -L "$limit" "$BATS_TEST_TMPDIR/main.py" "$BATS_TEST_TMPDIR/data"
		[ "$status" -eq 65 ] || [ "$status" -eq 64 ]
		[[ "$output" == *"limits.${limit%=*}: "*"at least"* ]]
	done
	next_job_runs
}

@test "open files and stack" {
	run --separate-stderr py 'import resource
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], resource.getrlimit(resource.RLIMIT_STACK)[0])' -L open_files=50 -L stack=1M
	[ "$output" = "50 1048576" ]
}

@test "wall time defaults to three times the cpu time plus a second, more on a busy host; of a compiler ten times" {
	run py 'pass' -L cpu=2
	[ "$status" -eq 0 ]
	[ "$(why '.phases.run.limits | .cpu == 2 and .wall >= 7 and .wall <= 61')" = true ]
	run py 'pass' -L cpu=2 -L wall=7
	[ "$(why .phases.run.limits.wall)" = 7 ]
	printf 'int main(void) { return 0; }' > "$BATS_TEST_TMPDIR/w.c"
	run cee-submit -w -L compile.cpu=5 -L wall=60 "$BATS_TEST_TMPDIR/w.c"
	[ "$status" -eq 0 ]
	[ "$(why .phases.compile.limits.wall)" = 51 ]
}

@test "a signal SIGXCPU of the program's own is a signal, and no time limit" {
	run py 'import os, signal; os.kill(os.getpid(), signal.SIGXCPU)' -L wall=60
	[ "$status" -eq $((128 + 24)) ]
	[ "$(why .why)" = signalled ]
	[ "$(why .signal)" = 24 ]
	[ "$(why '.phases.run.hit | length')" = 0 ]
}

@test "an inode limit is told as inodes, a full disk as the disk" {
	run py 'for i in range(100): open("f%d" % i, "w")' -L inodes=50 -L wall=60
	[ "$(why .why)" = "disk limit" ]
	[ "$(why '.phases.run.hit[0]')" = inodes ]
	[[ "$(why .message)" == *"more than its 50 files and folders (inodes)"* ]]
	run py 'open("f", "wb").write(bytes(3 << 20)); open("g", "wb").write(bytes(3 << 20))' -L disk=4M -L wall=60
	[ "$(why .why)" = "disk limit" ]
	[[ "$(why .message)" == *"filled its disk of 4 MiB"* ]]
}

@test "a program may raise its stack up to its memory; the limit works up to it, too" {
	run --separate-stderr py 'import resource, sys, threading
print(resource.getrlimit(resource.RLIMIT_STACK) == (8 << 20, 256 << 20))
resource.setrlimit(resource.RLIMIT_STACK, (200 << 20, 256 << 20))
print(resource.getrlimit(resource.RLIMIT_STACK)[0] >> 20)' -L wall=60
	[ "$output" = $'True\n200' ]
	run --separate-stderr py 'import resource; print(resource.getrlimit(resource.RLIMIT_STACK)[0] >> 20)' -L stack=150M -L wall=60
	[ "$output" = 150 ]
}

@test "limits of the compile phase are its own" {
	printf '#include "/dev/zero"\nint main(void){}\n' > "$BATS_TEST_TMPDIR/z.c"
	run cee-submit -w -L compile.cpu=2 -L compile.memory=128M "$BATS_TEST_TMPDIR/z.c"
	[ "$status" -eq 126 ]
	[ "$(why .why)" = "compile error" ]
	[ "$(why '.phases.compile.hit | length > 0')" = true ]
	next_job_runs
}

@test "start_within ends a job that was not begun by then as expired" {
	stop_runner
	id=$(cee-submit -j - <<< '{"language":"python","code":"print(1)","start_within":0.1}')
	sleep 0.2
	start_runner
	cee-stat --wait "$id" || true
	[ "$(verdict "$id" .why)" = expired ]
}

@test "start_within is kept while every place is taken" {
	stop_runner
	start_runner -j 1
	first=$(cee-submit -j - <<< '{"language":"python","code":"import time\nprint(1,flush=True)\ntime.sleep(8)","limits":{"wall":60}}')
	wait_until 10 has_line "$first" 1
	id=$(cee-submit -j - <<< '{"language":"python","code":"print(2)","start_within":1}')
	wait_until 4 ended "$id"
	[ "$(verdict "$id" .why)" = expired ]
	state_is "$first" Executing
	cee-cancel "$first"
}

@test "values over the ceiling are refused with the field's name" {
	run cee-submit -L memory=100G -l python /dev/null
	[ "$status" -eq 65 ] || [ "$status" -eq 64 ]
	[[ "$output" == *memory* ]]
}

@test "every limit at 0, 1, its ceiling and one above, negative, as a float, as text: job, option and web agree" {
	stop_runner	# nobody takes the jobs away
	echo 'int main(void) { return 0; }' > "$BATS_TEST_TMPDIR/p.c"
	mkdir "$BATS_TEST_TMPDIR/http"
	echo "http_state = $BATS_TEST_TMPDIR/http" >> "$CEE_CONF"
	PROGRAM=$BATS_TEST_TMPDIR/p.c /usr/bin/python3 "$CEE_ROOT/tests/tools/limit_doors.py"
}

@test "a compiler's output over the disk or a file's size: the verdict says so, with its messages" {
	cat > "$BATS_TEST_TMPDIR/big.c" <<-'C'
		#include <stdio.h>
		char big[3 << 20] = { 1 };
		int main(void) { printf("%d\n", big[getchar() & 7]); return 0; }
	C
	told() {	# told LIMIT OPTION…
		local limit=$1
		shift
		run --separate-stderr cee-submit -w --verdict "$BATS_TEST_TMPDIR/v" "$@" "$BATS_TEST_TMPDIR/big.c" < /dev/null
		[ "$status" -eq 126 ] || return 1
		jq -e --arg l "$limit" '.why == "compile error" and .phases.compile.hit == [$l] and (.message | test("filled its disk"))' "$BATS_TEST_TMPDIR/v"
	}
	told disk -L disk=1M
	told file_size -L compile.file_size=1M
	told file_size -L compile.file_size=1
	told file_size -L compile.file_size=0
	run cee-submit -w "$BATS_TEST_TMPDIR/big.c" < /dev/null	# control: it fits by default
	[ "$status" -eq 0 ]
	echo '#error No space left on device today' > "$BATS_TEST_TMPDIR/big.c"	# words alone mislead their author only
	run cee-submit -w "$BATS_TEST_TMPDIR/big.c" < /dev/null
	[ "$status" -eq 126 ]
}
